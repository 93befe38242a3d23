"""As many edges as the repair cuts, drawn at random and cut in the same way: the best of a few draws."""

from __future__ import annotations

from random import Random

from core.edited.apply import apply
from core.edits import Edit
from core.repair.proof import with_module
from core.repair.rivals.rival import Best, Job, Rival, Treated
from core.session import Session

DRAWS = 10


def random_edges(job: Job) -> Treated:
    session = Session(job.model, job.clean.pair, dataset=job.clean.dataset, mean_over_positions=True)
    rng = Random(job.seed)
    best = Best(job, Treated(job.model))
    for _ in range(DRAWS):
        edits = [Edit(edge, "mean") for edge in rng.sample(list(job.model.graph.edges), job.parts)]
        model = with_module(job.model, apply(job.model, edits, session).module)
        best.offer(Treated(model, cut=len(edits), setting=f"the best of {DRAWS} draws"))
    return best.treated


RIVAL = Rival("random edges", "as many edges, drawn at random, cut in the same way", random_edges)
