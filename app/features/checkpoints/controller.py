"""The dock *Checkpoints*: a series of checkpoints is opened, gone through by a slider, and followed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.checkpoints import presenter
from app.features.checkpoints.queries import FOLLOWING, FollowQuery, FollowReply
from app.messages.replies import ModelReply
from app.messages.request import FailureReply, QueryRefusal
from app.services.background_jobs import Job, Jobs
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.checkpoints.made import MINUTES, is_made, make_apart, series_folder
from core.checkpoints.series import Series, open_series, revisions_in, series_around
from core.errors import WirescopeError
from core.project.document import Document
from core.project.input_operations import set_checkpoint
from views.panels.checkpoints.data import CheckpointsData
from views.panels.checkpoints.hub_dialog import HubDialog
from views.panels.checkpoints.panel import CheckpointsPanel

EXAMPLE = "names"  # of the series that come with Wirescope
EDGES = 20  # of the circuits that are compared
PAUSE = 400  # milliseconds between two steps that are played
NO_SERIES = "Open a folder of checkpoints first"
NO_INPUT = "Give the model an input first"
STOPPED = "Stopped. What was found is kept: following again goes on from there."


class CheckpointsController(QObject):
    """Of one window."""

    def __init__(
        self,
        workbench: Workbench,
        panel: CheckpointsPanel,
        panels: Panels,
        settings: Settings,
        notifier: Notifier,
        jobs: Jobs,
        window: QWidget,
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self._settings, self._notifier, self._jobs, self._window = settings, notifier, jobs, window
        self._following: OneShot[FollowQuery] = OneShot(workbench, "checkpoints")
        self._series: Series | None = None
        self._reply: FollowReply | None = None
        self._of: Document | None = None  # what was followed
        self._share: float | None = None
        self._problem, self._opening = "", ""
        self._training: Job | None = None
        self.dialog: HubDialog | None = None
        self._awaited: Series | None = None  # of the Hub, until its last checkpoint is open
        self._example_there = False
        self._play = QTimer(self, singleShot=True, interval=PAUSE)
        self._play.timeout.connect(lambda: self.move(1))
        self._playing = False
        panel.open_wanted.connect(self.choose)
        panel.hub_wanted.connect(self.choose_hub)
        panel.example_wanted.connect(self.example)
        panel.step_wanted.connect(self.go)
        panel.play_wanted.connect(self.play)
        panel.follow_wanted.connect(self.follow)
        panel.cancel_wanted.connect(self.cancel)
        workbench.models.series_wanted.connect(self.open)
        workbench.on(FollowReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.given_up.connect(lambda _: self._give_up())
        workbench.working.connect(self._take_progress)
        workbench.idle.connect(self._play_on)
        workbench.model_opened.connect(self._follow_model)
        for changed in (workbench.document_changed, workbench.metric_changed, workbench.cards_changed):
            changed.connect(lambda *_: self._show())
        jobs.ask(lambda: is_made(EXAMPLE), self._take_example, self)
        self._show()

    # ---- opening ----

    def choose(self) -> None:
        """Ask for the folder of checkpoints."""
        start = self._settings.folder()
        folder = QFileDialog.getExistingDirectory(self._window, "Open a folder of checkpoints", start)
        if folder:
            self._settings.set_folder(str(Path(folder).parent))
            self.open(folder)

    def choose_hub(self) -> None:
        """Ask for a model of the Hub and its revisions."""
        if self.dialog is None:
            self.dialog = HubDialog(self._window)
            self.dialog.wanted.connect(self.open_hub)
        self.dialog.show_problem("")
        self.dialog.show()
        self.dialog.activateWindow()

    def open_hub(self, name: str, revisions: str) -> None:
        """Open the last one of some revisions; the series takes the place of what is shown once that is there. What
        cannot be a series is said in the dialog."""
        try:
            series = open_series(name.strip(), revisions_in(revisions))
        except WirescopeError as error:
            assert self.dialog is not None
            self.dialog.show_problem(f"{error.message} {error.hint}".strip())
            return
        self._awaited = series
        self._open_last(series)

    def _take_example(self, there: bool) -> None:
        self._example_there = there
        self._show()

    def example(self) -> None:
        """Open the series that comes with Wirescope; where it is not there yet, train it first, in a process of its
        own; while that runs, end it."""
        if self._training is not None:
            self._training.cancel()
        elif self._example_there:
            self.open(str(series_folder(EXAMPLE)))
        else:
            self._problem, self._share = "", None
            self._training = job = Job(lambda report, cancelled: make_apart(EXAMPLE, report, cancelled), self)
            job.progressed.connect(self._take_training)
            job.finished.connect(lambda folder: self._end_training(folder=str(folder)))
            job.failed.connect(lambda message, hint: self._end_training(f"{message} {hint}".strip()))
            job.cancelled.connect(self._end_training)
            self._jobs.run(job)
            self._show()

    def _take_training(self, done: int, total: int, _words: str) -> None:
        self._share = done / total
        self._show()

    def _end_training(self, problem: str = "", folder: str = "") -> None:
        self._training, self._share, self._problem = None, None, problem
        self._example_there = self._example_there or bool(folder)
        self._show()
        if folder:
            self.open(folder)

    def open(self, folder: str) -> None:
        """Look into a folder beside the window; one that is no series is spoken of, and what was open stays."""
        self._look(folder, lambda: open_series(folder), self._take_series, self._refuse)

    def _look(
        self,
        name: str,
        work: Callable[[], Series | None],
        take: Callable[[Series], None],
        refuse: Callable[[str, str], None],
    ) -> None:
        """Look for a series beside the window, of the name that was asked for last."""
        if self._opening == name:
            return
        self._opening = name

        def end(then: Callable[..., None], *values: object) -> None:
            if self._opening == name:  # else another one was asked for since
                self._opening = ""
                then(*values)

        job = Job(lambda _report, _cancelled: work(), self)
        job.finished.connect(partial(end, lambda series: None if series is None else take(series)))
        job.failed.connect(partial(end, refuse))
        self._jobs.run(job)

    def _take_series(self, series: Series) -> None:
        self._set_series(series)
        self._bring()
        if series.index(self._workbench.document.model) is None:
            self._open_last(series)

    def _open_last(self, series: Series) -> None:
        present = self._workbench.document
        last = series.checkpoints[-1].name
        self._workbench.models.open(Document(last, present.clean, present.counterfactual, present.metric))

    def _bring(self) -> None:
        assert self._series is not None
        self._panels.bring("checkpoints")
        self._panel.slider.setFocus()
        self._workbench.message.emit(f"{len(self._series.checkpoints)} checkpoints of {self._series.title}")

    def _set_series(self, series: Series) -> None:
        if self._series is None or (series.source, series.revisions) != (self._series.source, self._series.revisions):
            self._reply, self._of = None, None
        self._series, self._problem = series, ""
        self._tell_names()
        self._show()

    def _tell_names(self) -> None:
        names = () if self._series is None else tuple(each.name for each in self._series.checkpoints)
        self._workbench.models.set_checkpoints(names)

    def _refuse(self, message: str, hint: str) -> None:
        self._notifier.problem(FailureReply(0, "run", message, hint))

    def _follow_model(self, opened: ModelReply) -> None:
        """A checkpoint that was opened as a model brings its series; where that is none, the dock says why."""
        awaited, self._awaited = self._awaited, None
        if awaited is not None and awaited.index(opened.name) is not None:
            self._set_series(awaited)
            self._bring()
        elif self._series is None or self._series.index(opened.name) is None:
            self._look(opened.name, partial(series_around, opened.name), self._set_series, self._note)
        self._show()

    def _note(self, message: str, hint: str) -> None:
        self._series, self._problem = None, f"{message} {hint}".strip()
        self._tell_names()
        self._show()

    # ---- going through it ----

    @property
    def at(self) -> int | None:
        """The number of the checkpoint that is open."""
        return None if self._series is None else self._series.index(self._workbench.document.model)

    def go(self, number: int) -> None:
        """Take up a checkpoint: inputs, metric, edits, circuit size and selection stay."""
        workbench = self._workbench
        if self._series is None or not 0 <= number < len(self._series.checkpoints):
            return
        checkpoint = self._series.checkpoints[number]
        selection, positions = workbench.selection, workbench.positions
        with workbench.presenter.canvas_feed.as_one():
            workbench.take(set_checkpoint(workbench.document, checkpoint.name, checkpoint.title))
            workbench.set_positions(positions)
            workbench.select(selection)
        self._show()

    def move(self, by: int) -> None:
        """To the next checkpoint, or the one before; of another model to the last one."""
        if self._series is not None:
            last = len(self._series.checkpoints) - 1
            self.go(last if self.at is None else min(max(self.at + by, 0), last))

    def play(self) -> None:
        """Go on from step to step by itself, or stop; at the end from the beginning."""
        if self._series is None:
            return
        self._playing = not self._playing
        if not self._playing:
            self._play.stop()
        elif self.at == len(self._series.checkpoints) - 1:
            self.go(0)
        else:
            self.move(1)
        self._show()

    def _play_on(self) -> None:
        if not self._playing or self._series is None:
            return
        if self.at is None or self.at == len(self._series.checkpoints) - 1:
            self._playing = False
            self._show()
        else:
            self._play.start()

    # ---- following ----

    def follow(self) -> None:
        """Ask every checkpoint."""
        why = why_not_follow(self._workbench, self._series)
        if why or self._series is None:
            self._workbench.message.emit(why)
            return
        self._panels.bring("checkpoints")
        size = self._workbench.document.size or EDGES
        self._problem, self._share, self._of = "", None, self._workbench.document
        self._following.ask(FollowQuery(self._series.source, size, self._series.revisions))
        self._show()

    def cancel(self) -> None:
        """Stop what plays, or what is followed."""
        if self._playing:
            self.play()
        elif self._following.asked is not None:
            self._workbench.cancel()

    def _take(self, reply: FollowReply) -> None:
        if reply.query != self._following.asked:
            return
        if self._reply is None or self._reply.query != reply.query or len(reply.rows) >= len(self._reply.rows):
            self._reply = reply  # asked again in between, the first ones come anew
        if reply.done:
            self._following.ends(reply.query)
        self._show()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, FollowQuery) and self._following.ends(refusal.query):
            self._problem = refusal.words
            self._show()

    def _take_progress(self, words: str, share: float | None) -> None:
        if self._following.asked is not None and words == FOLLOWING and share != self._share:
            self._share = share
            self._show()

    def _give_up(self) -> None:
        if self._panel.data().running:
            self._problem = STOPPED
        self._playing = False
        self._show()

    # ---- what is shown ----

    def _show(self) -> None:
        series, at, reply, problem = self._series, self.at, self._reply, self._problem
        asked = self._following.asked
        if self._of is not None and asked is not None and not asked.holds(self._of, self._workbench.document):
            self._of = self._workbench.document  # it is asked anew, of this
            reply = self._reply = None
        training = self._training is not None
        data = CheckpointsData(problem=problem, example=self._example_words(), training=training, share=self._share)
        if series is not None:
            rows = () if reply is None else reply.rows
            stale = reply is not None and self._of is not None and not reply.query.holds(self._of, self._document)
            data = CheckpointsData(
                title=series.title,
                steps=series.steps,
                names=tuple(each.title for each in series.checkpoints),
                at=at,
                words="" if at is None else presenter.step_words(rows, series.steps[at]),
                plots=() if reply is None else presenter.plots(rows, reply.metric, reply.query.edges),
                problem=problem,
                why_not=why_not_follow(self._workbench, series),
                running=asked is not None,
                share=self._share,
                playing=self._playing,
                stale=stale,
            )
        if data != self._panel.data():
            self._panel.set_data(data)

    def _example_words(self) -> str:
        if self._training is not None:
            return "Stop Training"
        return "Open the Example" if self._example_there else f"Train the Example ({MINUTES} Minutes)"

    @property
    def _document(self) -> Document:
        return self._workbench.document


def why_not_follow(workbench: Workbench, series: Series | None) -> str:
    """Why the checkpoints cannot be followed."""
    if series is None:
        return NO_SERIES
    if series.index(workbench.document.model) is None:
        return "Another model is open: move the slider to one of the checkpoints"
    return "" if workbench.ready is not None else NO_INPUT


def why_not(workbench: Workbench) -> str:
    """Why there is no checkpoint to go to."""
    return "" if workbench.document.model in workbench.models.checkpoints else NO_SERIES
