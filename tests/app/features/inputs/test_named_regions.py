"""Regions in the window: brushed patches get a name, by which they are picked, told and counted as one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.edits import Edit
from core.groups import Region
from core.project.wire_file import load_project, save_project
from tests.app.features.canvas.test_positions import go_to_tokens
from tests.app.features.table.test_table import line_of, open_table
from tests.app.person import Person
from tests.app.stories.steps import begin, drag

EYE = (36, 37, 44, 45)  # of eight by eight patches; the circle is there


def brush(person: Person, *patches: int) -> None:
    picture = person.card("A").picture
    drag(picture, *(picture.patch_rect(patch).center().toPoint() for patch in patches))
    person.rest()


def name(person: Person, words: str) -> None:
    field = person.panel("inputs").regions.field
    assert field.isVisible()
    field.selectAll()
    QTest.keyClicks(field, words)
    QTest.keyClick(field, Qt.Key.Key_Return)
    person.rest()


def test_brushed_patches_get_a_name(person: Person, tmp_path: Path) -> None:
    begin(person, "A circle, or a heart")
    panel, workbench = person.panel("inputs"), person.workbench
    prefix = workbench.opened.prefix
    places = tuple(patch + prefix for patch in EYE)
    assert list(panel.regions.buttons) == ["CLS"]
    assert not panel.regions.field.isVisible()
    assert not person.window.commands["name_region"].isEnabled()

    brush(person, 36, 37, 45, 44)
    name(person, "CLS")
    assert "what other positions of a picture are called" in panel.regions.problem.text()
    name(person, "eye")
    assert workbench.document.regions == (Region("eye", places),)
    assert workbench.history.undo_words == "Region eye: 4 patches"
    assert panel.where_words.text() == "eye, 4 patches, picked: new edits are there only"

    # An edit there says so, in the list and in the history; the second level has one column for it.
    head = next(node for node in workbench.opened.graph.nodes if node.kind == "head" and node.layer == 1)
    person.click_node(head)
    person.press(Qt.Key.Key_P)
    assert person.edits() == [f"{head.name} from B at eye"]
    assert workbench.history.undo_words == f"Patch {head.name} at eye"
    after = float(person.session().run([Edit(head, "patch", places)]).metric[0])
    assert abs(workbench.ran.after - after) < 1e-4
    # What a head reads is summed over it, and so is the rest: together they are all that there is.
    attention = person.panel("inspector").attention
    row = attention.patches.weights()[0]
    shares = [("eye", row[list(places)].sum()), ("CLS", row[0])]
    rest = 1 - sum(float(share) for _, share in shares)
    words = " · ".join(f"{what} {share:.2f}" for what, share in (*shares, ("other positions", rest)))
    assert attention.regions.text() == f"To regions: {words}"
    by_position = person.panel("inspector").positions
    person.wait(lambda: by_position.regions.text())
    assert [part.split(" ")[0] for part in by_position.regions.text().removeprefix("By region: ").split(" · ")] == [
        "eye", "CLS", "other",
    ]  # fmt: skip
    person.click(attention.toggle)
    assert not attention.regions.isVisible()
    person.click(attention.toggle)
    open_table(person)
    person.click(person.panel("table").kinds["nodes"])
    person.rest()
    assert "from B at eye" in person.panel("table").view.lines.texts(line_of(person, head))

    panel.where_clear.click()
    person.rest()
    columns = go_to_tokens(person).columns
    several = [column for column in columns if len(column.positions) > 1]
    assert [(column.text, column.positions) for column in several] == [("eye", places)]

    # A click picks it; with CLS it is several; a name moves to other patches, and is forgotten.
    person.click(panel.regions.buttons["CLS"])
    person.rest()
    assert workbench.positions == (0,)
    assert panel.where_words.text() == "CLS picked: new edits are there only"
    person.click(panel.regions.buttons["eye"])
    person.rest()
    assert workbench.positions == places
    name(person, "dot")
    assert workbench.history.undo_words == "Rename region eye to dot"
    brush(person, 0, 1)
    name(person, "dot")
    assert workbench.document.regions == (Region("dot", (prefix, prefix + 1)),)
    file = tmp_path / "kept.wire"
    save_project(file, person.controller("projects").project.project())
    assert load_project(file).document.regions == workbench.document.regions
    person.click(panel.regions.forget)
    person.rest()
    assert workbench.document.regions == ()
    assert person.edits() == [f"{head.name} from B at 4 positions"]
