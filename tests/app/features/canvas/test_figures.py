"""The dialog of a figure: what is chosen shows at once, a layout is given up when it is told to, and what is saved or
copied is what shows."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from app.features.canvas.controller import figures
from core.errors import Cancelled
from core.pictures import layered
from tests.app.figure_dialog import choose, open_figure
from tests.app.person import Person
from views.figures.paper import THEMES
from views.figures.paper_data import PaperDrawing


def test_each_choice_is_seen_at_once_and_is_there_at_the_next_start(reader: Person, tmp_path: Path) -> None:
    dialog = open_figure(reader, "pdf", "circuit")
    controller = reader.controller("canvas").figures
    edges = len(reader.window.canvas.scene.data.edges)
    assert dialog.edges.maximum() == dialog.edges.value() == edges
    assert dialog.preview.figure.size.width() == pytest.approx(85 / 25.4 * 96)
    assert "85 × " in dialog.told.text()
    assert "6 pt" in dialog.told.text()
    lines = len(dialog.preview.figure.drawing.lines)
    dialog.edges.setValue(3)
    reader.wait(lambda: controller.idle and len(dialog.preview.figure.drawing.lines) < lines)
    assert "of these the strongest 3." in dialog.preview.figure.data.caption[0]
    choose(dialog.preset, 254.0)
    choose(dialog.palette_box, "print")
    dialog.caption.click()
    dialog.fold.click()
    reader.wait(lambda: controller.idle and dialog.preview.figure.smallest_text == 12)
    assert dialog.preview.figure.theme == THEMES["print"]
    assert dialog.preview.figure.data.caption == ()
    dialog.width_field.setValue(120)
    assert dialog.preset.currentText() == "Another width"
    choose(dialog.drawing, "graph")
    assert not any(field.isEnabled() for field in (dialog.width_field, dialog.edges, dialog.fold, dialog.dpi))
    choose(dialog.form, "tikz")
    assert dialog.drawing.currentData() == "circuit", "LaTeX draws the circuit alone"
    choose(dialog.palette_box, "dark")
    assert dialog.form.currentData() == "pdf", "LaTeX sets on white"
    reader.wait(lambda: controller.idle)
    reader.click(dialog.close_button)
    kept = controller._settings.figure_choice()
    assert (kept.width, kept.palette, kept.form, kept.fold, kept.caption) == (120, "dark", "pdf", True, False)


def test_the_figure_follows_the_work(reader: Person) -> None:
    dialog = open_figure(reader, "svg", "graph")
    before = dialog.preview.figure
    reader.click_node(next(iter(reader.window.canvas.scene.data.nodes)))
    reader.press(Qt.Key.Key_X)
    reader.wait(lambda: dialog.preview.figure is not before)


def test_what_is_copied_is_what_shows(reader: Person, monkeypatch) -> None:
    clipboard = QGuiApplication.clipboard()
    dialog = open_figure(reader, "png", "circuit")
    reader.click(dialog.copy)
    mime = clipboard.mimeData()
    assert b"logits" in mime.data("image/svg+xml").data()
    assert mime.imageData().width() == pytest.approx(85 / 25.4 * 300, abs=1)
    assert "Copied the figure as SVG and PNG: 85 × " in dialog.result_words.text()
    choose(dialog.form, "tikz")
    reader.wait(lambda: dialog.copy.isEnabled())
    reader.click(dialog.copy)
    reader.wait(lambda: "tikzpicture" in clipboard.text())
    choose(dialog.form, "svg")
    reader.wait(lambda: dialog.copy.isEnabled())
    reader.click(dialog.close_button)
    clipboard.setText("something else")
    reader.choose("File/Export", "Copy Figure")
    reader.wait(lambda: clipboard.mimeData().hasFormat("image/svg+xml"))
    assert reader.message().startswith("Copied the figure")
    assert "strongest" not in reader.message(), "all edges are there"
    monkeypatch.setattr(figures, "MOST_EDGES", 2)
    reader.choose("File/Export", "Copy Figure")
    reader.wait(lambda: "It shows the strongest 2 of " in reader.message())


def test_a_layout_is_given_up_when_it_is_told_to(reader: Person, monkeypatch) -> None:
    dialog = open_figure(reader, "svg", "circuit")
    started, asked = threading.Event(), threading.Event()

    def slow(self, cancelled) -> PaperDrawing:
        started.set()
        while not cancelled():
            asked.wait(0.005)
        raise Cancelled

    with monkeypatch.context() as patched:
        patched.setattr(figures.PaperPlan, "arrange", slow)
        before = dialog.preview.figure
        dialog.edges.setValue(2)
        assert started.wait(10)
        assert dialog.told.text() == "Laying it out…"
        assert not dialog.save.isEnabled()
        assert not dialog.copy.isEnabled()
        reader.click(dialog.cancel)
        reader.wait(lambda: dialog.told.text() == figures.STOPPED)
        assert dialog.preview.figure is before
    dialog.edges.setValue(3)  # and it goes on from there
    reader.wait(lambda: dialog.save.isEnabled())
    assert dialog.preview.figure is not before


def test_a_layout_runs_beside_the_window(reader: Person, tmp_path: Path, monkeypatch) -> None:
    """TikZ too, which is laid out again by LaTeX's letters."""
    threads = []
    arranged = layered.lay_out

    def noted(*arguments, **options):
        threads.append(threading.current_thread() is threading.main_thread())
        return arranged(*arguments, **options)

    monkeypatch.setattr("core.interchange.figure.lay_out", noted)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "one.tex"), ""))
    dialog = open_figure(reader, "tikz", "circuit")
    reader.click(dialog.save)
    reader.wait(lambda: dialog.result_words.text() == "Saved one.tex")
    assert len(threads) >= 2
    assert not any(threads)
    assert "{tikzpicture}" in (tmp_path / "one.tex").read_text(encoding="utf-8")


