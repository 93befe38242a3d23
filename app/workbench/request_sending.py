"""How a request goes to a worker elsewhere: its model's folder, its files and its large values first, where they are
not there. All of it can be given up, and is shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from app.messages.request import Request
from app.messages.room import RoomReply
from app.messages.wire.codec import Wire
from app.messages.wire.errors import WireError
from app.messages.wire.parts import Encoded
from app.presenters.plan_words import size_words
from app.workbench.files_to_send import FilesToSend
from app.workbench.link import Link
from app.workbench.models_to_send import ModelsToSend

MOST_ASKS = 3  # of one request whose large values the other side does not have
SHOWN_FROM = 8_000_000  # bytes of large values that take a while

Tell = Callable[
    [str, float], None
]  # what is done, and the share of it that is; raises Cancelled where it is not to go on


@dataclass(frozen=True)
class Prepared:
    """A request, all of whose files are there. files: what is in them, by their paths here. named: what texts of this
    machine are called there."""

    encoded: Encoded
    files: dict[str, str]
    named: dict[str, str]


class RequestSending:
    """To one worker. Each call raises WirescopeError: LinkCut, WorkerDied, Cancelled, and others that end the
    request."""

    def __init__(self, link: Link, wire: Wire, sends_files: bool) -> None:
        self._link, self._wire = link, wire
        self._files = FilesToSend(link) if sends_files else None
        self._models = ModelsToSend(link) if sends_files else None

    def prepare(self, request: Request, life: str, tell: Tell) -> Prepared | RoomReply:
        """Send what it reads. life: of the worker. A RoomReply where that is much, and the user is to be asked."""
        encoded = self._wire.encode_in_parts(request)
        named = {} if self._models is None else self._models.names(request, life, tell)
        if isinstance(named, RoomReply):
            return named
        files = {} if self._files is None else self._files.send(request, tell)
        return Prepared(encoded, files, named)

    def ask(self, request: Prepared, tell: Tell) -> float:
        """Send a request, with those of its large values that the other side does not have: all, where it was started
        anew. Returns the seconds that the last call took."""
        parts = request.encoded.parts
        for _ in range(MOST_ASKS):
            began = time.perf_counter()
            missing = self._link.ask(request.encoded.data, request.files, request.named)
            if not missing:
                return time.perf_counter() - began
            whole, sent = sum(len(parts[digest]) for digest in missing), 0
            for digest in missing:
                words = f"Sending the request to {self._link.place}: {size_words(sent)} of {size_words(whole)}"
                tell(words if whole >= SHOWN_FROM else "", sent / max(1, whole))
                self._link.put_part(digest, parts[digest])
                sent += len(parts[digest])
        raise WireError(f"The worker at {self._link.place} does not keep what it is sent.", "Connect to it anew.")
