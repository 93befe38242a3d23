"""The inspector's sections by themselves: folding, bars that the keyboard reaches, edits' strengths, groups."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from core.formatting import gap_is_large
from core.graph import Edge, Node, Reader
from views.panels.inspector.attention_section import AttentionSection
from views.panels.inspector.by_position import ByPositionSection
from views.panels.inspector.data import (
    ByPositionData,
    ByPositionRow,
    EditState,
    LogitLensData,
    LogitLensRow,
    PathData,
    SeveralInspection,
)
from views.panels.inspector.edit_buttons import EditButtons
from views.panels.inspector.logit_lens import LogitLensSection
from views.panels.inspector.panel import InspectorPanel
from views.panels.inspector.paths import PathsSection
from views.panels.inspector.several import SeveralSection, gap_words

SAYS = LogitLensData(
    "“to”",
    (LogitLensRow(" Mary", 3.2, asked=True), LogitLensRow(" the", 1.0)),
    (LogitLensRow(" a", 0.4), LogitLensRow(" Mary", 0.04)),
    'logit(" Mary") − logit(" John")',
    -0.5,
    2.0,
    12,
    301,
    warning="not aligned",
)


def click(qtbot, widget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def catch(signal) -> list:
    caught: list = []
    signal.connect(lambda *values: caught.append(values[0] if len(values) == 1 else values))
    return caught


def test_a_section_folds_away_and_says_so(show, qtbot):
    says = show(LogitLensSection(), 300, 300)
    says.show_logit_lens(SAYS)
    assert says.rows.isVisible()
    says.heading.setFocus()
    qtbot.keyClick(says.heading, Qt.Key.Key_Space)
    assert not says.rows.isVisible()
    assert says.heading.accessibleName() == "What it says, folded away"
    says.show_logit_lens(SAYS)  # new figures do not unfold it
    assert not says.rows.isVisible()
    click(qtbot, says.heading)
    assert says.rows.isVisible()


def test_the_lens_of_the_node_and_of_the_stream(show, qtbot):
    says = show(LogitLensSection(), 300, 300)
    says.show_logit_lens(SAYS)
    assert says.rows.row_texts() == [("Mary", "+3.20"), ("the", "+1.00")]
    assert [row.bold for row in says.rows.rows()] == [True, False]
    assert says.share.row_texts() == [("direct", "−0.500")]
    assert (
        says.share_words.text()
        == 'It adds this to logit(" Mary") − logit(" John") by itself: the 12th largest share among 301 nodes.'
    )
    assert says.share.rows()[0].color == "negative"
    assert not says.warning.isVisible()
    click(qtbot, says.switch)
    assert says.rows.row_texts() == [("a", "0.40"), ("Mary", "0.040")]
    assert says.warning.isVisible()
    assert says.warning.text() == "not aligned"
    assert says.hint.text() == "stream at “to”"


def test_a_row_of_a_position_can_be_reached_by_keys(show, qtbot):
    section = show(ByPositionSection(), 300, 300)
    rows = (ByPositionRow(0, "When", 2.0, 0.0), ByPositionRow(1, "Mary", 1.0, -0.7))
    section.show_positions(ByPositionData(rows, rows, 2, False, "replaced from B"))
    asked = catch(section.position_clicked)
    section.rows.setFocus()
    for _ in range(2):
        qtbot.keyClick(section.rows, Qt.Key.Key_Down)
    qtbot.keyClick(section.rows, Qt.Key.Key_Return)
    assert asked == [1]
    section.set_pinned((1,))
    assert [row.chosen for row in section.rows.rows()] == [False, True]
    click(qtbot, section.switch)
    assert section.rows.row_texts() == [("When", "2.00"), ("Mary", "1.00")]


def test_effects_at_positions_are_summed_over_regions(show, qtbot):
    section = show(ByPositionSection(), 300, 300)
    rows = (ByPositionRow(0, "CLS", 2.0, 0.5), ByPositionRow(1, "patch 0, 0", 1.0, -0.2))
    data = ByPositionData(rows, rows, 3, False, "replaced from B", effects=(0.5, -0.2, 0.1))
    section.show_positions(data)
    assert not section.regions.isVisible()  # none has a name
    section.set_regions((("eye", (0, 2)), ("other positions", (1,))))
    assert section.regions.text() == "By region: eye +0.600 · other positions −0.200"
    click(qtbot, section.switch)
    assert not section.regions.isVisible()  # what is written has no sum
    click(qtbot, section.switch)
    section.set_regions((("eye", (2, 3)),))  # of another picture
    assert not section.regions.isVisible()


def test_ways_are_buttons(show, qtbot):
    section = show(PathsSection(), 300, 300)
    nodes = (Node("mlp", 3), Node("logits"))
    section.show_paths([PathData(nodes, ("m3", "logits"), 0.42)])
    assert section.texts() == ["42 % m3 → logits"]
    chosen = catch(section.node_selected)
    click(qtbot, section.buttons[0][0])
    assert chosen == [nodes[0]]
    section.show_paths([])
    assert section.none.isVisible()


@pytest.mark.parametrize(
    ("kind", "key", "amount"),
    [("zero", Qt.Key.Key_Left, 0.95), ("steer", Qt.Key.Key_Right, 1.1), ("noise", Qt.Key.Key_Home, 0)],
)
def test_the_slider_has_the_range_of_its_kind(show, qtbot, kind, key, amount):
    edits = show(EditButtons(), 240, 140)
    asked, restored = catch(edits.edit_requested), catch(edits.restore_requested)
    edits.show_edit(EditState(kind, has_counterfactual=True, has_dataset=True))
    edits.slider.setFocus()
    qtbot.keyClick(edits.slider, key)
    assert asked == [(kind, pytest.approx(amount))]
    click(qtbot, edits.restore)
    assert len(restored) == 1


def test_several_name_their_group(show, qtbot):
    section = show(SeveralSection(), 240, 300)
    members = (Node("head", 1, 2), Node("mlp", 0))
    data = SeveralInspection(members, ("a1.h2", "m0"), "replaced from B", -2.0, -1.5, color="violet")
    section.show_several(data)
    assert section.chip_texts() == ["a1.h2", "m0"]
    assert (
        section.gap.text()
        == "Their effects do not add up: edited together, the change differs by −0.500 from their sum."
    )
    asked = catch(section.group_requested)
    section.name.setFocus()
    qtbot.keyClicks(section.name, "movers")
    qtbot.keyClick(section.name, Qt.Key.Key_Return)
    assert asked == [("movers", "violet")]
    edge = Edge(members[1], Reader("logits"))
    section.show_several(SeveralInspection((members[0], edge), ("a1.h2", "m0->logits"), "", no_group="no edges"))
    assert not section.group.isEnabled()


def test_effects_that_add_up_say_so():
    assert gap_words(-1.0, -1.001) == "Their effects add up."
    assert gap_words(None, 1.0) == ""


@pytest.mark.parametrize(
    ("estimated", "measured", "large"),
    [(-1.0, -1.2, False), (-1.0, -2.4, True), (0.3, -0.3, True), (0.0, 0.0, False), (None, 1.0, False)],
)
def test_a_large_gap_is_flagged(estimated, measured, large):
    assert gap_is_large(estimated, measured) is large


def test_in_the_narrowest_panel_all_sections_fit(show):
    panel = show(InspectorPanel(), 238, 560)
    members = tuple(Node("head", 23, head) for head in range(9))
    panel.show_several(
        SeveralInspection(
            members, tuple(node.name for node in members), "replaced from B", -2.0, -1.5, edit=EditState("steer")
        )
    )
    QApplication.processEvents()
    view = panel.scroll_area.viewport()
    assert panel.scroll_area.widget().width() <= view.width()
    assert panel.edits.minimumSizeHint().width() <= view.width() - 28


@pytest.mark.parametrize("make", [LogitLensSection, ByPositionSection, AttentionSection, PathsSection])
def test_a_section_fits_the_narrowest_inspector(show, make) -> None:
    """Its column cannot be scrolled sideways: what is wider is cut off."""
    section = show(make(), 204, 300)
    assert section.minimumSizeHint().width() <= 204
