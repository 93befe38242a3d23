"""The text that goes on, as the panel shows it and as it is copied."""

from __future__ import annotations

from app.features.continuation.queries import ContinueReply
from core.continuation import how_taken, parting, parting_words
from core.edit_kinds import KINDS
from core.formatting import number
from core.project.document import Document
from views.panels.continuation.data import ContinuationData, NewToken

STALE = "Of an earlier state: press Continue to write it anew."


def continuation(reply: ContinueReply, document: Document, stale: bool, running: bool) -> ContinuationData:
    """document: that it is of. stale: what it is of has changed since."""
    return ContinuationData(
        reply.before,
        reply.after,
        reply.edits,
        parts_at(reply),
        stale,
        STALE if stale and not running else said(reply, document, running),
    )


def parts_at(reply: ContinueReply) -> int | None:
    """The first place at which the two texts differ."""
    if reply.after is None:
        return None
    return parting([token.index for token in reply.before], [token.index for token in reply.after])


def said(reply: ContinueReply, document: Document, running: bool) -> str:
    """What there is to say of the two texts."""
    place = parts_at(reply)
    if reply.after is None:
        words = "No edits: there is one text"
    else:
        a, b = ("" if place is None else _told(text[place]) for text in (reply.before, reply.after))
        words = parting_words(place, a, b)
    if running:
        return f"{words} so far." if reply.after is not None and place is None else f"{words}."
    full = " The model's context is full." if reply.full else ""
    return f"{words}.{full}{_ending_with_the_prompt(document)}"


def _ending_with_the_prompt(document: Document) -> str:
    """Which edits act on no new token, as their values are those of an input."""
    kinds = {edit.kind: KINDS[edit.kind] for edit in document.edits if edit.positions is None}
    ending = [
        kind.words
        for kind in kinds.values()
        if kind.from_b or kind.others or (kind.adds and kind.seeded) or (kind.inputs and document.population)
    ]
    return f" Edits by “{', '.join(ending)}” act on the prompt alone, not on new tokens." if ending else ""


def _told(token: NewToken) -> str:
    return f"“{token.label.strip() or token.label}” {number(token.probability, 3)}"


def as_text(reply: ContinueReply, document: Document) -> str:
    """Both texts, with what they are of."""
    prompt = "" if document.clean is None else document.clean.text
    edits = "; ".join(str(edit) for edit in document.edits)
    lines = [f"A: {prompt}", f"before: {_text(reply.before)}"]
    if reply.after is not None:
        lines += [f"after ({edits}): {_text(reply.after)}", said(reply, document, False)]
    choice = reply.query.choice
    return "\n".join([*lines, f"{document.model}, {how_taken(choice.temperature, choice.seed)}"])


def _text(tokens: tuple[NewToken, ...]) -> str:
    return "".join(token.shown for token in tokens)
