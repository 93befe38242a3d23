"""The tree of steps, walked at random beside a plain copy of it, and the rows and rails that it is shown as."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PySide6.QtWidgets import QApplication

from app.features.history.presenter.rows import ahead, metric_points, preview, step_rows, way_words
from core.project.document import Document, Source
from core.project.history import History, Step
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome, PredictionRow
from core.project.step_names import metric_words, source_words
from views.panels.history.data import StepRow
from views.panels.history.rows import StepModel


class HistoryWalk(RuleBasedStateMachine):
    """The reference holds steps by number, in the order in which they were made: words, document, parent."""

    @initialize()
    def start(self) -> None:
        self.moved: list[Document] = []
        self.history = History(Document("0"), self.moved.append)
        self.steps: dict[int, Step] = {0: self.history.root}
        self.words = {0: "Start"}
        self.documents = {0: Document("0")}
        self.parent: dict[int, int] = {}
        self.merge = {0: ""}
        self.last_child: dict[int, int] = {}
        self.here = 0
        self.made = 0

    def _children(self, number: int) -> list[int]:
        return [child for child, parent in self.parent.items() if parent == number]

    def _arrive(self, number: int) -> None:
        """What going to a step does: the one that was left is sealed, and redo leads back from every step above."""
        self.merge[self.here] = ""
        self.here = step = number
        while step:
            self.last_child[self.parent[step]] = step
            step = self.parent[step]
        assert self.moved[-1] == self.documents[number]

    @rule(merge=st.sampled_from(["", "", "slider", "knob"]))
    def change(self, merge: str) -> None:
        self.made += 1
        words, document = f"step {self.made}", Document(str(self.made))
        self.history.push(words, document, merge)
        assert self.moved[-1] == document
        merges = merge and merge == self.merge[self.here] and self.here and not self._children(self.here)
        if not merges:
            self.parent[self.made] = self.here
            self.last_child[self.here] = self.made
            self.merge[self.made] = merge
            self.here = self.made
            self.steps[self.made] = self.history.current
        self.words[self.here], self.documents[self.here] = words, document

    @rule()
    def undo(self) -> None:
        words = self.history.undo_words
        assert words == ("" if not self.here else self.words[self.here])
        self.history.undo()
        if self.here:
            self._arrive(self.parent[self.here])

    @rule()
    def redo(self) -> None:
        following = self.last_child.get(self.here)
        assert self.history.redo_words == ("" if following is None else self.words[following])
        self.history.redo()
        if following is not None:
            self._arrive(following)

    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.steps)))
        self.history.go(self.steps[number])
        if number != self.here:
            self._arrive(number)

    @rule()
    def seal(self) -> None:
        self.history.seal()
        self.merge[self.here] = ""

    @precondition(lambda self: self.here and not self._children(self.here))
    @rule()
    def withdraw(self) -> None:
        """The present step could not be done: nothing of it is left."""
        gone, parent = self.here, self.parent[self.here]
        self.history.withdraw(self.documents[parent])
        for kept in (self.parent, self.steps, self.words, self.documents, self.merge):
            del kept[gone]
        self.here = parent
        siblings = self._children(parent)
        self.last_child.pop(parent, None)
        if siblings:
            self.last_child[parent] = siblings[-1]

    @rule(value=st.floats(-9, 9))
    def run(self, value: float) -> None:
        self.history.take_outcome(outcome(value))
        assert self.history.current.outcome == outcome(value)

    @invariant()
    def same_tree(self) -> None:
        history = self.history
        assert history.current is self.steps[self.here]
        assert history.current.document == self.documents[self.here]
        shown, rows = step_rows(history)
        assert {id(step) for step in shown} == {id(step) for step in self.steps.values()}
        assert len(shown) == len(rows) == len(self.steps)
        number = {id(step): key for key, step in self.steps.items()}
        for step, row in zip(shown, rows, strict=True):
            own = number[id(step)]
            assert row.words == self.words[own]
            assert [number[id(child)] for child in step.children] == self._children(own)
            assert row.lane == self._lane(own)
            assert row.goes_on == bool(self._children(own))
            assert row.state == self._state(own)
        assert rows[0].starts
        assert not any(row.starts for row in rows[1:])
        rails_join(rows)

    def _lane(self, number: int) -> int:
        """How often the way to a step leaves a rail: where the step that went on came later."""
        lane = 0
        while number:
            lane += number != self._children(self.parent[number])[-1]
            number = self.parent[number]
        return lane

    def _state(self, number: int) -> str:
        if number == self.here:
            return "present"
        above = self.here
        while above:
            above = self.parent[above]
            if above == number:
                return "past"
        following = self.last_child.get(self.here)
        while following is not None:
            if following == number:
                return "ahead"
            following = self.last_child.get(following)
        return "aside"


HistoryWalk.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
TestHistoryWalk = HistoryWalk.TestCase


def rails_join(rows: list[StepRow]) -> None:
    """Every rail that is drawn goes on into the next row, or ends at a dot; none is left in the air."""
    for above, below in pairwise(rows):
        leaves = set(range(above.lane)) | ({above.lane} if above.goes_on else set())
        enters = set(range(below.lane)) | (set() if below.branches else {below.lane})
        assert leaves == enters, (above, below)
    assert rows[-1].lane == 0
    assert not rows[-1].goes_on


def outcome(after: float, name: str = "logit") -> Outcome:
    rows = (PredictionRow(" Mary", 0.5, 0.25, in_b=0.125, key=" Mary"),)
    return Outcome(name, 1.0, after, "probability", rows, edited=True)


@pytest.fixture
def history(qapp: QApplication) -> History:
    return History(Document("0"), lambda document: None)


def commit(history: History, count: int) -> list[Step]:
    made = []
    for number in range(count):
        history.push(f"step {number}", Document(f"{id(history)}:{number}:{len(made)}"))
        made.append(history.current)
    return made


def test_a_hundred_steps_in_a_row_lie_on_one_rail(history: History) -> None:
    commit(history, 100)
    _, rows = step_rows(history)
    assert {row.lane for row in rows} == {0}
    assert not any(row.branches for row in rows)
    assert [row.state for row in rows] == ["past"] * 100 + ["present"]


def test_what_was_left_lies_aside_and_what_was_begun_anew_goes_on(history: History) -> None:
    one, two = commit(history, 2)
    history.go(one)
    history.push("other", Document("other"))
    _, rows = step_rows(history)
    assert [(row.words, row.lane, row.branches, row.state) for row in rows] == [
        ("Start", 0, False, "past"),
        ("step 0", 0, False, "past"),
        ("step 1", 1, True, "aside"),
        ("other", 0, False, "present"),
    ]
    history.go(two)
    _, rows = step_rows(history)
    assert [row.state for row in rows] == ["past", "past", "present", "aside"]
    assert [row.lane for row in rows] == [0, 0, 1, 0]  # nothing moves when one goes there


def test_the_metric_of_a_step_is_what_its_run_gave(history: History) -> None:
    history.take_outcome(outcome(1.0))
    (step,) = commit(history, 1)
    assert step_rows(history)[1][1].value == "–"
    history.take_outcome(outcome(-1.469))
    _, rows = step_rows(history)
    assert [row.value for row in rows] == ["1.00", "−1.47"]
    history.push("a little", Document("a little"))
    history.take_outcome(outcome(1.042))
    assert [row.value for row in step_rows(history)[1]] == ["1.000", "−1.469", "1.042"]  # under each other
    assert "logit = −1.47" in rows[1].tip
    assert way_words(step) == "Start\t1.00\nstep 0\t−1.47"
    shown = preview(step)
    assert shown is not None
    assert (shown.metric_after, shown.rows, shown.preview) == (-1.469, outcome(0).rows, "step 0")


def test_the_line_of_the_metric_follows_the_way_and_what_redo_leads_to(history: History) -> None:
    history.take_outcome(outcome(4.0))
    steps = commit(history, 3)
    history.take_outcome(outcome(1.0))
    history.go(steps[1])
    history.take_outcome(outcome(2.0))
    assert ahead(history) == [steps[2]]
    way, points = metric_points(history)
    assert way == [history.root, *steps]
    assert [(point.value, point.state) for point in points] == [
        (4.0, "past"),
        (None, "past"),  # never run
        (2.0, "present"),
        (1.0, "ahead"),
    ]
    history.take_outcome(outcome(0.5, "probability"))
    points = metric_points(history)[1]
    assert [(point.value, point.metric) for point in points] == [
        (4, "logit"),
        (None, ""),
        (0.5, "probability"),
        (1, "logit"),
    ]
    assert len({point.line for point in points}) == 4  # each is of another model


def test_one_more_step_of_a_thousand_touches_its_row_alone(history: History, qapp: QApplication) -> None:
    model = StepModel()
    commit(history, 1000)
    model.set_rows(step_rows(history)[1])
    told: list[tuple[str, int, int]] = []
    model.modelReset.connect(lambda: told.append(("reset", 0, 0)))
    model.rowsInserted.connect(lambda _parent, first, last: told.append(("inserted", first, last)))
    model.rowsRemoved.connect(lambda _parent, first, last: told.append(("removed", first, last)))
    model.dataChanged.connect(lambda first, last, _roles: told.append(("changed", first.row(), last.row())))
    history.push("one more", Document("more"))
    model.set_rows(step_rows(history)[1])
    assert [entry for entry in told if entry[0] != "changed"] == [("inserted", 1001, 1001)]
    assert all(first >= 1000 for _, first, _last in told)
    assert model.rowCount() == 1002
    assert model.data(model.index(1001)) == "one more"


@pytest.mark.parametrize("seed", range(20))
def test_the_list_shows_any_change_of_rows(seed: int, qapp: QApplication) -> None:
    """Rows that come and go anywhere, told as Qt's models must tell it."""
    draw = random.Random(seed)
    model, counted = StepModel(), [0]
    model.rowsInserted.connect(lambda _parent, first, last: counted.append(counted[-1] + last - first + 1))
    model.rowsRemoved.connect(lambda _parent, first, last: counted.append(counted[-1] - last + first - 1))
    rows: list[StepRow] = []
    make: Callable[[], StepRow] = lambda: StepRow(str(draw.random()), "1", 0, False, True, False, "past")  # noqa: E731
    for _ in range(30):
        start = draw.randint(0, len(rows))
        end = draw.randint(start, len(rows))
        rows = [*rows[:start], *(make() for _ in range(draw.randint(0, 3))), *rows[end:]]
        model.set_rows(rows)
        assert counted[-1] == model.rowCount() == len(rows)
        assert [model.row(index) for index in range(len(rows))] == rows


def test_steps_are_named_by_what_was_done() -> None:
    prompt = "When Mary and John went to the store, John gave a drink to"
    assert source_words("A", Source("text", text=prompt)) == "A: “When Mary and John went to the store, John gave…”"
    assert source_words("B", Source("text", text="Two\nlines")) == "B: “Two lines”"
    assert source_words("B", Source("image", path="/some/where/cat.png")) == "B: cat.png"
    assert source_words("A", Source("image", data=b"...")) == "A: a picture"
    assert source_words("B", None) == "Remove B"
    choice = MetricChoice("logit_difference", " Mary", " John")
    assert metric_words(choice) == "Metric: logit difference  Mary − John"
    assert metric_words(MetricChoice("kl")) == "Metric: KL to clean"
    assert metric_words(MetricChoice("log_probability", "cat")) == "Metric: log-probability  cat"
    assert metric_words(MetricChoice("")) == "Default metric"
