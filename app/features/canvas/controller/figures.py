"""The figure that leaves the window: its dialog, its layout in the background, its file and its copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QMimeData, QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.canvas.controller.positions import PositionsController
from app.messages.request import FailureReply
from app.presenters.paper import paper_data, tikz_text
from app.presenters.snapshot import Snapshot
from app.services.background_jobs import Job, Jobs
from app.services.file_dialogs import with_ending
from app.services.notifier import Notifier
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.inputs.download import Cancel
from core.interchange.report import Report
from core.saving import save_text
from views.canvas.data import CanvasData
from views.figures.data import FigureCaption
from views.figures.figure import SIZE, Drawing, Figure
from views.figures.formats import PaintedFigure, image_of, svg_of, write_painted
from views.figures.paper import THEMES, PaperFigure, PaperPlan
from views.figures.paper_data import PaperDrawing
from views.panels.figure.data import FigureChoice
from views.panels.figure.panel import FigureDialog
from views.theme import usual_text

NOTHING = "There is nothing to export yet: open a model first."
NO_EDGES = "The circuit has no edges, so that there is nothing to draw."
STOPPED = "Stopped. Change something to lay it out anew."
FOR_LATEX = "Laying the figure out for LaTeX…"
FILTERS = {"svg": "SVG (*.svg)", "pdf": "PDF (*.pdf)", "png": "PNG (*.png)", "tikz": "TikZ (*.tex)"}
LEAST_POINTS = 6.0  # that are read in print
MOST_EDGES = 100  # drawn at first: more are seldom told apart in a column
PIXELS = 96 / 25.4  # of 1/96 inch, in a millimetre

Place = Literal["preview", "clipboard"] | Path  # where a figure goes: each has one layout under way at most


@dataclass(frozen=True)
class Subject:
    """What a figure is of: the circuit with what is known of it, the canvas, and the second level while it shows."""

    report: Report
    canvas: CanvasData
    caption: FigureCaption
    positions: Drawing | None

    def cut(self, edges: int) -> Report:
        """With the strongest alone, which its title then says."""
        circuit = self.report.circuit
        if not 0 < edges < len(circuit):
            return self.report
        title = f"{self.report.title}; of these the strongest {edges:,}"
        return replace(self.report, circuit=circuit.chosen(np.arange(edges)), title=title)


class FiguresController(QObject):
    """Of one window. report: all that is known of the circuit that is shown. over: what the dialog opens over."""

    def __init__(
        self,
        workbench: Workbench,
        positions: PositionsController,
        report: Callable[[Snapshot], Report],
        settings: Settings,
        notifier: Notifier,
        jobs: Jobs,
        over: QWidget,
    ) -> None:
        super().__init__(over)
        self._workbench, self._positions, self._report = workbench, positions, report
        self._settings, self._notifier, self._jobs, self._over = settings, notifier, jobs, over
        self.dialog: FigureDialog | None = None
        self._subject: Subject | None = None
        self._running: dict[Place, Job] = {}
        self._drawn: tuple[object, ...] | None = None  # what the dialog shows, or will
        self._due = QTimer(self, singleShot=True, interval=100)
        self._due.timeout.connect(self._refresh)
        workbench.canvas_changed.connect(self._follow)

    @property
    def idle(self) -> bool:
        """Whether nothing is being laid out."""
        return not self._running

    # ---- the dialog ----------------------------------------------------------------------------------------

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self._workbench.presenter.snapshot() is None:
            self._notifier.say(NOTHING)
            return
        if self.dialog is None:
            self.dialog = dialog = FigureDialog(self._settings.figure_choice(), self._over)
            dialog.changed.connect(self._take)
            dialog.save_requested.connect(self._save)
            dialog.copy_requested.connect(self._copy_shown)
            dialog.cancel_requested.connect(self._cancel)
            dialog.finished.connect(self._end)
        self._subject = self._drawn = None
        self.dialog.say("")
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self._refresh()

    def _follow(self, _data: object) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self._due.start()

    def _refresh(self) -> None:
        """The figure follows the work while the dialog is open."""
        if self.dialog is None or not self.dialog.isVisible():
            return
        first = self._subject is None
        self._subject = subject = self._take_subject()
        if subject is None:
            self._cancel_job("preview")
            self._drawn = None  # the same figure, when it comes back, is shown again
            self.dialog.show_problem(NOTHING)
            return
        edges, choice = len(subject.report.circuit), self.dialog.choice
        if first or choice.edges > edges:
            choice = replace(choice, edges=min(edges, MOST_EDGES))
        if choice.drawing == "positions" and subject.positions is None:
            choice = replace(choice, drawing="circuit")
        drawings = [("circuit", "Circuit, compact"), ("graph", "Graph, as on the canvas")]
        if subject.positions is not None:
            drawings.append(("positions", "Circuit over positions"))
            choice = replace(choice, drawing="positions") if first else choice
        self.dialog.show_choice(choice, edges, drawings)
        self._draw(choice)

    def _take_subject(self) -> Subject | None:
        snapshot, data = self._workbench.presenter.snapshot(), self._workbench.presenter.canvas()
        if snapshot is None or data is None:
            return None
        caption, positions = snapshot.caption(), self._positions.drawing()
        caption = caption if positions is None else self._positions.caption(caption)
        plain = replace(data, changes=None, selection=())  # neither has a legend outside the window
        return Subject(self._report(snapshot), plain, caption, positions)

    def _take(self, choice: FigureChoice) -> None:
        self._settings.set_figure_choice(choice)
        assert self.dialog is not None
        self.dialog.say("")
        self._draw(choice)

    def _draw(self, choice: FigureChoice) -> None:
        """Show the figure, at once or as soon as it is laid out."""
        subject, dialog = self._subject, self.dialog
        assert dialog is not None
        if subject is None:
            return
        drawn, self._drawn = self._drawn, _drawing_of(subject, choice)
        if drawn == self._drawn:
            return
        self._make("preview", subject, choice, dialog.show_figure, dialog.show_problem)
        if "preview" in self._running:
            dialog.show_working()

    def _make(
        self,
        place: Place,
        subject: Subject,
        choice: FigureChoice,
        done: Callable[[PaintedFigure, str], None],
        failed: Callable[[str], None],
    ) -> None:
        """Make a figure, a compact one in the background; the one that is being made for the same place is given up.
        done: with the figure and how large it is."""
        self._cancel_job(place)
        theme = THEMES[choice.palette]
        if choice.drawing != "circuit":
            drawing = subject.positions if choice.drawing == "positions" else None
            with usual_text():
                done(figure := Figure(drawing or subject.canvas, subject.caption, theme, SIZE), _told(figure))
            return
        report = subject.cut(choice.edges)
        if not len(report.circuit):
            failed(NO_EDGES)
            return
        plan = PaperPlan(paper_data(report, choice.fold, choice.caption), choice.width * PIXELS, choice.letters)

        def take(drawing: PaperDrawing) -> None:
            figure = PaperFigure(plan, drawing, theme)
            done(figure, _told(figure, figure.smallest_text, choice.form == "tikz"))

        self._run(place, plan.arrange, take, failed)

    def _run(
        self,
        place: Place,
        work: Callable[[Cancel], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        """In the background, instead of what runs for the same place."""
        self._cancel_job(place)
        self._running[place] = job = Job(lambda _, cancelled: work(cancelled), finishes=isinstance(place, Path))

        def end(told: Callable[[Any], None], value: object) -> None:
            if self._running.get(place) is job:
                del self._running[place]
                told(value)

        job.finished.connect(lambda made: end(done, made))
        job.cancelled.connect(lambda: end(failed, STOPPED))
        job.failed.connect(lambda message, hint: end(failed, f"{message} {hint}".strip()))
        self._jobs.run(job)

    def _cancel_job(self, place: Place) -> None:
        """Without a word: something newer goes there."""
        job = self._running.pop(place, None)
        if job is not None:
            job.cancel()

    def _end(self) -> None:
        self._due.stop()
        self._cancel()

    def _cancel(self) -> None:
        """The preview alone: what was asked to be saved or copied is still made."""
        if "preview" in self._running:
            self._running["preview"].cancel()
            self._drawn = None

    # ---- what becomes of it --------------------------------------------------------------------------------

    def _save(self) -> None:
        dialog, subject = self.dialog, self._subject
        assert dialog is not None
        figure, choice = dialog.preview.figure, dialog.choice
        if figure is None or subject is None:
            return
        start = str(Path(self._settings.folder()) / f"circuit{choice.ending}")
        chosen, _ = QFileDialog.getSaveFileName(dialog, "Save the figure", start, FILTERS[choice.form])
        if not chosen:
            return
        path = Path(with_ending(chosen, f"*{choice.ending}"))
        self._settings.set_folder(str(path.parent))
        if choice.form == "tikz":
            self._tikz(path, subject, choice, lambda _: self._say(f"Saved {path.name}"), self._refuse)
        else:
            self._write(path, lambda: write_painted(path, figure, choice.dpi / 96))

    def _write(self, path: Path, write: Callable[[], None]) -> None:
        try:
            with usual_text():
                write()
        except WirescopeError as error:
            self._notifier.problem(FailureReply(0, "run", error.message, error.hint))
        else:
            self._say(f"Saved {path.name}")

    def _refuse(self, words: str) -> None:
        self._notifier.problem(FailureReply(0, "run", words, ""))

    def _tikz(
        self,
        place: Place,
        subject: Subject,
        choice: FigureChoice,
        done: Callable[[str], None],
        failed: Callable[[str], None],
    ) -> None:
        """As text, for which it is laid out by the letters of LaTeX; into a file where that is the place."""
        report = subject.cut(choice.edges)
        self._say(FOR_LATEX)

        def make(cancelled: Cancel) -> str:
            text = tikz_text(report, choice, cancelled)
            if isinstance(place, Path):
                save_text(place, text)
            return text

        self._run(place, make, done, failed)

    def _copy_shown(self) -> None:
        dialog, subject = self.dialog, self._subject
        assert dialog is not None
        if dialog.preview.figure is not None and subject is not None:
            self._to_clipboard(subject, dialog.choice, dialog.preview.figure)

    def copy(self) -> None:
        """As it was last chosen, without the dialog; the figure of the dialog while it is open, made anew while its
        preview is not there yet."""
        if self.dialog is not None and self.dialog.isVisible() and self._subject is not None:
            if self.dialog.copy.isEnabled():
                self._copy_shown()
            else:
                self._copy_made(self._subject, self.dialog.choice)
            return
        subject = self._take_subject()
        if subject is None:
            self._say(NOTHING)
            return
        edges = min(len(subject.report.circuit), MOST_EDGES)
        choice = replace(self._settings.figure_choice(), edges=edges)
        if subject.positions is not None:
            choice = replace(choice, drawing="positions", form="svg" if choice.form == "tikz" else choice.form)
        self._copy_made(subject, choice)

    def _copy_made(self, subject: Subject, choice: FigureChoice) -> None:
        def take(figure: PaintedFigure, _: str) -> None:
            self._to_clipboard(subject, choice, figure)

        self._make("clipboard", subject, choice, take, self._say)

    def _to_clipboard(self, subject: Subject, choice: FigureChoice, figure: PaintedFigure) -> None:
        self._cancel_job("clipboard")
        clipboard = QGuiApplication.clipboard()

        def take(text: str) -> None:
            clipboard.setText(text)
            self._say(f"Copied the figure as TikZ, to paste it into LaTeX.{_left_out(subject, choice)}")

        if choice.form == "tikz":
            self._tikz("clipboard", subject, choice, take, self._say)
            return
        mime = QMimeData()
        with usual_text():
            mime.setData("image/svg+xml", svg_of(figure))
            mime.setImageData(image_of(figure, choice.dpi / 96))
        clipboard.setMimeData(mime)
        self._say(f"Copied the figure as SVG and PNG: {_told(figure)}{_left_out(subject, choice)}")

    def _say(self, words: str) -> None:
        if self.dialog is not None:
            self.dialog.say(words)
        self._notifier.say(words)


def _told(figure: PaintedFigure, points: float | None = None, tikz: bool = False) -> str:
    """How large it is when printed; of a compact figure how small its letters are."""
    width, height = (round(side / PIXELS) for side in (figure.size.width(), figure.size.height()))
    words = f"{width} × {height} mm"
    if points is not None:
        enough = "" if points >= LEAST_POINTS else ", too small to be read in print"
        words += f", the smallest letters {points:g} pt{enough}"
    return words + (". LaTeX sets the words in its own letters." if tikz else ".")


def _left_out(subject: Subject, choice: FigureChoice) -> str:
    """That there are more edges than a compact figure shows."""
    edges = len(subject.report.circuit)
    if choice.drawing != "circuit" or choice.edges >= edges:
        return ""
    return (
        f" It shows the strongest {choice.edges:,} of {edges:,} edges; File > Export > Figure draws as many as you say."
    )


def _drawing_of(subject: Subject, choice: FigureChoice) -> tuple[object, ...]:
    """What the preview depends on: much changes on the canvas that is no part of a figure."""
    seen = replace(choice, dpi=0, form="tikz" if choice.form == "tikz" else "")
    if choice.drawing != "circuit":
        return seen, id(subject)
    report, circuit = subject.report, subject.report.circuit
    scores = b"" if circuit.values is None else circuit.values.tobytes()
    return (
        seen,
        report.title,
        report.inputs,
        circuit.edges.tobytes(),
        scores,
        circuit.groups,
        tuple(circuit.about.items()),
    )
