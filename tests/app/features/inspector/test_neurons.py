"""Open an MLP, cut a neuron: by clicks, against the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from torch import Tensor

from core.edits import Edit
from core.formatting import change_words
from core.graph import Node
from core.lens.neurons import neurons, routing
from core.project.target_names import target_named
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.small_models import language_model, randomise, small_tokenizer

MLP = Node("mlp", 0)


def test_a_neuron_is_selected_cut_and_restored(reader: Person) -> None:
    reader.click_node(MLP)
    section = reader.panel("inspector").neurons
    reader.wait(lambda: "measured, each alone" in section.words.text())
    found = neurons(reader.session(), MLP, 12, "patch")
    names = [found.unit(number).name for number in found.top(12)]
    assert [label.split()[0] for label, _ in section.rows.row_texts()] == [name.removeprefix("m0.") for name in names]
    assert [text for _, text in section.rows.row_texts()] == [change_words(e) for e in found.measured.values()]
    reader.panel("inspector").scroll_area.ensureWidgetVisible(section.rows)
    reader.click(section.rows, section.rows.row_rect(0).center().toPoint())
    reader.rest()
    unit = found.unit(found.top(1)[0])
    assert reader.workbench.selection == (unit,)
    inspector = reader.panel("inspector")
    assert inspector.title.text() == unit.name
    assert inspector.subtitle.text() == f"neuron {unit.head} of the MLP of layer 0"
    buttons = inspector.edits.buttons
    assert buttons["zero"].isEnabled()
    assert not buttons["steer"].isEnabled()
    assert "select the MLP as a whole" in buttons["steer"].toolTip()
    assert section.rows.rows()[0].chosen
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    reader.rest()
    (edit,) = reader.workbench.document.edits
    assert edit == Edit(unit, "patch")
    assert target_named(unit.name) == unit  # as a project has it
    metric, _ = reader.expected([edit])
    before, _ = reader.expected([])
    assert reader.workbench.known.inspected.measured == pytest.approx(metric - before, abs=1e-5)
    assert metric - before == pytest.approx(found.measured[unit.head], abs=1e-5)
    assert section.rows.rows()[0].bold
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    assert not reader.workbench.document.edits


def test_a_mixture_opens_into_its_experts(person: Person, tmp_path: Path) -> None:
    tokenizer = small_tokenizer()
    module = language_model("Mixtral", num_experts_per_tok=2, num_local_experts=4, vocab_size=len(tokenizer))
    randomise(module)
    for each in (module, tokenizer):
        each.save_pretrained(tmp_path)
    person.open(tmp_path, CLEAN, COUNTERFACTUAL)
    person.click_node(MLP)
    section = person.panel("inspector").neurons
    person.wait(lambda: "measured, each alone" in section.words.text())
    assert section.heading.text().startswith("Experts")
    assert sorted(label.split()[0] for label, _ in section.rows.row_texts()) == [f"e{n}" for n in range(4)]
    session = person.session()
    _, weights = routing(session, MLP)
    number = int(section.rows.rows()[0].label.split()[0].removeprefix("e"))
    times = int((weights[0, :, number] > 0).sum())
    assert f"chosen at {times} of {session.pair.length} positions" in section.rows.rows()[0].tip
    before, _ = person.expected([])
    after, _ = person.expected([Edit(f"m0.e{number}", "patch")])
    assert section.rows.row_texts()[0][1] == change_words(after - before)
    _router_is_told(person, weights[0])


def _router_is_told(person: Person, weights: Tensor) -> None:
    """The list of a position's logits selects an expert, which is forced and then knocked out."""
    inspector, workbench = person.panel("inspector"), person.workbench
    router = inspector.router
    assert not inspector.edits.buttons["force"].isVisible()
    workbench.set_positions((2,))
    assert router.hint.text().startswith("at")
    shown = {row.label.split()[0]: row.number for row in router.rows.rows()}
    assert shown == {f"e{n}": f"{w:.2f}" if w else "not chosen" for n, w in enumerate(weights[2].tolist())}
    last = router.rows.rows()[-1]
    unit = Node("expert", 0, int(last.label.split()[0].removeprefix("e")))
    inspector.scroll_area.ensureWidgetVisible(router.rows)
    person.click(router.rows, router.rows.row_rect(3).center().toPoint())
    person.rest()
    assert workbench.selection == (unit,)
    person.click(inspector.edits.buttons["force"])
    person.rest()
    assert workbench.document.edits == (Edit(unit, "force", (2,)),)
    person.wait(lambda: next(row for row in router.rows.rows() if row.bold).number != "not chosen")
    metric, _ = person.expected(list(workbench.document.edits))
    assert workbench.known.inspected.measured == pytest.approx(metric - person.expected([])[0], abs=1e-5)
    for edits in ((Edit(unit, "knockout", (2,)),), ()):
        person.press(Qt.Key.Key_K, widget=person.window.canvas)
        person.rest()
        assert workbench.document.edits == edits
