"""The page of a circuit: whole and safe to any parser, and alive in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from core.circuit import Circuit
from core.evaluation.faithfulness import Curve
from core.evaluation.statement import Statement, VerdictLine
from core.graph import Graph, Node
from core.groups import Group
from core.interchange.circuit_json import from_json
from core.interchange.html.page import report_html
from core.interchange.report import Report, ReportCurve, ReportInput, ReportNote, ReportStep
from tests.browser import Browser, needs_chromium

GRAPH = Graph(layers=3, heads=4, kv_heads=2)
EVIL = '</script><script>window.bad=1</script><img src=x onerror="window.bad=1">\' " & <!-- ]]> \x1b \ud83d {{x}} ${x}'
VOID = {"meta", "img", "input", "link", "br"}


def some_circuit(edges: int = 40, graph: Graph = GRAPH) -> Circuit:
    rng = np.random.default_rng(0)
    numbers = rng.permutation(graph.n_edges)[:edges].astype(np.int64)
    values = np.sort(rng.normal(size=edges))[::-1].copy()
    about = {
        "model": EVIL,
        "metric": EVIL,
        "clean": EVIL,
        "counterfactual": EVIL,
        "direction": "+1",
        "method": "eap-ig",
    }
    nodes = tuple(node for node in graph.nodes if node.kind == "head")[:3]
    return Circuit(graph, numbers, values, about, groups=(Group(EVIL, "violet", nodes),))


def some_report(circuit: Circuit) -> Report:
    return Report(
        circuit,
        inputs=(ReportInput("A", EVIL, (EVIL, " Mary")), ReportInput("B", "a.png", (), b"\x89PNG")),
        curve=ReportCurve((1, 10, 100), (0.0, 0.5, 1.2), (0.0, 0.0, float("nan")), (0.1, 0.2, float("nan")), EVIL),
        verdict=(VerdictLine(EVIL, True),),
        statements=(Statement("Recovered", "87 %", EVIL, "against", EVIL),),
        steps=(ReportStep(EVIL), ReportStep("Cut", 1, EVIL, True)),
        notes=(ReportNote("a0.h1", EVIL),),
        measured={circuit.names[0]: -0.5},
    )


class Page(HTMLParser):
    """Elements by name, each with its attributes and its text; closing tags must fit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} says something twice"
        self.found.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.found) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self.found[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[self.open[-1]][2].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attrs, "".join(text)) for name, attrs, text in self.found if name == tag]


