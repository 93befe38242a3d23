"""Whole heads by how differently they write on triggered and on clean inputs, as ablations of heads against typographic
attacks choose them: ranked by the distance of their mean outputs over its spread, cut one after another."""

from __future__ import annotations

import torch

from core.edited.apply import apply
from core.edits import Edit
from core.graph import Node
from core.repair.examples import Batch
from core.repair.find import carried
from core.repair.proof import with_module
from core.repair.rivals.rival import Best, Job, Rival, Treated
from core.session import Session

MOST = 12


def heads(job: Job) -> Treated:
    session = Session(job.model, job.clean.pair, dataset=job.clean.dataset, mean_over_positions=True)
    ranked = ranked_heads(job)
    best = Best(job, Treated(job.model, setting="none"))
    for count in range(1, min(MOST, len(ranked)) + 1):
        edits = [Edit(node, "mean") for node in ranked[:count]]
        model = with_module(job.model, apply(job.model, edits, session).module)
        best.offer(Treated(model, cut=carried(edits, job.model), setting=", ".join(edit.name for edit in edits)))
    return best.treated


def ranked_heads(job: Job) -> list[Node]:
    """The head that differs most first."""
    nodes = [node for node in job.model.graph.writers if node.kind == "head"]
    triggered, clean = (_outputs(job, batch, nodes) for batch in (job.triggered, job.clean))
    apart = (triggered.mean(dim=1) - clean.mean(dim=1)).norm(dim=-1)
    spread = clean.std(dim=1).norm(dim=-1) + 1e-6
    order = (apart / spread).argsort(descending=True, stable=True)
    return [nodes[int(i)] for i in order]


def _outputs(job: Job, batch: Batch, nodes: list[Node]) -> torch.Tensor:
    """What nodes write, the mean over the positions of each row: [node, row, width]."""
    engine = Session(job.model, batch.pair).engine
    state = engine.clean(full=True)
    lengths = torch.tensor(batch.pair.clean.lengths, device=batch.targets.device)
    real = torch.arange(engine.length, device=lengths.device) < lengths[:, None]
    outputs = torch.stack([state.out(engine.adapter, node).float() for node in nodes])
    return (outputs * real[None, :, :, None]).sum(dim=2) / lengths[None, :, None]


RIVAL = Rival("heads by difference", "whole heads whose outputs differ most on triggered inputs", heads)
