from __future__ import annotations

import pytest

from core.formatting import (
    answer_words,
    change_words,
    mark_space,
    metric_digits,
    number,
    pretty_name,
    signed,
    unmark_space,
    visible_token,
)
from views.widgets.text import ElidedLabel, plain_tip


def test_signs():
    assert [signed(0.07), signed(-0.344), signed(0.001), signed(-0.001)] == ["+0.07", "−0.34", "0.00", "0.00"]
    assert [number(3.02), number(-1.123), number(-0.0001)] == ["3.02", "−1.12", "0.00"]


def test_a_change_has_the_same_digits_everywhere():
    changes = (-1.471, 0.31, -0.0454, 0.00004, 0.0, 0.9996)
    assert [change_words(change) for change in changes] == ["−1.47", "+0.310", "−0.045", "+0.00004", "0.00", "+1.00"]
    assert [metric_digits(0.1, 0.05), metric_digits(4.49, 3.02), metric_digits(0.5, 0.5)] == [3, 2, 3]


def test_names():
    assert pretty_name("a18.h4->a24.h7<q>") == "a18.h4 → a24.h7 ⟨q⟩"
    assert pretty_name("m0->a5.kv1<k>") == "m0 → a5.kv1 ⟨k⟩"
    assert pretty_name(pretty_name("a1.h0<v>")) == "a1.h0 ⟨v⟩"


@pytest.mark.parametrize(
    ("token", "shown"),
    [(" Mary", "Mary"), ("\n", "⏎"), ("\t", "⇥"), (" ", "·"), ("  a", "·a"), ("", "∅"), (",", ",")],
)
def test_tokens_hide_one_leading_space_and_no_other(token, shown):
    assert visible_token(token) == shown


def test_answers_keep_the_spaces_between_words():
    assert answer_words(" Egyptian cat") == "Egyptian cat"
    assert answer_words(" ") == "·"


@pytest.mark.parametrize("answer", [" Mary", "Mary", "", "a b"])
def test_the_mark_of_a_leading_space_can_be_taken_back(answer):
    assert unmark_space(mark_space(answer)) == answer


def test_a_tip_shows_markup_as_it_is():
    assert plain_tip("a<b>\nc") == "<span>a&lt;b&gt;<br>c</span>"
    assert plain_tip("a\nb") == "a\nb"


def test_a_label_elides_and_tells_the_whole_in_its_tip(qtbot):
    label = ElidedLabel("a name that is much too long for its place")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.shown_text().endswith("…")
    assert label.fontMetrics().horizontalAdvance(label.shown_text()) <= 80
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    assert label.shown_text() == label.text()
    assert label.toolTip() == ""


def test_a_label_prefers_a_shorter_way_of_saying_it(qtbot):
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("counterfactual · 14 tokens", "counterfactual")
    label.resize(label.fontMetrics().horizontalAdvance("counterfactual") + 4, 20)
    label.show()
    assert label.shown_text() == "counterfactual"
    assert label.toolTip() == "counterfactual · 14 tokens"


def test_markup_in_a_label_is_text(qtbot):
    label = ElidedLabel("<b>token</b>")
    qtbot.addWidget(label)
    label.resize(600, 20)
    assert label.shown_text() == "<b>token</b>"
    assert label.textFormat().name == "PlainText"
