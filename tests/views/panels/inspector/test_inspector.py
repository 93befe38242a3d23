from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from core.formatting import gap_words
from core.graph import LOGITS, Edge, Node, Reader
from views.panels.inspector.data import EdgeInspection, EditState, Effect, Link, NodeInspection
from views.panels.inspector.links import GAP, NARROWEST_BAR
from views.panels.inspector.panel import InspectorPanel
from views.widgets.text import ElidedLabel, unbroken

HEAD = Node("head", 24, 7)
LABELS = ("When", " Mary", " and", " John")
CAUSAL = np.array([[1, 0, 0, 0], [0.25, 0.75, 0, 0], [0.5, 0.25, 0.25, 0], [0.1, 0.6, 0.1, 0.2]], np.float32)
READS = (Link(11, "a18.h4<q>", 0.9), Link(12, "m14<v>", -0.4))
WRITES = (Link(21, "logits", 0.8),)


@pytest.fixture
def panel(show) -> InspectorPanel:
    return show(InspectorPanel(), 320, 800)


def node(**more) -> NodeInspection:
    values = {"attention": CAUSAL, "labels": LABELS, "reads": READS, "writes": WRITES, "estimated": -1.12}
    return NodeInspection(HEAD, "a24.h7", "head 7 of layer 24", **_sorted(values | more))


def edge(**more) -> EdgeInspection:
    values = _sorted({"estimated": -1.12, "measured": -1.47} | more)
    return EdgeInspection(Edge(Node("head", 18, 4), Reader("q", 24, 7)), "a18.h4->a24.h7<q>", **values)


def _sorted(values: dict) -> dict:
    """Those of the effect and of the edit go there."""
    values = {"kind_words": "from B", "has_counterfactual": True} | values
    parts = {
        part: kind(**{name: values.pop(name) for name in kind.__dataclass_fields__ if name in values})
        for part, kind in (("effect", Effect), ("edit", EditState))
    }
    return values | parts


def catch(signal) -> list:
    caught: list = []
    signal.connect(lambda *values: caught.append(values[0] if len(values) == 1 else values))
    return caught


def click(qtbot, widget, pos: QPoint | None = None) -> None:
    if pos is None:
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)
    else:
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=pos)


# ---- nodes -------------------------------------------------------------------------------------------------


def test_a_head_says_its_name_its_attention_and_its_links(panel, texts):
    panel.show_node(node())
    words = texts(panel)
    assert {"a24.h7", "head 7 of layer 24", "rows look at columns"} <= set(words)
    assert panel.attention.heading.text() == "Attention ▾"
    assert "“John” reads “Mary” most: 0.600" in words
    signs = f"{unbroken('Blue: towards A;')} {unbroken('orange: away from A.')}"  # a line breaks between the two
    assert {"Reads most", "Writes most to", signs} <= set(words)


def test_in_the_narrowest_panel_nothing_that_matters_is_cut(show, texts):
    panel = show(InspectorPanel(), 248, 594)
    words = "replaced from B, with the other edits in place"
    links = [Link(21, "a23.kv1<v>", 0.8), Link(22, "a1.h2<q>", 0.1)]
    shown = node(writes=links, reads=[Link(11, "input<q>", 0.9)], kind_words=words, measured=-1.0)
    panel.show_node(replace(shown, subtitle="head 7 of layer 24 · shares K/V head 2"))
    for _ in range(2):  # once with everything at its place, once where the bars have changed a width
        QApplication.processEvents()
    for row in (*panel.writes.rows, *panel.reads.rows):
        assert row.name_width() <= row.width() - GAP - NARROWEST_BAR
    for label in panel.findChildren(ElidedLabel):
        if label.isVisible():
            assert "…" not in label.shown_text()
    kind = panel.effects.kind
    assert kind.height() >= kind.heightForWidth(kind.width()) > 2 * kind.fontMetrics().height() - 4


def test_pointing_at_a_cell_says_its_weight(panel, qtbot):
    panel.show_node(node())
    QApplication.processEvents()
    matrix = panel.attention.matrix
    qtbot.mouseMove(matrix, matrix.cell_rect(2, 0).center().toPoint())
    assert panel.attention.line.text() == "“and” reads “When”: 0.500"
    qtbot.mouseMove(matrix, matrix.cell_rect(0, 3).center().toPoint())  # no query sees a later key
    assert panel.attention.line.text() == "“John” reads “Mary” most: 0.600"


