"""`wirescope run --why 'a5.h1[3]@7'`: which writers make a head look from one position at another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core.edits import Edit, parse_edit
from core.errors import ArgumentError, EditError
from core.formatting import signed
from core.graph import Entries

if TYPE_CHECKING:
    from core.session import Session

HELP = (
    "say which writers make a head look from one position at another, for example 'a5.h1[3]@7': a5.h1 from position 7 "
    "at position 3. The score before the softmax is split exactly, with the scales of norms held"
)
TOP = 8


def why_report(session: Session, edits: Sequence[Edit], text: str) -> dict[str, Any]:
    """The largest parts of the score, edits included. Raises WirescopeError."""
    from core.lens.query_key import query_key

    head, _, where = text.partition("@")
    try:
        asked = parse_edit(f"{head}=zero@{where}")
    except EditError:
        raise _unreadable(text) from None
    if not isinstance(asked.target, Entries) or len(asked.places) != 2 or len(asked.target.keys) != 1:
        raise _unreadable(text)
    extent = session.engine.extent
    (query, *more), (key, *others) = (extent.places((place,))[0] for place in asked.places)
    if more or others:
        raise _unreadable(text)
    split = query_key(session, asked.target.head, query, key, session.run(edits, positions="all"))
    return {
        "head": split.head.name,
        "query": query,
        "key": key,
        "score": split.score,
        "weight": split.weight,
        "into the query": dict(split.query.top(TOP)),
        "into the key": dict(split.key.top(TOP)),
    }


def why_words(report: dict[str, Any]) -> str:
    """The same in lines."""
    return "\n".join(_lines(report))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    score, weight = signed(report["score"], 3), report["weight"]
    yield f"{report['head']} at position {report['query']} looks at position {report['key']}: weight {weight:.4f}, "
    yield f"score {score}; each list sums to it, with the scales of norms held (the {TOP} largest parts)"
    for side in ("into the query", "into the key"):
        yield f"\n{side}"
        width = max(map(len, report[side]))
        yield from (f"{name:<{width}}  {signed(share, 3):>9}" for name, share in report[side].items())


def _unreadable(text: str) -> ArgumentError:
    return ArgumentError(f"{text!r} names no head, key and query.", "Write HEAD[KEY]@QUERY, for example 'a5.h1[3]@7'.")
