"""Stories of a day's work: a dataset, a group, the keyboard alone, and a model of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from core.edits import Edit
from core.graph import Node
from core.inputs.pair import Dataset
from core.metrics import Metric
from core.models.loading import load_model
from core.session import Session
from tests.app.features.dataset.test_dataset import alone, measured
from tests.app.features.find.test_find import bar, look_for
from tests.app.features.predictions.test_pins import pinned, type_pin
from tests.app.figure_dialog import save_figure
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person, plain
from tests.app.stories.steps import begin, export, metric, says, svg_words
from tests.app.window.test_docks import in_front, place
from tests.app.window.test_palette import summon
from tests.app.workbench.test_groups import labels, select
from views import theme
from views.widgets.docks import Area

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_means_are_taken_over_the_rows_of_a_task(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "Who gets the drink?")
    panel = person.panel("dataset")
    person.window.docks["dataset"].raise_()
    person.wait(panel.isVisible)
    (fill,) = [a for a in panel.fill_menu.actions() if plain(a.text()) == "Fill from Indirect objects"]
    fill.trigger()
    person.rest()
    document = person.workbench.document
    assert len(document.dataset) == 24
    figures = measured(person)
    for row, figure in list(zip(document.dataset, figures, strict=True))[:3]:
        assert figure == pytest.approx(alone(person, row), abs=1e-4)
    mean = sum(before for before, _ in figures) / 24
    assert f"24 rows · mean {mean:.2f}".replace("-", "−") in panel.for_title.toolTip() + panel.for_title.text()

    head = Node("head", 0, 0)
    person.click_node(head)
    person.click(person.panel("inspector").edits.buttons["mean"])
    person.rest()
    assert person.edits() == ["a0.h0 mean of 24 rows"]
    model = load_model("bundled:names")
    choice = document.metric
    dataset = Dataset([model.pair(row.clean.text) for row in document.dataset])
    pair = model.pair(document.clean.text, document.counterfactual.text)
    session = Session(model, pair, Metric(choice.kind, choice.target, choice.foil), dataset=dataset)
    after = float(session.run([Edit(head, "mean")]).metric[0])
    assert says(metric(person), after)
    without = float(person.session().run([Edit(head, "mean")]).metric[0])
    assert after != pytest.approx(without, abs=1e-3)  # one pair's own mean is another
    words = svg_words(export(person, monkeypatch, "Figure", tmp_path / "mean.svg"))
    assert "a0.h0 mean of 24 rows" in words
    assert f"{after:.3f} after" in words


def test_a_group_is_named_coloured_and_edited_together(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "Who gets the drink?")
    nodes = (Node("head", 2, 1), Node("head", 2, 5), Node("head", 3, 2))
    select(person, nodes)
    several = person.panel("inspector").several
    session = person.session()
    clean = float(session.clean.metric[0])
    joint = float(session.run([Edit(node, "patch") for node in nodes]).metric[0]) - clean
    single = [float(session.run([Edit(node, "patch")]).metric[0]) - clean for node in nodes]
    person.wait(lambda: len(several.effect.rows()) == 2)
    assert [row.value for row in several.effect.rows()] == pytest.approx([joint, sum(single)], abs=1e-4)

    person.click(several.name)
    QTest.keyClicks(several.name, "movers")
    person.press(Qt.Key.Key_Return, widget=several.name)
    person.click(several.swatches.buttons["teal"])
    (group,) = person.workbench.document.groups
    assert (group.name, group.color, set(group.nodes)) == ("movers", "teal", set(nodes))
    person.press(Qt.Key.Key_Escape, widget=person.window.canvas)
    person.click(person.window.canvas, labels(person)["movers"].center().toPoint())
    person.rest()
    person.click(person.panel("inspector").edits.buttons["zero"])
    person.rest()
    assert sorted(person.edits()) == [f"{node.name} zero" for node in sorted(nodes, key=str)]
    after = float(session.run([Edit(node, "zero") for node in nodes]).metric[0])
    assert says(metric(person), after)
    words = svg_words(export(person, monkeypatch, "Figure", tmp_path / "group.svg"))
    assert "movers" in words
    assert all(f"{node.name} zero" in words for node in nodes)


def test_all_of_it_by_the_keyboard(person: Person, tmp_path: Path, monkeypatch) -> None:
    window = person.window

    def run(query: str, words: str) -> None:
        """A command from the palette."""
        palette = summon(person, query) if window.canvas.isVisible() else _summon_anywhere(person, query)
        assert palette.rows()[0].words == words
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        person.rest()

    run("welcome", "Welcome Page")
    for _ in range(20):  # the guided examples are among the first stops
        focus = QApplication.focusWidget()
        if isinstance(focus, QPushButton) and focus in window.panels["welcome"].example_buttons.values():
            break
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    person.press(Qt.Key.Key_Space)
    assert person.workbench.document.model == "bundled:names"
    person.wait(lambda: person.workbench.scored is not None)

    look_for(person, "a2.h1")
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        QTest.keyClick(bar(person).field, key)
    person.wait(window.canvas.hasFocus)
    person.rest()
    run("repl zero", "zero")
    person.press(Qt.Key.Key_X)
    head = Node("head", 2, 1)
    assert person.workbench.document.edits == (Edit(head, "zero"),)
    metric_after, _ = person.expected([Edit(head, "zero")])
    assert says(metric(person), metric_after)
    run("undo", "Undo Cut a2.h1 (zero)")
    assert person.workbench.document.edits == ()
    run("redo", "Redo Cut a2.h1 (zero)")
    assert says(metric(person), metric_after)
    person.press(Qt.Key.Key_Up)  # along the graph
    assert window.canvas.selection() != (head,)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "keys.svg"), ""))
    run("figure svg", "Figure")
    save_figure(person, "svg", opened=True)
    words = svg_words((tmp_path / "keys.svg").read_bytes())
    assert "a2.h1 zero" in words
    assert f"{metric_after:.3f} after" in words


def _summon_anywhere(person: Person, query: str):
    QTest.keyClick(person.window, Qt.Key.Key_K, CONTROL)
    palette = person.window.palette_commands.palette
    person.wait(lambda: palette.isVisible())
    QTest.keyClicks(palette.field, query)
    return palette


def test_a_model_of_ones_own_is_dropped_on_the_welcome_page(
    person: Person, models, tmp_path: Path, monkeypatch
) -> None:
    window = person.window
    window.resize(1440, 900)
    person.choose("Help", "Welcome Page")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(models.gpt2))])
    assert person.drop(window, mime)
    person.wait(lambda: person.workbench.opened is not None)
    assert window.windowTitle() == "gpt2[*] - Wirescope"
    person.type_prompt("A", CLEAN)
    person.type_prompt("B", COUNTERFACTUAL)
    assert (person.problem("A"), person.problem("B")) == ("", "")

    # An answer to watch, and B's own run beside it.
    type_pin(person, " John")
    assert pinned(person) == [" John"]
    node = Node("mlp", 0)
    person.click_node(node)
    person.press(Qt.Key.Key_P)
    session = person.session()
    runs = (session.clean, session.run([Edit(node, "patch")]), session.counterfactual)
    john = session.model.answer(" John")
    row = window.panels["predictions"].table.rows[0]
    assert (row.before, row.after, row.in_b) == pytest.approx(
        [float(run.answer[0].softmax(-1)[john]) for run in runs], abs=1e-5
    )
    assert window.panels["predictions"].table.b_texts()

    # Another look, and panels that go and come back.
    dark = window.grab().toImage().pixelColor(4, 400).lightness()
    person.choose("View/Theme", "Light")
    QApplication.processEvents()
    assert theme.current().name == "light"
    assert window.grab().toImage().pixelColor(4, 400).lightness() > dark + 100
    home = {key: place(dock) for key, dock in in_front(window).items()}
    person.press(Qt.Key.Key_F6, widget=window.canvas)
    assert not window.panels["inspector"].isVisible()
    window.docks["predictions"].move_to(Area.RightDockWidgetArea)
    QApplication.processEvents()
    assert place(window.docks["predictions"])[0] > 720
    person.choose("View", "Reset Layout")
    QApplication.processEvents()
    assert {key: place(dock) for key, dock in in_front(window).items()} == home
    assert window.panels["inspector"].isVisible()

    words = svg_words(export(person, monkeypatch, "Figure", tmp_path / "own.svg"))
    for part in ("gpt2 (3 layers", CLEAN, COUNTERFACTUAL, "m0 from B", f"{float(runs[1].metric[0]):.3f} after"):
        assert part in words, part
