"""A circuit for LaTeX: as wide as asked for, in the colours of the other figures, and LaTeX sets it whatever the prompt
holds."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.circuit import Circuit, circuit_of
from core.graph import Graph
from core.groups import GROUP_COLORS, Group
from core.interchange.exporters.tikz import COLORS, GROUPS, TikzOptions, latex, tikz_figure
from core.interchange.report import Report, ReportInput
from views.figures.paper import THEMES as PAINTED

STRANGE = "# $5 % ^ & _ { } ~ \\ <b> | \"q\" 'q' `a` – — “x” é ß Ðð 漢 🦊 \x1b \u2028 ?` -- ,,"


def some_report() -> Report:
    graph = Graph(6, 12, 4)
    numbers = np.random.default_rng(1).permutation(graph.n_edges)[:30].astype(np.int64)
    about = {"model": STRANGE, "metric": f"{STRANGE}\nand more", "method": "eap", "direction": "+1"}
    circuit = Circuit(graph, numbers, np.linspace(1, -0.5, 30), about)
    heads = list(dict.fromkeys(edge.writer for edge in circuit if edge.writer.kind == "head"))
    groups = tuple(Group(STRANGE, color, (head,)) for color, head in zip(GROUP_COLORS, heads, strict=False))
    return Report(replace(circuit, groups=groups), inputs=(ReportInput("A", STRANGE, tuple(STRANGE.split(" "))),))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_sets_it_in_the_width_asked_for(tmp_path: Path) -> None:
    drawings = [
        tikz_figure(some_report(), options)
        for options in (TikzOptions(), TikzOptions(254, "print", fold=True, letters=2.0))
    ]
    told = "\\message{WIDTH \\the\\wd0 END}\\shipout\\box0\n"
    sized = "".join(f"\\setbox0=\\hbox{{{drawing.strip()}}}{told}" for drawing in drawings)
    text = f"\\documentclass{{article}}\\usepackage{{tikz}}\\hoffset=-1in\\begin{{document}}{sized}\\end{{document}}"
    (tmp_path / "one.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "one.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=60)
    assert done.returncode == 0, done.stdout[-2000:]
    said = done.stdout.replace("\n", "")
    widths = [float(points) / 72.27 * 25.4 for points in re.findall(r"WIDTH ([\d.]+)pt ?END", said)]
    assert widths == pytest.approx([85, 254], abs=0.6)


def test_every_edge_is_drawn_between_its_boxes_within_the_width() -> None:
    report = some_report()
    text = tikz_figure(report)
    shift = re.search(r"shift=\{\(([\d.-]+),0\)\}", text)
    assert shift is not None
    room = 85 / 25.4 * 96
    boxes = re.findall(r"\\draw\[(?:head|block)\] \(([\d.]+),[\d.]+\) rectangle \(([\d.]+),", text)
    for left, right in boxes:
        assert 0 <= float(left) + float(shift[1]) < float(right) + float(shift[1]) <= room
    ends = [edge for edge in report.circuit for _ in report.circuit.graph.readers_of(edge.reader)]
    assert len(re.findall(r"^\\draw\[wire,", text, re.MULTILINE)) == len(ends)
    assert len(boxes) == len({node for e in ends for node in (e.writer, *report.circuit.graph.readers_of(e.reader))})
    chain = Report(circuit_of(Graph(3, 2, 2), ["input->m0", "m0->m1", "m1->m2", "m2->logits"]))
    assert "{m0--m2}" in tikz_figure(chain, TikzOptions(fold=True))
    assert "{m1}" in tikz_figure(chain)


def test_signs_of_latex_are_written_out() -> None:
    assert latex("a_b% {x}\\ --") == "a\\_b\\% \\{x\\}\\textbackslash{} {-}{-}"
    assert latex("é 漢") == "é [U+6F22]"


def test_colours_are_those_of_the_other_figures() -> None:
    for name, colors in COLORS.items():
        theme = PAINTED[name]
        assert colors == {
            style: getattr(theme, field)[1:].upper()
            for style, field in (("towards", "positive"), ("away", "negative"), ("plain", "neutral"))
        }
    assert {name: getattr(PAINTED["light"], name)[1:].upper() for name in GROUP_COLORS} == GROUPS


def test_no_text_ends_the_line_of_a_comment() -> None:
    """TeX takes a carriage return alone for the end of a line."""
    about = dict.fromkeys(("model", "clean", "metric", "method", "direction"), "x\r\\input{secret}")
    report = some_report()
    text = tikz_figure(replace(report, circuit=replace(report.circuit, about=about)))
    lines = re.split(r"[\r\n]", text)
    assert any("secret" in line for line in lines)
    assert not [line for line in lines if "\\input{" in line and not line.startswith("% ")]
