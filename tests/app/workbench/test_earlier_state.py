"""What is of another model or of an earlier state is dimmed or gone, and never shown as if it were of this one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from app.messages.trust import TrustReply
from core.graph import Node
from tests.app.conftest import METRIC
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import cancel_when, open_trust, score, trace, type_size


@pytest.fixture
def held(monkeypatch):
    """Requests are not sent, so that nothing new comes."""
    from app.workbench.worker_client import WorkerClient

    return lambda: monkeypatch.setattr(WorkerClient, "_send", lambda self: None)


def test_a_card_shows_the_new_input_at_once_and_dimmed(reader: Person, held) -> None:
    held()
    reader.workbench.question.swap()
    for letter, text in (("A", "When John gave a drink to"), ("B", "When Mary gave a drink to")):
        card = reader.card(letter).card()
        assert (card.text, card.awaited, card.tokens) == (text, True, ())
        assert reader.card(letter).chips.chip_texts() == text.split()
    reader.workbench.history.undo()
    assert reader.card("A").card().text == "When Mary gave a drink to"


def test_a_card_that_keeps_its_input_says_no_more_where_the_other_one_differs(reader: Person, held) -> None:
    assert any(token.differs for token in reader.card("A").card().tokens)
    held()
    reader.controller("inputs").cards.take_text("B", "When Tom gave a drink to")
    a, b = reader.card("A").card(), reader.card("B").card()
    assert [token.text for token in a.tokens]
    assert not any(token.differs for token in a.tokens)
    assert (b.text, b.awaited) == ("When Tom gave a drink to", True)


def test_a_picture_is_named_at_once_and_the_one_before_is_gone(viewer: Person, held, pictures) -> None:
    held()
    viewer.controller("inputs").cards.take_paths("A", [str(pictures("other.png"))])
    card = viewer.card("A")
    assert card.name.text() == "other.png"
    assert not card.picture.isVisible()
    assert not card.invitation.isVisible()


def test_parity_and_memory_of_an_earlier_input_are_dimmed(reader: Person, held) -> None:
    status = reader.panel("status")
    assert (status.parity.color(), status.memory.color()) == ("good", "muted")
    held()
    reader.controller("inputs").cards.take_text("A", "When Tom gave a drink to")
    assert (status.parity.color(), status.memory.color()) == ("faint", "faint")


def test_nothing_of_another_model_stays(reader: Person, held, models) -> None:
    score(reader, "nodes")
    trace(reader)
    assert reader.window.canvas.scene.data.scores is not None
    reader.panel("circuit").size_wanted.emit(30)
    reader.rest()
    reader.controller("trust").evaluate()
    reader.rest()
    assert reader.panel("trust").data().statements
    held()
    reader.workbench.models.open_model(str(models.llama))
    status = reader.panel("status")
    for label in (status.parity, status.device, status.memory, status.run):
        assert not label.isVisible()
    assert reader.workbench.extent.scores is None
    assert not reader.panel("trust").data().statements
    assert all(card.card().awaited for card in (reader.card("A"), reader.card("B")) if card.card().text)


def test_the_colours_of_nodes_come_back_with_their_trace(reader: Person) -> None:
    score(reader, "nodes")
    trace(reader)
    values = reader.window.canvas.scene.data.scores.values
    reader.workbench.question.swap()
    assert reader.workbench.extent.scores is None  # at once: it was of the other A
    reader.rest()
    reader.choose("Edit", "Undo")
    assert reader.window.canvas.scene.data.scores.values == pytest.approx(values, nan_ok=True)


def test_a_message_of_an_earlier_size_goes_when_the_handle_is_dragged_on(reader: Person) -> None:
    reader.panel("circuit").size_wanted.emit(30)
    reader.rest()
    reader.workbench.message.emit("30 edges, for example")
    said = reader.window.controllers["status"].strip
    reader.wait(lambda: not said._just_said.isActive())  # the event that brought it is over
    reader.panel("circuit").size_wanted.emit(31)  # a drag is one step
    assert reader.message() == ""


def test_that_a_trace_found_nothing_small_is_said_of_that_trace_alone(reader: Person) -> None:
    trace(reader)
    reader.workbench.known.recovered = replace(reader.workbench.recovered, is_small=False)
    reader.workbench.commit("Show the strongest edges", replace(reader.workbench.document, size=None))
    reader.rest()
    strip = reader.controller("circuit").strip
    assert strip.data().nothing_small.startswith("no small circuit")
    reader.workbench.question.set_replacement("zero")
    reader.rest()
    assert not strip.data().nothing_small, "it was measured with values from B"
    reader.choose("Edit", "Undo")
    assert strip.data().nothing_small


def test_effects_by_position_of_another_model_are_not_taken_for_this_ones(person: Person, models) -> None:
    """The inputs, the metric and the name of the head are the same."""
    head, section = Node("head", 0, 1), person.panel("inspector").positions
    person.open(models.gpt2, CLEAN, COUNTERFACTUAL, METRIC)
    person.click_node(head)
    section.measure_requested.emit()
    person.rest()
    assert not any(row.hollow for row in section.rows.rows())
    person.open(models.llama, CLEAN, COUNTERFACTUAL, METRIC)
    person.click_node(head)
    assert all(row.hollow for row in section.rows.rows())


def test_what_the_user_gave_up_does_not_start_again_with_the_next_edit(reader: Person) -> None:
    head, section = Node("head", 0, 1), reader.panel("inspector").positions
    reader.click_node(head)
    begun: list[str] = []

    def see(words: str, _share: object) -> None:
        if words.startswith("Measuring a0.h1"):
            begun.append(words)

    reader.workbench.working.connect(see)
    cancel_when(reader, lambda words, _: words.startswith("Measuring a0.h1"), lambda: section.measure_requested.emit())
    assert len(begun) == 1
    reader.workbench.editing.toggle(Node("mlp", 1), "cut")
    reader.rest()
    assert len(begun) == 1
    assert all(row.hollow for row in section.rows.rows())


def test_an_evaluation_ends_when_edges_are_chosen_by_another_rule(reader: Person) -> None:
    """Its statements would stand under the heading of the circuit before."""
    trace(reader)
    open_trust(reader)
    seen: list[TrustReply] = []

    def choose(found: TrustReply) -> None:
        if not seen:
            reader.panel("circuit").rule_wanted.emit("greedy")
        seen.append(found)

    reader.workbench.on(TrustReply, choose)
    reader.click(reader.panel("trust").evaluate)
    reader.rest()
    data = reader.panel("trust").data()
    assert len(seen) == 1
    assert not data.waiting
    assert not any(one.title == "Tests" for one in data.statements), (
        "the last question was not asked of another circuit"
    )


def test_what_heads_do_stays_in_the_table_and_the_finder_when_a_circuit_was_run(reader: Person) -> None:
    trace(reader)
    type_size(reader, 30)
    reader.choose("View", "Table")
    reader.click(reader.panel("table").kinds["nodes"])
    table, finder = reader.window.controllers["table"], reader.controller("find")
    finder.open()
    finder.bar.field.setText("previous token")
    finder.bar.looked_for.emit("previous token")
    reader.rest()
    reader.workbench.editing.toggle(Node("mlp", 1), "cut")
    reader.rest()
    QApplication.processEvents()
    assert reader.workbench.history.current.recovery is not None, "the circuit was run after the edit"
    assert table._labels
    assert finder._traits is not None
    reader.controller("find").bar.closed.emit()


def test_rows_that_do_not_fit_are_not_counted_among_those_that_can_be_used(reader: Person) -> None:
    from tests.app.tracing_steps import ROWS, over_dataset, paste

    paste(reader, ROWS)
    over_dataset(reader)
    trace(reader)
    assert (len(reader.workbench.document.dataset), reader.workbench.scored.pairs) == (5, 4)
    assert "the dataset has 4 that can be used" in reader.panel("trust").data().lacks


def test_what_is_evaluated_while_edges_are_chosen_anew_is_named_by_the_new_choice(reader: Person) -> None:
    trace(reader)
    open_trust(reader)
    reader.panel("circuit").rule_wanted.emit("greedy")
    reader.controller("trust").evaluate()  # before the engine has chosen by it
    reader.wait(lambda: not reader.panel("trust").data().waiting)
    reader.rest()
    data = reader.panel("trust").data()
    assert data.statements
    assert not data.stale
    assert "chosen from the output down" in data.subject


def test_a_smallest_circuit_is_not_kept_of_inputs_that_it_was_not_asked_of(reader: Person) -> None:
    trace(reader)
    size = reader.workbench.document.size
    reader.panel("circuit").share_wanted.emit(0.6)
    reader.workbench.question.swap()
    reader.rest()
    assert reader.workbench.document.size == size
    assert reader.workbench.history.undo_words == "Swap A and B"
