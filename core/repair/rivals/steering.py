"""A difference of means taken out of the stream: the vector from clean to triggered inputs before each layer,
subtracted there at every position (Rimsky et al. 2024, section 3); layer and strength of least cost."""

from __future__ import annotations

from torch import Tensor

from core.edited.apply import apply
from core.edits import Edit
from core.graph import Node, Reader
from core.repair.examples import Batch
from core.repair.proof import with_module
from core.repair.rivals.rival import Best, Job, Rival, Treated
from core.steering import difference_of_means

STRENGTHS = (0.5, 1.0, 2.0, 4.0)


def steering(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="not at all"))
    triggered, clean = _rows(job.triggered), _rows(job.clean)
    for node, reader in _places(job):
        vector = difference_of_means(job.model, triggered, clean, reader, None)
        for strength in STRENGTHS:
            edit = Edit(node, "steer", value=(-vector).tolist(), strength=strength)
            model = with_module(job.model, apply(job.model, [edit]).module)
            best.offer(Treated(model, setting=f"{node.name}, {strength:g} times"))
    return best.treated


def _places(job: Job) -> list[tuple[Node, Reader]]:
    """Where a vector is added (what a node writes, so all that comes after it), and who reads the stream there."""
    layers = job.model.graph.layers
    nodes = [Node("input"), *(Node("mlp", layer) for layer in range(layers))]
    return list(zip(nodes, [*(Reader("q", layer) for layer in range(layers)), Reader("logits")], strict=True))


def _rows(batch: Batch) -> list[Tensor]:
    """The inputs one by one, without padding."""
    side = batch.pair.clean
    rows = zip(side.tensor, side.lengths, strict=True)
    return [row[None, :length] if row.ndim == 1 else row[None] for row, length in rows]


RIVAL = Rival("steering", "the difference of means from clean to triggered inputs taken out of the stream", steering)
