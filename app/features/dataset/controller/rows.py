"""The window's side of the dataset: its panel, its menu, what is added and read, and each row's metric. `saver` writes
it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu

from app.features.dataset.controller.saver import FILES, Saver
from app.features.dataset.presenter import input_words, shown_row
from app.features.dataset.queries import (
    ALL,
    Pictures,
    RowFigure,
    RowFiguresQuery,
    RowFiguresReply,
    RowsQuery,
    RowsReply,
)
from app.messages.replies import ModelReply
from app.messages.request import QueryRefusal
from app.services.actions import Actions
from app.services.background_jobs import Jobs
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.formatting import counted
from core.inputs.film import FILMS, is_film
from core.probing.labelled import is_model_folder
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.row_cells import last_step, rows_with_b, takes_b
from views.panels.dataset.data import DatasetRow, LazyRows
from views.panels.dataset.panel import DatasetPanel

OPEN_FILTER = "Datasets (*.csv *.tsv *.jsonl *.ndjson)"
FILM_FILTER = f"Films ({' '.join(f'*{ending}' for ending in FILMS)})"
ALONE = "A folder of pictures or a film is dropped by itself, on a model that sees: drop one at a time."
BLOCK, MOST_IN_VIEW = 32, 160  # rows of a large dataset that are asked for together
MOST_PICTURES = 512  # small ones that are kept
ENTRIES = (  # of the menu, in order
    "dataset_add",
    "dataset_open",
    "dataset_append",
    "dataset_folder",
    "dataset_film",
    "dataset_make_b",
    "dataset_save",
    "dataset_clear",
)


class DatasetController(QObject):
    """Shows the document's rows and changes them, each change a step of the history."""

    def __init__(
        self,
        workbench: Workbench,
        panel: DatasetPanel,
        panels: Panels,
        settings: Settings,
        actions: Actions,
        menus: Mapping[str, QMenu],
        jobs: Jobs,
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels, self._settings = workbench, panel, panels, settings
        self._actions, self._menu = [actions[key] for key in ENTRIES], menus["dataset"]
        self._makes = OneShot[RowsQuery](self._workbench, "dataset rows")
        self.saver = Saver(workbench, settings, jobs, panel)
        self.saver.said.connect(lambda note, problem: panel.say(note=note, problem=problem))
        self._seed = 0  # of the next rows of a task
        self._figures: dict[PairSource, RowFigure] = {}
        self._pictures: OrderedDict[PairSource, Pictures] = OrderedDict()  # small ones, those used last
        self._view = (0, BLOCK)  # of a large dataset: the first row that is asked for, and how many
        self._fresh: set[PairSource] = set()  # rows whose figures are of the present document
        self._measured_of: Document | None = None  # whose figures these are
        self._metric = ""
        self._task_actions: list[QAction] = []
        self._looked_at = False
        workbench.on(RowsReply, self._take_rows)
        workbench.on(RowFiguresReply, self._take_figures)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.model_opened.connect(self._fit_model)
        workbench.history_changed.connect(self._show)
        workbench.rows_wanted.connect(lambda task: self.fill(task, trace_over=True))
        workbench.row_wanted.connect(self.load)
        panel.add_requested.connect(self.add_pair)
        panel.load_requested.connect(self.load)
        panel.delete_requested.connect(self.delete)
        panel.copy_requested.connect(self.copy)
        panel.paste_requested.connect(self.paste)
        panel.text_edited.connect(self._edit_text)
        panel.paths_dropped.connect(self.take_paths)
        panel.text_dropped.connect(lambda text: self._make(RowsQuery(text=text, append=True)))
        panel.looked_at.connect(self._look)
        panel.seen.connect(self._see)
        self._menu.addActions(self._actions)
        self._menu.addSeparator()
        self._show()

    @property
    def _rows(self) -> tuple[PairSource, ...]:
        return self._workbench.document.dataset

    def _commit(self, words: str, rows: Iterable[PairSource], trace_over: bool = False) -> None:
        """A change of the rows, which are then to be seen. trace_over: the next trace goes over them."""
        document = self._workbench.document
        choice = replace(document.choice, over_dataset=True) if trace_over else document.choice
        self._panel.say()
        self._panels.bring("dataset")
        self._workbench.commit(words, replace(document, dataset=tuple(rows), choice=choice))

    # ---- changing ------------------------------------------------------------------------------------------

    def add_pair(self) -> None:
        """The pair on the cards, with the answers of its metric, as a row."""
        document = self._workbench.document
        if document.clean is None:
            self._panel.say(problem="There is nothing on card A to add.")
            return
        row = _row_of(document)
        if row in self._rows:
            self._panel.say(problem="This pair is a row already.")
            return
        self._commit("Add a row", (*self._rows, row))

    def delete(self, rows: list[int]) -> None:
        kept = [row for place, row in enumerate(self._rows) if place not in rows]
        self._commit(f"Delete {len(rows)} row{'s' * (len(rows) != 1)}", kept)

    def make_b(self) -> None:
        """Every picture gets a B, made as card B was made from A."""
        b = self._workbench.document.counterfactual
        if b is not None and b.corruption is not None:
            a = self._workbench.document.clean
            how = last_step(b.corruption, None if a is None else a.corruption)
            rows = rows_with_b(self._rows, how)
            left = sum(not takes_b(row) for row in rows)
            self._commit(f"B of {counted(len(rows) - left, 'row')}: {how.words()}", rows)
            if left:
                self._panel.say(note=f"{counted(left, 'row')} stayed as before: A there is no picture.")

    def clear(self) -> None:
        if self._rows:
            self._commit("Clear the dataset", ())

    def load(self, place: int) -> None:
        """Put a row on the cards, and its answers into the metric."""
        row, document = self._rows[place], self._workbench.document
        metric = document.metric
        if row.target and metric is not None and metric.kind:
            metric = MetricChoice(metric.kind, row.target, row.foil or metric.foil)
        elif row.target and row.foil:
            metric = MetricChoice("logit_difference", row.target, row.foil)
        changed = replace(document, clean=row.clean, counterfactual=row.counterfactual, metric=metric)
        self._workbench.commit(f"Row {place + 1} on the cards", changed)

    def _edit_text(self, place: int, column: int, text: str) -> None:
        rows = list(self._rows)
        if column == 0 and not text.strip():
            self._panel.say(problem="A row needs an A. Press Delete to take it away.")
            return
        source = Source("text", text=text) if text.strip() else None
        changed = {"clean": source} if column == 0 else {"counterfactual": source}
        rows[place] = replace(rows[place], **changed)  # type: ignore[arg-type]
        self._commit(f"Change row {place + 1}", rows)

    # ---- copying, files, tasks -----------------------------------------------------------------------------

    def copy(self, places: list[int]) -> None:
        """As cells for a spreadsheet."""
        lines = []
        for place in places:
            row = self._rows[place]
            cells = [*input_words(row), row.target, row.foil]
            lines.append("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in cells))
        QGuiApplication.clipboard().setText("\n".join(lines))

    def paste(self) -> None:
        mime = QGuiApplication.clipboard().mimeData()
        paths = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        if paths:
            self.take_paths(paths)
        elif mime.hasText():
            self._make(RowsQuery(text=mime.text(), append=True))
        else:
            self._panel.say(problem="The clipboard holds no text. Copy lines or cells first.")

    def take_paths(self, paths: list[str]) -> None:
        """What is dropped or pasted comes after the rows that are there: those of a dataset, a row for each picture."""
        opened = self._workbench.opened
        sees = opened is not None and not opened.is_text
        if len(paths) == 1 and Path(paths[0]).is_dir():
            if sees and not is_model_folder(paths[0]):
                self._make(RowsQuery(path=paths[0], append=True))
            else:
                self._workbench.models.open_model(paths[0])  # as wherever else a folder is let go
            return
        if sees and len(paths) == 1 and is_film(paths[0]):
            self._make(RowsQuery(path=paths[0], append=True))
            return
        if any(Path(path).is_dir() or is_film(path) for path in paths):
            self._panel.say(problem=ALONE)
            return
        files = [path for path in paths if Path(path).suffix.lower() in FILES]
        pictures = [path for path in paths if path not in files]
        if pictures and (opened is None or opened.is_text):
            self._panel.say(problem=f"{Path(pictures[0]).name} is no dataset: the endings are {', '.join(FILES)}.")
        elif pictures:
            rows = [PairSource(Source("image", path=path, name=Path(path).name)) for path in pictures]
            self._commit(f"Add {len(rows)} picture{'s' * (len(rows) != 1)}", (*self._rows, *rows))
        if files:
            self._make(RowsQuery(path=files[0], append=True, more=tuple(files[1:])))

    def choose(self, append: bool = False) -> None:
        """Ask for a file, whose rows take the place of those that are there, or come after them."""
        settings, title = self._settings, "Append a dataset" if append else "Open a dataset"
        path, _ = QFileDialog.getOpenFileName(self._panel.window(), title, settings.folder(), OPEN_FILTER)
        if path:
            settings.set_folder(str(Path(path).parent))
            self._make(RowsQuery(path=path, append=append))

    def choose_folder(self) -> None:
        """Ask for a folder of pictures, which take the place of the rows that are there."""
        settings = self._settings
        path = QFileDialog.getExistingDirectory(self._panel.window(), "Open a folder of pictures", settings.folder())
        if path:
            settings.set_folder(path)
            self._make(RowsQuery(path=path))

    def choose_film(self) -> None:
        """Ask for a film, and for which of its frames."""
        settings, window = self._settings, self._panel.window()
        path, _ = QFileDialog.getOpenFileName(window, "Open the frames of a film", settings.folder(), FILM_FILTER)
        if not path:
            return
        settings.set_folder(str(Path(path).parent))
        every, taken = QInputDialog.getInt(
            window,
            "Frames of a film",
            f"Take one of how many frames of {Path(path).name}? 25 is about one a second:",
            25,
            1,
            1_000_000,
        )
        if taken:
            self._make(RowsQuery(path=f"{path}#every={every}"))

    def fill(self, task: str, trace_over: bool = False) -> None:
        """Rows of a built-in task, other ones each time. trace_over: the next trace is to go over them."""
        self._make(RowsQuery(task=task, seed=self._seed, trace_over=trace_over))
        self._seed += 1

    def _make(self, rows: RowsQuery) -> None:
        self._panel.say()
        self._makes.ask(rows)

    def _take_rows(self, made: RowsReply) -> None:
        query = made.query
        if not self._makes.ends(query):
            return
        if query.task:
            opened = self._workbench.opened
            title = next((t.title for t in opened.tasks if t.name == query.task), query.task) if opened else query.task
            self._commit(f"Rows of {title.lower()}", made.rows, query.trace_over)
        else:
            name, before = Path(query.path).name if query.path else "the clipboard", self._rows
            name += f" and {len(query.more)} more" if query.more else ""
            if query.append:
                there = set(before)
                self._commit(f"Append {name}", (*before, *(row for row in made.rows if row not in there)))
            else:
                self._commit(f"Open {name}", made.rows)
                if before and before != made.rows:
                    gone = f"the {len(before):,} rows" if len(before) > 1 else "the row"
                    self._workbench.message.emit(f"{name} takes the place of {gone} there; undo brings them back.")
        told = (made.words,) if "did not fit" in made.words or "different pairs" in made.words else ()
        if told or made.notes:
            self._panel.say(note=" ".join((*told, *made.notes)))

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._makes.ends(refusal.query):
            self._panel.say(problem=refusal.words)

    # ---- figures -------------------------------------------------------------------------------------------

    def _look(self, shown: bool) -> None:
        """Rows are measured only while somebody can see them."""
        self._looked_at = shown
        self._ask_figures()

    def _ask_figures(self) -> None:
        asked = RowFiguresQuery() if len(self._rows) <= ALL else RowFiguresQuery(*self._view)
        self._workbench.set_query("row figures", asked if self._looked_at and self._rows else None)

    def _see(self, first: int, count: int) -> None:
        """Of a large dataset those rows are measured that are in view, and their pictures made: whole blocks, so that
        not every step of the wheel asks anew."""
        start = first // BLOCK * BLOCK
        view = start, min(-(-(first + count - start) // BLOCK) * BLOCK, MOST_IN_VIEW)
        if view != self._view:
            self._view = view
            if len(self._rows) > ALL:
                self._ask_figures()

    def _take_figures(self, measured: RowFiguresReply) -> None:
        rows = self._rows
        self._metric = measured.metric_name
        for place, pictures in measured.pictures.items():
            self._pictures[rows[place]] = pictures
            self._pictures.move_to_end(rows[place])
        while len(self._pictures) > MOST_PICTURES:
            self._pictures.popitem(last=False)
        for place, figure in measured.rows.items():
            self._figures[rows[place]] = figure
            self._fresh.add(rows[place])
        self._draw()

    def _show(self) -> None:
        """The document is another one: its rows, and whether their figures still hold."""
        document, before = self._workbench.document, self._measured_of
        if before is None or not RowFiguresQuery().holds(before, document):
            if before is None or (before.opens, before.metric) != (document.opens, document.metric):
                self._figures = {}  # not even their scale is the same
            self._measured_of, self._fresh = document, set()
        self._ask_figures()
        self._draw()

    def _draw(self) -> None:
        rows, in_means = self._rows, len(self._workbench.document.mean_rows)
        shown: Sequence[DatasetRow]
        if len(rows) <= ALL:
            shown = [self._shown(row) for row in rows]
        else:
            shown = LazyRows(
                len(rows), lambda place: self._shown(rows[place]), rows, [self._shown(row) for row in self._fresh]
            )
        self._panel.set_rows(shown, self._metric, in_means)

    def _shown(self, row: PairSource) -> DatasetRow:
        pictures = self._pictures.get(row, (None, None))
        return shown_row(row, self._figures.get(row), self._workbench.document, row in self._fresh, pictures)

    # ---- the model -----------------------------------------------------------------------------------------

    def _fit_model(self, opened: ModelReply) -> None:
        self._panel.set_kind("text" if opened.is_text else "image")
        if self._makes.asked is not None and self._makes.asked.task:
            self._makes.drop()  # that was a task of the model before
        for action in self._task_actions:
            action.deleteLater()
        self._task_actions = []
        for task in opened.tasks:
            action = QAction(f"Fill from {task.title}", self)
            action.setToolTip(task.about)
            action.triggered.connect(lambda _checked=False, name=task.name: self.fill(name))
            self._task_actions.append(action)
        self._panel.set_menus(self._actions[1:], self._task_actions)
        self._menu.addActions(self._task_actions)


def _row_of(document: Document) -> PairSource:
    assert document.clean is not None
    metric = document.metric or MetricChoice("")
    return PairSource(document.clean, document.counterfactual, metric.target, metric.foil)
