"""As many edges as the repair cuts, drawn at random: the best of a few draws. Each carries its mean over the clean
examples at the same position, as the repair's do. Their cuts are whole; the repair's have learned strengths."""

from __future__ import annotations

from random import Random

from core.edited.apply import apply
from core.edits import Edit
from core.repair.means import LEAST_ROWS, population_from_start
from core.repair.proof import with_module
from core.repair.rivals.rival import Best, Job, Rival, Treated
from core.session import Session

DRAWS = 10


def random_edges(job: Job) -> Treated:
    lengths = job.clean.pair.clean.lengths
    longest = job.clean.rows([lengths.index(max(lengths))])  # has a mean for each position that there is
    means = population_from_start(job.model, job.clean)
    session = Session(job.model, longest.pair, population=means, mean_over_positions=len(job.clean) < LEAST_ROWS)
    best = Best(job, Treated(job.model))
    for edits in draws(job):
        model = with_module(job.model, apply(job.model, edits, session).module)
        best.offer(Treated(model, cut=len(edits), setting=f"the best of {DRAWS} draws"))
    return best.treated


def draws(job: Job) -> list[list[Edit]]:
    """Whole cuts of `job.parts` edges, a list a draw."""
    rng, edges = Random(job.seed), list(job.model.graph.edges)
    return [[Edit(edge, "mean") for edge in rng.sample(edges, job.parts)] for _ in range(DRAWS)]


RIVAL = Rival("random edges", "as many edges, drawn at random, cut whole", random_edges, blind=True)
