"""What the inspector says of a head or a wire, against the model's own attention; and card B dragged onto the graph."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from core.edits import Edit
from core.formatting import pretty_name
from core.graph import INPUT, LOGITS, Node
from core.lens.attention import attention_pattern
from core.models.loading import load_model
from core.tracing.trace import trace
from tests.app.cases import each
from tests.app.models import CLEAN
from tests.app.person import Person
from views.widgets.drops import CARD_MIME

HEAD = Node("head", 1, 2)


def own_attention(model_folder, source: str, layer: int, head: int) -> np.ndarray:
    """The pattern as the library's own forward gives it: [query, key]."""
    model = load_model(model_folder)
    module = model.adapter.module
    module.set_attn_implementation("eager")
    out = module(model.side(source).tensor, output_attentions=True)
    return out.attentions[layer][0, head].detach().numpy()


def hover(widget, point: QPointF) -> None:
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, point, widget.mapToGlobal(point), none, none, Qt.KeyboardModifier(0)
    )
    QApplication.sendEvent(widget, event)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_heads_attention_over_tokens_is_the_models_own(person: Person, models, name: str) -> None:
    folder = getattr(models, name)
    person.open(folder, CLEAN)
    person.click_node(HEAD)
    section = person.panel("inspector").attention
    assert section.matrix.isVisible()
    pattern = own_attention(folder, CLEAN, 1, 2)
    assert section.matrix.size_in_positions() == 6
    for query, key in ((0, 0), (3, 1), (5, 4), (5, 5)):
        hover(section.matrix, section.matrix.cell_rect(query, key).center())
        words = CLEAN.split()
        assert section.line.text() == f"“{words[query]}” reads “{words[key]}”: {pattern[query, key]:.3f}"


def test_the_attention_follows_the_edits(reader: Person) -> None:
    reader.click_node(HEAD)
    before = reader.controller("inspector").inspection().attention
    np.testing.assert_allclose(before.sum(axis=-1), 1.0, atol=1e-5)
    reader.window.canvas.choose((Node("head", 0, 1),))
    reader.rest()
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    reader.click_node(HEAD)
    after = reader.controller("inspector").inspection().attention
    session = reader.session()
    ran = session.run([Edit(Node("head", 0, 1), "patch")], positions="all")
    np.testing.assert_allclose(after, attention_pattern(ran, 1, 2), atol=1e-6)
    assert not np.allclose(after, before, atol=1e-4)


def test_a_heads_attention_over_the_picture(viewer: Person, models, pictures) -> None:
    viewer.click_node(HEAD)
    patches = viewer.panel("inspector").attention.patches
    assert patches.isVisible()
    pattern = own_attention(models.vit, str(pictures("a.png")), 1, 2)
    assert patches.chip_texts() == [f"CLS  {pattern[0, 0]:.2f}"]

    # The row of CLS first; a click on a patch asks from that patch.
    line = viewer.panel("inspector").attention.line
    hover(patches.picture, patches.picture.patch_rect(6).center())
    assert line.text() == f"CLS reads patch 1, 2: {pattern[0, 7]:.3f}"
    viewer.click(patches.picture, patches.picture.patch_rect(9).center().toPoint())
    assert patches.query() == 10
    assert patches.picture.marked() == 9
    hover(patches.picture, patches.picture.patch_rect(6).center())
    assert line.text() == f"patch 2, 1 reads patch 1, 2: {pattern[10, 7]:.3f}"
    viewer.click(patches.buttons[0])
    assert patches.query() == 0

    # The same as a matrix, and back.
    section = viewer.panel("inspector").attention
    viewer.click(section.toggle)
    assert section.matrix.isVisible()
    assert section.matrix.size_in_positions() == 17
    viewer.click(section.toggle)
    assert patches.isVisible()


def test_the_picture_in_the_inspector_follows_card_a(viewer: Person, pictures) -> None:
    viewer.click_node(HEAD)
    picture = viewer.panel("inspector").attention.patches.picture
    before = picture.grab().toImage()
    mime = QMimeData()
    mime.setImageData(QImage(str(pictures("z.png"))))
    viewer.drop(viewer.card("A"), mime)
    assert picture.isVisible()
    assert picture.grab().toImage() != before
    np.testing.assert_array_equal(viewer.controller("inspector").inspection().image, viewer.card("A").card().image)


def test_reads_and_writes_are_the_strongest_edges_and_a_click_goes_there(reader: Person) -> None:
    reader.click_node(HEAD)
    inspector, graph = reader.panel("inspector"), reader.workbench.opened.graph
    scores = trace(reader.session(), "eap").values
    out = graph.edges_out_of(HEAD)
    strongest = out[np.argsort(-np.abs(scores[out]), kind="stable")][: len(inspector.writes.rows)]
    assert [row.link.edge for row in inspector.writes.rows] == [int(i) for i in strongest]
    assert inspector.writes.rows[0].text() == pretty_name(graph.edge(int(strongest[0])).reader.name)
    read = np.concatenate([graph.edges_into(port) for port in graph.ports(HEAD)])
    best = int(read[np.argmax(np.abs(scores[read]))])
    assert inspector.reads.rows[0].link.edge == best

    row = inspector.reads.rows[0]
    inspector.scroll_area.ensureWidgetVisible(row)
    reader.click(row)
    reader.rest()
    assert reader.window.canvas.selection() == (graph.edge(best),)
    assert inspector.edge_name.text() == pretty_name(graph.edge(best).name)
    assert any(mark.index == best for mark in reader.window.canvas.scene.data.edges)
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    assert reader.edits() == [f"{pretty_name(graph.edge(best).name)} from B"]


