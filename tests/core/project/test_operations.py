"""Operations on documents: pure, and each named as the history says it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.edits import Edit
from core.graph import Graph, Node
from core.project import edit_operations, group_operations, input_operations
from core.project.document import Document, PairSource, Source
from core.project.history import History
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome
from core.project.project import records_of, steps_of
from core.project.step_names import folder_words

GRAPH = Graph(2, 2, 2)
HEAD, OTHER = Node("head", 0, 1), Node("mlp", 1)
DOCUMENT = Document("m", Source("text", "A"), Source("text", "B"))
LABELS = ("The", " cat", " sat")


def test_edits_are_put_in_strengthened_and_taken_back() -> None:
    cut = edit_operations.edit(DOCUMENT, [HEAD, OTHER], "patch", positions=(1,), labels=LABELS, cut=True)
    assert cut.words == "Cut 2 places at “cat” (from B)"
    assert cut.document.edits == (Edit(HEAD, "patch", (1,)), Edit(OTHER, "patch", (1,)))
    assert (cut.merge, DOCUMENT.edits) == ("", ())

    weaker = edit_operations.edit(cut.document, [HEAD], "patch", 0.5, positions=(1,), labels=LABELS)
    assert (weaker.words, weaker.merge) == ("Patch a0.h1 at “cat” to 50 %", "Patch a0.h1 at “cat”")
    assert weaker.document.edits[0].strength == 0.5
    assert len(weaker.document.edits) == 2

    assert edit_operations.is_edited(weaker.document, HEAD)
    assert not edit_operations.is_edited(weaker.document, HEAD, (2,))
    assert edit_operations.restore(weaker.document, [HEAD], (1,), LABELS).document.edits == cut.document.edits[1:]
    gone = edit_operations.restore_at(weaker.document, 1, LABELS)
    assert (gone.words, gone.document.edits) == ("Restore m1 at “cat”", weaker.document.edits[:1])
    assert edit_operations.reset(weaker.document).document == DOCUMENT
    assert edit_operations.reset(DOCUMENT) is None
    assert edit_operations.edit(DOCUMENT, [], "zero") is None
    assert not edit_operations.can_edit(GRAPH.nodes[-1])


def test_one_mean_of_all_positions_goes_with_the_last_cut_of_a_repair() -> None:
    rows = (PairSource(Source("text", "one")), PairSource(Source("text", "two")))
    cuts = [Edit(HEAD, "mean"), Edit(OTHER, "mean")]
    repaired = edit_operations.repair(DOCUMENT, cuts, rows).document
    assert repaired.means == (rows, True)
    one_left = edit_operations.restore(repaired, [HEAD]).document
    assert one_left.one_mean
    for change in (edit_operations.restore(one_left, [OTHER]), edit_operations.restore_at(one_left, 0)):
        assert not change.document.one_mean
        later = edit_operations.edit(change.document, [HEAD], "mean").document
        assert later.means == (rows, False)


def test_steering_turns_only_where_all_are_steered() -> None:
    steered = edit_operations.edit(DOCUMENT, [HEAD], "steer", 2.0, directions={HEAD: (1.0, 0.0)})
    assert steered.words.endswith("by 2")
    further = edit_operations.edit(steered.document, [HEAD], "steer", 3.0)
    assert further.document.edits == (Edit(HEAD, "steer", None, (1.0, 0.0), 3.0),)
    assert further.merge
    assert edit_operations.edit(steered.document, [HEAD, OTHER], "steer", 3.0) is None
    assert edit_operations.edit(DOCUMENT, [HEAD], "steer", 3.0) is None


def test_a_node_is_in_one_group_at_most() -> None:
    third = Node("head", 1, 0)
    first = group_operations.make_group(DOCUMENT, [HEAD, OTHER])
    assert first.words == "Group 2 nodes as group 1"
    second = group_operations.make_group(first.document, [OTHER, third], "readers")
    assert [group.name for group in second.document.groups] == ["readers"], "one of a single node is none"
    renamed = group_operations.make_group(second.document, [third, OTHER], "movers")
    assert renamed.words == "Rename readers to movers"
    assert group_operations.take_apart(renamed.document, [OTHER]).document.groups == ()
    assert group_operations.take_apart(DOCUMENT, [OTHER]) is None
    assert group_operations.why_no_group([HEAD])
    with pytest.raises(ValueError, match="two nodes or more"):
        group_operations.make_group(DOCUMENT, [HEAD])


def test_inputs_metric_and_what_a_cut_carries() -> None:
    swapped = input_operations.swap(DOCUMENT)
    assert (swapped.document.clean, swapped.document.counterfactual) == (DOCUMENT.counterfactual, DOCUMENT.clean)
    removed = input_operations.set_source(DOCUMENT, "B", None)
    assert (removed.words, removed.document.counterfactual) == ("Remove B", None)
    assert input_operations.swap(removed.document) is None
    choice = MetricChoice("logit_difference", " Mary", " John")
    assert input_operations.set_metric(DOCUMENT, choice).document.metric == choice
    assert input_operations.set_replacement(DOCUMENT, "zero").document.replacement == "zero"
    assert input_operations.set_replacement(DOCUMENT, None).document.replacement is None


def test_a_history_says_when_it_changes_without_qt() -> None:
    moved, changes = [], []
    history = History(DOCUMENT, moved.append, lambda: changes.append(history.current.words))
    change = input_operations.swap(DOCUMENT)
    history.push(change.words, change.document, change.merge)
    history.undo()
    assert moved == [change.document, DOCUMENT]
    assert changes == ["Swap A and B", "Start"]


def test_a_history_is_in_the_same_state_again_only_when_nothing_of_it_is_another() -> None:
    other, third = (replace(DOCUMENT, pinned=(word,)) for word in ("other", "third"))
    history = History(DOCUMENT, lambda document: None)
    seen = [history.state]

    def differs() -> bool:
        seen.append(history.state)
        return seen.count(history.state) == 1

    history.push("Pin other", other, merge="pin")
    assert differs()
    pinned = history.state
    history.undo()
    history.redo()
    history.take_outcome(Outcome("m", 0.0, 1.0, "", ()))
    assert history.state == pinned, "neither where one is nor figures are changes"
    history.push("Pin third", third)
    assert differs()
    history.withdraw(other)
    assert history.state == pinned, "the step has gone again"
    history.fill(third)
    assert differs()
    history.fill(third, "Pin it")
    assert differs()
    history.push("Pin other", other)
    assert differs()
    history.retract(history.current.path()[1])
    assert differs()
    root, current = steps_of(*records_of(history))
    history.take_over(root, current)
    assert history.state == sum(step.stamp for step, _ in history.steps())


def test_a_folder_is_called_after_a_model_without_its_class_texts() -> None:
    assert folder_words("/models/my clip?class=red circle&class=50%25/50") == "my-clip"
    assert folder_words("bundled:names") == "names"
    assert folder_words("openai/clip") == "clip"
