"""The window: joins the panels to the workbench. It holds no state of its own but what is shown where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QInputDialog,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions import make_actions
from app.background import Job
from app.dialogs import show_about, show_keys, show_problem
from app.document import Document
from app.examples import all_examples, example, examples_for
from app.exporting import export
from app.input_taker import InputTaker
from app.menus import fill_menu_bar, model_menu
from app.messages import Failed, Opened, Ready
from app.packs_page import PacksPage
from app.settings import Settings
from app.workbench import Workbench
from views import theme
from views.canvas.canvas import Canvas
from views.data import CanvasData, CardData, EdgeInspection, NodeInspection
from views.panels.inputs import InputsPanel
from views.panels.inspector import InspectorPanel
from views.panels.predictions import PredictionsPanel
from views.panels.status import StatusStrip
from views.panels.toolbar import TopBar
from views.panels.welcome import WelcomePanel

METHODS = (("eap-ig", "EAP-IG: gradients averaged from B to A"), ("eap", "EAP: gradients at A"))
FIRST_EXAMPLE = "names/0"
PHOTOGRAPHS = "dinov2-small/0"


class Window(QMainWindow):
    """The main window on one workbench."""

    def __init__(self, workbench: Workbench, settings: Settings) -> None:
        super().__init__()
        self.workbench = workbench
        self.settings = settings
        self._jobs: list[Job] = []
        self.setWindowTitle("Wirescope")
        self.resize(1440, 900)
        self.setAcceptDrops(False)

        self.top_bar = TopBar()
        self.inputs = InputsPanel()
        self.canvas = Canvas()
        self.inspector = InspectorPanel()
        self.predictions = PredictionsPanel()
        self.welcome = WelcomePanel()
        self.status = StatusStrip()
        self.packs = PacksPage(self.welcome, self)
        self.taker = InputTaker(self)
        self._arrange()
        self.commands = make_actions(self, self._slots())
        self.undo_action = workbench.histories.createUndoAction(self, "Undo")
        self.redo_action = workbench.histories.createRedoAction(self, "Redo")
        self.undo_action.setShortcut("Ctrl+Z")
        self.redo_action.setShortcuts(["Ctrl+Shift+Z", "Ctrl+Y"])
        self.menus = fill_menu_bar(self)
        self.top_bar.set_actions(self.undo_action, self.redo_action, self.menus["export"])
        self.top_bar.set_model_menu(model_menu(self))
        self.top_bar.set_methods(METHODS)
        self.top_bar.set_model("")
        self.top_bar.set_trace_enabled(False)
        self.inputs.metric_editor.setEnabled(False)
        self._connect_panels()
        self._connect_workbench()
        self._restore_layout()
        self._refresh_welcome()

    # ---- putting together ----

    def _arrange(self) -> None:
        self.centre = QStackedWidget()
        self.canvas_card = QWidget()
        theme.as_card(self.canvas_card)
        column = QVBoxLayout(self.canvas_card)
        column.setContentsMargins(1, 1, 1, 1)
        column.addWidget(self.canvas)
        self.centre.addWidget(self.canvas_card)
        self.centre.addWidget(self.welcome)
        self.middle = QSplitter(Qt.Orientation.Vertical)
        self.middle.addWidget(self.centre)
        self.middle.addWidget(self.predictions)
        self.middle.setStretchFactor(0, 1)
        self.middle.setSizes([620, 170])
        self.columns = QSplitter(Qt.Orientation.Horizontal)
        for panel in (self.inputs, self.middle, self.inspector):
            self.columns.addWidget(panel)
        self.columns.setStretchFactor(1, 1)
        self.columns.splitterMoved.connect(self._keep_columns)
        self._columns_kept = False  # until the user, or an earlier session, has said how wide they are
        for splitter in (self.middle, self.columns):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(theme.SPACE)
        body = QWidget()
        rows = QVBoxLayout(body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.top_bar)
        padded = QWidget()
        inner = QVBoxLayout(padded)
        inner.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, 0)
        inner.addWidget(self.columns)
        rows.addWidget(padded, 1)
        rows.addWidget(self.status)
        self.setCentralWidget(body)

    def _slots(self) -> dict[str, Callable[[], None]]:
        workbench = self.workbench
        return {
            "open_folder": self.choose_folder,
            "open_named": self.choose_name,
            "open_input_a": partial(self.taker.choose, "A"),
            "open_input_b": partial(self.taker.choose, "B"),
            "export_svg": partial(export, self, ".svg"),
            "export_pdf": partial(export, self, ".pdf"),
            "export_png1": partial(export, self, ".png", 1),
            "export_png2": partial(export, self, ".png", 2),
            "export_png4": partial(export, self, ".png", 4),
            "export_json": partial(export, self, ".json"),
            "quit": self.close_window,
            "cut": partial(workbench.toggle_selection, "cut"),
            "patch": partial(workbench.toggle_selection, "patch"),
            "restore": workbench.restore_selection,
            "reset": workbench.reset,
            "trace": lambda: workbench.trace(self.top_bar.method_name()),
            "swap": workbench.swap,
            "zoom_in": partial(self.canvas.zoom_by, 1.25),
            "zoom_out": partial(self.canvas.zoom_by, 0.8),
            "frame": self.canvas.frame_selection,
            "frame_all": self.canvas.frame_all,
            "show_inputs": partial(self._show_panel, "inputs"),
            "show_inspector": partial(self._show_panel, "inspector"),
            "show_predictions": partial(self._show_panel, "predictions"),
            "full_screen": self._full_screen,
            "welcome": self.show_welcome,
            "keys": partial(show_keys, self),
            "about": partial(show_about, self),
        }

    def _connect_panels(self) -> None:
        workbench = self.workbench
        self.canvas.selection_changed.connect(workbench.select)
        self.canvas.edit_requested.connect(workbench.toggle)
        self.canvas.patch_dropped.connect(workbench.patch)
        self.top_bar.tool_changed.connect(self._set_tool)
        self.top_bar.replacement_changed.connect(workbench.set_replacement)
        self.top_bar.trace_requested.connect(workbench.trace)
        inputs = self.inputs
        inputs.text_committed.connect(self.taker.take_text)
        inputs.text_dropped.connect(self.taker.take_text)
        inputs.image_requested.connect(self.taker.choose)
        inputs.paste_requested.connect(self.taker.paste)
        inputs.paths_dropped.connect(self.taker.take_paths)
        inputs.image_dropped.connect(self.taker.take_image)
        inputs.swap_requested.connect(workbench.swap)
        inputs.counterfactual_removed.connect(partial(workbench.set_source, "B", None))
        inputs.example_chosen.connect(self.open_example)
        inputs.metric_changed.connect(workbench.set_metric)
        inputs.restore_requested.connect(workbench.restore)
        inputs.edit_selected.connect(self._select_edit)
        inputs.reset_requested.connect(workbench.reset)
        inspector = self.inspector
        inspector.edit_requested.connect(workbench.edit_selection)
        inspector.restore_current_requested.connect(workbench.restore_selection)
        inspector.measure_requested.connect(workbench.ask_again)
        inspector.edge_selected.connect(self._select_edge)
        welcome = self.welcome
        welcome.example_chosen.connect(self.open_example)
        welcome.open_folder_requested.connect(self.choose_folder)
        welcome.recent_chosen.connect(self.open_model)
        welcome.model_requested.connect(self.open_model)
        self.status.cancel_requested.connect(self._cancel)

    def _connect_workbench(self) -> None:
        workbench = self.workbench
        workbench.model_opened.connect(self._show_model)
        workbench.cards_changed.connect(self._show_cards)
        workbench.metric_changed.connect(self._show_metric)
        workbench.canvas_changed.connect(self._show_canvas)
        workbench.predictions_changed.connect(self.predictions.show_predictions)
        workbench.nothing_to_show.connect(self.predictions.show_nothing)
        workbench.inspection_changed.connect(self._show_inspection)
        workbench.stale_changed.connect(self.inspector.set_stale)
        workbench.edits_changed.connect(self.inputs.set_edits)
        workbench.working.connect(self.status.set_work)
        workbench.idle.connect(self.status.clear_work)
        workbench.memory_changed.connect(self._show_memory)
        workbench.message.connect(self.status.set_message)
        workbench.failed.connect(self._show_failure)

    # ---- opening ----

    def start(self, model: str | None) -> None:
        """Open what was asked for, or the first example."""
        if model is not None:
            self.open_model(model)
        elif any(entry.key == FIRST_EXAMPLE for entry in all_examples()):
            self.open_example(FIRST_EXAMPLE)
        else:
            self.show_welcome()

    def open_model(self, name: str) -> None:
        """Open a model with the inputs that are there, where it can take them, or with those made for it."""
        if Path(name).expanduser().is_dir():
            name = str(Path(name).expanduser().resolve())  # it is remembered, and found from anywhere
        made = examples_for(name)
        document = Document(name)
        present = self.workbench.document
        if made:
            document = made[0].document
        elif present.clean is not None:
            document = Document(name, present.clean, present.counterfactual)
        self._open(document)

    def open_example(self, key: str) -> None:
        self._open(example(key).document)

    def _open(self, document: Document) -> None:
        self.taker.give_up()
        self.workbench.open(document)
        self.centre.setCurrentWidget(self.canvas_card)

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a model folder", self.settings.folder())
        if folder:
            self.settings.set_folder(str(Path(folder).parent))
            self.open_model(folder)

    def choose_name(self) -> None:
        words = "A Hub id, timm:NAME, bundled:NAME, pack:NAME or a folder:"
        name, chosen = QInputDialog.getText(self, "Open a model by name", words)
        if chosen and name.strip():
            self.open_model(name.strip())

    def _cancel(self) -> None:
        """Give up what runs. A model that was being opened gives way to the one before."""
        self.taker.give_up()
        opening = self.workbench.opened is None
        self.workbench.cancel()
        if opening and not self.workbench.go_back():
            self.show_welcome()

    def show_welcome(self) -> None:
        self._refresh_welcome()
        self.centre.setCurrentWidget(self.welcome)
        self.welcome.setFocus()

    def _refresh_welcome(self) -> None:
        chosen: dict[str, tuple[str, str, str]] = {}
        for entry in all_examples():
            installed = not entry.document.model.startswith("pack:")
            if entry.behaviour not in chosen and installed and len(chosen) < 6:
                model = entry.document.model.partition(":")[2]
                chosen[entry.behaviour] = (entry.key, entry.title, f"{entry.behaviour.replace('-', ' ')} · {model}")
        self.welcome.set_examples(list(chosen.values()))
        self.welcome.set_recent(self.settings.recent_models())
        self.packs.refresh()

    # ---- background jobs ----

    def run_job(self, job: Job) -> None:
        """Start a background job and keep it until it ends."""
        self._jobs.append(job)
        for ended in (job.finished, job.failed, job.cancelled):
            ended.connect(lambda *_: self._jobs.remove(job) if job in self._jobs else None)
        job.start()

    # ---- showing ----

    def _show_model(self, opened: Opened) -> None:
        self.settings.add_recent_model(opened.name)
        self.setWindowTitle(f"{opened.title} - Wirescope")
        self.top_bar.set_model(opened.title, opened.details)
        self.top_bar.set_trace_enabled(True)
        self.inputs.metric_editor.setEnabled(True)
        self.inputs.set_metric_options(opened.metric_options)
        self.inputs.set_examples([(entry.key, entry.title) for entry in examples_for(opened.name)])
        self.inputs.set_answers(opened.class_names)
        self.inspector.show_nothing()
        document = self.workbench.document
        if document.clean is None or (document.clean.kind == "text") != opened.is_text:
            fitting = example(FIRST_EXAMPLE if opened.is_text else PHOTOGRAPHS).document
            inputs = replace(fitting, model=opened.name, metric=fitting.metric if opened.is_text else None)
            QTimer.singleShot(0, self, partial(self.workbench.open, inputs))

    def _show_cards(self, a: CardData, b: CardData) -> None:
        self.inputs.set_card(a)
        self.inputs.set_card(b)

    def _show_metric(self, ready: Ready) -> None:
        self.status.set_parity(ready.parity)
        self.inputs.set_answers(ready.answers)
        self.inputs.set_metric(ready.metric)
        self.inputs.set_metric_problem(ready.metric_problem)
        self.top_bar.set_counterfactual(ready.has_counterfactual)
        self.top_bar.set_replacement(self.workbench.cut_kind)

    def _show_canvas(self, data: CanvasData) -> None:
        self.canvas.set_data(data)

    def _show_inspection(self, data: NodeInspection | EdgeInspection | None) -> None:
        if isinstance(data, NodeInspection):
            self.inspector.show_node(data)
        elif isinstance(data, EdgeInspection):
            self.inspector.show_edge(data)
        elif len(self.workbench.selection) > 1:
            self.inspector.show_nothing(
                f"{len(self.workbench.selection)} selected. X cuts them, P patches them from B."
            )
        else:
            self.inspector.show_nothing()

    def _show_memory(self, megabytes: float) -> None:
        words = f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"
        self.status.set_memory(f"cache {words}")

    def _show_failure(self, failure: Failed) -> None:
        if failure.where == "model" and not self.workbench.go_back():
            self.show_welcome()
        show_problem(self, failure)

    # ---- selection and tools ----

    def _set_tool(self, name: str) -> None:
        self.canvas.tool = name

    def _select_edge(self, index: int) -> None:
        assert self.workbench.opened is not None
        target = (self.workbench.opened.graph.edge(index),)
        self.canvas.set_selection(target)
        self.workbench.select(target)

    def _select_edit(self, key: int) -> None:
        target = (self.workbench.document.edits[key].target,)
        self.canvas.set_selection(target)  # type: ignore[arg-type]
        self.workbench.select(target)  # type: ignore[arg-type]

    # ---- the window itself ----

    def _keep_columns(self) -> None:
        self._columns_kept = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side panels take their share of the width while nobody has said otherwise."""
        super().resizeEvent(event)
        if not self._columns_kept:
            width = self.width()
            left, right = max(225, min(290, width // 5)), max(240, min(320, width * 2 // 9))
            self.columns.setSizes([left, width - left - right, right])

    def _show_panel(self, name: str) -> None:
        shown = self.commands[f"show_{name}"].isChecked()
        getattr(self, name).setVisible(shown)
        self.settings.set_shown(name, shown)

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.WindowStateChange and hasattr(self, "commands"):
            self.commands["full_screen"].setChecked(self.isFullScreen())
        super().changeEvent(event)

    def _restore_layout(self) -> None:
        geometry = self.settings.layout("window")
        if geometry is not None:
            self.restoreGeometry(geometry)
        for name, splitter in (("columns", self.columns), ("middle", self.middle)):
            state = self.settings.layout(name)
            if state is not None:
                splitter.restoreState(state)
                self._columns_kept = self._columns_kept or splitter is self.columns
        for name in ("inputs", "inspector", "predictions"):
            shown = self.settings.shown(name)
            self.commands[f"show_{name}"].setChecked(shown)
            getattr(self, name).setVisible(shown)

    def close_window(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.settings.set_layout("window", self.saveGeometry())
        if self._columns_kept:
            self.settings.set_layout("columns", self.columns.saveState())
        self.settings.set_layout("middle", self.middle.saveState())
        self.hide()  # what runs may take a moment to end
        for job in list(self._jobs):
            job.cancel()
        for job in list(self._jobs):
            job.wait()
        self.workbench.close()
        super().closeEvent(event)
