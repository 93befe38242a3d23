"""What is asked of an arrow of attention before it is edited."""

from __future__ import annotations

from collections.abc import Sequence

from app.messages.arrow import Arrow
from app.messages.replies import ModelReply
from core.edits import KINDS, Edit
from core.graph import Entries


def blinds(arrow: Arrow, edits: Sequence[Edit], length: int, opened: ModelReply) -> bool:
    """Whether with these weights knocked out, beside those that are, a query is left nothing to see. edits: that stand.
    length: of the input. What a model's masks hide besides, as those of chunks, only its run says."""
    head, first = arrow.entries.head, 0
    of_layer = head.layer if not head.tower and head.layer < len(opened.windows) else None
    if of_layer is not None and opened.sinks[of_layer]:
        return False
    for query in arrow.queries:
        if of_layer is not None and (window := opened.windows[of_layer]) is not None:
            first = max(0, query - window + 1)
        hidden = _places(arrow.entries.keys, length)
        for edit in edits:
            target, at = edit.target, edit.positions
            wholly = KINDS[edit.kind].hides and edit.strength == 1
            if isinstance(target, Entries) and target.head == head and wholly:
                there = at is None or query in _places(at, length)  # type: ignore[arg-type]
                hidden |= _places(target.keys, length) if there else set()
        if hidden >= set(range(first, query + 1 if opened.is_text else length)):
            return True
    return False


def _places(positions: Sequence[int | str], length: int) -> set[int]:
    """From the start; a role's are not known here."""
    return {place % length for place in positions if isinstance(place, int) and -length <= place < length}
