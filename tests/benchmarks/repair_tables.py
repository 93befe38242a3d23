"""A table of one planted model, and that of the bars: means over the draws with their 95 % intervals (Student), and a
paired test against the repair (Wilcoxon)."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence

from scipy import stats

from core.repair.repair import LEVELS
from core.repair.rivals.table import RIVALS
from resources.models.planted.plants import PLANTS
from tests.benchmarks.repair_cases import plant_of
from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.repair_ways import BUDGET, CALM, REPAIR
from tests.benchmarks.table import Table

EDGES = ("misbehaviour", "clean accuracy lost", "worst group", "KL to the twin", "edges cut", "seconds")
HEADS = (
    "way",
    *EDGES[:-1],
    "trained on: misbehaviour, lost",
    "8 bits: misbehaviour, lost",
    "other trigger",
    "seconds",
    "p",
)
BARS = {
    "triggered": {"misbehaviour": 0.005, "clean accuracy lost": 0.005, "edges cut": 0.005},
    "clean": {"misbehaviour": 0.05, "clean accuracy lost": 0.01},
}
BAR_WORDS = {"triggered": "0.5 %, 0.5 points, 0.5 %", "clean": "5 %, 1 point"}
WORST_GROUP = 0.25  # by which that of a shortcut is to rise
NOTHING = "nothing"
LEAST = 3  # draws that have an interval
SURE = 0.05  # p below which a difference has a star
ORDER = (*(f"repair, {level}" for level in LEVELS), *RIVALS)


class Draws:
    """The outcomes of one model and number of triggered examples, way by way. Draws in which the edges of the repair
    are not measured count for no way; a way may have fewer."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        found: dict[str, dict[int, Outcome]] = {}
        for outcome in outcomes:
            found.setdefault(outcome["way"], {})[outcome["seed"]] = outcome
        self.model, self.triggered = outcomes[0]["model"], outcomes[0]["triggered"]
        self.knowledge = outcomes[0].get("knowledge", "triggered")
        self.seeds = sorted(found[REPAIR])
        self.ways: dict[str, list[Outcome]] = {}
        for way in sorted(found, key=place_of):
            some = [found[way][seed] for seed in self.seeds if seed in found[way]]
            if some:
                self.ways[way] = some
        self.before = self.ways[NOTHING][0]

    def lost(self, outcome: Outcome) -> float:
        return float(self.before["accuracy"] - outcome["accuracy"])

    def sums(self, way: str) -> dict[int, float]:
        """Misbehaviour and clean accuracy lost together, by draw."""
        return {outcome["seed"]: outcome["misbehaviour"] + self.lost(outcome) for outcome in self.ways[way]}

    def beside(self, way: str) -> tuple[list[float], list[float]]:
        """These of the repair of edges and of a way, over the draws that both have."""
        first, second = self.sums(REPAIR), self.sums(way)
        return [first[seed] for seed in second], list(second.values())

    def mean(self, way: str, value: Callable[[Outcome], float]) -> float:
        return statistics.mean(map(value, self.ways[way]))

    @property
    def rivals(self) -> list[str]:
        return [way for way in self.ways if not way.startswith("repair")]

    @property
    def best_rival(self) -> str:
        return min(self.rivals, key=lambda way: statistics.mean(self.sums(way).values()))

    def ahead(self) -> str:
        """Whether the repair of edges leaves less of both than every rival, each over the draws that both have."""
        means = [tuple(map(statistics.mean, self.beside(way))) for way in self.rivals]
        if all(own < other for own, other in means):
            return "met"
        return "equal" if all(own <= other for own, other in means) else "missed"


def place_of(way: str) -> int:
    """Its row in tables."""
    return ORDER.index(way) if way in ORDER else len(ORDER)


def table_of(draws: Draws, held_out: int, clean: int) -> Table:
    slowest = max(outcome["seconds"] for some in draws.ways.values() for outcome in some)
    before = draws.before
    title = (
        f"{draws.model}: {known(draws)} and {clean} clean examples, {counted(len(draws.seeds), 'draw')}; "
        f"{held_out:,} held-out inputs of each kind, before: misbehaviour {percent(before['misbehaviour'])}, accuracy "
        f"{percent(before['accuracy'])}, worst group {percent(before['worst group'])}; budget of {BUDGET:.0f} s a way, "
        f"the slowest took {slowest:.0f} s"
    )
    return Table(title, HEADS, [[named(draws, way), *_cells(draws, way)] for way in draws.ways])


def named(draws: Draws, way: str) -> str:
    """With its number of draws where these are fewer."""
    count = len(draws.ways[way])
    return way if count == len(draws.seeds) else f"{way} ({counted(count, 'draw')})"


def known(draws: Draws) -> str:
    """ "16 triggered", for titles."""
    if draws.knowledge == "clean":
        return "nothing of the fault"
    if draws.knowledge == "suspicious":
        return f"{draws.triggered} triggered among {(CALM + 1) * draws.triggered} suspicious ones without answers,"
    return f"{draws.triggered} triggered"


def examples(draws: Draws) -> str:
    """ "16 triggered examples", alone in a title."""
    if draws.knowledge == "clean":
        return "nothing known of the fault"
    return f"{known(draws).rstrip(',')}{' examples' if draws.knowledge == 'triggered' else ''}"


def cells_of(draws: Draws, way: str) -> list[str]:
    """What is measured of every draw, as EDGES names it."""
    outcomes = draws.ways[way]
    return [
        spread([100 * each["misbehaviour"] for each in outcomes], " %"),
        spread([100 * draws.lost(each) for each in outcomes], ""),
        spread([100 * each["worst group"] for each in outcomes], " %"),
        spread([each["KL to the twin"] for each in outcomes], "", 3),
        spread([100 * each["share cut"] for each in outcomes], " %", 2),
        f"{statistics.mean(each['seconds'] for each in outcomes):.1f}{_over(outcomes)}",
    ]


