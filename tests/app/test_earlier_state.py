"""What is of another model or of an earlier state is dimmed or gone, and never shown as if it were of this one."""

from __future__ import annotations

import pytest

from tests.app.person import Person
from tests.app.tracing_steps import score, trace


@pytest.fixture
def held(monkeypatch):
    """Requests are not sent, so that nothing new comes."""
    from app.conversation import Conversation

    return lambda: monkeypatch.setattr(Conversation, "_send", lambda self: None)


def test_a_card_shows_the_new_input_at_once_and_dimmed(reader: Person, held) -> None:
    held()
    reader.bench.question.swap()
    for letter, text in (("A", "When John gave a drink to"), ("B", "When Mary gave a drink to")):
        card = reader.card(letter).card()
        assert (card.text, card.awaited, card.tokens) == (text, True, ())
        assert reader.card(letter).chips.chip_texts() == text.split()
    reader.bench.history.undo()
    assert reader.card("A").card().text == "When Mary gave a drink to"


def test_a_card_that_keeps_its_input_says_no_more_where_the_other_one_differs(reader: Person, held) -> None:
    assert any(token.differs for token in reader.card("A").card().tokens)
    held()
    reader.window.taker.take_text("B", "When Tom gave a drink to")
    a, b = reader.card("A").card(), reader.card("B").card()
    assert [token.text for token in a.tokens]
    assert not any(token.differs for token in a.tokens)
    assert (b.text, b.awaited) == ("When Tom gave a drink to", True)


def test_a_picture_is_named_at_once_and_the_one_before_is_gone(viewer: Person, held, pictures) -> None:
    held()
    viewer.window.taker.take_paths("A", [str(pictures("other.png"))])
    card = viewer.card("A")
    assert card.name.text() == "other.png"
    assert not card.picture.isVisible()
    assert not card.invitation.isVisible()


def test_parity_and_memory_of_an_earlier_input_are_dimmed(reader: Person, held) -> None:
    status = reader.window.status
    assert (status.parity.color(), status.memory.color()) == ("good", "muted")
    held()
    reader.window.taker.take_text("A", "When Tom gave a drink to")
    assert (status.parity.color(), status.memory.color()) == ("faint", "faint")


def test_nothing_of_another_model_stays(reader: Person, held, models) -> None:
    score(reader, "nodes")
    trace(reader)
    assert reader.window.canvas.scene.data.scores is not None
    reader.window.faithfulness.size_wanted.emit(30)
    reader.rest()
    reader.window.trusting.evaluate()
    reader.rest()
    assert reader.window.trust.data().statements
    held()
    reader.window.opener.open_model(str(models.llama))
    status = reader.window.status
    for label in (status.parity, status.device, status.memory, status.run):
        assert not label.isVisible()
    assert reader.bench.extent.scores is None
    assert not reader.window.trust.data().statements
    assert all(card.card().awaited for card in (reader.card("A"), reader.card("B")) if card.card().text)


def test_the_colours_of_nodes_come_back_with_their_trace(reader: Person) -> None:
    score(reader, "nodes")
    trace(reader)
    values = reader.window.canvas.scene.data.scores.values
    reader.bench.question.swap()
    assert reader.bench.extent.scores is None  # at once: it was of the other A
    reader.rest()
    reader.choose("Edit", "Undo")
    assert reader.window.canvas.scene.data.scores.values == pytest.approx(values, nan_ok=True)


def test_a_message_of_an_earlier_size_goes_when_the_handle_is_dragged_on(reader: Person) -> None:
    reader.window.faithfulness.size_wanted.emit(30)
    reader.rest()
    reader.bench.message.emit("30 edges, for example")
    said = reader.window.status_in_step
    reader.wait(lambda: not said._just_said.isActive())  # the event that brought it is over
    reader.window.faithfulness.size_wanted.emit(31)  # a drag is one step
    assert reader.message() == ""
