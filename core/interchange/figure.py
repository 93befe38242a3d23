"""A report as a figure for a paper, before anything is painted: the circuit alone in compact layers within a width, the
frames of its groups, what its colours say, and a caption that says what it is of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.circuit import Circuit
from core.interchange.html.drawing import SOLID, how_scored, hue_of
from core.interchange.html.sections import FACTS, facts_of, title_of
from core.interchange.report import Report, inputs_of
from core.pictures.folding import Part, parts_of
from core.pictures.layered import Box, Layered, Sizes, lay_out
from core.tracing.meaning import hues, told_direction

NAME, SMALL = 9.0, 8.0  # pixels of 1/96 inch: letters of names, and of all else; 8 are 6 pt, the least read in print
FRAME = 3.0  # pixels around a group's nodes
SIZES = {"node": 15.0, "line": 11.0, "gap": 6.0, "row": 22.0, "port": 10.0, "pad": 4.0}  # pixels
RECOVERED = FACTS["recovered"]  # the fact that is a sentence by itself
REMOVED = FACTS["replacement"]
FOLDED = "Like layers that follow each other are one box; of several edges between two boxes the best is drawn."


@dataclass(frozen=True)
class Frame:
    """Around a group's nodes of one row. color: a name of the palette of groups."""

    color: str
    left: float
    top: float
    width: float
    height: float


def arranged(
    circuit: Circuit,
    text_width: Callable[[str], float],
    room: float,
    fold: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
) -> Layered:
    """Within the room, in pixels: rows are made narrower until lines that go around nodes fit too. Raises Cancelled."""

    def laid_in(width: float) -> Layered:
        sizes = Sizes(width=width, **SIZES)
        return lay_out(circuit.graph, edges, text_width, sizes, circuit.groups, fold=fold, cancelled=cancelled)

    edges, width = [*circuit], room
    laid = laid_in(width)
    while laid.width > room and width > room / 3:
        width -= max(4.0, laid.width - room)
        laid = laid_in(width)
    return laid


def frames_of(circuit: Circuit, laid: Layered) -> list[Frame]:
    """A frame for each row of a group."""
    frames = []
    for group in circuit.groups:
        rows: dict[float, list[Box]] = {}
        for box in laid.boxes:
            if box.node in group.nodes:
                rows.setdefault(box.bottom, []).append(box)
        for bottom, row in rows.items():
            left, top = min(box.left for box in row) - FRAME, min(box.top for box in row) - FRAME
            right = max(box.left + box.width for box in row) + FRAME
            frames.append(Frame(group.color, left, top, right - left, bottom + FRAME - top))
    return frames


def figure_parts(circuit: Circuit, fold: bool) -> list[Part]:
    """What becomes a box."""
    return parts_of(circuit.graph, [*circuit], circuit.groups if fold else None)


def hues_of(circuit: Circuit) -> dict[str, str]:
    """What the colours say, of those that are there: of t, a and "" (`hue_of`)."""
    direction = told_direction(circuit.about)
    present = {hue_of(circuit, place, direction) for place in range(len(circuit))}
    words = dict(zip(("t", "a", ""), (*hues(direction), "not scored"), strict=True))
    return {hue: words[hue] for hue in words if hue in present}


def caption_of(report: Report, fold: bool = False) -> tuple[str, ...]:
    """What it shows and how it is read; the inputs; and what it was made of, as far as that is not said by then."""
    circuit = report.circuit
    how = how_scored(circuit)
    folded = fold and any(len(part.nodes) > 1 for part in figure_parts(circuit, True))
    key = f"Edges go up. The wider a line, the larger its score, {how} ({'solid' if how == SOLID else 'dashed'})."
    prompts = tuple(f"{each.title}: {each.text}" for each in inputs_of(report))
    title = title_of(report)
    lines = (f"{title}. {key}", FOLDED if folded else "", *prompts, " ".join(_facts_beside(report, title)))
    return tuple(line for line in lines if line)


def _facts_beside(report: Report, title: str) -> Iterator[str]:
    """What was done, as sentences, without what a title says."""
    about = report.circuit.about
    for name, told in facts_of(report).items():
        if name == RECOVERED:
            yield f"{_recovered_beside(told, title, about)}."
        elif not any(_says(title, words) for words in (told, about.get("ablation", "") if name == REMOVED else "")):
            yield f"{name}: {told}."


def _recovered_beside(told: str, title: str, about: Mapping[str, str]) -> str:
    """What the circuit recovers, without which circuit that is and how its other edges were removed."""
    circuit, removed, over = (about.get(key, "") for key in ("circuit", "ablation", "over"))
    start, end = f"{circuit}: ", f" ({removed}, over {over})"
    if circuit and _says(title, circuit) and told.casefold().startswith(start.casefold()):
        told = told[len(start) :]
    if all(_says(title, words) for words in (removed, over)):
        told = told.removesuffix(end)
    return told[:1].upper() + told[1:]


def _says(title: str, words: str) -> bool:
    """Whether words stand in a title, whole."""
    return bool(words) and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", title, re.IGNORECASE) is not None
