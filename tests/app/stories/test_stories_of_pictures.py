"""Stories of a vision model: a region is brushed and blurred, a head is patched there; and a history with a branch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from core.edits import Edit
from core.inputs.image_corruption import ImageCorruption, corrupted_side
from core.inputs.pair import Pair
from core.metrics import Metric
from core.models.loading import load_model
from core.session import Session
from tests.app.features.history.test_history import click_step, cut, hover, leave, rows
from tests.app.features.inputs.test_making_b import make
from tests.app.person import Person
from tests.app.stories.steps import begin, drag, export, metric, says, svg_words


def strongest_head(person: Person):
    """The head whose edges have the largest score, of those that later layers read at every patch."""
    graph, values = person.workbench.opened.graph, person.workbench.scored.values
    writers = (graph.edge(int(index)).writer for index in np.argsort(-np.abs(values)))
    return next(writer for writer in writers if writer.kind == "head" and writer.layer < graph.layers - 1)


def test_a_region_is_blurred_and_a_head_patched_there(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "A circle, or a heart")
    picture = person.card("A").picture
    region = (36, 37, 44, 45)  # of eight by eight patches; the circle is there
    drag(picture, *(picture.patch_rect(patch).center().toPoint() for patch in (36, 37, 45, 44)))
    person.rest()
    prefix = person.workbench.opened.prefix
    positions = tuple(patch + prefix for patch in region)
    assert person.workbench.positions == positions
    assert picture.picked() == region
    assert person.panel("inputs").where_words.text() == "4 patches picked: new edits are there only"

    make(person, "Make B: Blur")
    model = load_model("bundled:shapes")
    path = person.workbench.document.clean.path
    clean = model.pair(path)
    blurred = corrupted_side(model, clean.clean, ImageCorruption("blur", region))
    assert np.array_equal(person.card("B").card().image, blurred.view)
    assert person.card("B").card().name.endswith("blurred in 4 patches")

    head = strongest_head(person)
    person.click_node(head)
    assert person.panel("inspector").attention.patches.isVisible()
    person.press(Qt.Key.Key_P)
    session = Session(model, Pair(clean.clean, blurred, clean.grid, clean.prefix), chosen_metric(person))
    after = float(session.run([Edit(head, "patch", positions)]).metric[0])
    assert says(metric(person), after)
    assert abs(after - float(session.clean.metric[0])) > 0.01
    assert after != pytest.approx(float(session.run([Edit(head, "patch")]).metric[0]), abs=1e-4)  # not everywhere
    assert person.edits() == [f"{head.name} from B at 4 positions"]

    export(person, monkeypatch, "Figure", tmp_path / "shapes.png")
    image = QImage(str(tmp_path / "shapes.png"))
    assert image.dotsPerMeterX() == round(300 / 0.0254)
    assert image.width() > 1000
    shown = {image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)}
    assert len(shown) > 8


def chosen_metric(person: Person) -> Metric:
    choice = person.workbench.document.metric
    return Metric(choice.kind, choice.target, choice.foil)


def test_three_edits_a_branch_and_the_way_back(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "A circle, or a heart")
    session = person.session()
    graph = session.graph
    heads = [node for node in graph.nodes if node.kind == "head" and node.layer in (0, 1)]
    one, two, three, four = heads[1], heads[2], heads[-1], heads[-2]

    def expected(*nodes) -> float:
        return float(session.run([Edit(node, "patch") for node in nodes]).metric[0])

    steps = [cut(person, node) for node in (one, two, three)]
    assert [row[0] for row in rows(person)] == ["Start", *steps]
    for row, nodes in zip(rows(person), ((), (one,), (one, two), (one, two, three)), strict=True):
        assert says(row[1], expected(*nodes))
    person.choose("Edit", "Undo")
    person.choose("Edit", "Undo")
    other = cut(person, four)  # a branch
    assert says(metric(person), expected(one, four))
    assert [(row[0], row[2]) for row in rows(person)] == [
        ("Start", "past"),
        (steps[0], "past"),
        (steps[1], "aside"),
        (steps[2], "aside"),
        (other, "present"),
    ]
    hover(person, steps[2])
    assert person.panel("predictions").preview_words.text() == f"Preview: {steps[2]}"
    assert says(metric(person), expected(one, two, three))
    leave(person)
    assert says(metric(person), expected(one, four))
    click_step(person, steps[2])
    assert [edit.target for edit in person.workbench.document.edits] == [one, two, three]
    assert says(metric(person), expected(one, two, three))

    words = svg_words(export(person, monkeypatch, "Figure", tmp_path / "branch.svg"))
    assert "; ".join(f"{node.name} from B" for node in (one, two, three)) in words
    assert f"{expected(one, two, three):.3f} after" in words
    assert four.name + " from B" not in words
