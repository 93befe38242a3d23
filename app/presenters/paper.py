"""A report as a figure for a paper: only the circuit, laid out compactly by layers."""

from __future__ import annotations

from collections.abc import Callable

from core.interchange.drawing import largest_score
from core.interchange.html.drawing import SOLID, how_scored, hue_of
from core.interchange.html.sections import facts_of, title_of
from core.interchange.report import Report, inputs_of
from core.pictures.layered import Box, Layered, Sizes, lay_out
from core.tracing.meaning import hues, told_direction
from views.figures.paper_data import Hue, PaperBox, PaperData, PaperDrawing, PaperFrame, PaperLine

SIZES = {"node": 15.0, "line": 11.0, "gap": 6.0, "row": 22.0, "port": 10.0, "pad": 4.0}  # pixels of 1/96 inch
HUES: dict[str, Hue] = {"t": "towards", "a": "away", "": "plain"}
FRAME = 3.0  # pixels around a group's nodes


def paper_data(report: Report) -> PaperData:
    """What the figure shows, with what it is of."""
    circuit = report.circuit
    direction = told_direction(circuit.about)
    found = {hue_of(circuit, place, direction) for place in range(len(circuit))}
    words = dict(zip(("t", "a", ""), (*hues(direction), "not scored"), strict=True))
    inputs = inputs_of(report)
    facts = [f"{name}: {told}." for name, told in facts_of(report).items()]
    prompts = [f"{each.title}: {each.text}" for each in inputs]
    return PaperData(
        title_of(report),
        lambda text_width, room: _arranged(report, text_width, room),
        tuple((HUES[hue], words[hue]) for hue in words if hue in found),
        how_scored(circuit),
        tuple((group.name, group.color) for group in circuit.groups),
        inputs[0].tokens if inputs else (),
        (f"{title_of(report)}. {_key(how_scored(circuit))}", *prompts, " ".join(facts)),
    )


def _key(how: str) -> str:
    return f"The wider a line, the larger its score, {how} ({'solid' if how == SOLID else 'dashed'})."


def _arranged(report: Report, text_width: Callable[[str], float], room: float) -> PaperDrawing:
    """Within the room: rows are made narrower until lines that go around nodes fit too."""
    circuit = report.circuit
    graph, edges = circuit.graph, [*circuit]
    width = room
    laid = lay_out(graph, edges, text_width, Sizes(width=width, **SIZES), circuit.groups)
    while laid.width > room and width > room / 3:
        width -= max(4.0, laid.width - room)
        laid = lay_out(graph, edges, text_width, Sizes(width=width, **SIZES), circuit.groups)
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
        PaperBox(b.node.name, b.node.kind == "head", b.left, b.top, b.width, b.height, b.ports) for b in laid.boxes
    )
    return PaperDrawing(boxes, lines, tuple(_frames(report, laid)), laid.width, laid.height)


def _frames(report: Report, laid: Layered) -> list[PaperFrame]:
    """A frame for each row of a group."""
    frames = []
    for group in report.circuit.groups:
        rows: dict[float, list[Box]] = {}
        for box in laid.boxes:
            if box.node in group.nodes:
                rows.setdefault(box.bottom, []).append(box)
        for bottom, row in rows.items():
            left, top = min(box.left for box in row) - FRAME, min(box.top for box in row) - FRAME
            right = max(box.left + box.width for box in row) + FRAME
            frames.append(PaperFrame(group.color, left, top, right - left, bottom + FRAME - top))
    return frames
