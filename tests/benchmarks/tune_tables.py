"""Tables of `wirescope bench tune`: means over the draws with 95 % intervals (Student), and differences on the same
draws from LoRA with even ranks and from LoRA placed at random (paired; p by Wilcoxon's signed ranks from six draws)."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.repair_tables import counted, paired, percent, spread
from tests.benchmarks.table import Table
from tests.benchmarks.tune_tasks import SMOLLM2, TASKS
from tests.benchmarks.tune_units import ARMS, EVEN, RANDOM, UNTRAINED

HEADS = ("placed", "trained parameters", "held-out accuracy", "points over even", "points over random")
SIDE = {"bundled:names": "its five behaviours", SMOLLM2: "indirect objects"}
MORE = ("rate", "of the parameters in attention, mean depth", "seconds, choosing among them")


class Draws:
    """The outcomes of one task, arm by arm; of draws that all arms have finished. tuning: those that the rates were
    chosen by."""

    def __init__(self, task: str, outcomes: Sequence[Outcome], tuning: Sequence[Outcome] = ()) -> None:
        arms: dict[str, dict[int, Outcome]] = {}
        for outcome in outcomes:
            arms.setdefault(outcome["arm"], {})[outcome["seed"]] = outcome
        self.task, self.tuning = task, tuning
        self.seeds = sorted(set.intersection(*(set(some) for some in arms.values()))) if arms else []
        listed = [arm for arm in (UNTRAINED, *ARMS) if arm in arms]
        self.arms = {arm: [arms[arm][seed] for seed in self.seeds] for arm in listed}

    def values(self, arm: str, name: str) -> list[float]:
        return [outcome[name] for outcome in self.arms[arm]]

    def over(self, arm: str, other: str) -> list[float]:
        """Points of held-out accuracy more than another arm has, a draw."""
        pairs = zip(self.values(arm, "held out"), self.values(other, "held out"), strict=True)
        return [100 * (first - second) for first, second in pairs]

    def lost(self, arm: str) -> list[float]:
        """Points of accuracy that what was known before has lost, a draw."""
        pairs = zip(self.values(UNTRAINED, "known"), self.values(arm, "known"), strict=True)
        return [100 * (before - after) for before, after in pairs]


def table_of(draws: Draws) -> Table:
    """An arm a row. For SmolLM2 the loss on plain text too."""
    task, large = TASKS[draws.task], TASKS[draws.task].model == SMOLLM2
    before = draws.values(UNTRAINED, "known")[0]
    heads = (*HEADS, f"{SIDE[task.model]}, points lost", *(("loss on text, nats more",) if large else ()), *MORE)
    title = (
        f"{task.model}, {task.title}: {counted(len(draws.seeds), 'draw')}, {task.steps} steps of {task.batch} "
        f"examples; untrained: {percent(statistics.mean(draws.values(UNTRAINED, 'held out')))} held out, "
        f"{SIDE[task.model]} {percent(before)}"
    )
    return Table(title, heads, [[arm, *_cells(draws, arm, large)] for arm in draws.arms if arm != UNTRAINED])


def _cells(draws: Draws, arm: str, large: bool) -> list[str]:
    outcomes = draws.arms[arm]
    more = []
    if large:
        texts = zip(draws.values(UNTRAINED, "text loss"), draws.values(arm, "text loss"), strict=True)
        more.append(spread([after - before for before, after in texts], "", 2))
    return [
        f"{statistics.mean(draws.values(arm, 'parameters')):,.0f}",
        spread([100 * value for value in draws.values(arm, "held out")], " %"),
        _against(draws, arm, EVEN),
        _against(draws, arm, RANDOM),
        spread(draws.lost(arm), ""),
        *more,
        f"{outcomes[0]['rate']:g}",
        _where(outcomes),
        f"{statistics.mean(draws.values(arm, 'seconds')):.1f}, {statistics.mean(draws.values(arm, 'choosing')):.1f}",
    ]


def _where(outcomes: Sequence[Outcome]) -> str:
    """Of an arm that has placed LoRA."""
    if "depth" not in outcomes[0]:
        return ""
    attention, depth = (statistics.mean(each[name] for each in outcomes) for name in ("attention", "depth"))
    return f"{percent(attention)}, {depth:.2f}"


def _against(draws: Draws, arm: str, other: str) -> str:
    """ "3.0 ± 0.2, p 0.031"; nothing beside itself."""
    if other == arm or other not in draws.arms:
        return ""
    p = paired(draws.values(arm, "held out"), draws.values(other, "held out"))
    return spread(draws.over(arm, other), "") + (f", p {p}" if p else "")


def rates_table(draws: Draws) -> Table:
    """What each rate gave on the draws that it was chosen on, an arm a row."""
    rows: dict[str, dict[float, list[float]]] = {}
    for outcome in draws.tuning:
        rows.setdefault(outcome["arm"], {}).setdefault(outcome["rate"], []).append(100 * outcome["validation"])
    count = max(map(len, rows.values()))
    cells = [
        [arm, *(f"{statistics.mean(values):.0f} % at {rate:g}" for rate, values in sorted(by_rate.items()))]
        for arm, by_rate in rows.items()
    ]
    seeds = counted(len({outcome["seed"] for outcome in draws.tuning}), "draw")
    heads = ("placed", *(f"rate {number + 1}" for number in range(count)))
    return Table(f"{draws.task}: validation accuracy at each learning rate, {seeds} of their own", heads, cells)


def in_short(all_draws: Sequence[Draws]) -> Table:
    """Points of held-out accuracy over even ranks, an arm a row and a task a column."""
    rows = [
        [arm, *(spread(draws.over(arm, EVEN), "") for draws in all_draws)]
        for arm in ARMS
        if arm != EVEN and all(arm in each.arms for each in all_draws)
    ]
    heads = ("placed", *(f"{draws.task}, {counted(len(draws.seeds), 'draw')}" for draws in all_draws))
    return Table("Held-out accuracy, points over LoRA with even ranks (95 % intervals)", heads, rows)
