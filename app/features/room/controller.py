"""Where memory is short, or much is to be sent to another machine, the window asks before the work begins: what it is
to do instead, or whether it is to go on all the same."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from app.messages.room import RoomReply, Work
from app.presenters.room_words import advice, question
from app.workbench.workbench import Workbench
from core.precision_words import is_rounded, rounded

HALF = "bf16"


class RoomController(QObject):
    """Of one window. dialogs: what the question opens over."""

    def __init__(self, workbench: Workbench, dialogs: QWidget) -> None:
        super().__init__(dialogs)
        self._workbench, self._dialogs = workbench, dialogs
        self._asked: Work | None = None  # of the question that stands
        workbench.on(RoomReply, self._ask)

    def _ask(self, reply: RoomReply) -> None:
        """Does not block: nothing runs until it is answered. Other requests, of a program, can come meanwhile."""
        tells_program = self._workbench.tells_program
        if (tells_program is not None and tells_program(reply)) or self._asked == reply.work:
            return
        self._asked = reply.work
        words = question(reply, self._workbench.homes.place)
        box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", words, parent=self._dialogs)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(advice(reply))
        acts: dict[object, Callable[[], None]] = {}
        for words, act in self._choices(reply):
            acts[box.addButton(words, QMessageBox.ButtonRole.ActionRole)] = act
        leave = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(leave)
        box.setEscapeButton(leave)
        chosen: list[Callable[[], None]] = []
        box.buttonClicked.connect(lambda button: chosen.append(acts.get(button, lambda: self._leave(reply))))
        box.finished.connect(lambda _code: self._do((chosen or [lambda: self._leave(reply)])[0]))
        box.open()

    def _do(self, act: Callable[[], None]) -> None:
        self._asked = None
        act()

    def _choices(self, reply: RoomReply) -> list[tuple[str, Callable[[], None]]]:
        workbench, precision = self._workbench, self._workbench.document.precision
        if reply.work == "send":
            return [("&Send the Model's Files", lambda: workbench.go_on("send"))]
        choices: list[tuple[str, Callable[[], None]]] = []
        if reply.disk:
            choices.append(("Leave the Weights on &Disk", lambda: workbench.open_with_weights("disk")))
        locked = workbench.history.locked  # where no step can be made
        if reply.eight_bits and not locked:
            choices.append(("Round to &8 Bits", lambda: self._compute_in(reply, rounded(precision))))
        if reply.bf16 and not locked:
            half = rounded(HALF, is_rounded(precision))
            choices.append((f"Compute in &{HALF}", lambda: self._compute_in(reply, half)))
        if reply.work == "model":
            choices.append(("Into &Memory All the Same", lambda: workbench.open_with_weights("memory")))
        else:
            choices.append(("&Go On All the Same", lambda: workbench.go_on(reply.work)))
        return choices

    def _compute_in(self, reply: RoomReply, precision: str) -> None:
        if reply.work == "model":
            self._workbench.models.open_in(precision)
            return
        self._leave(reply)
        self._workbench.compute_in(precision)

    def _leave(self, reply: RoomReply) -> None:
        self._workbench.leave_undone(reply.work)