def test_what_is_saved_for_latex_is_written_whatever_the_dialog_does_meanwhile(
    reader: Person, tmp_path: Path, monkeypatch
) -> None:
    """Another choice, another input and Esc give up the preview alone; the window waits with its end."""
    started, let_go, path = threading.Event(), threading.Event(), tmp_path / "one.tex"
    last = tmp_path / "last.tex"
    made = figures.tikz_text

    def slow(report, choice, cancelled) -> str:
        started.set()
        while not let_go.wait(0.005):
            if cancelled():
                raise Cancelled
        return made(report, choice, cancelled)

    monkeypatch.setattr(figures, "tikz_text", slow)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    dialog, controller = open_figure(reader, "tikz", "circuit"), reader.controller("canvas").figures
    reader.click(dialog.save)
    assert started.wait(10)
    assert dialog.result_words.text() == figures.FOR_LATEX
    choose(dialog.palette_box, "print")
    reader.wait(dialog.save.isEnabled)
    shown = dialog.preview.figure
    reader.type_prompt("B", "When John gave the store a drink to")
    reader.wait(lambda: dialog.preview.figure is not shown and dialog.save.isEnabled())
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    let_go.set()
    reader.wait(lambda: controller.idle)
    assert "{tikzpicture}" in path.read_text(encoding="utf-8")
    assert reader.message() == "Saved one.tex"

    started.clear()
    let_go.clear()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(last), ""))
    controller.show()
    reader.wait(dialog.save.isEnabled)
    reader.click(dialog.save)
    assert started.wait(10)
    threading.Timer(0.1, let_go.set).start()
    reader.window.close()
    assert "{tikzpicture}" in last.read_text(encoding="utf-8")


def test_a_copy_from_the_menu_leaves_the_dialog_its_preview(reader: Person, monkeypatch) -> None:
    """And is of what is chosen there, though it does not show yet."""
    dialog, controller = open_figure(reader, "svg", "circuit"), reader.controller("canvas").figures
    started, let_go = threading.Event(), threading.Event()
    arrange, clipboard = figures.PaperPlan.arrange, QGuiApplication.clipboard()

    def slow(self, cancelled) -> PaperDrawing:
        started.set()
        while not let_go.wait(0.005):
            if cancelled():
                raise Cancelled
        return arrange(self, cancelled)

    monkeypatch.setattr(figures.PaperPlan, "arrange", slow)
    clipboard.setText("something else")
    dialog.edges.setValue(2)
    assert started.wait(10)
    reader.choose("File/Export", "Copy Figure")
    let_go.set()
    reader.wait(lambda: controller.idle)
    assert dialog.save.isEnabled()
    assert dialog.copy.isEnabled()
    assert "85 × " in dialog.told.text()
    copied = re.sub("<[^>]*>", " ", clipboard.mimeData().data("image/svg+xml").data().decode())
    assert "strongest 2" in " ".join(dialog.preview.figure.data.caption)
    assert "strongest 2" in " ".join(copied.split())
    assert dialog.result_words.text().startswith("Copied the figure")


def test_a_figure_that_comes_back_is_shown_again(reader: Person, monkeypatch) -> None:
    dialog, workbench = open_figure(reader, "svg", "circuit"), reader.workbench
    with monkeypatch.context() as patched:
        patched.setattr(type(workbench.presenter), "snapshot", lambda _: None)  # as while another model is opened
        workbench.canvas_changed.emit(reader.window.canvas.scene.data)
        reader.wait(lambda: dialog.told.text() == figures.NOTHING)
        assert not dialog.save.isEnabled()
    workbench.canvas_changed.emit(reader.window.canvas.scene.data)
    reader.wait(dialog.save.isEnabled)
    assert "85 × " in dialog.told.text()
