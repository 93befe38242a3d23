"""Moves the work to a worker of a cluster and back. The cluster's own module is imported by name, when it is asked for:
it takes Ray with it."""

from __future__ import annotations

import importlib
from contextlib import suppress
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.messages.places import LOCAL, Place
from app.messages.request import FailureReply
from app.presenters.homes import place_words, refusal, room_words, takes_eight_bits, warning
from app.presenters.plan_words import size_words
from app.services.background_jobs import Job, Jobs
from app.services.closing import Closing
from app.services.notifier import Notifier
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.optional_packages import is_installed
from core.precision_words import computed_in, is_rounded, rounded
from core.project.document import Document
from views.panels.remote.data import PlaceRow
from views.panels.remote.panel import ConnectDialog

RAY_HOME = "app.worker.ray_home"
TOKENS = 64  # of the input that the needs are said for, before one is read
LOOKING = "Looking which nodes there are: this may take half a minute…"
CUT = "The link is cut"  # what the trouble of such a link begins with
CUT_HINT = "Is the terminal with the SSH tunnel still open? File > Disconnect goes on here."
CONNECTING = "Starting the worker there…"


class RemoteController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, notifier: Notifier, jobs: Jobs, window: QWidget, closing: Closing) -> None:
        super().__init__(window)
        self._workbench, self._notifier, self._jobs, self._window = workbench, notifier, jobs, window
        self.dialog: ConnectDialog | None = None
        self._cluster: Any = None
        self._places: tuple[Place, ...] = ()
        self._needs: tuple[tuple[str, int], ...] = ()  # of the chosen place, where they are known
        self._cut = False  # the link
        self._busy = self._given_up = False  # something takes long; the dialog was closed meanwhile
        closing.closed.connect(self._end)
        workbench.document_changed.connect(self._follow)
        workbench.homes.place_gone.connect(self._say_gone)
        workbench.homes.changed.connect(self._say_cut)

    def show(self) -> None:
        """Open the dialog."""
        if self.dialog is None:
            self.dialog = ConnectDialog(self._window)
            self.dialog.look_wanted.connect(self.look)
            self.dialog.row_chosen.connect(self._ask_needs)
            self.dialog.device_chosen.connect(lambda _: self._say_needs())
            self.dialog.eight_bits_chosen.connect(lambda _: self._ask_needs(self._dialog.row()))
            self.dialog.connect_wanted.connect(self.connect_worker)
            self.dialog.rejected.connect(self._give_up)
        if not self._busy:
            self.dialog.say("")
        self._offer_eight_bits()
        self.dialog.show()
        self.dialog.activateWindow()

    def look(self, address: str) -> None:
        """Join a cluster (of this machine without an address), and list its nodes."""
        if self._workbench.homes.place:
            self._say("Disconnect first: the work is done elsewhere already.")
            return
        before, self._cluster, self._places, self._needs = self._cluster, None, (), ()
        self._dialog.set_places(())

        def join() -> object:
            if before is not None:
                before.leave()
            cluster = importlib.import_module(RAY_HOME).Cluster(address or LOCAL)
            try:
                return cluster, cluster.places()
            except WirescopeError:
                cluster.leave()  # else the next address would be taken for it
                raise

        self._do(LOOKING, join, self._take_places)

    def _take_places(self, joined: tuple[Any, tuple[Place, ...]]) -> None:
        self._cluster, self._places = joined
        self._dialog.say(self._cluster.unheard)
        self._dialog.set_places([PlaceRow(*place_words(place), place.gpus_to_be_had) for place in self._places])

    def _ask_needs(self, row: int) -> None:
        """What the present model needs at a place."""
        self._needs = ()
        if row < 0:
            return
        document, place = self._workbench.document, self._places[row]
        if not document.model:
            self._dialog.set_needs("No model is open yet.")
            return
        cluster, asked = self._cluster, self._asked_needs()
        self._dialog.set_needs("Reckoning what the model needs there…")

        def reckon() -> tuple[tuple[str, int], ...]:
            return cluster.plan(place, document.model, computed_in(document.precision), TOKENS, asked[-1])

        def take(needs: tuple[tuple[str, int], ...]) -> None:
            if asked == self._asked_needs():
                self._needs = needs
                self._say_needs()

        def say(message: str, hint: str) -> None:
            if asked == self._asked_needs():
                self._dialog.set_needs(f"{message} {hint}".strip())

        self._jobs.ask(reckon, take, self, or_else=say)

    def _asked_needs(self) -> tuple[Any, ...]:
        """What the words about needs are to be of."""
        return self._dialog.row(), self._workbench.document.opens, self._dialog.in_eight_bits()

    def _offer_eight_bits(self) -> None:
        document = self._workbench.document
        self._dialog.offer_eight_bits(takes_eight_bits(document.model), is_rounded(document.precision))

    def _follow(self, before: Document, after: Document) -> None:
        """Another model needs something else."""
        if self.dialog is not None and self.dialog.isVisible() and before.opens != after.opens:
            self._offer_eight_bits()
            self._ask_needs(self.dialog.row())

    def _say_needs(self) -> None:
        """Beside what is free where the chosen place is to compute."""
        if not self._needs or self._dialog.row() < 0:
            return
        weights, *rest = self._needs
        beside = max(size for _, size in rest)
        told = ", ".join(f"{what} {size_words(size)}" for what, size in rest)
        opened = self._workbench.opened
        tokens = f" (for {TOKENS} tokens: a longer input takes more)" if opened is None or opened.is_text else ""
        words = f"{self._workbench.document.model} needs {size_words(weights[1])} for its weights, and beside them the "
        words = f"{words}largest of: {told}{tokens}. That is {size_words(weights[1] + beside)} in all."
        dialog = self._dialog
        fits = room_words(weights[1] + beside, self._places[dialog.row()], dialog.device())
        dialog.set_needs(f"{words} {fits}")

    def connect_worker(self, row: int, device: str) -> None:
        """Have the work done at a place, on a device of it: see `ConnectDialog`."""
        cluster, place = self._cluster, self._places[row]

        def start() -> object:
            link = cluster.start(place, device)
            side = importlib.import_module("app.worker.remote_side")
            try:
                return link, {**side.versions(), "files": side.file_system()}, link.hello()
            except WirescopeError:
                with suppress(WirescopeError):  # of a link that is cut
                    link.close()  # nobody will ask it for anything: it is not to wait for a GPU
                raise

        self._do(CONNECTING, start, partial(self._move, self._workbench.document.opens, self._dialog.in_eight_bits()))

    def _move(self, opens: tuple[str, str], eight_bits: bool, made: tuple[Any, dict[str, str], dict[str, str]]) -> None:
        """opens: the model that was open when this was asked for; eight_bits: how its weights were to be."""
        from app.workbench.remote_worker import RemoteWorker  # with all forms of messages: not at the start

        link, here, there = made
        refused = refusal(here, there)
        if refused or self._given_up:
            self._jobs.ask(link.close, lambda _: None, self)
            self._say(refused)
            return
        self._dialog.accept()
        if takes_eight_bits(opens[0]) and opens == self._workbench.document.opens:
            self._workbench.compute_in(rounded(self._workbench.document.precision, eight_bits))
        self._workbench.homes.move(RemoteWorker(link, sends_files=there["files"] != here["files"]))
        self._workbench.message.emit(warning(here, there) or f"The work is done on {link.place} now.")

    def _say_gone(self, place: str) -> None:
        words = f"{place}, where the work was done, has left the cluster."
        hint = (
            "Where it comes back, the work goes on there by itself. File > Disconnect goes on in this window without "
            "it, and File > Connect to… then on another machine: the document and its edits are here."
        )
        self._notifier.say("")  # that the work is done there
        self._notifier.problem(FailureReply(0, "run", words, hint))

    def _say_cut(self) -> None:
        """What may be wrong with a link that is cut, until it is there again."""
        cut, homes = self._cut, self._workbench.homes
        self._cut = homes.trouble.startswith(CUT)
        if self._cut != cut:
            self._notifier.say(f"No word from {homes.place}. {CUT_HINT}" if self._cut else "")

    def disconnect_worker(self) -> None:
        """Have the work done in this process again."""
        self._workbench.homes.come_back()
        self._workbench.message.emit("The work is done in this process again.")
        self._leave()

    def _leave(self) -> None:
        cluster, self._cluster, self._places = self._cluster, None, ()
        if self.dialog is not None:
            self.dialog.set_places(())
        if cluster is not None:
            self._jobs.ask(cluster.leave, lambda _: None, self)

    def _end(self) -> None:
        """The window closes."""
        self._workbench.homes.leave()
        if self._cluster is not None:
            self._jobs.run(Job(lambda _report, _cancelled: self._cluster.leave(), finishes=True))

    # ---- in the dialog ----

    @property
    def _dialog(self) -> ConnectDialog:
        assert self.dialog is not None
        return self.dialog

    def _do(self, words: str, work: Any, then: Any) -> None:
        """Do something that takes long, said in the dialog."""
        self._dialog.set_busy(words)
        self._busy, self._given_up = True, False

        def end() -> None:
            self._busy = False

        job = Job(lambda _report, _cancelled: work(), self)
        for ended in (job.finished, job.failed):
            ended.connect(lambda *_: end())
        job.finished.connect(then)
        job.failed.connect(lambda message, hint: self._say(f"{message} {hint}".strip()))
        self._jobs.run(job)

    def _give_up(self) -> None:
        """The dialog is closed without a choice: a worker that is being started is not wanted any more."""
        self._given_up = self._busy

    def _say(self, problem: str) -> None:
        self._dialog.say(problem)
        if problem and not self._given_up and not self._dialog.isVisible():
            self._notifier.problem(FailureReply(0, "run", problem))


def why_no_cluster(workbench: Workbench) -> str:
    if not is_installed("ray"):
        return "Ray is not installed: pip install 'wirescope[cluster]'"
    return "Disconnect first" if workbench.homes.place else ""


def why_not_back(workbench: Workbench) -> str:
    return "" if workbench.homes.place else "The work is done in this process"
