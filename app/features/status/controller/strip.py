"""The status strip in step with the window: device, memory, the last run, what runs, and the last message."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.messages.replies import InputsReply, ModelReply, RunReply
from app.presenters.homes import home_words
from app.presenters.time_left import Pace
from app.services.process_memory import memory_words, resident_megabytes
from app.workbench.workbench import Workbench
from views.panels.status.panel import StatusStrip


class StatusController(QObject):
    """Fills a window's status strip."""

    def __init__(self, workbench: Workbench, status: StatusStrip) -> None:
        super().__init__(status)
        self._status, self._workbench = status, workbench
        workbench.model_opened.connect(self._show_model)
        workbench.metric_changed.connect(self._show_parity)
        workbench.memory_changed.connect(self._show_memory)
        workbench.predictions_changed.connect(self._show_run)
        workbench.nothing_to_show.connect(lambda _: status.set_run(""))
        self.pace = Pace()
        workbench.working.connect(self._show_work)
        status.cancel_requested.connect(workbench.cancel)
        workbench.homes.changed.connect(self._show_device)
        workbench.homes.moved.connect(lambda: status.set_memory(""))  # of the place before
        workbench.idle.connect(status.clear_work)
        workbench.idle.connect(lambda: self.pace.restart())  # the next work may come much later
        workbench.message.connect(self._show_message)
        self._just_said = QTimer(self, singleShot=True, interval=0)  # runs until the event that brought a message ends
        self._said_of = self._state()
        workbench.history_changed.connect(self._drop_message)
        workbench.history_changed.connect(self._follow)

    def _show_work(self, words: str, share: float | None) -> None:
        self._status.set_work(words, share, self.pace.left(words, share, self._workbench.reckoned))

    def _show_message(self, text: str) -> None:
        self._status.set_message(text)
        self._just_said.start()

    def _drop_message(self) -> None:
        """What was said of an earlier state goes when the work goes on; not what was said of this very step."""
        if self._said_of != self._state():
            self._said_of = self._state()
            if not self._just_said.isActive():
                self._status.set_message("")

    def _state(self) -> tuple[object, object]:
        """The step of the history, and what it has come to: a drag is one step."""
        return self._workbench.history.current, self._workbench.document

    def _follow(self) -> None:
        """The document is another one: what is of another model goes, and what is of an earlier state is dimmed."""
        status, workbench = self._status, self._workbench
        if workbench.opened is None or (workbench.opened.name, workbench.opened.precision) != workbench.document.opens:
            for clear in (status.set_device, status.set_parity, status.set_memory, status.set_run):
                clear("")
            return
        status.dim_parity(workbench.ready_of_present is None)
        status.dim_memory(not workbench.ran_is_present)

    def _show_model(self, _opened: ModelReply) -> None:
        self._show_device()
        self._status.set_run("")

    def _show_device(self) -> None:
        """Where the work is done, and in what."""
        homes, opened = self._workbench.homes, self._workbench.opened
        told = [homes.trouble] if homes.trouble else [home_words(homes.place, homes.latency)] if homes.place else []
        if opened is not None:
            precision, device = opened.details.split(" · ")[-2:]
            told += [device, precision]
        self._status.set_device(" · ".join(told))

    def _show_parity(self, ready: InputsReply) -> None:
        self._status.set_parity(ready.parity)
        self._status.dim_parity(False)

    def _show_memory(self, cache: float) -> None:
        self._status.dim_memory(False)
        resident = None if self._workbench.homes.place else resident_megabytes()  # this process has not the model then
        kept = f"cache {memory_words(cache)}"
        if resident is None:
            self._status.set_memory(kept)
        else:
            whole = f"memory {memory_words(resident)}"
            self._status.set_memory(f"{whole} · {kept}", whole)

    def _show_run(self, ran: RunReply, stale: bool) -> None:
        time, *rest = ran.words.split(" · ")
        self._status.set_run(ran.words, " · ".join((time, *rest[:1])), stale=stale)
