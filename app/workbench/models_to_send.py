"""The folder of a request's model, for a worker on a machine that does not have it: its data alone, by what is in it, a
part at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.messages.request import Request
from app.messages.room import RoomReply
from app.presenters.plan_words import size_words
from app.workbench.link import Link
from core.models.class_texts import base_name
from core.sent.data_files import Digests, check_whole, folder_of_model, sizes_of
from core.sent.sending import bytes_left, send

UNASKED = 200_000_000  # bytes that are sent without a question

Tell = Callable[
    [str, float], None
]  # what is done, and the share of it that is; raises Cancelled where it is not to go on


class ModelsToSend:
    """To one worker. What was sent is remembered as long as the same model is asked for, in the same life of it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._digests = Digests()
        self._last: tuple[str, str] | None = None
        self._names: dict[str, str] = {}

    def names(self, request: Request, life: str, tell: Tell) -> dict[str, str] | RoomReply:
        """What the model's name, and the parts of it that are names too, are called there: with the folder in the place
        that it has there, to which it is sent where it must be. None that there is no folder of on this machine: it is
        left to the other side. A RoomReply where much would be sent, and the user is to be asked. life: of the worker.
        Raises ModelError for a folder that cannot be sent, Cancelled, LinkCut, WorkerDied."""
        name = request.document.model
        if self._last == (name, life):
            return self._names
        folder = folder_of_model(name)
        names: dict[str, str] = {}
        if folder:
            there = self._place(Path(folder).expanduser().resolve(), request, tell)
            if isinstance(there, RoomReply):
                return there
            texts = dict.fromkeys((name, base_name(name), folder))
            names = {text: text.replace(folder, there, 1) for text in texts if there != folder}
        self._last, self._names = (name, life), names
        return names

    def _place(self, folder: Path, request: Request, tell: Tell) -> str | RoomReply:
        sizes = sizes_of(folder)
        if self._link.has_model(str(folder), sizes):
            return str(folder)
        check_whole(folder)
        whole = max(1, sum(sizes.values()))
        self._link.cancel(request.number - 1)  # nobody waits for what runs there
        files = self._digests.of(folder, sizes, lambda done: tell(f"Reading {folder.name}", done / whole))
        begun, free = self._link.begun(files)
        left = bytes_left(files, begun, free, folder.name, self._link.place)
        if left > UNASKED and "send" in request.asks:
            return RoomReply(request.number, "send", left, free)

        def tell_sent(sent: int) -> None:
            words = f"Sending {folder.name} to {self._link.place}: {size_words(sent)} of {size_words(left)}"
            tell(words, sent / max(1, left))

        send(self._link, folder, files, begun, tell_sent)
        return self._link.model_folder(folder.name, files)
