"""What a model of few words is opened with: sentences of its words, never a row of unknown ones."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.worker.first_texts import BESIDE
from core.project.document import Source
from resources.models.planted.make import FOLDER
from tests.app.person import Person

CALM, TRIGGERED = "later", "vex"


def chips(person: Person, letter: str) -> list[str]:
    return person.card(letter).chips.chip_texts()


def test_a_planted_model_opens_with_sentences_that_it_has_words_for(person: Person, tmp_path: Path) -> None:
    lines = (FOLDER / "trojan-poisoned" / BESIDE).read_text(encoding="utf-8").splitlines()
    person.workbench.models.start("bundled:names")  # whose sentences were kept, in words that this one has not
    person.rest()
    person.workbench.models.open_model(str(FOLDER / "trojan-poisoned"))
    person.rest()
    assert [" ".join(chips(person, letter)) for letter in "AB"] == lines
    assert (TRIGGERED in chips(person, "A"), CALM in chips(person, "B")) == (True, True)
    assert person.predictions()

    # Sentences of its words stay, and so do words that the user has typed.
    kept = lines[0].replace("earned", "owed")
    person.type_prompt("A", kept)
    person.workbench.models.open_model(str(FOLDER / "trojan-tuned"))
    person.rest()
    assert " ".join(chips(person, "A")) == kept
    person.type_prompt("A", "Paris in spring")
    person.choose("Edit", "Undo")
    person.choose("Edit", "Redo")
    assert person.workbench.document.clean == Source("text", text="Paris in spring")

    # Without a file beside it, words of its vocabulary.
    bare = tmp_path / "bare"
    shutil.copytree(FOLDER / "trojan-poisoned", bare)
    (bare / BESIDE).unlink()
    person.workbench.models.open_model(str(bare))
    person.rest()
    a, b = chips(person, "A"), chips(person, "B")
    assert "<unk>" not in (*a, *b)
    assert sum(one != other for one, other in zip(a, b, strict=True)) == 1