def test_a_selected_node_shows_its_edges(onlooker: Person) -> None:
    shown = {mark.index for mark in onlooker.window.canvas.scene.data.edges}
    node = Node("head", 2, 3)
    onlooker.click_node(node)
    graph = onlooker.workbench.opened.graph
    now = {mark.index for mark in onlooker.window.canvas.scene.data.edges}
    assert {int(i) for i in graph.edges_out_of(node)} <= now
    assert now - shown
    onlooker.press(Qt.Key.Key_Escape, widget=onlooker.window.canvas)
    assert {mark.index for mark in onlooker.window.canvas.scene.data.edges} == shown
    assert onlooker.panel("inspector").hint.text() == "Click a node or a wire to look into it."


@each(
    ("node", "words"),
    [
        (Node("mlp", 1), "MLP of layer 1"),
        (INPUT, "input · token + position"),
        (LOGITS, "logits"),
        (HEAD, "head 2 of layer 1"),
    ],
)
def test_every_kind_of_node_is_described(onlooker: Person, node: Node, words: str) -> None:
    onlooker.click_node(node)
    assert onlooker.panel("inspector").title.text() == node.name
    assert onlooker.panel("inspector").subtitle.text() == words
    assert onlooker.panel("inspector").attention.isVisible() == (node is HEAD)
    assert onlooker.panel("inspector").effects.isVisible() == (node is not LOGITS)


def test_a_shared_head_names_its_keys_and_values(person: Person, models) -> None:
    person.open(models.llama, CLEAN)
    person.click_node(Node("head", 1, 3))
    assert person.panel("inspector").subtitle.text() == "head 3 of layer 1 · shares K/V head 1"


def test_arrows_walk_along_the_graph_and_the_inspector_follows(reader: Person) -> None:
    reader.click_node(Node("head", 1, 1))
    reader.press(Qt.Key.Key_Right, widget=reader.window.canvas)
    assert reader.panel("inspector").title.text() == "a1.h2"
    reader.press(Qt.Key.Key_Up, widget=reader.window.canvas)
    assert reader.panel("inspector").title.text() == "a2.h2"
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    assert reader.edits() == ["a2.h2 from B"]


# ---- card B onto the canvas ----------------------------------------------------------------------------------


def card_b() -> QMimeData:
    mime = QMimeData()
    mime.setData(CARD_MIME, b"B")
    return mime


def test_card_b_dropped_on_a_wire_patches_it(reader: Person) -> None:
    (index,) = reader.strong_edges()
    canvas = reader.window.canvas
    assert reader.drop(canvas, card_b(), canvas.edge_point(index))
    assert reader.edits() == [f"{pretty_name(reader.edge(index).name)} from B"]
    metric, _ = reader.expected([Edit(reader.edge(index), "patch")])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    reader.drop(canvas, card_b(), canvas.edge_point(index))
    assert len(reader.edits()) == 1  # patched it stays


def test_card_b_dropped_on_a_selection_patches_all_of_it(reader: Person) -> None:
    nodes = (Node("head", 0, 1), Node("mlp", 2))
    canvas = reader.window.canvas
    reader.click_node(nodes[0])
    reader.click(canvas, canvas.node_point(nodes[1]).toPoint(), Qt.KeyboardModifier.ShiftModifier)
    reader.rest()
    reader.drop(canvas, card_b(), canvas.node_point(nodes[1]))
    assert reader.edits() == ["a0.h1 from B", "m2 from B"]


def test_card_b_dropped_on_nothing_or_on_the_logits_does_nothing(onlooker: Person) -> None:
    canvas = onlooker.window.canvas
    assert not onlooker.drop(canvas, card_b(), canvas.node_point(LOGITS))
    assert not onlooker.drop(canvas, card_b(), QPointF(6, canvas.height() - 6))
    assert not onlooker.drop(onlooker.card("A"), card_b())
    assert onlooker.edits() == []


def test_the_drag_of_card_b_carries_the_card(reader: Person, monkeypatch) -> None:
    from views.panels.inputs import card as input_card

    begun = []

    class Drag:
        def __init__(self, source) -> None:
            self.source = source

        def setMimeData(self, mime) -> None:
            self.mime = mime

        def setPixmap(self, pixmap) -> None:
            assert not pixmap.isNull()

        def exec(self, _action) -> None:
            begun.append(self)

    monkeypatch.setattr(input_card, "QDrag", Drag)
    for letter in ("A", "B"):
        card = reader.card(letter)
        start = card.mark.mapTo(card, QPoint(4, 4))
        reader.qtbot.mousePress(card, Qt.MouseButton.LeftButton, pos=start)
        reader.qtbot.mouseMove(card, start + QPoint(40, 10))
        reader.qtbot.mouseRelease(card, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 10))
    (drag,) = begun
    assert drag.source is reader.card("B")
    canvas = reader.window.canvas
    (index,) = reader.strong_edges()
    assert reader.drop(canvas, drag.mime, canvas.edge_point(index))
    assert len(reader.edits()) == 1


def test_a_node_clicked_while_trust_is_in_front_brings_the_inspector(reader: Person) -> None:
    docks = reader.window.docks
    docks["trust"].raise_()
    reader.wait(reader.panel("trust").isVisible)
    reader.click_node(reader.workbench.opened.graph.nodes[3])
    reader.wait(reader.panel("inspector").isVisible)
    assert reader.panel("inspector").title.isVisible()
    docks["trust"].raise_()
    reader.wait(reader.panel("trust").isVisible)
    reader.press(Qt.Key.Key_Escape, widget=reader.window.canvas)  # nothing is selected: there is nothing to read
    assert reader.panel("trust").isVisible()
    docks["inspector"].close()
    reader.click_node(reader.workbench.opened.graph.nodes[2])
    assert docks["inspector"].isHidden()  # who has closed it wants it closed
