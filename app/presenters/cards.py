"""The cards of inputs that the engine has not read yet: the new input at once, without what is known of an earlier
one."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from app.messages.replies import InputsReply
from core.project.document import Document, Source
from views.panels.inputs.data import CardData


def awaited_cards(document: Document, before: Document, ready: InputsReply | None) -> tuple[CardData, CardData]:
    """Cards of a document whose inputs are being read. before, ready: the document that was read last, and what came of
    it: a card that keeps its input keeps its tokens, but what differs in the other one is not known."""
    kinds: set[Literal["text", "image"]] = {
        source.kind for source in (document.clean, document.counterfactual) if source
    }
    kind = kinds.pop() if kinds else "text"
    cards = []
    letters: tuple[tuple[Literal["A", "B"], str], ...] = (("A", "clean"), ("B", "counterfactual"))
    for letter, field in letters:
        source: Source | None = getattr(document, field)
        card = None if ready is None else ready.card_a if letter == "A" else ready.card_b
        if card is not None and source == getattr(before, field) and document.model == before.model:
            tokens = tuple(replace(token, differs=False) for token in card.tokens)
            cards.append(replace(card, tokens=tokens))
        elif source is None:
            cards.append(CardData(letter, kind))
        else:
            cards.append(CardData(letter, source.kind, text=source.text, name=source.words, awaited=True))
    return cards[0], cards[1]
