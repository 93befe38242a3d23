from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from core.project.metric_choice import MetricChoice
from views.panels.edits.data import EditRow
from views.panels.inputs.column import LEAST_PICTURE
from views.panels.inputs.data import CardData, MetricOption
from views.panels.inputs.metric_editor import MetricEditor
from views.panels.inputs.panel import InputsPanel
from views.widgets.data import TokenChip
from views.widgets.drops import CARD_MIME

WORDS = ["When", " Mary", " and", " John", " went", ",", " John"]


def text_card(letter, words=WORDS, differs=(), **more) -> CardData:
    chips = tuple(TokenChip(word, i, i in differs) for i, word in enumerate(words))
    return CardData(letter, "text", "".join(words), chips, **more)


@pytest.fixture
def panel(show) -> InputsPanel:
    panel = show(InputsPanel(), 280, 800)
    panel.set_card(text_card("A", differs=(6,)))
    panel.set_card(text_card("B", [*WORDS[:6], " Tom"], differs=(6,)))
    QApplication.processEvents()
    return panel


def catch(signal) -> list:
    caught: list = []
    signal.connect(lambda *values: caught.append(values[0] if len(values) == 1 else values))
    return caught


# ---- cards -------------------------------------------------------------------------------------------------


def test_tokens_are_chips_without_their_leading_space(panel):
    assert panel.card_a.chips.chip_texts() == ["When", "Mary", "and", "John", "went", ",", "John"]
    assert panel.card_b.chips.chip_texts()[-1] == "Tom"


def test_the_cards_say_how_many_tokens_and_that_they_are_aligned(panel):
    panel.resize(420, 800)
    QApplication.processEvents()
    assert panel.card_a.words.shown_text() == "clean · 7 tokens"
    assert panel.card_b.words.shown_text() == "counterfactual · 7 tokens, aligned"
    panel.set_card(text_card("B", WORDS[:5], problem="A has 7 tokens and B has 5."))
    assert panel.card_b.words.text() == "counterfactual · 5 tokens"
    assert panel.card_b.problem.isVisible()
    assert panel.card_b.problem.text() == "A has 7 tokens and B has 5."


def test_the_pencil_opens_the_text_and_enter_commits_it(panel, qtbot):
    committed = catch(panel.text_committed)
    chips = panel.card_a.chips
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=chips.pencil_rect().center().toPoint())
    editor = panel.card_a.editor
    assert editor.isVisible()
    assert editor.toPlainText() == "".join(WORDS)
    editor.selectAll()
    qtbot.keyClicks(editor, "Tom ran")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert committed == [("A", "Tom ran")]
    assert not editor.isVisible()
    assert panel.card_a.chips.chip_texts() == ["Tom", "ran"]  # in grey until the model's tokens arrive


def test_escape_restores_the_text(panel, qtbot):
    committed = catch(panel.text_committed)
    panel.start_editing("A")
    qtbot.keyClicks(panel.card_a.editor, "nonsense")
    qtbot.keyClick(panel.card_a.editor, Qt.Key.Key_Escape)
    assert panel.card_a.chips.isVisible()
    assert panel.card_a.chips.chip_texts()[-1] == "John"
    assert committed == []


