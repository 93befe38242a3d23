"""Tables that put all planted models side by side: one for each level of knowledge, and README's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.repair.repair import KNOWLEDGE
from tests.benchmarks.repair_cases import medium_of, names, plant_of
from tests.benchmarks.repair_outcomes import Outcome
from tests.benchmarks.repair_tables import (
    EDGES,
    REPAIR,
    Draws,
    bars,
    cells_of,
    counted,
    examples,
    left_and_lost,
    percent,
    place_of,
    signed,
    table_of,
)
from tests.benchmarks.repair_ways import TRIGGERED, Unit
from tests.benchmarks.table import Table

POSITIONS = "repair, positions"
INPUTS = {"text": "sentences", "image": "pictures"}


def tables_of(finished: Mapping[Unit, list[Outcome]]) -> list[Table]:
    """Bars; a table a level of knowledge and kind of inputs; a table a model, or, of other levels than that of most
    draws, one of the edges in all models. The first one sums up for README, where that level is there."""
    outcomes: dict[tuple[str, int, str], list[Outcome]] = {}
    held_out: dict[tuple[str, int, str], tuple[int, int]] = {}
    for unit, each in finished.items():
        key = unit.knowledge, unit.triggered, unit.model
        outcomes.setdefault(key, []).extend(each)
        held_out[key] = unit.held_out, unit.clean
    found = {key: Draws(each) for key, each in outcomes.items() if any(outcome["way"] == REPAIR for outcome in each)}
    levels: dict[tuple[str, int], list[Draws]] = {}
    for knowledge, triggered, model in sorted(found, key=lambda key: names().index(key[2])):
        draws = found[knowledge, triggered, model]
        levels.setdefault((knowledge, triggered), []).append(draws)
    order = sorted(levels, key=lambda level: (list(KNOWLEDGE).index(level[0]), level[1] != TRIGGERED, level[1]))  # type: ignore[arg-type]
    tables = []
    for level in order:
        some, most = levels[level], level == ("triggered", TRIGGERED)
        place = "" if most else str(level[1]) if level[0] == "triggered" else level[0]
        here = [summary(some)] if most else []
        here += [bars(some)] if level[1] == TRIGGERED else []
        media = ([draws for draws in some if medium_of(draws.model) == medium] for medium in INPUTS)
        here += [side_by_side(of, medium) for of, medium in zip(media, INPUTS, strict=True) if of]
        here += [] if most else [of_edges(some)]
        here += [table_of(draws, *held_out[*level, draws.model]) for draws in some if most]
        tables += [replace(table, place=place) for table in here]
    return tables


def side_by_side(some: Sequence[Draws], medium: str) -> Table:
    """A row a way, a column a model."""
    ways = sorted({way for draws in some for way in draws.ways}, key=place_of)
    rows = [[way, *(left_and_lost(draws, way) if way in draws.ways else "" for draws in some)] for way in ways]
    title = (
        f"{_capital(examples(some[0]))}, {INPUTS[medium]}: misbehaviour left, points of clean accuracy lost; "
        f"{_draws(some)}"
    )
    return Table(title, ("way", *(draws.model for draws in some)), rows)


def of_edges(some: Sequence[Draws]) -> Table:
    """A row a model: all that is measured of the repair of edges."""
    heads = ("model", "draws", *EDGES)
    rows = [[draws.model, f"{len(draws.seeds)}", *cells_of(draws, REPAIR)] for draws in some]
    title = f"{_capital(examples(some[0]))}: the repair of edges, each model; {_draws(some)}"
    return Table(title, heads, rows)


def summary(some: Sequence[Draws]) -> Table:
    """A row a plant, its models in a cell each after the other."""
    rows = []
    for plant in dict.fromkeys(plant_of(draws.model) for draws in some):
        models = [draws for draws in some if plant_of(draws.model) == plant]
        ways = ", ".join(draws.model.rpartition("-")[2] for draws in models)
        rows.append(
            [
                f"{plant} ({ways})",
                "; ".join(_short(draws, REPAIR) for draws in models),
                "; ".join(_short(draws, POSITIONS) for draws in models),
                "; ".join(f"{_short(draws, draws.best_rival)} ({draws.best_rival})" for draws in models),
            ]
        )
    title = f"Misbehaviour left, points of clean accuracy lost; {examples(some[0])}, {_draws(some)}"
    fewer = {len(draws.ways[POSITIONS]) for draws in some if POSITIONS in draws.ways}
    if fewer and max(fewer) < min(len(draws.seeds) for draws in some):
        title += f" ({max(fewer)} for positions)"
    return Table(title, ("fault (ways it was put in)", "repair, edges", "repair, positions", "best rival"), rows)


def _short(draws: Draws, way: str) -> str:
    if way not in draws.ways:
        return "not measured"
    bad = draws.mean(way, lambda outcome: outcome["misbehaviour"])
    return f"{percent(bad)}, {signed(100 * draws.mean(way, draws.lost))}"


def _draws(some: Sequence[Draws]) -> str:
    counts = [len(draws.seeds) for draws in some]
    if min(counts) == max(counts):
        return f"{counted(min(counts), 'draw')} of the examples"
    return f"{min(counts)} to {max(counts)} draws of the examples"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
