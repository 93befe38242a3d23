"""Hidden rules: which way names the field that decides? Small models with a known rule (`rule_models`); every way may
see the model's answers to the same number of records.

A tracing method scores `input` at the positions of the values, over pairs of a record and another one that differs in
every field and has the other answer; a field's score is the size of its position's. Methods that score no positions
cannot name a field and are listed. Black box: *answers and fields* ranks fields by the mutual information of value and
answer over the same records, corrected for chance (shuffled answers); *one field at a time* changes single fields of a
few records, as many queries in all; *asked for the reason* reads the field off the model's own words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray

import wirescope as ws
from core.errors import WirescopeError
from core.tracing.method import METHODS
from tests.benchmarks import rule_models
from tests.benchmarks.rule_models import EXPLAINED, FIELDS, Record, Rule, answers, draw, place, rule_of, text
from tests.benchmarks.table import Table
from tests.benchmarks.twins import cache_folder

SEEDS, PAIRS = 4, 5
RULES = (1, 2)  # fields that decide
DRAWS = 200  # shuffles of the answers
HELD_OUT = 500
VERSION = 1  # of the ways
BLACK_BOX = ("answers and fields", "one field at a time", "asked for the reason")

Named = dict[str, float]  # by way: the share of the deciding fields among as many that it ranks first


def tables(
    seeds: int = SEEDS, pairs: int = PAIRS, rules: Sequence[int] = RULES, methods: Sequence[str] | None = None
) -> Iterator[Table]:
    torch.set_num_threads(1)
    for fields in rules:
        named = {explained: [named_by(seed, fields, explained, pairs, methods) for seed in range(seeds)]
                 for explained in EXPLAINED}  # fmt: skip
        ways = [way for way in named[EXPLAINED[0]][0] if way != "right"]
        rows = []
        for way in ways:
            of_all = [float(np.mean([some[seed][way] for some in named.values()])) for seed in range(seeds)]
            cells = [_cell([each[way] for each in some]) for some in named.values()]
            rows.append([way, *cells, _cell(of_all)])
        rows += [[method, "scores no positions", "", "", ""] for method in without_positions(methods)]
        right = min(each["right"] for some in named.values() for each in some)
        what = "field that decides" if fields == 1 else "two fields that decide"
        verb = "is" if fields == 1 else "are"
        yield Table(
            f"Hidden rules: how often the {what} of {len(FIELDS)} {verb} named first; {seeds} models a column, "
            f"{2 * pairs} records each (95 % intervals, bootstrap over rules); each model decides "
            f"{100 * right:.1f} % of records by its rule or more",
            ("way", *(f"explanation: {each}" for each in EXPLAINED), "all"),
            rows,
        )


def named_by(seed: int, fields: int, explained: str, pairs: int, methods: Sequence[str] | None) -> Named:
    """All ways on one model; kept in the user's cache."""
    name = f"{fields}-{explained}-{seed}"
    listed = "all" if methods is None else " ".join(methods)
    kept = cache_folder("rules") / f"{name}-{rule_models.STEPS}-{pairs}-{listed}-{VERSION}.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    rule = rule_of(seed, fields, explained)
    model = ws.load_model(str(rule_models.folder_of(rule, name, seed)))
    module, rng = model.adapter.module, Random(1000 + seed)
    couples = _couples(module, rng, pairs)
    records = [record for couple in couples for record in couple]
    ranked = {
        "answers and fields": by_answers(module, records, seed),
        "one field at a time": one_at_a_time(module, Random(2000 + seed), len(records)),
        "asked for the reason": np.mean([rule_models.said(module, record) for record in records], axis=0),
    }
    for method in with_positions(methods):
        ranked[method] = by_method(model, method, couples)
    named = {way: _share(scores, rule, seed) for way, scores in ranked.items()}
    held = [draw(rng) for _ in range(HELD_OUT)]
    right = (answers(module, held) == torch.tensor([rule.decides(record) for record in held])).float().mean()
    named["right"] = float(right)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(named), encoding="utf-8")
    return named


def with_positions(methods: Sequence[str] | None = None) -> list[str]:
    names = list(METHODS) if methods is None else list(methods)
    return [name for name in names if "positions" in METHODS[name].levels]


