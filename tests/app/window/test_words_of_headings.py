"""A newcomer finds every technical word of the window's headings in the glossary, and its line in the tooltip."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTableView

from core.evaluation.report import statements
from core.glossary import explained, glossary
from core.tracing.method import METHODS
from tests.app.person import Person
from tests.app.tracing_steps import trace
from tests.core.evaluation.test_verdict import report
from views.widgets.section import Section

# Words that mean in the window what they mean anywhere.
EVERYDAY = {
    *("inputs", "history", "dataset", "table", "look", "work", "this", "of", "it", "what", "says", "by", "way", "to"),
    *("the", "reads", "writes", "most", "label", "layer", "trust", "editing", "output", "kind", "plots"),
    *("record", "console", "when", "data", "seconds", "options", "size", "at", "80", "model", "two"),
    *("repair", "answer", "right", "strength", "model's", "all", "tasks"),
    *("job", "jobs", "state", "progress", "pairs", "s", "time", "left", "result"),
    *("from", "with", "without", "b", "why", "does", "there", "covers", "pushes"),
}


def everyday_or_explained(heading: str) -> bool:
    """Whether the glossary has the heading as a whole, or each of its technical words."""
    known = {word.lower() for word in glossary()}
    heading = re.sub(r"[^\w\s'*-]", " ", heading).strip().lower()
    if heading in known or heading.removesuffix("s") in known:
        return True
    single = {part for word in known for part in re.split(r"[\s,/]+", word)}
    forms = ({word, word.removesuffix("s"), word.removesuffix("ed")} for word in heading.split())
    return all(word & (EVERYDAY | known | single) for word in forms)


def headings(person: Person) -> set[str]:
    """Of panels, sections and parts of panels, whether they are in sight now or not; and of the table's columns."""
    window = person.window
    found = {dock.windowTitle() for dock in window.docks.values()}
    found |= {section.heading.text().rstrip("▾▸ ") for section in window.findChildren(Section)}
    verdicts = (
        window.panels["trust"],
        window.panels["circuit"],
        window.canvas.parentWidget(),
        window.panels["welcome"],
    )
    for label in window.findChildren(QLabel):
        if label.property("role") == "heading" and not any(part.isAncestorOf(label) for part in verdicts):
            found.add(label.text())
    for view in window.findChildren(QTableView):
        model = view.model()
        columns = range(model.columnCount()) if model is not None else ()
        found |= {str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in columns}
    return {heading for heading in found if re.search(r"[a-z]{2}", heading, re.IGNORECASE)}


def test_technical_words_of_headings_are_in_the_glossary(reader: Person) -> None:
    trace(reader)
    (index,) = reader.strong_edges()
    reader.click_node(reader.workbench.opened.graph.edge(index).writer)
    reader.window.docks["table"].show()
    reader.rest()
    collected = headings(reader)
    assert {"Inspector", "Attention", "Metric", "Effect of editing it", "Layer"} <= collected, "it looks where they are"
    assert {heading for heading in collected if not everyday_or_explained(heading)} == set()
    assert not everyday_or_explained("Flux of it"), "it would notice"


@pytest.mark.parametrize("title", [one.title for one in statements(report())] + ["Tests", "Same answers"])
def test_a_heading_of_trust_is_explained_by_the_glossary(title: str) -> None:
    shown = [*statements(report()), *statements(report(tests="the tests need 8 pairs"))]
    shown += statements(report(right={"circuit": 1.0, "whole": 1.0, "pairs": 2, "same": True}))
    tip = next(one.tip for one in shown if one.title == title)
    assert tip == explained("recover" if title == "Recovered" else title)


def test_a_method_in_the_menu_is_explained_by_the_glossary(reader: Person) -> None:
    menu = reader.window.top_bar.method_menu
    assert set(menu.methods) == set(METHODS)
    for name, action in menu.methods.items():
        assert METHODS[name].title in glossary() or METHODS[name].title.lower() in glossary()
        assert action.toolTip().replace("\n", " ").startswith(explained(METHODS[name].title)), name