def test_shift_enter_starts_a_line_and_leaving_the_field_commits(panel, qtbot):
    committed = catch(panel.text_committed)
    panel.activateWindow()
    panel.start_editing("A")
    qtbot.waitUntil(panel.card_a.editor.hasFocus)
    qtbot.keyClick(panel.card_a.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(panel.card_a.editor, "So")
    panel.swap.setFocus(Qt.FocusReason.TabFocusReason)
    assert committed == [("A", "".join(WORDS) + "\nSo")]


def test_a_text_that_is_being_edited_survives_a_new_card(panel, qtbot):
    panel.start_editing("A")
    qtbot.keyClicks(panel.card_a.editor, "!")
    panel.set_card(text_card("A", WORDS[:3]))
    assert panel.card_a.editor.isVisible()
    assert panel.card_a.editor.toPlainText() == "".join(WORDS) + "!"


def test_an_absent_counterfactual_is_an_inviting_field(panel):
    panel.set_card(CardData("B", "text"))
    assert panel.card_b.editor.isVisible()
    editor = panel.card_b.editor
    assert editor.placeholderText().startswith("Add a counterfactual")
    for ids in (True, False):  # what is asked for is read whole, in the width of the panel
        panel.card_b.set_takes_ids(ids)
        words, metrics = editor.placeholderText(), editor.fontMetrics()
        assert ("token ids" in words) == ids
        lines = metrics.horizontalAdvance(words) / (editor.viewport().width() - 6)
        assert editor.height() >= lines * metrics.lineSpacing()
    assert not panel.swap.isVisible()
    assert not panel.remove.isVisible()


def test_clearing_the_text_of_b_removes_the_counterfactual(panel, qtbot):
    removed, committed = catch(panel.counterfactual_removed), catch(panel.text_committed)
    panel.start_editing("B")
    panel.card_b.editor.selectAll()
    qtbot.keyClick(panel.card_b.editor, Qt.Key.Key_Delete)
    qtbot.keyClick(panel.card_b.editor, Qt.Key.Key_Return)
    assert len(removed) == 1
    assert committed == []


def test_swap_and_remove(panel, qtbot):
    swapped, removed = catch(panel.swap_requested), catch(panel.counterfactual_removed)
    qtbot.mouseClick(panel.swap, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.remove, Qt.MouseButton.LeftButton)
    assert len(swapped) == len(removed) == 1


def test_a_picture_has_its_grid_name_and_buttons(panel, qtbot, texts):
    picture = np.full((64, 64, 3), 128, np.uint8)
    panel.set_card(CardData("A", "image", image=picture, grid=(8, 8), name="cat.png", notes=("cropped",)))
    QApplication.processEvents()
    assert {"cat.png", "cropped"} <= set(texts(panel))
    with_grid = panel.card_a.picture.grab().toImage()
    qtbot.mouseClick(panel.card_a.grid_button, Qt.MouseButton.LeftButton)
    assert panel.card_a.picture.grab().toImage() != with_grid
    requested, pasted = catch(panel.image_requested), catch(panel.paste_requested)
    qtbot.mouseClick(panel.card_a.open_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.card_a.paste_button, Qt.MouseButton.LeftButton)
    assert (requested, pasted) == (["A"], ["A"])


def test_two_pictures_share_the_room_that_there_is(panel):
    square = np.full((64, 64, 3), 128, np.uint8)
    for letter in "AB":
        panel.set_card(CardData(letter, "image", image=square, grid=(8, 8), name=f"{letter}.png"))
    seen = {}
    for height in (1000, 570, 300, 1001):
        panel.resize(300, height)
        QApplication.processEvents()
        pictures = panel.card_a.picture, panel.card_b.picture
        assert pictures[0].height() == pictures[1].height()
        seen[height] = pictures[0].height()
        corner = pictures[1].mapTo(panel.cards.viewport(), pictures[1].rect().bottomRight())
        if height > 300:
            assert panel.cards.viewport().rect().contains(corner), "all of B is in sight"
    assert seen[1000] == seen[1001] == 216 > seen[570] > seen[300] == LEAST_PICTURE


def test_a_missing_picture_invites_to_open_one(panel, qtbot):
    panel.set_card(CardData("B", "image"))
    requested = catch(panel.image_requested)
    (button,) = [b for b in panel.card_b.invitation.findChildren(QPushButton) if b.text() == "Open…"]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert requested == ["B"]


def test_a_long_prompt_scrolls_in_its_card(panel):
    panel.set_card(text_card("A", [" word"] * 400))
    QApplication.processEvents()
    assert panel.card_a.chip_scroll.height() < 300
    assert panel.card_a.chip_scroll.verticalScrollBar().maximum() > 500
    assert panel.card_b.chips.isVisible()


# ---- dropping ----------------------------------------------------------------------------------------------


def test_files_dropped_on_b_go_to_b(panel, drop):
    dropped = catch(panel.paths_dropped)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/pictures/cat.png")])
    mime.setText("file:///pictures/cat.png")
    assert drop(panel.card_b, mime)
    assert dropped == [("B", ["/pictures/cat.png"])]


def test_a_drop_beside_the_cards_goes_to_a(panel, drop):
    dropped = catch(panel.text_dropped)
    mime = QMimeData()
    mime.setText("The war lasted")
    assert drop(panel, mime)
    assert dropped == [("A", "The war lasted")]


def test_picture_data_wins_over_the_address_that_a_browser_gives_with_it(panel, drop):
    images, paths = catch(panel.image_dropped), catch(panel.paths_dropped)
    picture = QImage(4, 3, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.jpg")])
    mime.setImageData(picture)
    assert drop(panel.card_a, mime)
    assert [(letter, image.width()) for letter, image in images] == [("A", 4)]
    assert paths == []


def test_an_address_alone_is_passed_on(panel, drop):
    dropped = catch(panel.paths_dropped)
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.jpg")])
    assert drop(panel.card_a, mime)
    assert dropped == [("A", ["https://example.org/cat.jpg"])]


def test_a_card_does_not_take_card_b(panel, drop):
    mime = QMimeData()
    mime.setData(CARD_MIME, b"B")
    assert not drop(panel.card_a, mime)
    assert not drop(panel, mime)


# ---- the metric --------------------------------------------------------------------------------------------


@pytest.fixture
def metric(panel) -> InputsPanel:
    panel.set_metric_options(
        [
            MetricOption("logit_difference", "logit difference", needs_target=True, needs_foil=True),
            MetricOption("probability", "probability", needs_target=True),
            MetricOption("kl", "KL to clean"),
        ]
    )
    panel.set_answers([" Mary", " John"])
    panel.set_metric(MetricChoice("logit_difference", " Mary", " John"))
    return panel


def test_showing_a_metric_emits_nothing(metric):
    changed = catch(metric.metric_changed)
    metric.set_metric(MetricChoice("probability", " John", ""))
    metric.set_answers([" a", " b"])
    assert changed == []
    assert metric.metric_editor.choice() == MetricChoice("probability", " John", "")


def test_the_leading_space_of_an_answer_is_visible_and_kept(metric, qtbot):
    changed = catch(metric.metric_changed)
    line = metric.metric_editor.target.lineEdit()
    assert line.text() == "·Mary"
    line.selectAll()
    qtbot.keyClicks(line, " Tom")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert changed == [MetricChoice("logit_difference", " Tom", " John")]


def test_swapping_target_and_foil(metric, qtbot):
    changed = catch(metric.metric_changed)
    qtbot.mouseClick(metric.metric_editor.swap, Qt.MouseButton.LeftButton)
    assert changed == [MetricChoice("logit_difference", " John", " Mary")]


def test_only_the_answers_that_a_metric_needs_are_asked_for(metric, qtbot):
    changed = catch(metric.metric_changed)
    kind = metric.metric_editor.kind
    assert metric.metric_editor.foil.isVisible()
    kind.setFocus()
    qtbot.keyClick(kind, Qt.Key.Key_Down)
    assert [choice.kind for choice in changed] == ["probability"]
    assert metric.metric_editor.target.isVisible()
    assert not metric.metric_editor.foil.isVisible()
    qtbot.keyClick(kind, Qt.Key.Key_Down)
    assert not metric.metric_editor.target.isVisible()


def test_the_metric_s_problem_is_shown_and_goes_away(metric):
    metric.set_metric_problem('" Wilhelm" is 2 tokens: " Wil" "helm".')
    assert metric.metric_editor.problem.isVisible()
    metric.set_metric_problem("")
    assert not metric.metric_editor.problem.isVisible()


# ---- edits -------------------------------------------------------------------------------------------------


def test_edits_are_listed_selected_and_restored(panel, qtbot, texts):
    panel.edits.set_edits([EditRow(7, "a1.h2->a3.h0<q>", "from B"), EditRow(9, "m3", "zero")])
    QApplication.processEvents()
    assert panel.edits.row_texts() == ["a1.h2 → a3.h0 ⟨q⟩ from B", "m3 zero"]
    assert "Edits  2" in texts(panel)
    restored, selected, reset = (
        catch(signal)
        for signal in (panel.edits.restore_requested, panel.edits.edit_selected, panel.edits.reset_requested)
    )
    rows = panel.edits.rows
    qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.cross_rect(1).center())
    assert restored == [9]
    assert selected == []
    first = rows.visualItemRect(rows.item(0))
    qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=first.center())
    assert selected == [7]
    qtbot.keyClick(rows, Qt.Key.Key_Delete)
    assert restored == [9, 7]
    qtbot.mouseClick(panel.edits.reset, Qt.MouseButton.LeftButton)
    assert len(reset) == 1


