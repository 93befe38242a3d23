"""What pictures of the command line show, beside what the window shows."""

from __future__ import annotations

from app.cli.snapshot import take_snapshot
from app.worker.remote_side import make_service
from core.edits import Edit
from core.formatting import change_words
from core.graph import Node
from core.nodes import Entries
from core.project.document import Document, Source
from core.project.metric_choice import MetricChoice

HEAD = Node("head", 1, 0)
ATTENTION = Entries(HEAD, (-1, 2))
NAMES = Document(
    "bundled:names",
    Source("text", "When Mary and John went to the store, John gave a drink to"),
    metric=MetricChoice("logit_difference", " Mary", " John"),
    edits=(Edit(ATTENTION, "zero"),),
)


def test_a_picture_says_what_an_edit_of_attention_does_beside_its_head() -> None:
    shown = take_snapshot(make_service(), NAMES)
    assert shown.ran is not None
    assert abs(shown.ran.after - shown.ran.before) > 0.01
    assert shown.deltas == {ATTENTION: shown.ran.after - shown.ran.before}
    assert shown.canvas().nodes[HEAD].label == change_words(shown.ran.after - shown.ran.before)
