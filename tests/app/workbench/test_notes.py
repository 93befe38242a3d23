"""Notes: what they are about, also when that is at another place, or has gone."""

from __future__ import annotations

from dataclasses import replace

from app.workbench.notes import PROJECT, Notes, of_circuit, of_step, of_target
from core.edits import Edit
from core.graph import Graph, Node
from core.notes import Note
from core.project.document import Document, Source
from core.project.history import History

M1, EDGE = Node("mlp", 1), Graph(2, 2, 2).edge(3)
DOCUMENT = Document("m", Source("text", "A"), Source("text", "B"))


def test_a_note_is_of_one_model_and_one_without_a_model_is_of_any(qapp) -> None:
    notes = Notes()
    of_b = Note("edge", EDGE.name, "of b", "", "b")
    notes.take((Note("node", "m1", "of any"), Note("node", "m1", "and more"), of_b), ())
    assert notes.note(of_target(M1, "a")).text == notes.note(of_target(M1, "b")).text == "of any\n\nand more"
    assert notes.revision == 0
    notes.write(of_target(M1, "a"), text="changed", name="  a   mover ")
    assert notes.note(of_target(M1, "b")) == Note("node", "m1", "changed", "a mover"), "it stays one of any"
    assert not notes.note(of_target(EDGE, "a")).text
    notes.write(of_target(EDGE, "a"), text="of a")
    assert {name: note.text for name, note in notes.of_model("b").items()} == {"m1": "changed", EDGE.name: "of b"}
    written = notes.revision
    notes.write(of_target(EDGE, "a"), text="of a")
    assert notes.revision == written
    notes.write(of_target(EDGE, "a"), text="  ")
    assert len(notes) == 2, "a note of blanks is none"


def test_a_note_on_a_circuit_is_there_wherever_that_circuit_is(qapp) -> None:
    notes, history = Notes(), History(DOCUMENT, lambda document: None)
    assert of_circuit(history.current) is None
    history.push("Keep 5 edges", replace(DOCUMENT, size=5), merge="size")
    first = history.current
    notes.write(of_circuit(first), text="five")
    notes.write(of_step(first), text="the turning point")
    notes.write(PROJECT, text="for the paper")
    history.push("Replace with zero", replace(first.document, replacement="zero"))
    assert notes.on_circuit(history.current.document) == "", "another one: what is cut carries something else"
    history.push("Cut m1", replace(first.document, edits=(Edit(M1, "zero"),)))
    assert notes.on_circuit(history.current.document) == "five"
    assert [note.target for note in notes.as_written(history.current.path())] == ["1", "1", ""]

    again = Notes()
    again.take(notes.as_written(history.current.path()), history.current.path())
    assert again.on_circuit(history.current.document) == "five"
    assert again.noted_steps() == {first: "the turning point"}
    assert again.note(PROJECT).text == "for the paper"


def test_what_was_written_to_something_that_has_gone_stays(qapp) -> None:
    notes, history = Notes(), History(DOCUMENT, lambda document: None)
    history.push("Keep 5 edges", replace(DOCUMENT, size=5), merge="size")
    notes.write(of_circuit(history.current), text="five")
    notes.write(of_step(history.current), text="a step")
    history.withdraw(DOCUMENT)
    written = notes.as_written(history.current.path())
    assert [(note.target, note.text) for note in written] == [("", "five"), ("", "a step")]
    again = Notes()
    again.take(written, history.current.path())
    assert again.as_written(history.current.path()) == written


def test_a_circuit_with_a_note_stays_a_step_when_the_slider_goes_on(qapp) -> None:
    notes, history = Notes(), History(DOCUMENT, lambda document: None)
    five, six, seven = (replace(DOCUMENT, size=size) for size in (5, 6, 7))
    history.push("Keep 5 edges", five, merge="size")
    notes.write(of_circuit(history.current), text="five")
    history.push("Keep 6 edges", six, merge="size")  # the slider goes on
    history.push("Keep 7 edges", seven, merge="size")
    steps = [step for step, _ in history.steps()]
    assert [step.document for step in steps] == [DOCUMENT, five, seven], "six has no note, and gives way"
    written = notes.as_written(steps)
    assert [(note.target, note.text) for note in written] == [("1", "five")]

    history.go(steps[1])
    steps[2].merge = steps[1].merge = "size"  # as a file of before may say
    steps[1].children.clear()
    again = Notes()
    again.take(written, steps[:2])
    history.push("Keep 6 edges", six, merge="size")
    assert again.on_circuit(five) == "five"
    assert again.as_written(history.current.path()) == written