def test_without_edits_the_list_says_how_to_make_one(panel, texts):
    panel.edits.set_edits([])
    assert any("X to cut or P to patch" in text for text in texts(panel))
    assert not panel.edits.reset.isVisible()


def test_choosing_an_example(panel):
    chosen = catch(panel.example_chosen)
    assert not panel.examples.isVisible()
    panel.set_examples([("ioi", "Who gets the drink?"), ("years", "Later years")])
    assert panel.examples.isVisible()
    panel.examples_menu.actions()[1].trigger()
    assert chosen == ["years"]


@pytest.mark.parametrize("width", [240, 280])
def test_nothing_is_wider_than_the_column(panel, width):
    panel.resize(width, 600)
    QApplication.processEvents()
    content = panel.scroll_area.widget()
    assert content.width() <= panel.scroll_area.viewport().width()


class Resizes(QObject):
    """Counts how often widgets are resized."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.count = 0
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Resize
        return False


@pytest.mark.parametrize("tokens", [7, 40, 90])
def test_at_every_height_the_parts_have_their_place_at_once(panel, tokens):
    """Nested scroll areas with lines that wrap went round in a circle here, until the stack was full."""
    panel.set_card(text_card("A", [f" word{i}" for i in range(tokens)]))
    panel.set_card(text_card("B", [f" word{i}" for i in range(tokens - 1)]))
    cards, column = panel.cards, panel.scroll_area
    resizes = Resizes(cards.widget(), column.widget(), panel.card_a.chip_scroll.widget())
    for width in (220, 233, 300):
        for height in range(200, 1000, 37):
            resizes.count = 0
            panel.resize(width, height)
            QApplication.processEvents()
            assert resizes.count <= 8, (width, height)
            for area in (cards, column):
                assert area.widget().width() <= area.viewport().width(), (width, height)
                scrolls = area.widget().height() > area.viewport().height()
                assert area.verticalScrollBar().isVisible() == scrolls, (width, height)
            assert panel.edits.height() >= panel.edits.minimumSizeHint().height() > 0
            if not column.verticalScrollBar().isVisible():
                corner = panel.edits.mapTo(column.viewport(), panel.edits.rect().bottomRight())
                assert column.viewport().rect().contains(corner), "metric and edits stay in sight"


def test_an_answer_is_whole_in_the_narrowest_panel(show):
    editor = show(MetricEditor(), 193, 120)
    editor.set_options([MetricOption("logit_diff", "logit difference", True, True)])
    editor.set_metric(MetricChoice("logit_diff", " Mary", " John"))
    QApplication.processEvents()
    for field in (editor.target, editor.foil):
        line = field.lineEdit()
        assert line.width() >= line.fontMetrics().horizontalAdvance(line.text()) + 5  # Qt keeps 2 on each side
        assert line.geometry().right() < field.width() - 15  # the arrow
