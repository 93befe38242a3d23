"""The glossary: a line for every word of the field that the window uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.edits import EditKind
from core.glossary import explained, glossary
from core.tracing.method import METHODS

WINDOW_WORDS = (
    "node", "writer", "reader", "port", "edge", "K/V head", "clean input", "counterfactual", "edit", "circuit",
    "metric",
    "estimated", "measured", "session", "patch", "zero", "mean", "resample", "noise", "scale", "steer", "effect",
    "score",
    "direction", "foil", "target", "parity", "ablation", "faithfulness", "CPR", "CMD", "EAP", "EAP-IG", "recover",
    "random band", "bootstrap", "Jaccard", "HSIC", "logit lens", "self-repair", "frozen norm", "residual stream",
)  # fmt: skip


@pytest.mark.parametrize("word", WINDOW_WORDS)
def test_each_word_has_its_line(word: str) -> None:
    assert word in glossary()


def test_each_line_is_one_sentence() -> None:
    for word, line in glossary().items():
        assert line[0].isupper() or line[0].isdigit(), word
        assert line.endswith("."), word
        assert not re.search(r"[.!?] [A-Z]", line), word
        assert len(line) < 160, word


def test_no_word_is_there_twice() -> None:
    page = (Path(__file__).resolve().parent.parent / "resources" / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| word")]
    assert len(rows) == len(glossary())


def test_every_kind_of_edit_and_every_method_is_explained() -> None:
    words = {word.lower() for word in glossary()}
    assert set(EditKind.__args__) <= words  # type: ignore[attr-defined]
    titles = {method.title.lower() for method in METHODS.values()}
    assert {title for title in titles if title not in words} == set()


def test_a_tooltip_begins_with_the_line_and_goes_on() -> None:
    assert explained("foil", "“ John”").startswith("Foil: the wrong answer")
    assert explained("foil", "“ John”").endswith("\n“ John”")
    with pytest.raises(KeyError):
        explained("flux")
