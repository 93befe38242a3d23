"""How a reply of a worker elsewhere is read, with its large values, each of which comes once."""

from __future__ import annotations

from app.messages.links import LinkCut, WorkerDied
from app.messages.request import FailureReply, Reply
from app.messages.wire.codec import Wire
from app.messages.wire.parts import PartsMissing
from app.workbench.link import Link
from core.errors import WirescopeError


def decoded(wire: Wire, link: Link, data: bytes, parts: dict[str, bytes], number: int) -> Reply | None:
    """parts: those of its large values that come with it. number: of the request that fails where it is no reply. None
    for one whose large values are not there any more: a newer one is on its way. Raises LinkCut, WorkerDied."""
    try:
        for digest, part in parts.items():
            wire.kept.put(digest, part)
        try:
            reply: Reply = wire.decode(data)
        except PartsMissing as missing:  # they have come before, and were not kept
            for digest, part in link.parts(list(missing.digests)).items():
                wire.kept.put(digest, part)
            reply = wire.decode(data)
    except (LinkCut, WorkerDied):
        raise
    except PartsMissing:
        return None
    except WirescopeError as error:
        return FailureReply(number, "run", error.message, error.hint)
    return reply
