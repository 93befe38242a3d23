"""The first minutes with the models that come with the program, and with the packs where they are installed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl

from core.edits import Edit
from core.graph import Node
from core.models import packs
from core.project.document import Document, Source
from core.project.examples import all_examples, examples_for
from core.project.metric_choice import MetricChoice
from tests.app.person import Person

PARITY = {"bundled:names": 1e-3, "bundled:shapes": 1e-3, "pack:smollm2": 1e-3, "pack:dinov2-small": 1e-4}


def parity(person: Person) -> float:
    assert person.panel("status").parity.isVisible()
    return float(person.panel("status").parity.text().removeprefix("parity "))


def cut_the_strongest(person: Person) -> None:
    """Cut it with the mouse and a key, and check the answer against a session beside the window."""
    first = person.figures()
    (index,) = person.strong_edges()
    person.click_edge(index)
    person.press(Qt.Key.Key_X)
    assert person.workbench.ran.after != first[1]
    metric, _ = person.expected([Edit(person.edge(index), "patch")])
    assert person.workbench.ran.after == pytest.approx(metric, abs=1e-4)
    person.press(Qt.Key.Key_X)
    assert person.figures() == first


def test_the_first_start_shows_a_live_circuit(person: Person) -> None:
    person.workbench.models.start(None)
    person.rest()
    assert not person.dialogs()
    assert person.window.windowTitle() == "names[*] - Wirescope"
    assert person.card("A").chips.chip_texts()[:3] == ["When", "Mary", "and"]
    assert person.predictions()[0][0] == "Mary"
    assert person.panel("predictions").metric_name.text() == 'logit(" Mary") − logit(" John")'
    assert person.workbench.ran.before > 1
    assert len(person.window.canvas.scene.data.edges) == 48
    assert parity(person) <= PARITY["bundled:names"]
    cut_the_strongest(person)


@pytest.mark.parametrize("model", ["bundled:names", "bundled:shapes"])
def test_every_example_opens_and_its_answer_depends_on_the_input(person: Person, model: str) -> None:
    for example in examples_for(model):
        person.workbench.models.open_example(example.key)
        person.rest()
        assert not person.dialogs(), example.key
        assert (person.problem("A"), person.problem("B")) == ("", ""), example.key
        assert not person.panel("inputs").metric_editor.problem.isVisible(), example.key
        assert person.predictions(), example.key
        assert parity(person) <= PARITY[model], example.key
        assert abs(person.workbench.scored.values).max() > 1e-3, example.key
        person.workbench.editing.patch(Node("input"))  # from B through and through
        person.rest()
        b = person.session().counterfactual
        assert person.workbench.ran.after == pytest.approx(float(b.metric[0]), abs=1e-3), example.key
        assert person.workbench.ran.after < person.workbench.ran.before, example.key


def test_shapes_says_what_it_sees_and_where_it_looks(person: Person) -> None:
    person.workbench.models.open_model("bundled:shapes")
    person.rest()
    top = max(person.workbench.ran.rows, key=lambda row: row.before)
    assert top.label in person.card("A").name.text() or top.before > 0.5
    person.click_node(Node("head", 2, 1))
    assert person.panel("inspector").attention.patches.isVisible()
    cut_the_strongest(person)


def test_a_trace_of_names_recovers_most_with_few_edges(person: Person) -> None:
    person.workbench.models.start(None)
    person.rest()
    person.click(person.window.top_bar.trace)
    person.rest()
    recovered = person.workbench.recovered
    assert recovered.share >= 0.8
    assert recovered.size < recovered.edges / 2
    assert recovered.share > recovered.random


@pytest.fixture
def pack(request: pytest.FixtureRequest) -> str:
    """The name of an installed pack. Asked when the test runs: it sees the user's own data folder only then."""
    if not packs.is_installed(request.param):
        pytest.skip(f"the pack {request.param} is not installed")
    return f"pack:{request.param}"


@pytest.mark.packs
@pytest.mark.parametrize("pack", ["smollm2"], indirect=True)
def test_smollm2(person: Person, pack: str) -> None:
    (a, b) = (f"When {name} and John went to the store, John gave a drink to" for name in ("Mary", "Tom"))
    metric = MetricChoice("logit_difference", " Mary", " John")
    person.workbench.models.open(Document(pack, Source("text", text=a), Source("text", text=b), metric))
    person.rest()
    assert person.window.canvas.scene.data.graph.n_edges == 70_651
    label, figures, _ = person.predictions()[0]
    assert label == "Mary"
    assert float(figures.split(" → ")[0]) == pytest.approx(0.92, abs=0.03)
    assert parity(person) <= PARITY[pack]
    cut_the_strongest(person)


@pytest.mark.packs
@pytest.mark.parametrize("pack", ["dinov2-small"], indirect=True)
def test_dinov2(person: Person, pack: str) -> None:
    photographs = next(e for e in all_examples() if e.document.model == pack).document
    person.workbench.models.open_model(pack)
    person.rest()
    assert person.drop(person.card("A"), _file(photographs.counterfactual.path))
    assert person.card("A").name.text() == "coffee.jpg"
    assert parity(person) <= PARITY[pack]
    person.click_node(Node("head", 9, 2))
    patches = person.panel("inspector").attention.patches
    assert patches.isVisible()
    assert patches.chip_texts()[0].startswith("CLS")
    person.drop(person.card("B"), _file(photographs.clean.path))
    cut_the_strongest(person)


def _file(path: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path)])
    return mime
