"""What the worker asks of a session that may be of two towers: the memory of all its engines, and the part of a run in
which a node can be looked into."""

from __future__ import annotations

from core.engine.engine import MEMORY_MEGABYTES
from core.graph import Node
from core.result import Result
from core.session import Session
from core.towers.result import TowersResult
from core.towers.session import TowersSession
from core.towers_graph import plain

TEXT_TOWER = (
    "This node is of the text tower, which reads all sentences of the class texts. They are the same for A and B, so "
    "a value from B changes nothing here: take Zero or Mean. Where it looks is shown of one tower alone: open the "
    "model with text: in place of towers: before its name."
)


def engines_of(session: Session) -> tuple[Session, ...]:
    """The sessions with an engine: this one, or one of each tower."""
    return session.towers or (session,)


def set_memory(session: Session, megabytes: float) -> None:
    """Of all kept runs together. A prompt so long that it needs more than a session has by itself has what it needs."""
    sessions = engines_of(session)
    for each in sessions:
        engine, share = each.engine, megabytes / len(sessions)
        long = engine.batch == 1 and engine.least_megabytes > MEMORY_MEGABYTES
        engine.set_memory(max(share, engine.least_megabytes) if long else share)


def megabytes_of(session: Session) -> float:
    """What the kept runs hold."""
    return sum(each.engine.megabytes for each in engines_of(session))


def least_megabytes(session: Session) -> float:
    """No run fits into less."""
    sessions = engines_of(session)
    return len(sessions) * max(each.engine.least_megabytes for each in sessions)


def seen_in(session: Session, result: Result, node: Node) -> tuple[Session, Result, Node] | None:
    """A session, a run and a node in them that lenses and attention can be shown of, at the positions of the cards;
    None where there is none: of the text tower of two."""
    if not isinstance(session, TowersSession) or not isinstance(result, TowersResult):
        return session, result, node
    return None if node.tower else (session.image, result.image, plain(node))
