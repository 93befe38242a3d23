"""Rules that choose edges: what their circuits recover, on the compiled models, `names` and SmolLM2.

    python -m tests.benchmarks selection

Scores, how sure their signs are and their balance are of some pairs of a task; circuits are run on as many others. On
the pairs that were scored, signs that are noise count as if they were not.
The largest table needs pack:smollm2; WIRESCOPE_PAIRS sets its number of pairs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import wirescope as ws
from core.models import packs
from core.tracing.methods.ensemble import ensemble
from core.tracing.selection import RULES
from core.tracing.sign_agreement import with_agreement
from core.tracing.told_options import Options
from tests.benchmarks.smollm2 import PAIRS as MANY
from tests.benchmarks.table import Table
from tests.benchmarks.tracing import FRACTIONS, PAIRS, STEPS, TASKS, dataset_of
from tests.ground_truth.programs import PROGRAMS

MEMBERS = ("eap-ig", "eap", "integrated-edges")
OPTIONS = Options(steps=STEPS)


def tables() -> Iterator[Table]:
    yield compiled()
    yield on_names()
    if packs.is_installed("smollm2"):
        yield on_smollm2()
    else:
        print("pack:smollm2 is not installed: wirescope models get smollm2", file=sys.stderr)


def compiled() -> Table:
    """The circuit of the true size: the share of its edges that are true ones, and what it recovers."""
    rows: dict[str, list[str]] = {name: [name] for name, rule in RULES.items() if not rule.needs}
    for program in PROGRAMS.values():
        builder = program.build()
        model = builder.build()
        session, truth = program.session(model), builder.truth(model.graph, "patch")
        scores = ws.trace(session, "eap-ig", options=Options(steps=8))
        for name, row in rows.items():
            circuit = scores.select(int(truth.sum()), name, by_size=True)
            share = len(circuit) / len(truth)
            curve = ws.faithfulness(session, scores, rule=name, by_size=True, fractions=(share,), random_circuits=0)
            row.append(f"{truth[circuit.edges].mean():.2f} {curve.recovered[0]:.2f}")
    title = (
        "Circuits chosen by each rule: known circuits, patch ablation, EAP-IG by size: true edges among those chosen "
        "at the true size, and what they recover"
    )
    return Table(title, ("rule", *PROGRAMS), list(rows.values()))


def on_names() -> Table:
    model = ws.load_model("bundled:names")
    rows: dict[str, list[str]] = {}
    for task in TASKS:
        session, dataset = dataset_of(model, task, PAIRS)
        for name, cells in _by_rule(session, dataset, _others(model, task, PAIRS)):
            rows.setdefault(name, [name]).append(f"{cells[1]} {cells[3]}")
    title = (
        f"Circuits chosen by each rule: `names`, {PAIRS} pairs of each task, run on as many others: CMD by signed "
        "score, and by size"
    )
    return Table(title, ("scores, rule", *TASKS), list(rows.values()))


def on_smollm2() -> Table:
    model = ws.load_model("pack:smollm2")
    session, dataset = dataset_of(model, "ioi", MANY)
    rows = []
    for name, cells in _by_rule(session, dataset, _others(model, "ioi", MANY), nested=True):
        rows.append([name, *cells])
        print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    rows.append(["program", "not run: it takes a third of a minute for every size", *[""] * 7])
    heads = ("scores, rule", "CPR", "CMD", "CPR by size", "CMD by size", f"recovered at {FRACTIONS}", "by size",
             "gap at most", "choosing")  # fmt: skip
    title = f"Circuits chosen by each rule: SmolLM2, indirect objects, {MANY} pairs, run on as many others"
    return Table(title, heads, rows)


def _others(model: ws.Model, task: str, pairs: int) -> ws.Dataset:
    return dataset_of(model, task, pairs, seed=1)[1]


def _by_rule(
    session: ws.Session, dataset: ws.Dataset, others: ws.Dataset, nested: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """Each rule on EAP-IG's scores, and on the ensemble of MEMBERS: CPR, CMD, both by size, what is recovered, both
    ways, the largest gap, and the seconds that choosing took. others: pairs that the circuits are run on. nested: only
    rules that put all edges in one order."""
    traced = {method: ws.trace(session, method, dataset=dataset, options=OPTIONS) for method in MEMBERS}
    rules = {name: rule for name, rule in RULES.items() if rule.nested or not nested}
    for name, rule in rules.items():
        scores = traced["eap-ig"]
        if rule.needs == "agreement":
            scores = with_agreement(session, scores, dataset)
        if rule.needs == "balance":
            scores = ws.with_balance(session, scores, dataset)
        yield f"eap-ig, {name}", _cells(session, others, scores, name)
    for name in (each for each in ("top", "greedy", "program") if each in rules):
        yield f"ensemble, {name}", _cells(session, others, ensemble(list(traced.values())), name)


def _cells(session: ws.Session, dataset: ws.Dataset, scores: ws.Scores, rule: str) -> list[str]:
    started = time.perf_counter()
    for by_size in (False, True):
        scores.select(max(1, len(scores.values) // 100), rule, by_size=by_size)
    seconds = (time.perf_counter() - started) / 2
    curves = [
        ws.faithfulness(session, scores, dataset=dataset, random_circuits=0, rule=rule, by_size=by_size)
        for by_size in (False, True)
    ]
    shares = [" ".join(f"{share:.2f}" for share in curve.recovered[:-1]) for curve in curves]
    areas = [f"{value:.3f}" for curve in curves for value in (curve.cpr, curve.cmd)]
    gap = max(gap for curve in curves for gap in curve.gaps)
    return [*areas, *shares, f"{gap:.2%}" if gap else "", f"{seconds:.1f} s"]