def test_the_keyboard_walks_over_the_cells(panel, qtbot):
    panel.show_node(node())
    matrix = panel.attention.matrix
    matrix.setFocus()
    for key, words in (
        (Qt.Key.Key_Up, "“John” reads “Mary”: 0.600"),  # the first key shows where it starts: the strongest
        (Qt.Key.Key_Up, "“and” reads “Mary”: 0.250"),
        (Qt.Key.Key_Left, "“and” reads “When”: 0.500"),
        (Qt.Key.Key_Left, "“and” reads “When”: 0.500"),
    ):
        qtbot.keyClick(matrix, key)
        assert panel.attention.line.text() == words


def test_what_no_query_can_see_stays_empty(panel):
    panel.show_node(node())
    QApplication.processEvents()
    matrix = panel.attention.matrix
    picture = matrix.grab().toImage()
    ratio = picture.devicePixelRatio()

    def color(query, key):
        return picture.pixelColor((matrix.cell_rect(query, key).center() * ratio).toPoint())

    outside = picture.pixelColor(picture.width() - 1, 1)
    assert color(0, 3) == color(1, 2) == outside
    assert color(0, 0).blue() > color(2, 1).blue() > color(3, 0).blue() > outside.blue()


@pytest.mark.parametrize("n", [1, 2, 64, 300])
def test_the_map_fits_from_one_position_to_three_hundred(panel, n):
    panel.show_node(node(attention=np.full((n, n), 1 / n, np.float32), labels=tuple(f" w{i}" for i in range(n))))
    QApplication.processEvents()
    matrix = panel.attention.matrix
    assert matrix.map_rect().right() <= matrix.width() + 1
    assert matrix.map_rect().bottom() <= matrix.height() + 1
    assert not matrix.grab().isNull()


def test_a_click_on_a_link_selects_its_edge(panel, qtbot):
    panel.show_node(node())
    QApplication.processEvents()
    selected = catch(panel.edge_selected)
    assert [row.text() for row in panel.reads.rows] == ["a18.h4 ⟨q⟩", "m14 ⟨v⟩"]
    click(qtbot, panel.reads.rows[1])
    click(qtbot, panel.writes.rows[0])
    assert selected == [12, 21]


def test_logits_only_read_so_nothing_of_theirs_can_be_edited(panel):
    panel.show_node(NodeInspection(LOGITS, "logits", "the output", reads=READS))
    assert not panel.edits.isVisible()
    assert not panel.effects.isVisible()
    assert not panel.attention.isVisible()
    assert panel.reads.isVisible()


# ---- pictures ----------------------------------------------------------------------------------------------


@pytest.fixture
def picture_panel(panel) -> InspectorPanel:
    """A 4 x 4 grid after CLS: CLS reads patch 5 most, patch 0 reads CLS most."""
    weights = np.full((17, 17), 0.01, np.float32)
    weights[0, 1 + 5] = 0.84
    weights[1, 0] = 0.84
    image = np.full((64, 64, 3), 200, np.uint8)
    panel.show_node(node(attention=weights, labels=(), image=image, grid=(4, 4), prefix=1))
    QApplication.processEvents()
    return panel


def test_a_picture_shows_first_what_cls_reads(picture_panel):
    assert picture_panel.attention.patches.chip_texts() == ["CLS  0.01"]
    assert picture_panel.attention.line.text() == "CLS reads patch 1, 1 most: 0.840"


def test_a_click_on_a_patch_asks_from_it_and_cls_returns(picture_panel, qtbot):
    patches = picture_panel.attention.patches
    click(qtbot, patches.picture, patches.picture.patch_rect(0).center().toPoint())
    assert patches.query() == 1
    assert picture_panel.attention.line.text() == "patch 0, 0 reads CLS most: 0.840"
    assert patches.chip_texts() == ["CLS  0.84"]
    qtbot.mouseMove(patches.picture, patches.picture.patch_rect(6).center().toPoint())
    assert picture_panel.attention.line.text() == "patch 0, 0 reads patch 1, 2: 0.010"
    click(qtbot, patches.buttons[0])
    assert patches.query() == 0


def test_the_patch_that_is_read_most_is_the_bluest(picture_panel):
    picture = picture_panel.attention.patches.picture
    image = picture.grab().toImage()
    ratio = image.devicePixelRatio()

    def blueness(patch):
        color = image.pixelColor((picture.patch_rect(patch).center() * ratio).toPoint())
        return color.blue() - color.red()

    assert max(range(16), key=blueness) == 5
    assert blueness(5) > 2 * blueness(6)


def test_the_toggle_shows_the_plain_matrix(picture_panel, qtbot, texts):
    click(qtbot, picture_panel.attention.toggle)
    assert picture_panel.attention.matrix.isVisible()
    assert not picture_panel.attention.patches.isVisible()
    picture_panel.resize(400, picture_panel.height())  # where there is room for the words
    QApplication.processEvents()
    assert "rows look at columns" in texts(picture_panel)
    click(qtbot, picture_panel.attention.toggle)
    assert picture_panel.attention.patches.isVisible()


