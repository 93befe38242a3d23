"""The dock *Runs*: what was run in this project, line by line; its runs are shown, compared, made anew, exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.features.runs.presenter import KINDS, SHOWN_AS, compared, row_of, when_words
from app.features.runs.queries import ForgetQuery, ForgetReply
from app.messages.request import FailureReply
from app.services.actions import Actions
from app.services.file_dialogs import ask_save
from app.services.notifier import Notifier
from app.services.result_files import ResultFiles
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.runs import Run
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.project.history import Step
from core.project.runs import FILE, runs_csv
from core.saving import save_text
from views.panels.runs.data import RunsData
from views.panels.runs.panel import RunsPanel

ANEW = {"evaluation": "evaluate", "scan": "measure"}  # the action that does it once more, by the kind of a run
NO_MORE = "What this run was of cannot be found out here now"


class RunsController(QObject):
    """Of one window."""

    def __init__(
        self,
        workbench: Workbench,
        panel: RunsPanel,
        actions: Actions,
        settings: Settings,
        notifier: Notifier,
        window: QWidget,
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._actions = workbench, panel, actions
        self._settings, self._notifier, self._window = settings, notifier, window
        self._forgetting: OneShot[ForgetQuery] = OneShot(workbench, "forget a run")
        self._due = ""  # the kind of a run that is made anew as soon as its step is there
        self._files = ResultFiles(workbench, self)
        self._soon = QTimer(self, singleShot=True, interval=0)  # several changes in a row are one
        self._soon.timeout.connect(self.refresh)
        for changed in (workbench.runs.changed, workbench.history_changed, panel.shown):
            changed.connect(lambda *_: self._soon.start())
        workbench.records.begun.connect(panel.view.choose_nothing)  # runs of other projects have the same numbers
        panel.show_wanted.connect(lambda number: self.show(self._run(number)))
        panel.compare_wanted.connect(self.compare)
        panel.rerun_wanted.connect(lambda number: self.rerun(self._run(number)))
        panel.export_wanted.connect(self.export)
        workbench.on(ForgetReply, lambda reply: self._forgetting.ends(reply.query))
        workbench.idle.connect(self._go_on)
        workbench.given_up.connect(lambda _: self._drop())
        workbench.failed.connect(lambda _: self._drop())

    def refresh(self) -> None:
        """Show what there is, if anybody looks."""
        if not self._panel.isVisible():
            return
        present, runs = self._workbench.document, self._workbench.runs
        rows = tuple(row_of(place, run.record, present) for place, run in enumerate(runs))
        self._panel.set_data(RunsData(rows, self._workbench.history.locked))

    def _run(self, number: int) -> Run:
        return list(self._workbench.runs)[number]

    # ---- what the user does ----

    def show(self, run: Run) -> bool:
        """Take the window to the step of a run, or open what it came to. Tells whether it is there."""
        workbench, wanted = self._workbench, run.record.document
        if run.record.kind in SHOWN_AS:
            return self._files.show(SHOWN_AS[run.record.kind], run.record.about.get(FILE, ""), wanted)
        step = self._step_of(run)
        if step is not None:
            workbench.history.go(step)
        elif workbench.history.locked:
            workbench.say_locked()
            return False
        elif wanted.opens != workbench.document.opens:
            workbench.models.open(wanted, in_its_precision=True)
        else:
            workbench.commit(f"Back to: {KINDS[run.record.kind].lower()} by {run.record.by}", wanted)
        workbench.message.emit(f"The {KINDS[run.record.kind].lower()} of {when_words(run.record.when)} is shown.")
        return True

    def _step_of(self, run: Run) -> Step | None:
        """A step with the state that a run was of: its own, or else the last one; None where there is none any more."""
        wanted = run.record.document
        steps = [step for step, _ in self._workbench.history.steps() if _is_of(step, run)]
        exact = [step for step in steps if step.document == wanted]
        alike = exact or steps
        return run.step if run.step in alike else alike[-1] if alike else None

    def compare(self, one: int, other: int) -> None:
        """Both circuits on one layout."""
        records = self._workbench.records
        both = (compared(self._run(number).record) for number in (one, other))
        known = (
            replace(each, weights=records.weights(each.document.opens)) if each.document else each for each in both
        )
        self._workbench.runs.comparison_wanted.emit(*known)

    def rerun(self, run: Run) -> None:
        """Make a run anew, at its step."""
        workbench, record = self._workbench, run.record
        if workbench.history.locked:
            workbench.say_locked()
            return
        if not self.show(run):
            return
        choice = record.document.traced_last
        if record.kind == "trace" and choice is not None:
            self._forgetting.ask(ForgetQuery(scores=True))
            workbench.traces.begin(f"Trace by {record.by} again", choice)
        elif record.kind == "trace":
            workbench.message.emit(NO_MORE)
        else:
            self._due = record.kind
            workbench.ask(changes=False)  # what its step shows is there when the engine is done

    def _go_on(self) -> None:
        """The step of a run that is to be made anew is there."""
        kind, self._due = self._due, ""
        if not kind:
            return
        if kind == "scan":
            self._workbench.results.forget_measured()
        action = self._actions[ANEW[kind]]
        if not action.isEnabled():
            self._workbench.message.emit(f"{self._actions.why_not(ANEW[kind])}.")
            return
        self._forgetting.ask(ForgetQuery(scores=False))
        action.trigger()

    def _drop(self) -> None:
        self._due = ""

    def export(self) -> None:
        """Ask for a file and write all runs as a table."""
        name = Path(self._settings.folder()) / "runs.csv"
        chosen, _ = ask_save(self._window, "Export the runs", str(name), "CSV (*.csv)")
        if not chosen:
            return
        self._settings.set_folder(str(Path(chosen).parent))
        try:
            save_text(Path(chosen), runs_csv([run.record for run in self._workbench.runs]))
        except WirescopeError as error:
            self._notifier.problem(FailureReply(0, "run", error.message, error.hint))
        else:
            self._workbench.message.emit(f"Saved {Path(chosen).name}")


def _is_of(step: Step, run: Run) -> bool:
    """Whether a step shows the state that a run was of."""
    here, wanted = step.document, run.record.document
    same = (here.circuits, here.size) == (wanted.circuits, wanted.size)
    return (
        same and here.traced_nodes == wanted.traced_nodes and (run.record.kind != "scan" or here.edits == wanted.edits)
    )
