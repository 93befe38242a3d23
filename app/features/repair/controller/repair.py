"""The dock *Repair*: the cuts are found, shown on the canvas, and written with the model."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.features.repair.controller.examples import Examples, why_no_repair
from app.features.repair.controller.writer import Writer
from app.features.repair.presenter import counts_of, result_of, rows_of, run_of, target_of, why_not_applied, words_of
from app.features.repair.queries import RepairProgress, RepairQuery, RepairReply
from app.messages.request import QueryRefusal, RequestDone
from app.presenters.time_left import Pace
from app.services.closing import Closing
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.project import edit_operations as operations
from core.project.document import Document
from core.project.repairs import KeptRepair, RepairRecord
from views.panels.repair.data import RepairData, Running
from views.panels.repair.panel import RepairPanel

NO_EXAMPLES = "There are no examples yet: choose a file, drop one here, or add the cards"
NO_TRIGGERED = "No example is marked as triggered: mark those on which the model goes wrong"
NO_SUSPICIOUS = "No example is marked: mark those that may wake a fault"
WITHOUT_MARKS = {"triggered": NO_TRIGGERED, "suspicious": NO_SUSPICIOUS}
NO_CLEAN = "Every example is marked as triggered: some should stay as they are, so that the repair can spare them"
NO_ANSWERS = "The model's answers are not known yet"
NO_RESULT = "Find the cuts first"
UNDO = "Ctrl+Z"
RUNNING = "A repair is being looked for"
ANOTHER = "These are cuts of other examples or options: find the cuts anew."
CANCELLED = "Cancelled: the examples are as they were."
LOST = "No repair was made: the model cannot be run as it stands. Look at card A."


class RepairController(QObject):
    """Of one window."""

    def __init__(
        self,
        workbench: Workbench,
        panel: RepairPanel,
        panels: Panels,
        settings: Settings,
        closing: Closing,
        window: QWidget,
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self.examples = Examples(workbench, panel, settings, window)
        self._writer = Writer(workbench, settings, window)
        self._finding: OneShot[RepairQuery] = OneShot(workbench, "model repair")
        self._pace = Pace()
        self._running: RepairQuery | None = None
        self._made: tuple[RepairQuery, KeptRepair] | None = None
        self._of = ("", "")  # the model that it repairs
        self._problem = self._note = ""
        self._soon = QTimer(self, singleShot=True, interval=0)  # several changes in a row are one
        self._soon.timeout.connect(self._show)
        for part in (self.examples, self._writer):
            part.said.connect(self._say)
        for changed in (self.examples.changed, panel.options_changed, workbench.history_changed):
            changed.connect(self._soon.start)
        panel.find_wanted.connect(self.find)
        panel.cancel_wanted.connect(workbench.cancel)
        panel.apply_wanted.connect(self.apply)
        panel.export_wanted.connect(self.export)
        panel.save_wanted.connect(self.examples.save)
        panel.cuts_chosen.connect(lambda targets: workbench.select(tuple(targets)))
        workbench.on(RepairProgress, self._take_progress)
        workbench.on(RepairReply, self._take_made)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.on(RequestDone, self._find_lost)
        workbench.given_up.connect(lambda _: self._stop(CANCELLED))
        workbench.given_up.connect(lambda _: self._soon.start())
        workbench.model_opened.connect(lambda _: self._soon.start())
        workbench.document_changed.connect(self._follow)
        workbench.records.repair_opened.connect(self._open_kept)
        self.examples.changed_by_hand.connect(self._keep)
        closing.closed.connect(self._end)
        self._show()

    def open(self) -> None:
        """Bring the panel, and the keys to it."""
        self._panels.bring("repair")
        (self._panel.view if self.examples.all else self._panel.choose).setFocus()

    def open_path(self, path: str) -> None:
        """Examples that were dropped on the window."""
        self._panels.bring("repair")
        self.examples.open_path(path)

    @property
    def made(self) -> tuple[RepairQuery, KeptRepair] | None:
        """What was found last, while the model is open that it repairs."""
        return self._made if self._of == self._workbench.document.opens else None

    # ---- the project ----

    def _keep(self) -> None:
        """Have the project keep the examples and what was found."""
        record = RepairRecord(self.examples.all)
        if self._made is not None:
            query, kept = self._made
            record = RepairRecord(self.examples.all, kept, query.examples, self._of)
        self._workbench.records.take_repair(record)

    def _open_kept(self) -> None:
        """Another project: its examples, and what was found of them."""
        self._stop("")
        record = self._workbench.records.repair or RepairRecord()
        self._made, self._of = None, record.opens
        if record.result is not None:
            made = record.result
            query = RepairQuery(examples=record.of, budget=made.budget, level=made.level, knowledge=made.knowledge)
            self._made = query, made
            self._panel.set_options(made.level, made.budget, made.knowledge)
        if record.examples != self.examples.all:
            self.examples.put(record.examples)
        self._soon.start()

    # ---- the search ----

    def find(self) -> None:
        """Begin it."""
        why = self.why_not()["find"]
        if why:
            self._workbench.message.emit(f"{why}.")
            return
        level, budget, knowledge = self._panel.options()
        self._pace.restart()
        self._finding.ask(RepairQuery(examples=self.examples.all, budget=budget, level=level, knowledge=knowledge))
        self._running = self._finding.asked
        self._say("", "")

    def _stop(self, words: str) -> None:
        """Give the search up."""
        if self._running is not None:
            self._running.stop.set()
            self._finding.drop()
            self._running = None
            self._say(words, "")

    def _find_lost(self, _done: RequestDone) -> None:
        """The request has ended without a reply: it came to nothing before this was its turn."""
        if self._running is not None and not self._workbench.busy and self._finding.asked is not None:
            self._stop("")
            self._say("", LOST)

    def _end(self) -> None:
        """The window closes."""
        if self._running is not None:
            self._running.stop.set()

    def _take_progress(self, progress: RepairProgress) -> None:
        if self._running is not None and progress.query == self._running:
            share = progress.share if progress.phase else None
            self._panel.show_running(Running(progress.phase, share, self._pace.left(progress.phase, share)))

    def _take_made(self, reply: RepairReply) -> None:
        query = self._running
        if query is None or not self._finding.ends(reply.query):
            return
        self._running, self._made, self._of = None, (query, reply.made), self._workbench.document.opens
        self._keep()
        self._say("", "")
        self._panel.show_page(1)
        self._workbench.message.emit(f"{words_of(reply.made)}.")
        opened = self._workbench.opened
        if opened is not None:
            record = run_of(reply.made, len(query.examples), self._workbench.document, opened.graph)
            self._workbench.runs.add_record(record)
        self._workbench.select(tuple(target_of(edit) for edit in reply.made.edits))

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, RepairQuery) and self._finding.ends(refusal.query):
            self._running = None
            self._say("", refusal.words)

    def _follow(self, before: Document, after: Document) -> None:
        """Cuts of another model are none of this one; they are there again when it is."""
        if before.opens != after.opens:
            self._stop("Stopped: another model is opened.")
            self.examples.forget_answers()

    # ---- what leaves ----

    def apply(self) -> None:
        """Make the cuts edits of the canvas: a step of the history."""
        if self.made is None:
            return
        if self._workbench.history.locked:
            self._workbench.say_locked()
            return
        made, before = self.made[1], self._workbench.document.dataset
        self._workbench.take(operations.repair(self._workbench.document, made.edits, made.means))
        self._workbench.select(())  # so that the cuts are seen as such
        rows = self._workbench.document.dataset
        said = f"The cuts are edits of the canvas now; {UNDO} takes them back."
        if rows != before:
            said += f" The dataset is the {len(rows):,} clean examples that their means are taken over."
        self._say(said, "")

    def export(self) -> None:
        """Ask for a folder's name and have the repaired model written there."""
        if self.made is not None:
            self._writer.export(self.made[1])

    # ---- what is shown ----

    def _say(self, note: str, problem: str) -> None:
        self._note, self._problem = note, problem
        if problem or note:
            self._workbench.message.emit(problem or note)
        self._show()

    def why_not(self) -> dict[str, str]:
        """By the key of a button, why it cannot be pressed."""
        model, document = why_no_repair(self._workbench), self._workbench.document
        made = None if self.made is None else self.made[1]
        busy = RUNNING if self._running is not None else ""
        marks = [each.triggered for each in self.examples.all]
        examples = "" if marks else NO_EXAMPLES
        unknown = NO_ANSWERS if self.examples.asking and not self.examples.asked else ""
        needed = self._panel.options()[2]
        missing = not any(marks) and needed != "clean"
        wrong = WITHOUT_MARKS[needed] if missing else NO_CLEAN if all(marks) else ""
        return {
            "find": model or busy or examples or wrong,
            "mark": model or busy or examples or unknown,
            "clear": busy or examples,
            "save": examples,
            "apply": model or busy or ("" if made is None else why_not_applied(made, document)),
            "export": busy or ("" if made is not None else NO_RESULT),
        }

    def _show(self) -> None:
        opened = self._workbench.opened
        rows = rows_of(self.examples.all, self.examples.answers, opened is not None and not opened.is_text)
        result = None if self.made is None else result_of(self.made[1], self._stale())
        running = None if self._running is None else Running(words="Begins …")
        shown = self._panel.data().running
        self._panel.set_data(
            RepairData(
                rows,
                counts_of(rows),
                self._problem,
                self._note,
                result,
                running if running is None or shown is None else shown,
                self.why_not(),
            )
        )

    def _stale(self) -> str:
        """Why the result is not of what is shown."""
        assert self.made is not None
        query = self.made[0]
        same = (query.examples, (query.level, query.budget, query.knowledge)) == (
            self.examples.all,
            self._panel.options(),
        )
        return "" if same else ANOTHER
