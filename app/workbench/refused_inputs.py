"""Pictures that could not be read, and what comes back in their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.messages.replies import InputsReply
from app.messages.request import PictureRefusal
from core.project.document import Document, Source
from core.project.input_operations import FIELDS
from views.panels.inputs.data import CardData


class RefusedInputs:
    """A picture that cannot be read does not take the place of one that can: that one comes back, with all that was
    known of it."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._good: dict[str, Source] = {}  # the inputs that could be read, by the card's letter
        self._problems: dict[str, str] = {}  # of pictures that were refused, by letter
        self._before: tuple[Document, Any] | None = None  # what was known before an input was given

    @property
    def replaceable(self) -> frozenset[str]:
        """The letters of cards whose input could be read before."""
        return frozenset(self._good)

    def given(self, document: Document, known: Any) -> None:
        """An input is given to a card. known: what is known of the document until now."""
        self._before = self._before or (document, known)

    def drop_problem(self, letter: str) -> bool:
        """The card has another input, or the same again. Tells whether it showed a problem."""
        return self._problems.pop(letter, "") != ""

    def put_back(self, refused: PictureRefusal, document: Document) -> tuple[Document, Any]:
        """The document without a refused input, and what was known of it (None where something else has changed)."""
        self._problems[refused.letter] = refused.problem
        whole = replace(document, **{FIELDS[refused.letter]: self._good[refused.letter]})  # type: ignore[arg-type]
        known = self._before[1] if self._before is not None and self._before[0] == whole else None
        return whole, known

    def take_ready(self, ready: InputsReply, document: Document) -> tuple[CardData, CardData]:
        """The inputs are read. Returns the cards, with what was refused before."""
        sources = {"A": document.clean, "B": document.counterfactual}
        cards = {"A": ready.card_a, "B": ready.card_b}
        self._good = {x: source for x, source in sources.items() if source is not None and not cards[x].problem}
        self._before = None
        a, b = (replace(cards[x], problem=self._problems.get(x, cards[x].problem)) for x in "AB")
        return a, b
