"""A report as a figure for a paper: what is painted of it."""

from __future__ import annotations

from collections.abc import Callable

from core.interchange.drawing import largest_score
from core.interchange.exporters.tikz import TikzOptions, tikz_figure
from core.interchange.figure import arranged, caption_of, figure_parts, frames_of, hues_of
from core.interchange.html.drawing import how_scored, hue_of
from core.interchange.html.sections import title_of
from core.interchange.report import Report, inputs_of
from core.tracing.meaning import told_direction
from views.figures.paper_data import Hue, PaperBox, PaperData, PaperDrawing, PaperFrame, PaperLine
from views.panels.figure.data import FigureChoice

HUES: dict[str, Hue] = {"t": "towards", "a": "away", "": "plain"}


def paper_data(report: Report, fold: bool = False, caption: bool = True) -> PaperData:
    """What the figure shows, with what it is of. fold: like layers become one box. caption: whether it has one."""
    circuit, inputs = report.circuit, inputs_of(report)

    def arrange(text_width: Callable[[str], float], room: float, cancelled: Callable[[], bool]) -> PaperDrawing:
        return _arranged(report, text_width, room, fold, cancelled)

    return PaperData(
        title_of(report),
        tuple(part.name for part in figure_parts(circuit, fold)),
        arrange,
        tuple((HUES[hue], words) for hue, words in hues_of(circuit).items()),
        how_scored(circuit),
        tuple((group.name, group.color) for group in circuit.groups),
        inputs[0].tokens if inputs else (),
        tuple((each.title, each.picture) for each in inputs if each.picture),
        caption_of(report, fold) if caption else (),
    )


def tikz_text(report: Report, choice: FigureChoice, cancelled: Callable[[], bool] = lambda: False) -> str:
    """The same figure for LaTeX, as it was chosen. Raises Cancelled."""
    options = TikzOptions(choice.width, choice.palette, choice.fold, choice.letters)
    return tikz_figure(report, options, cancelled)


def _arranged(
    report: Report, text_width: Callable[[str], float], room: float, fold: bool, cancelled: Callable[[], bool]
) -> PaperDrawing:
    circuit = report.circuit
    laid = arranged(circuit, text_width, room, fold, cancelled)
    direction, widest = told_direction(circuit.about), largest_score(circuit)
    lines = tuple(
        PaperLine(
            line.points,
            HUES[hue_of(circuit, line.edge, direction)],
            abs(circuit.score(line.edge) or 0.0) / widest,
        )
        for line in reversed(laid.lines)
    )
    boxes = tuple(
        PaperBox(b.name, b.node.kind == "head" and len(b.nodes) == 1, b.left, b.top, b.width, b.height, b.ports)
        for b in laid.boxes
    )
    frames = tuple(PaperFrame(f.color, f.left, f.top, f.width, f.height) for f in frames_of(circuit, laid))
    return PaperDrawing(boxes, lines, frames, laid.width, laid.height)
