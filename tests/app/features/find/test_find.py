"""Ctrl+F: nodes, edges and tokens by what a person types, and the heads that read a token, against the engine."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.edits import Edit
from core.formatting import change_words
from core.graph import Edge, Node
from core.lens.attention import attention_pattern
from core.lens.heads import token_traits
from tests.app.models import CLEAN
from tests.app.person import Person

CTRL = Qt.KeyboardModifier.ControlModifier


def bar(person: Person):
    return person.controller("find").bar


def look_for(person: Person, text: str) -> list[tuple[str, str]]:
    """Press Ctrl+F, type over what is there; what is listed then."""
    QTest.keyClick(person.window, Qt.Key.Key_F, CTRL)
    person.wait(lambda: bar(person).field.hasFocus())
    QTest.keyClicks(bar(person).field, text)
    person.wait(lambda: not bar(person).is_looking())
    person.rest()
    return [(hit.name, hit.detail) for hit in bar(person).hits()]


def test_names_find_nodes_and_edges_the_strongest_first(onlooker: Person) -> None:
    graph, scores = onlooker.workbench.opened.graph, onlooker.workbench.scored.values
    assert look_for(onlooker, "a1.h2")[0] == ("a1.h2", "head 2 of layer 1")
    assert bar(onlooker).isVisible()
    assert [name for name, _ in look_for(onlooker, "layer 1")] == ["a1.h0", "a1.h1", "a1.h2", "a1.h3", "m1"]
    out = graph.edges_out_of(Node("mlp", 0))
    strongest = out[np.argsort(-np.abs(scores[out]), kind="stable")]
    found = look_for(onlooker, "m0->")
    assert [hit.target for hit in bar(onlooker).hits()] == [graph.edge(int(i)) for i in strongest[:60]]
    assert found[0][1] == f"change {change_words(-float(scores[strongest[0]]))} estimated"
    assert bar(onlooker).summary.text() == f"{len(out)} found"
    assert next(name for name, _ in look_for(onlooker, "head 1 of layer 2")) == "a2.h1"
    assert {name.split(" → ")[1] for name, _ in look_for(onlooker, "-> logits")} == {"logits"}


def test_up_down_and_enter_go_to_what_was_found_and_esc_goes_back_to_the_canvas(reader: Person) -> None:
    canvas = reader.window.canvas
    look_for(reader, "a1")
    QTest.keyClick(bar(reader).field, Qt.Key.Key_Down)
    QTest.keyClick(bar(reader).field, Qt.Key.Key_Return)
    reader.rest()
    assert reader.workbench.selection == (Node("head", 1, 1),)
    assert canvas.selection() == (Node("head", 1, 1),)
    canvas.settle()
    assert canvas.camera.scale > canvas.home().scale  # it was framed
    assert bar(reader).field.hasFocus()  # for the next one
    look_for(reader, "m0->a1.h2<q>")
    QTest.keyClick(bar(reader).field, Qt.Key.Key_Return)
    reader.rest()
    (edge,) = reader.workbench.selection
    assert isinstance(edge, Edge)
    assert edge.name == "m0->a1.h2<q>"
    assert "m0 → a1.h2 ⟨q⟩" in reader.window.canvas.accessibleDescription()
    QTest.keyClick(bar(reader).field, Qt.Key.Key_Escape)
    assert not bar(reader).isVisible()
    reader.wait(canvas.hasFocus)
    assert reader.workbench.selection == (edge,)


def test_a_token_is_found_and_selected(onlooker: Person) -> None:
    found = look_for(onlooker, "Mary")
    assert found == [("“Mary”", "position 1: selects it")]
    QTest.keyClick(bar(onlooker).field, Qt.Key.Key_Return)
    assert onlooker.workbench.positions == (1,)
    assert look_for(onlooker, "position 3")[0][0] == f"“{CLEAN.split()[3]}”"


def test_heads_that_read_a_token_come_in_the_order_of_their_attention(reader: Person) -> None:
    def expected(query: int, edits: tuple[Edit, ...] = ()) -> list[tuple[str, str]]:
        ran = reader.session().run(list(edits), positions="all")
        shares = {
            f"a{layer}.h{head}": float(attention_pattern(ran, layer, head)[query, 1])
            for layer in range(3)
            for head in range(4)
        }
        order = sorted(shares, key=lambda name: -shares[name])
        return [(name, f"attends {shares[name]:.2f}") for name in order]

    assert look_for(reader, "reads Mary") == expected(5)
    assert bar(reader).summary.text() == "Attention from “to” at 5 to “Mary” at 1, the most first"

    # From a position that is selected; and with the edits in.
    reader.workbench.set_positions((3,))
    reader.rest()
    assert [(hit.name, hit.detail) for hit in bar(reader).hits()] == expected(3)
    reader.workbench.set_positions(())
    reader.workbench.editing.toggle(Node("head", 0, 1), "patch")
    reader.rest()
    cut = (Edit(Node("head", 0, 1), "patch"),)
    assert [(hit.name, hit.detail) for hit in bar(reader).hits()] == expected(5, cut)
    assert expected(5, cut) != expected(5)


def test_what_is_not_there_is_answered_with_examples(reader: Person) -> None:
    assert look_for(reader, "zebra") == []
    found = bar(reader).summary
    assert found.text().startswith("Nothing found for “zebra”. Try a9.h6")
    assert found.height() >= found.heightForWidth(found.width()) > 1.5 * found.fontMetrics().height(), "in whole lines"
    assert bar(reader).rect().contains(found.geometry())
    assert look_for(reader, "reads zebra") == []
    assert bar(reader).summary.text().startswith("“zebra” is not in the input.")
    assert look_for(reader, "reads region") == []
    assert bar(reader).summary.text() == "Nothing is selected. Click a token of A first."
    assert look_for(reader, "a7.h99") == []
    assert not reader.dialogs()


def test_patches_and_their_readers_are_found_in_a_picture(viewer: Person) -> None:
    found = look_for(viewer, "patch 1,2")
    assert found == [("patch 1,2", "patch, position 7: selects it")]
    ran = viewer.session().run(positions="all")

    def shares(keys: list[int]) -> dict[str, float]:
        return {
            f"a{layer}.h{head}": float(attention_pattern(ran, layer, head)[0, keys].sum())
            for layer in range(2)
            for head in range(4)
        }

    of_patch = shares([7])
    order = sorted(of_patch, key=lambda name: -of_patch[name])
    assert look_for(viewer, "reads patch 1,2") == [(name, f"attends {of_patch[name]:.2f}") for name in order]
    assert bar(viewer).summary.text() == "Attention from CLS to patch 1,2, the most first"
    viewer.workbench.set_positions((6, 7))
    of_region = shares([6, 7])
    order = sorted(of_region, key=lambda name: -of_region[name])
    assert look_for(viewer, "reads region") == [(name, f"attends {of_region[name]:.2f}") for name in order]


def test_on_the_welcome_page_it_says_that_a_model_comes_first(person: Person) -> None:
    QTest.keyClick(person.window, Qt.Key.Key_F, CTRL)
    assert not bar(person).isVisible()
    assert person.message().startswith("Open a model first")


def test_mlps_are_found_by_their_word(onlooker: Person) -> None:
    mlps = [node.name for node in onlooker.workbench.opened.graph.nodes if node.kind == "mlp"]
    assert [name for name, _ in look_for(onlooker, "mlp")][: len(mlps)] == mlps
    assert look_for(onlooker, "mlp 1")[0][0] == "m1"


def test_heads_are_found_by_what_they_do(onlooker: Person) -> None:
    """The same scores as the inspector's chips, the most first."""
    session = onlooker.session()
    result = session.run(positions="all")
    ids = session.pair.clean.tensor[0].tolist()
    expected = {}
    for node in session.graph.nodes:
        if node.kind == "head":
            traits = token_traits(attention_pattern(result, node.layer, node.head), ids)
            expected[node.name] = next(trait.value for trait in traits if trait.name == "previous token")
    found = look_for(onlooker, "previous tok")
    onlooker.wait(lambda: bar(onlooker).hits() or "No head" in bar(onlooker).summary.text())
    found = [(hit.name, hit.detail) for hit in bar(onlooker).hits()]
    best = sorted(expected, key=lambda name: -expected[name])
    assert [name for name, _ in found] == [name for name in best if expected[name] >= 0.2]
    assert all(detail == f"previous token {expected[name]:.2f}" for name, detail in found)
