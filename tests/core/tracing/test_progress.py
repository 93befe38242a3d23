"""Progress moves and a cancel is heard while any method works, counted in layers that are computed and not by the
clock: however many pairs, steps, circuits or updates there are, next to nothing lies between two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

import wirescope as ws
from core import progress
from core.errors import Cancelled
from core.evaluation.faithfulness import faithfulness
from core.evaluation.hypotheses import hypothesis_tests
from core.evaluation.measured import measure
from core.models.adapter import Adapter
from core.scan import Scan
from core.tracing.costs import LEAST_POSITIONS, POSITIONS, batch_positions
from core.tracing.options import Level
from core.tracing.per_pair import scores_per_pair
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.core.engine.cases import case
from tests.core.tracing.test_going_on import OVER_DATASET, OVER_PAIR, new_tracing
from tests.core.tracing.test_trace import ANSWERS, pairs

LAYERS = 2  # at most so many MLPs are computed between two askings, and between two moves of the bar


@dataclass
class Watch:
    """Counts the MLPs that are computed between two askings, and between two moves of progress."""

    since: dict[str, int] = field(default_factory=lambda: {"asked": 0, "moved": 0})
    most: dict[str, int] = field(default_factory=lambda: {"asked": 0, "moved": 0})
    shares: list[float] = field(default_factory=list)
    runs: int = 0

    def ran(self) -> None:
        self.runs += 1
        for name in self.since:
            self.since[name] += 1
            self.most[name] = max(self.most[name], self.since[name])

    def cancelled(self) -> bool:
        self.since["asked"] = 0
        return False

    def told(self, share: float) -> None:
        if not self.shares or share > self.shares[-1]:
            self.since["moved"] = 0
            self.shares.append(share)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made, usual = Watch(), Adapter.mlp

    def counted(adapter: Adapter, layer: int, x: object) -> object:
        made.ran()
        return usual(adapter, layer, x)  # type: ignore[arg-type]

    monkeypatch.setattr(Adapter, "mlp", counted)
    return made


@pytest.mark.parametrize(("name", "level", "over"), OVER_PAIR + OVER_DATASET)
def test_a_method_tells_and_asks_at_every_layer(name: str, level: Level, over: str, watch: Watch) -> None:
    tracing = new_tracing(name, level, over)
    watch.most = {"asked": 0, "moved": 0}  # the session of the cards was there before
    for _ in tracing.parts(watch.cancelled, watch.told):
        pass
    if name == "random" and over == "pair":
        return
    assert watch.most["asked"] <= LAYERS, watch.most
    layers = tracing.session.graph.layers
    assert watch.most["moved"] <= LAYERS * (2 if over == "dataset" else 1) * layers, watch.most
    assert all(0 <= share <= 1 + 1e-9 for share in watch.shares)


def questions(watch: Watch) -> dict[str, Callable[[], object]]:
    """What takes long beside tracing."""
    model = case("gpt2").model
    rows = pairs(model) * 2
    session, dataset = ws.Session(model, rows[0], ws.logit_difference(1, 2)), ws.Dataset(rows, ANSWERS * 2)
    scores = ws.trace(session, "eap", dataset=dataset)
    heard = {"progress": watch.told, "cancelled": watch.cancelled}
    circuits = [scores.top(size) for size in range(1, 20)]

    def scan() -> None:
        with progress.watched(watch.told):
            list(Scan(session, "edges").parts(watch.cancelled))

    return {
        "curve": lambda: faithfulness(session, scores, dataset=dataset, **heard),
        "circuits": lambda: measure(session, circuits, dataset=dataset, **heard),
        "circuits by means": lambda: measure(session, circuits, "mean", dataset=dataset, **heard),
        "tests": lambda: hypothesis_tests(session, scores.top(8), dataset=dataset, draws=4, **heard),
        "stability": lambda: scores_per_pair(session, "eap-ig", dataset, **heard),
        "scan": scan,
    }


@pytest.mark.parametrize("what", ["curve", "circuits", "circuits by means", "tests", "stability", "scan"])
def test_what_circuits_and_edits_do_is_told_and_asked_at_every_layer(what: str, watch: Watch) -> None:
    ask = questions(watch)[what]
    watch.most = {"asked": 0, "moved": 0}
    ask()
    assert watch.runs >= 30
    assert watch.most["asked"] <= LAYERS, watch.most
    assert watch.most["moved"] <= 2 * case("gpt2").model.graph.layers, watch.most
    assert len(watch.shares) > 8


def test_a_cancel_is_heard_within_two_layers_and_within_a_backward_pass() -> None:
    session = case("gpt2").session()
    heard = []
    for stop_at in range(1, 12):
        asked: list[int] = []

        def cancelled(asked: list[int] = asked, stop_at: int = stop_at) -> bool:
            asked.append(1)
            return len(asked) >= stop_at

        with pytest.raises(Cancelled):
            ws.trace(session, "eap-ig", cancelled=cancelled)
        heard.append(len(asked))
    assert heard == list(range(1, 12)), "at once, wherever it was"


@pytest.mark.parametrize("name", ["eap-ig", "circuit-pruning", "integrated-edges"])
def test_what_is_scored_of_the_first_pairs_or_steps_is_kept(name: str) -> None:
    over = "pair" if name == "eap-ig" else "dataset"
    whole = new_tracing(name, "edges", over)
    asked: list[int] = []
    list(whole.parts(lambda: bool(asked.append(1))))  # type: ignore[func-returns-value]
    tracing, count = new_tracing(name, "edges", over), len(asked)
    kept = []
    asked.clear()

    def half_way() -> bool:
        asked.append(1)
        return len(asked) > count * 0.75

    def keep() -> None:
        for part in tracing.parts(half_way):
            kept.append(part)

    with pytest.raises(Cancelled):
        keep()
    assert kept, "a cancelled trace has something to show"
    assert np.isfinite(kept[-1][0].values).all()
    list(tracing.parts())
    assert np.array_equal(tracing.scores.values, whole.scores.values)


def test_many_steps_are_averaged_a_few_at_a_time_and_say_what_they_did_together() -> None:
    session = case("gpt2").session()
    tracing = Tracing(session, "eap-ig", options=Options(steps=12))
    shares = [share for _, share in tracing.parts()]
    assert shares == pytest.approx([5 / 12, 10 / 12, 1.0])
    each = [ws.trace(session, "eap-ig", steps=12).values, tracing.scores.values]
    assert np.array_equal(*each)


def test_pairs_taken_up_again_are_not_run_again(watch: Watch) -> None:
    model = case("gpt2").model
    session = ws.Session(model, pairs(model)[0], ws.logit_difference(1, 2))
    tracing = Tracing(session, "eap", dataset=ws.Dataset(pairs(model)))
    with pytest.raises(Cancelled):
        list(tracing.parts(lambda: tracing.done > 0))
    before = watch.runs
    list(tracing.parts())
    rest = watch.runs - before
    watch.runs = 0
    list(Tracing(session, "eap", dataset=ws.Dataset(pairs(model))).parts())
    assert rest < watch.runs


def test_a_batch_is_some_seconds_of_work_whatever_the_model_and_the_method() -> None:
    assert batch_positions(3_000_000, 15) == POSITIONS
    assert batch_positions(106_000_000, 3) == POSITIONS
    assert LEAST_POSITIONS <= batch_positions(106_000_000, 15) < 100
    assert batch_positions(7_000_000_000, 600) == LEAST_POSITIONS


def test_stages_stand_in_each_other_and_end() -> None:
    told: list[float] = []
    with progress.watched(told.append), progress.stage(0.5, 1.0):
        progress.at(0.5)
        with progress.stage(0.0, 0.1):
            progress.at(1.0)
        with progress.unwatched():
            progress.at(0.9)
    progress.at(0.1)
    assert told == pytest.approx([0.75, 0.55])
