"""Circuits as TikZ, for LaTeX: the same drawing as a figure for a paper, set in the document's own letters.

Boxes have their places and sizes from a layout that allows for letters wider than those of LaTeX's sans serif, so that
no name leaves its box. The caption stands above it as a comment, ready for `\\caption`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from core.circuit import Circuit, Exporter
from core.interchange.drawing import largest_score
from core.interchange.figure import NAME, arranged, caption_of, frames_of, hues_of
from core.interchange.html.drawing import SOLID, how_scored, hue_of
from core.interchange.report import Report, inputs_of
from core.pictures.layered import Box, Layered
from core.pictures.picture import shortened
from core.tracing.meaning import hue_words, told_direction

POINT = 0.75  # of a pixel of 1/96 inch
LETTER = 0.62  # width of a letter in its height, at most, over a name
SMALL_LETTER = 1.25  # millimetres, of a letter of 6 pt, at most over a few words
COLUMN = 85.0  # millimetres
MILLIMETRE = 96 / 25.4  # pixels
STYLES = {"t": "towards", "a": "away", "": "plain"}
COLORS = {
    "light": {"towards": "0B6BD8", "away": "B54E00", "plain": "8A94A0"},
    "print": {"towards": "0A2F6B", "away": "E08214", "plain": "777777"},
}
OTHER = "555555"  # of a group whose colour has another name
GROUPS = {"violet": "6B3FC4", "teal": "0B7A6B", "pink": "B8326F", "olive": "666A10", "slate": "4F6378"}
SIGNS = {
    **{sign: f"\\{sign}" for sign in "#$%&_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    "-": "{-}",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": "\\dots{}",
    "−": "$-$",
    "→": "$\\to$",
    "·": "$\\cdot$",
    "×": "$\\times$",
    "≥": "$\\ge$",
    "≤": "$\\le$",
    '"': "''",
    "`": "\\textasciigrave{}",
}


@dataclass(frozen=True)
class TikzOptions:
    """width: of the picture, in millimetres. palette: a name of COLORS. fold: like layers become one box. letters:
    how much larger than usual everything is, of a slide."""

    width: float = COLUMN
    palette: str = "light"
    fold: bool = False
    letters: float = 1.0


def to_tikz(circuit: Circuit) -> str:
    """A circuit as a TikZ picture of one column."""
    return tikz_figure(Report(circuit))


def _comment(text: str) -> list[str]:
    """A text as lines that LaTeX passes over. To TeX a carriage return alone ends a line too, and what comes behind it
    would be read as commands."""
    return [f"% {line}" for line in text.splitlines()]


def tikz_figure(
    report: Report, options: TikzOptions | None = None, cancelled: Callable[[], bool] = lambda: False
) -> str:
    """A report as a TikZ picture. Raises Cancelled."""
    options = options or TikzOptions()
    circuit = report.circuit
    room = options.width * MILLIMETRE / options.letters
    laid = arranged(circuit, lambda text: LETTER * NAME * len(text), room, options.fold, cancelled)
    colors = COLORS[options.palette] | {g.color: GROUPS.get(g.color, OTHER) for g in circuit.groups}
    lines = [
        "% \\usepackage{tikz}",
        *(line for text in caption_of(report, options.fold) for line in _comment(text)),
        *_comment(hue_words(told_direction(circuit.about))),
        f"\\begin{{tikzpicture}}[{_styles(circuit, options)}]",
        *(f"\\definecolor{{{name}}}{{HTML}}{{{code}}}" for name, code in colors.items()),
        f"\\path (0,0) -- ({room:.1f},0);",
        f"\\begin{{scope}}[shift={{({(room - laid.width) / 2:.1f},0)}}]",
        *_frames(circuit, laid),
        *_edges(circuit, laid, options),
        *(line for box in laid.boxes for line in _box(box)),
        "\\end{scope}",
        *_below(report, laid.height, options),
    ]
    return "\n".join([*lines, "\\end{tikzpicture}", ""])


def _styles(circuit: Circuit, options: TikzOptions) -> str:
    point = options.letters
    dashes = "" if how_scored(circuit) == SOLID else ", dash pattern=on 4\\pgflinewidth off 2\\pgflinewidth"
    styles = {
        "wire": f"overlay, line cap=butt{dashes}",  # its levers, which reach out, are no part of the picture
        "box": f"draw=black!65, fill=white, line width={0.5 * point:g}bp",
        "head": f"box, rounded corners={3.5 * point:g}bp",
        "block": f"box, rounded corners={point:g}bp",
        "called": f"font={_font(7, options)}",
        "small": f"font={_font(6.1, options)}",
        "port": "small, black!65",
    }
    told = ",\n  ".join(f"{name}/.style={{{style}}}" for name, style in styles.items())
    return f"x={POINT * point:g}bp, y=-{POINT * point:g}bp, inner sep=0pt, outer sep=0pt,\n  {told}"


def _font(points: float, options: TikzOptions) -> str:
    size = points * options.letters
    return f"\\fontsize{{{size:g}}}{{{1.2 * size:.1f}}}\\selectfont\\sffamily"


def _frames(circuit: Circuit, laid: Layered) -> list[str]:
    return [
        f"\\draw[{frame.color}, fill={frame.color}!12, rounded corners=3bp] ({frame.left:.1f},{frame.top:.1f}) "
        f"rectangle ({frame.left + frame.width:.1f},{frame.top + frame.height:.1f});"
        for frame in frames_of(circuit, laid)
    ]


def _edges(circuit: Circuit, laid: Layered, options: TikzOptions) -> list[str]:
    """The most important ones last, on top."""
    widest, direction = largest_score(circuit), told_direction(circuit.about)
    lines = []
    for line in reversed(laid.lines):
        start, one, other, end = (f"({x:.1f},{y:.1f})" for x, y in line.points)
        thick = (0.6 + 1.6 * abs(circuit.score(line.edge) or 0.0) / widest) * POINT * options.letters
        at = "" if circuit.at is None else f" at {circuit.spans[circuit.at[line.edge]]}"
        color = STYLES[hue_of(circuit, line.edge, direction)]
        lines.append(
            f"\\draw[wire, {color}, line width={thick:.2f}bp] {start} .. controls {one} and {other} .. {end}; "
            f"% {circuit.graph.edge(int(circuit.edges[line.edge])).name}{at}"
        )
    return lines


def _box(box: Box) -> list[str]:
    """Named by its node, to draw to it by hand: `a3-h1`."""
    shape = "head" if box.node.kind == "head" and len(box.nodes) == 1 else "block"
    low, high = (f"({x:.1f},{y:.1f})" for x, y in ((box.left, box.top), (box.left + box.width, box.bottom)))
    key = box.node.name.replace(".", "-")
    return [
        f"\\draw[{shape}] {low} rectangle {high};",
        f"\\node[called] ({key}) at ({box.middle:.1f},{box.top + 7.5:.1f}) {{{latex(box.name)}}};",
        *(f"\\node[port] at ({x:.1f},{box.bottom - 5.5:.1f}) {{{port}}};" for port, x in box.ports),
    ]


def _below(report: Report, height: float, options: TikzOptions) -> list[str]:
    """The tokens of A and the legend."""
    circuit, inputs = report.circuit, inputs_of(report)
    how, most = how_scored(circuit), int(options.width / options.letters / SMALL_LETTER) - 10
    rule = "\\rule[0.5ex]{14bp}{1.2bp}"
    entries = [f"\\textcolor{{{STYLES[hue]}}}{{{rule}}} {latex(words)}" for hue, words in hues_of(circuit).items()]
    for group in circuit.groups:
        swatch = f"\\fboxsep=1.5bp\\fcolorbox{{{group.color}}}{{{group.color}!12}}{{\\hspace{{10bp}}}}"
        entries.append(f"{swatch} {latex(group.name, most)}")
    entries.append(f"{'solid' if how == SOLID else 'dashed'}: {latex(how)}")
    legend = " \\quad ".join(f"\\mbox{{{entry}}}" for entry in entries)
    text = f"small, anchor=north west, align=left, text width={options.width:g}mm"
    top = f"(0,{height + 6:.1f})"
    if not inputs or not inputs[0].tokens:
        return [f"\\node[{text}] at {top} {{{legend}}};"]
    tokens = " ".join(f"\\colorbox{{black!7}}{{\\strut {latex(token.strip(), most)}}}" for token in inputs[0].tokens)
    return [
        f"\\node[{text}] (tokens) at {top} {{\\fboxsep=1bp{tokens}}};",
        f"\\node[{text}] at ([yshift=-3bp]tokens.south west) {{{legend}}};",
    ]


def latex(text: str, most: int | None = None) -> str:
    """Text as LaTeX sets it with any engine: signs that mean something to it are written out, letters that its usual
    fonts lack by their numbers. most: letters, beyond which it is cut."""
    plain = "".join(sign if sign in SIGNS or _known(sign) else f"[U+{ord(sign):04X}]" for sign in text)
    return "".join(SIGNS.get(sign, sign) for sign in (plain if most is None else shortened(plain, most)))


def _known(sign: str) -> bool:
    return " " <= sign <= "~" or (
        "\xc0" <= sign <= "\xff" and unicodedata.category(sign)[0] == "L" and sign not in "ÐðÞþ"
    )


EXPORTER = Exporter("tikz", "TikZ", "for LaTeX", ".tex", to_tikz, tell=tikz_figure)
