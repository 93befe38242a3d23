"""Cards of heads over many pairs, as a job: whether they can be made, and what the command is told."""

from __future__ import annotations

from app.features.jobs.presenter.request import Doing, PairsGiven
from app.presenters.head_needs import why_no_heads
from app.presenters.snapshot import Snapshot
from core.errors import ArgumentError
from views.panels.jobs.data import Asked

TITLE = "Heads"
NO_FEW_SHOT = "The few-shot tasks are texts, and this model sees pictures"


def heads_words(_snapshot: Snapshot) -> str:
    """What is read of the pairs: nothing of it is set in the window."""
    return (
        "The corpus is the A of all pairs; B, answers, metric and replacement do not matter. The seed also draws the "
        "inputs that are made for the tests. The places with most attention are not kept."
    )


def why_no_vectors(snapshot: Snapshot) -> str:
    """Why no function vectors can be scored; empty where they can."""
    return "" if snapshot.opened.is_text else NO_FEW_SHOT


def do_heads(snapshot: Snapshot, _pairs: PairsGiven, asked: Asked, _folder: str) -> Doing:
    """Raises ArgumentError for a model whose heads cannot be measured so."""
    if why := why_no_heads(snapshot.opened):
        raise ArgumentError(f"{why}.", "Open another model.")
    vectors = True if asked.vectors else None
    return Doing(("heads",), work={"what": "heads", "seed": asked.seed, "function vectors": vectors})


def heads_title(_snapshot: Snapshot) -> str:
    return TITLE


def heads_folder(_snapshot: Snapshot) -> str:
    return "heads"