def without_positions(methods: Sequence[str] | None = None) -> list[str]:
    return [name for name in (METHODS if methods is None else methods) if "positions" not in METHODS[name].levels]


def _couples(module: torch.nn.Module, rng: Random, count: int) -> list[tuple[Record, Record]]:
    """Records that differ in every field and have different answers."""
    couples: list[tuple[Record, Record]] = []
    while len(couples) < count:
        one, other = draw(rng), draw(rng)
        if all(a != b for a, b in zip(one, other, strict=True)):
            first, second = answers(module, [one, other]).tolist()
            if first != second:
                couples.append((one, other))
    return couples


def by_method(model: ws.Model, method: str, couples: Sequence[tuple[Record, Record]]) -> NDArray[np.float64]:
    """The size of the score of `input` at each field's value; NaN where the method cannot score this model."""
    pair = model.pair([text(one) for one, _ in couples], [text(other) for _, other in couples])
    yes = answers(model.adapter.module, [one for one, _ in couples]).tolist()
    names = [("yes", "no") if each else ("no", "yes") for each in yes]
    metric = ws.logit_difference([target for target, _ in names], [foil for _, foil in names])
    try:
        scores = ws.trace(ws.Session(model, pair, metric), method, level="positions")
    except WirescopeError:
        return np.full(len(FIELDS), np.nan)
    table = np.abs(scores.values.reshape(model.graph.n_writers, -1))
    return table[0, [place(field) for field in range(len(FIELDS))]]


def by_answers(module: torch.nn.Module, records: Sequence[Record], seed: int) -> NDArray[np.float64]:
    """Mutual information of a field's value and the answer, in deviations from that of shuffled answers."""
    said = answers(module, list(records)).numpy()
    table, rng = np.array(records), np.random.default_rng(seed)
    shuffled = [rng.permutation(said) for _ in range(DRAWS)]
    scores = []
    for field in range(len(FIELDS)):
        chance = np.array([_information(table[:, field], each) for each in shuffled])
        scores.append((_information(table[:, field], said) - chance.mean()) / max(chance.std(), 1e-9))
    return np.array(scores)


def _information(values: NDArray[np.int64], said: NDArray[np.bool_]) -> float:
    total = 0.0
    for value in np.unique(values):
        for answer in (False, True):
            joint = ((values == value) & (said == answer)).mean()
            if joint > 0:
                total += joint * np.log(joint / ((values == value).mean() * (said == answer).mean()))
    return float(total)


def one_at_a_time(module: torch.nn.Module, rng: Random, queries: int) -> NDArray[np.float64]:
    """How often the answer turns when a single field gets another value."""
    turned, tried = np.zeros(len(FIELDS)), np.zeros(len(FIELDS))
    while queries > 1:
        record = draw(rng)
        before = bool(answers(module, [record])[0])
        queries -= 1
        for field in rng.sample(range(len(FIELDS)), min(queries, len(FIELDS))):
            value = rng.choice([value for value in range(len(rule_models.VALUES)) if value != record[field]])
            after = bool(answers(module, [(*record[:field], value, *record[field + 1 :])])[0])
            turned[field] += before != after
            tried[field] += 1
            queries -= 1
    return turned / np.maximum(tried, 1)


def _share(scores: NDArray[np.float64], rule: Rule, seed: int) -> float:
    """Of the deciding fields, how many stand among as many of the largest scores; ties are drawn. NaN without scores,
    which would else be drawn as ties."""
    if not np.isfinite(scores).any():
        return float("nan")
    order = np.random.default_rng(seed).permutation(len(FIELDS))
    best = sorted(order.tolist(), key=lambda field: -scores[field] if np.isfinite(scores[field]) else np.inf)
    return len(set(best[: len(rule.fields)]) & set(rule.fields)) / len(rule.fields)


def _cell(values: Sequence[float]) -> str:
    if np.isnan(values).any():
        return "cannot score it"
    some, rng = np.array(values), np.random.default_rng(0)
    means = rng.choice(some, size=(2000, len(some))).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{some.mean():.2f} ({low:.2f} to {high:.2f})"
