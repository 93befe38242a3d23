"""The examples of a repair: where they come from, how they are marked, and what the model answers to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.repair.queries import (
    Answered,
    AnswersQuery,
    AnswersReply,
    Example,
    ExamplesQuery,
    ExamplesReply,
)
from app.messages.request import QueryRefusal
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.formatting import left_words
from core.project.document import Source
from core.project.repairs import examples_text
from core.saving import save_text
from views.panels.repair.panel import RepairPanel

FILTER = "Examples (*.jsonl *.ndjson *.json *.txt);;All files (*)"
SAVED = "Examples (*.jsonl)"
NO_MODEL = "Open a model first"


class Examples(QObject):
    """Of one window. all: they, in the order of the table. answers: of the model, as far as they are known."""

    changed = Signal()
    changed_by_hand = Signal()  # others, or marked otherwise, than before
    said = Signal(str, str)  # what came of it, or what is wrong

    def __init__(self, workbench: Workbench, panel: RepairPanel, settings: Settings, window: QWidget) -> None:
        super().__init__(panel)
        self._workbench, self._settings, self._window = workbench, settings, window
        self._reading: OneShot[ExamplesQuery] = OneShot(workbench, "examples of a repair")
        self._asking: OneShot[AnswersQuery] = OneShot(workbench, "answers to examples")
        self.all: tuple[Example, ...] = ()
        self.answers: dict[tuple[str, str | int], Answered] = {}
        self._of: tuple[str, str] = ("", "")  # the model that these are answers of
        self._left = ""  # what was dropped beside what is read
        panel.open_wanted.connect(self.choose)
        panel.folder_wanted.connect(self.choose_folder)
        panel.cards_wanted.connect(self.add_cards)
        panel.rows_wanted.connect(self.add_rows)
        panel.paths_dropped.connect(lambda paths: self.open_path(paths[0], paths[1:]))
        panel.mark_wanted.connect(self.mark_wrong)
        panel.clear_wanted.connect(lambda: self.put((), "All examples were taken away."))
        panel.view.delete_wanted.connect(self._delete)
        panel.view.look_wanted.connect(self._look_at)
        panel.view.lines.marked.connect(self._mark)
        panel.view.lines.answer_edited.connect(self._edit_answer)
        workbench.on(ExamplesReply, self._take_examples)
        workbench.on(AnswersReply, self._take_answers)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.model_opened.connect(lambda _: self._fit_model())

    @property
    def asked(self) -> bool:
        """Whether the model has answered all of them."""
        return all(each.asks in self.answers for each in self.all)

    @property
    def asking(self) -> bool:
        """Whether answers are on their way: they are not where somebody has cancelled that."""
        return self._asking.asked is not None

    def choose(self) -> None:
        """Ask for a file of examples."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open examples", self._settings.folder(), FILTER)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self.open_path(path)

    def choose_folder(self) -> None:
        """Ask for a folder of pictures by class."""
        path = QFileDialog.getExistingDirectory(self._window, "Pictures by class", self._settings.folder())
        if path:
            self.open_path(path)

    def save(self) -> None:
        """Ask for a file and write them there, so that they open here again, and with `wirescope repair`."""
        start = str(Path(self._settings.folder()) / "examples.jsonl")
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save the examples", start, SAVED)
        if not chosen:
            return
        path, opened = Path(chosen), self._workbench.opened
        path = path if path.suffix else path.with_suffix(".jsonl")
        self._settings.set_folder(str(path.parent))
        pictures = opened is not None and not opened.is_text
        try:
            save_text(path, examples_text(self.all, path.parent, pictures))
        except WirescopeError as error:
            self.said.emit("", str(error))
            return
        self.said.emit(f"{len(self.all):,} examples are in {path.name}.", "")

    def open_path(self, path: str, left: Sequence[str] = ()) -> None:
        """Have the examples of a file or a folder read; they come after those that are there. left: what was dropped
        beside it."""
        why = why_no_repair(self._workbench)
        if why:
            self.said.emit("", f"{why}.")
            return
        self.said.emit(f"Reading {Path(path).name} …", "")
        self._left = left_words(left, "Drop one at a time: each comes after those that are there.")
        self._reading.ask(ExamplesQuery(path=path))

    def add_cards(self) -> None:
        """The inputs of the cards, with the answers of the metric: its target for A, its foil for B."""
        document, metric = self._workbench.document, self._workbench.document.metric
        sources = (
            (document.clean, "" if metric is None else metric.target),
            (
                document.counterfactual,
                "" if metric is None else metric.foil or metric.target,
            ),
        )
        examples = [_example(source, answer) for source, answer in sources if source is not None]
        self._add([each for each in examples if each is not None], "from the cards")

    def add_rows(self) -> None:
        """A of each row of the dataset, with its target, or the metric's."""
        document = self._workbench.document
        if not document.dataset:
            self.said.emit("", "The dataset has no rows.")
            return
        target = "" if document.metric is None else document.metric.target
        examples = [_example(row.clean, row.target or target) for row in document.dataset]
        self._add([each for each in examples if each is not None], "from the dataset")

    def _add(self, examples: list[Example], where: str) -> None:
        why = why_no_repair(self._workbench)
        if why:
            self.said.emit("", f"{why}.")
            return
        known = {(each.input, each.answer) for each in self.all}
        news = [each for each in dict.fromkeys(examples) if (each.input, each.answer) not in known]
        if not news:
            self.said.emit("", f"Nothing new {where}: these examples are there already, or have no file of their own.")
            return
        self.put((*self.all, *news), f"{len(news):,} added {where}.")

    def put(self, examples: Iterable[Example], note: str = "") -> None:
        """Other examples than before: what is not known of them is asked."""
        self.all = tuple(examples)
        self.changed_by_hand.emit()
        self.said.emit(note, "")
        self._ask_answers()

    def _ask_answers(self) -> None:
        if self._workbench.opened is None:
            return
        if self.all:
            self._asking.ask(AnswersQuery(examples=self.all))
        elif self._asking.asked is not None:
            self._asking.drop()

    def _mark(self, rows: list[int], triggered: bool) -> None:
        some = set(rows)
        self.put(replace(each, triggered=triggered) if place in some else each for place, each in enumerate(self.all))

    def mark_wrong(self) -> None:
        """Triggered are just those that go wrong now; without a right answer nobody knows, and their marks stay.
        Where the answers were cancelled the model is asked again instead."""
        if not self.asked:
            self.said.emit("The model is asked again. Mark what goes wrong when its answers are there.", "")
            self._ask_answers()
            return
        answers = [self.answers.get(each.asks, Answered()) for each in self.all]
        wrong = [
            each.triggered if each.answer == "" else answered.right is False
            for each, answered in zip(self.all, answers, strict=True)
        ]
        marked = [replace(each, triggered=bad) for each, bad in zip(self.all, wrong, strict=True)]
        bad = sum(answered.right is False for answered in answers)
        self.put(marked, f"{bad:,} of {len(wrong):,} go wrong, and are marked as triggered.")

    def _edit_answer(self, row: int, answer: str) -> None:
        self.put(replace(each, answer=answer) if place == row else each for place, each in enumerate(self.all))

    def _delete(self, rows: list[int]) -> None:
        gone = set(rows)
        kept = [each for place, each in enumerate(self.all) if place not in gone]
        self.put(kept, f"{len(self.all) - len(kept):,} taken away.")

    def _look_at(self, row: int) -> None:
        """Put an example on card A."""
        opened = self._workbench.opened
        if opened is None:
            return
        example = self.all[row]
        if opened.is_text:
            source = Source("text", text=example.input)
        else:
            source = Source("image", path=example.input, name=Path(example.input).name)
        self._workbench.question.set_source("A", source)

    def _take_examples(self, reply: ExamplesReply) -> None:
        if not self._reading.ends(reply.query):
            return
        known = set(self.all)
        news = [each for each in reply.examples if each not in known]
        there = f" {len(self.all):,} were there before." if self.all else ""
        self.put((*self.all, *news), f"{reply.words}{there} {self._left}".rstrip())

    def _take_answers(self, reply: AnswersReply) -> None:
        if reply.query != self._asking.asked:
            return
        if reply.done:
            self._asking.ends(reply.query)
        asked = [each.asks for each in reply.query.examples[: len(reply.answers)]]
        self.answers |= zip(asked, reply.answers, strict=True)
        self._of = self._workbench.document.opens
        self.changed.emit()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        for asked in (self._reading, self._asking):
            if asked.ends(refusal.query):
                self.said.emit("", refusal.words)

    def _fit_model(self) -> None:
        """Another model answers otherwise."""
        if self._of != self._workbench.document.opens:
            self.forget_answers()
            self._ask_answers()

    def forget_answers(self) -> None:
        self.answers, self._of = {}, ("", "")
        self.changed.emit()


def _example(source: Source | None, answer: str) -> Example | None:
    """An input of the window as an example; None for a picture without a file of its own."""
    if source is None:
        return None
    if source.kind == "text":
        return Example(source.text, answer)
    return Example(source.path, answer) if source.path and source.corruption is None else None


def why_no_repair(workbench: Workbench) -> str:
    """Why no repair can be made of the model that is open."""
    opened = workbench.opened
    if opened is None:
        return NO_MODEL
    if not opened.has_head:
        return f"{opened.title} gives no answers, so none can be wrong"
    return "" if workbench.ready is not None else "Fill card A first: the model runs when there is an input"
