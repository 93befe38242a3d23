"""The report as one HTML file: it tells what the window shows, and nothing of another state."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from core.interchange.circuit_reading import read_circuit
from tests.app.command_line import code_of
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import evaluate, open_trust, trace, type_size


def text_of(page: str) -> str:
    """What a reader sees of it, without the drawing."""
    shown = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).split())


def test_it_tells_inputs_curve_trust_and_history(reader: Person, monkeypatch, tmp_path: Path) -> None:
    def written(name: str) -> str:
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), ""))
        reader.choose("File/Export", "Report as HTML")
        assert reader.message() == f"Saved {name}.html"
        return (tmp_path / f"{name}.html").read_text(encoding="utf-8")

    reader.click_edge(reader.strong_edges()[0])
    reader.press(Qt.Key.Key_X)
    trace(reader)
    open_trust(reader)
    evaluate(reader)
    page = written("whole")
    text, bench = text_of(page), reader.workbench
    assert text.count(CLEAN) >= 1
    assert COUNTERFACTUAL in text
    statements = reader.panel("trust").data().statements
    assert len(statements) > 4
    for statement in statements:
        assert " ".join(statement.words.split()) in text
    for step, _ in bench.history.steps():
        assert html.unescape(step.words) in text
    tokens = re.findall(r'<li class="token">(.*?)</li>', page)
    assert tuple(map(html.unescape, tokens)) == tuple(
        chip.text for card in (bench.ready.card_a, bench.ready.card_b) for chip in card.tokens
    )
    assert 'class="curve"' in page
    circuit = read_circuit(tmp_path / "whole.html")
    assert len(circuit) == bench.document.size
    assert circuit.about["metric"] in text
    measured = {target.name: change for target, change in bench.known.measured.items() if target.name in circuit.names}
    assert measured
    assert "Effect, estimated" in text

    type_size(reader, bench.document.size + 1)  # the evaluation is of the other circuit; the curve is of all sizes
    page = written("larger")
    assert "How far to trust it" not in text_of(page)
    assert 'class="curve"' in page


def test_the_terminal_writes_it_too(tmp_path: Path) -> None:
    out = tmp_path / "names.html"
    inputs = ("--clean", "Mary and John met. John spoke to", "--counterfactual", "Mary and John met. Tom spoke to")
    options = ("--edges", "9", "--format", "html", "--out", str(out))
    assert code_of("export", "--model", "bundled:names", *inputs, *options) == 0
    page = out.read_text(encoding="utf-8")
    assert "Mary and John met. Tom spoke to" in text_of(page)
    assert len(re.findall("<tr data-e=", page)) == len(read_circuit(out)) == 9
    assert json.loads(re.findall(r'id="wirescope-circuit">(.*?)</script>', page, re.DOTALL)[0])["about"]["model"]