def test_without_cls_the_mean_over_all_stands_first(panel):
    weights = np.full((4, 4), 0.1, np.float32)
    weights[:, 2] = 0.7
    image = np.zeros((8, 8, 3), np.uint8)
    panel.show_node(node(attention=weights, labels=(), image=image, grid=(2, 2), prefix=0))
    assert panel.attention.patches.chip_texts() == ["mean of all"]
    assert panel.attention.line.text() == "the mean reads patch 1, 0 most: 0.700"


def test_another_head_of_the_same_picture_keeps_the_query(picture_panel, qtbot):
    patches = picture_panel.attention.patches
    patches.set_query(8)
    other = np.full((17, 17), 1 / 17, np.float32)
    image = np.zeros((64, 64, 3), np.uint8)
    picture_panel.show_node(node(attention=other, labels=(), image=image, grid=(4, 4), prefix=1))
    assert patches.query() == 8


# ---- edges and edits ---------------------------------------------------------------------------------------


def test_an_edge_has_estimate_and_measurement_side_by_side(panel, texts):
    panel.show_edge(edge())
    assert "a18.h4 → a24.h7 ⟨q⟩" in texts(panel)
    assert panel.effects.bars.row_texts() == [("estimated", "−1.12"), ("measured", "−1.47")]
    assert "The estimate is 24 % too small." in texts(panel)
    assert not panel.effects.measure.isVisible()


def test_what_is_not_measured_can_be_measured(panel, qtbot):
    panel.show_edge(edge(measured=None))
    asked = catch(panel.measure_requested)
    assert panel.effects.bars.row_texts()[1] == ("measured", "not yet")
    click(qtbot, panel.effects.measure)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("estimated", "measured", "words"),
    [
        (-1.0, -1.02, "agree"),
        (1.0, -1.0, "wrong sign"),
        (-3.0, -1.0, "3.0 times"),
        (-1.5, -1.0, "50 % too large"),
        (0.5, 0.0, "nil"),
        (0.0, 0.0, "no effect"),
    ],
)
def test_the_gap_in_words(estimated, measured, words):
    assert words in gap_words(estimated, measured)


def test_the_buttons_ask_for_edits(panel, qtbot):
    panel.show_edge(edge())
    asked = catch(panel.edit_requested)
    for kind in ("zero", "mean", "patch"):
        click(qtbot, panel.edits.buttons[kind])
    assert [kind for kind, _ in asked] == ["zero", "mean", "patch"]


def test_the_present_edit_is_chosen_and_the_same_again_restores(panel, qtbot):
    panel.show_edge(edge(kind="patch"))
    asked, restored = catch(panel.edit_requested), catch(panel.restore_current_requested)
    assert panel.edits.chosen() == "patch"
    click(qtbot, panel.edits.buttons["patch"])
    assert (asked, len(restored)) == ([], 1)


def test_from_b_says_why_it_is_off(panel):
    panel.show_edge(edge(has_counterfactual=False))
    button = panel.edits.buttons["patch"]
    assert not button.isEnabled()
    assert "fill card B" in button.toolTip()
    panel.show_edge(edge())
    assert button.isEnabled()


def test_scale_has_a_live_slider(panel, qtbot):
    panel.show_edge(edge())
    assert not panel.edits.slider.isVisible()
    asked = catch(panel.edit_requested)
    click(qtbot, panel.edits.buttons["scale"])
    assert asked == [("scale", 0.5)]
    panel.show_edge(edge(kind="scale", factor=0.5))
    assert panel.edits.slider.isVisible()
    panel.edits.slider.setFocus()
    qtbot.keyClick(panel.edits.slider, Qt.Key.Key_Right)
    assert asked[1:] == [("scale", 0.55)]


def test_showing_a_scale_edit_emits_nothing(panel):
    asked = catch(panel.edit_requested)
    panel.show_edge(edge(kind="scale", factor=1.5))
    panel.show_edge(edge(kind="scale", factor=0.25))
    assert asked == []
    assert panel.edits.spin.value() == 0.25


def test_stale_numbers_are_dimmer(panel):
    panel.show_edge(edge())
    QApplication.processEvents()
    fresh = panel.effects.bars.grab().toImage()
    panel.set_stale(True)
    dim = panel.effects.bars.grab().toImage()

    def strongest(image):
        return max(image.pixelColor(x, y).red() for y in range(image.height()) for x in range(0, image.width(), 2))

    assert strongest(dim) < 0.7 * strongest(fresh)


def test_nothing_selected_shows_a_hint_alone(panel, texts):
    panel.show_node(node())
    panel.show_nothing("Click a node.")
    assert texts(panel) == ["Click a node."]