@pytest.mark.parametrize("full", [True, False])
def test_what_was_typed_stays_text_and_only_the_pages_own_script_may_run(full: bool) -> None:
    circuit = some_circuit()
    page = Page(report_html(some_report(circuit)) if full else circuit.to_html())
    scripts = page.all("script")
    assert [attrs.get("type") for attrs, _ in scripts] == ["application/json", None]
    tags = {tag for tag, _, _ in page.found}
    assert not tags & {"iframe", "link", "object", "embed", "base", "form", "style-x"}
    names = {name for _, attrs, _ in page.found for name in attrs}
    assert not any(name.startswith("on") or name == "style" for name in names), "a policy by hashes forbids them"
    links = [value for _, attrs, _ in page.found for name in ("src", "href") if (value := attrs.get(name))]
    assert all(link.startswith("data:image/png;base64,") for link in links)
    assert len(links) == full
    policy = next(attrs["content"] for attrs, _ in page.all("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'")
    for kind, text in (("script", scripts[1][1]), ("style", page.all("style")[0][1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    shown = page.all("title")[0][1]
    assert shown.startswith("Circuit of </script><script>window.bad=1")
    assert "␛" in shown
    assert page.all("p")[0][0]["class"] == "sub"


def test_every_edge_is_drawn_and_listed_and_the_page_holds_the_circuit() -> None:
    circuit = some_circuit()
    page = Page(circuit.to_html())
    rows = [attrs for attrs, _ in page.all("tr") if "data-e" in attrs]
    assert [attrs["data-e"] for attrs in rows] == [str(place) for place in range(len(circuit))]
    drawn = [attrs["data-e"] for attrs, _ in page.all("path") if "data-e" in attrs]
    ends = [len(circuit.graph.readers_of(edge.reader)) for edge in circuit]
    assert [drawn.count(str(place)) for place in range(len(circuit))] == ends, "a K/V head feeds each head of its group"
    assert circuit.values is not None
    away = [attrs for attrs, _ in page.all("path") if attrs["class"] == "edge a" and "data-e" in attrs]
    assert {int(str(attrs["data-e"])) for attrs in away} == set(np.flatnonzero(circuit.values < 0).tolist())
    held = from_json(next(text for attrs, text in page.all("script") if attrs.get("id") == "wirescope-circuit"))
    assert held.names == circuit.names
    assert held.values is not None
    assert held.values.tolist() == circuit.values.tolist()


def test_a_thousand_edges_take_less_than_three_megabytes_and_none_takes_a_page_too() -> None:
    graph = Graph(layers=12, heads=12, kv_heads=12)
    page = some_report(some_circuit(1000, graph))
    assert len(report_html(page).encode()) < 3 * 2**20
    empty = Circuit(graph, np.empty(0, dtype=np.int64))
    assert "The circuit has no edges." in [text for _, text in Page(empty.to_html()).all("p")]


def test_a_notebook_writes_a_circuit_with_its_curve_and_notes(tmp_path: Path) -> None:
    curve = Curve((0.1, 1.0), (2, 20), (2, 20), (0.25, 1.0), np.array([[0.0, 0.9], [0.1, 1.0]]), 0.5, 0.5, "patch")
    ws.report(some_circuit(), curve, notes={"a0.h1": "looks back"}).save(tmp_path / "told.html")
    page = Page((tmp_path / "told.html").read_text(encoding="utf-8"))
    assert "2 edges recover 25.0 %" in [text for _, text in page.all("title")]
    assert ("a0.h1", "looks back") in zip(
        [text for _, text in page.all("dt")], [text for _, text in page.all("dd")], strict=True
    )


def test_edges_at_spans_say_where() -> None:
    circuit = some_circuit(6)
    at = replace(circuit, spans=("subject", "rest"), at=np.array([0, 1, 0, 1, 0, 1], dtype=np.int64))
    cells = [text for _, text in Page(at.to_html()).all("td")]
    assert any(cell.endswith(", at subject") for cell in cells)


# ---- in a browser ----


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Browser:
    """A report in the browser."""
    path = tmp_path / "circuit.html"
    path.write_text(report_html(some_report(some_circuit())), encoding="utf-8", errors="backslashreplace")
    browser.look((1440, 900))
    browser.open(path.as_uri())
    return browser


def middle(page: Browser, words: str) -> tuple[float, float]:
    """Of an element, scrolled into view."""
    x, y = page.ask(
        f"(() => {{ const e = document.querySelector({json.dumps(words)}); e.scrollIntoView({{block: 'center'}});"
        "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )
    return x, y


def on_line(page: Browser, edge: int) -> tuple[float, float]:
    """A place on an edge's line at which it is the one that is hit."""
    found = page.ask(
        f"""(() => {{ const line = document.querySelector('.hit[data-e="{edge}"]');
        line.scrollIntoView({{block: 'center'}});
        for (let share = .05; share < 1; share += .01) {{
          const p = line.getPointAtLength(share * line.getTotalLength()).matrixTransform(line.getScreenCTM());
          if (document.elementFromPoint(p.x, p.y) === line) return [p.x, p.y];
        }} }})()"""
    )
    assert found, "another line lies over it everywhere"
    return found[0], found[1]


@needs_chromium
def test_edges_are_pointed_at_pinned_and_filtered(page: Browser) -> None:
    assert page.complaints() == []
    assert page.ask("window.bad") is None
    names = page.ask("[...document.querySelectorAll('#edges tbody code')].map(e => e.textContent)")
    hits = page.ask("[...document.querySelectorAll('.hit')].map(e => +e.dataset.e)")
    top = next(edge for edge in range(40) if hits.count(edge) == 1)
    page.move(*on_line(page, top))
    assert page.ask("document.querySelector('#detail').textContent").startswith(names[top])
    assert page.ask("document.querySelectorAll('tr.hot').length") == 1
    page.click(*on_line(page, top))
    assert page.ask("document.querySelector('tr.pinned').dataset.e") == str(top)
    page.move(2, 2)
    assert page.ask("document.querySelectorAll('#detail li').length") == 1, "it stays"
    assert page.ask("document.querySelectorAll('tr.hot').length") == 0
    page.press("Escape")
    assert page.ask("document.querySelectorAll('tr.pinned').length") == 0
    page.move(*middle(page, '.node[data-node="logits"]'))
    hot = page.ask("document.querySelectorAll('tr.hot').length")
    assert hot == sum(name.endswith("->logits") for name in names) > 0
    page.ask("(f => { f.value = 'logits'; f.dispatchEvent(new Event('input')); })(document.querySelector('#filter'))")
    assert page.ask("document.querySelectorAll('#edges tbody tr:not(.off)').length") == hot
    page.ask("document.querySelector('#edges thead th:nth-child(4) button').click()")
    scores = page.ask("[...document.querySelectorAll('#edges tbody tr')].map(e => +e.cells[3].dataset.v)")
    assert scores == sorted(scores)
    page.ask("document.querySelector('#edges tbody tr:not(.off)').focus()")
    page.press("Enter")
    assert page.ask("document.querySelectorAll('tr.pinned').length") == 1
    assert page.complaints() == []


@needs_chromium
def test_the_slider_leaves_the_best_edges_in_graph_table_and_curve(page: Browser) -> None:
    here = float(page.ask("document.querySelector('#here').getAttribute('x1')"))
    page.ask("(s => { s.value = 7; s.dispatchEvent(new Event('input')); })(document.querySelector('#size'))")
    drawn = page.ask("[...new Set([...document.querySelectorAll('.edge[data-e]:not(.off)')].map(e => +e.dataset.e))]")
    assert sorted(drawn) == list(range(7))
    assert page.ask("document.querySelectorAll('#edges tbody tr:not(.off)').length") == 7
    assert page.ask("document.querySelector('#count').textContent").startswith("best 7 of 40 edges")
    assert float(page.ask("document.querySelector('#here').getAttribute('x1')")) < here
    nodes = set(page.ask("[...document.querySelectorAll('.node:not(.off)')].map(e => e.dataset.node)"))
    circuit = some_circuit().chosen(np.arange(7))
    ends = {n.name for edge in circuit for n in (edge.writer, *circuit.graph.readers_of(edge.reader))}
    assert nodes == ends


@needs_chromium
@pytest.mark.parametrize("width", [1440, 700])
def test_it_fits_the_window_in_both_looks_and_prints_light(page: Browser, width: int) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page.look((width, 900), scheme)
        colours[scheme] = page.ask("getComputedStyle(document.body).backgroundColor")
        assert page.ask("document.documentElement.scrollWidth") <= width
    assert colours == {"light": "rgb(245, 247, 249)", "dark": "rgb(13, 16, 21)"}
    page.ask("document.querySelector('#look').click()")
    assert page.ask("getComputedStyle(document.body).backgroundColor") == colours["light"], "the button turns it"
    page.look((width, 900), "dark", "print")
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.ask("getComputedStyle(document.querySelector('#threshold')).display") == "none"
    rows = page.ask("(e => [e.scrollHeight, e.clientHeight])(document.querySelector('.rows'))")
    assert rows[0] == rows[1], "all edges are printed"
    page.look((width, 900))


def test_names_of_nodes_lie_within_boxes_that_do_not_touch() -> None:
    text = some_circuit(120).to_html()
    boxes = [
        tuple(map(float, found))
        for found in re.findall(
            r'<rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)" rx="\d"/><text', text
        )
    ]
    assert len(boxes) > 10
    for place, (x, y, w, h) in enumerate(boxes):
        for a, b, c, d in boxes[:place]:
            assert x + w <= a or a + c <= x or y + h <= b or b + d <= y


def test_the_group_is_framed_where_its_nodes_are() -> None:
    circuit = some_circuit(120)
    nodes: tuple[Node, ...] = circuit.groups[0].nodes
    attrs = [attrs for attrs, _ in Page(circuit.to_html()).all("rect") if "group" in str(attrs.get("class"))]
    assert nodes
    assert len(attrs) == 2, "one row, and the legend"


def test_the_report_tells_the_same_as_a_story() -> None:
    steps = (ReportStep("Start"), ReportStep("Cut a0.h1", 0, "logit 3.1 → 1.2"), ReportStep("Patch m1", 1, "", True))
    notes = (ReportNote("Cut a0.h1", f"as expected {EVIL}"), ReportNote("a0.h1", "a mover"))
    report = replace(some_report(some_circuit()), steps=steps, notes=notes)
    text = report.export("report")
    page = Page(text)
    chapters = [attrs["id"] for attrs, _ in page.all("div") if attrs.get("class") == "chapter"]
    assert chapters == ["question", "steps", "circuit", "curve", "trust", "notes", "edges", "made"]
    links = [attrs["href"] for attrs, _ in page.all("a")]
    assert links == [f"#{chapter}" for chapter in chapters]
    heads = [text for _, text in page.all("h2")]
    assert len(heads) == len(set(heads))
    done = text[text.index('id="steps"') : text.index('id="circuit"')]
    assert re.findall(r'<li class="(d\d[^"]*)"><p>([^<]*)', done) == [
        ("d0", "Start"),
        ("d0", "Cut a0.h1"),
        ("d1 here", "Patch m1"),
    ]
    assert "as expected" in done[done.index("Cut a0.h1") : done.index("Patch m1")], "a note about a step stands with it"
    noted = text[text.index('id="notes"') : text.index('id="edges"')]
    assert "a mover" in noted
    assert "as expected" not in noted
    assert len(page.all("tr")) == 1 + len(report.circuit)
    assert [attrs.get("type") for attrs, _ in page.all("script")] == ["application/json", None]
    assert not any(name.startswith("on") or name == "style" for _, attrs, _ in page.found for name in attrs)
    assert from_json(page.all("script")[0][1]).names == report.circuit.names
    alone = Page(Report(some_circuit()).export("report"))
    assert [attrs["id"] for attrs, _ in alone.all("div") if attrs.get("class") == "chapter"] == [
        *("question", "circuit", "edges", "made"),
    ]