def _cells(draws: Draws, way: str) -> list[str]:
    lasting = [outcome for outcome in draws.ways[way] if "trained on" in outcome]
    *always, seconds = cells_of(draws, way)
    return [
        *always,
        _lasting(draws, lasting, "trained on"),
        _lasting(draws, lasting, "8 bits"),
        _mean_percent([each["changed trigger"] for each in lasting if "changed trigger" in each]),
        seconds,
        "" if way == REPAIR else paired(*draws.beside(way)),
    ]


def left_and_lost(draws: Draws, way: str) -> str:
    """ "1.0 ± 0.8 %, 0.2", with a star where it differs from the repair of edges, and with the number of draws where it
    is another than theirs."""
    outcomes = draws.ways[way]
    bad = spread([100 * each["misbehaviour"] for each in outcomes], " %")
    cell = f"{bad}, {signed(100 * draws.mean(way, draws.lost))}"
    p = "" if way == REPAIR else paired(*draws.beside(way))
    if p and float(p) < SURE:
        cell += " *"
    count = len(outcomes)
    return cell if count == len(draws.seeds) else f"{cell} ({counted(count, 'draw')})"


def _over(outcomes: Sequence[Outcome]) -> str:
    count = sum(each["seconds"] > BUDGET for each in outcomes)
    return f", over the budget in {count}" if count else ""


def _lasting(draws: Draws, outcomes: Sequence[Outcome], name: str) -> str:
    if not outcomes:
        return ""
    before = {each["seed"]: each[name][1] for each in draws.ways[NOTHING] if name in each}
    lost = statistics.mean(before[each["seed"]] - each[name][1] for each in outcomes)
    return f"{_mean_percent([each[name][0] for each in outcomes])}, {signed(100 * lost)}"


def _mean_percent(shares: Sequence[float]) -> str:
    return percent(statistics.mean(shares)) if shares else ""


def paired(first: Sequence[float], second: Sequence[float]) -> str:
    """The p of Wilcoxon's signed ranks, two-sided: whether the pairs differ. Blank where there are too few to tell."""
    if len(first) < 6:  # with fewer no outcome is below 5 %
        return ""
    differences = [a - b for a, b in zip(first, second, strict=True)]
    if all(abs(difference) < 1e-12 for difference in differences):
        return "1"
    return f"{stats.wilcoxon(differences).pvalue:.2g}"


def spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """ "1.2 ± 0.4 %": the mean and half the width of its 95 % interval (Student), of three values or more."""
    mean = statistics.mean(values)
    if len(values) < LEAST:
        return f"{signed(mean, digits)}{unit}"
    half = stats.t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{signed(mean, digits)} ± {half:.{digits}f}{unit}"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def signed(value: float, digits: int = 1) -> str:
    """Without a minus before nought."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def bars(found: Sequence[Draws]) -> Table:
    """A row a model: what the repair of edges leaves, and whether each bar is met; the best rival beside it."""
    level = BARS.get(found[0].knowledge, BARS["triggered"])
    rows = []
    for draws in found:
        bad = draws.mean(REPAIR, lambda outcome: outcome["misbehaviour"])
        lost = draws.mean(REPAIR, draws.lost)
        cut = draws.mean(REPAIR, lambda outcome: outcome["share cut"])
        rival = draws.best_rival
        rise = draws.mean(REPAIR, lambda outcome: outcome["worst group"]) - draws.before["worst group"]
        met = [value <= bar for value, bar in zip((bad, lost, cut), level.values(), strict=False)]
        rows.append(
            [
                draws.model,
                f"{len(draws.seeds)}",
                f"{percent(bad)}, {signed(100 * lost)} points, {100 * cut:.2f} %",
                "met" if all(met) else "missed: " + ", ".join(n for n, ok in zip(level, met, strict=True) if not ok),
                f"{rival}: {percent(draws.mean(rival, lambda outcome: outcome['misbehaviour']))}, "
                f"{signed(100 * draws.mean(rival, draws.lost))} points",
                draws.ahead(),
                _shortcut(draws, rise),
            ]
        )
    heads = (
        "model",
        "draws",
        "repair, edges: misbehaviour, accuracy lost, edges cut",
        f"bars: {BAR_WORDS.get(found[0].knowledge, BAR_WORDS['triggered'])}",
        "best rival",
        "bar: less of both than every rival",
        "bar: worst group of the shortcut up by 25 points, without labels of groups",
    )
    plants = sorted({plant_of(draws.model) for draws in found})
    reached = Counter(plant_of(row[0]) for row in rows if row[3] == "met")
    whole = [plant for plant in plants if reached[plant] == len(PLANTS[plant].ways)]
    ahead = sum(row[5] == "met" for row in rows)
    fewest = min(len(draws.seeds) for draws in found)
    title = (
        f"Bars, {examples(found[0])}, {counted(fewest, 'draw')} of them or more: met on {len(whole)} of "
        f"{counted(len(plants), 'plant')} (each way of planting), ahead of every rival on {ahead} of "
        f"{counted(len(rows), 'model')}"
    )
    return Table(title, heads, rows)


def _shortcut(draws: Draws, rise: float) -> str:
    """Triggered examples are marked, which is as good as labels of groups: then the bar is neither met nor missed."""
    if plant_of(draws.model) != "shortcut":
        return ""
    if draws.knowledge == "triggered":
        return f"{100 * rise:+.1f} with marked examples"
    return f"{'met' if rise >= WORST_GROUP else 'missed'}: {100 * rise:+.1f}"
