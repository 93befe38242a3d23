"""Tracing methods: how well they find known circuits, and what their circuits recover on the bundled model's tasks."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import wirescope as ws
from core.inputs.tasks import make_task
from core.tracing.method import METHODS
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.benchmarks.table import Table
from tests.ground_truth.programs import PROGRAMS
from tests.ground_truth.scoring import auroc, precision

TASKS = ("ioi", "greater-than", "induction", "capitals", "agreement", "docstring")
PAIRS = 16
STEPS = 5
SLOW = ("exact-scan", "acdc", "learned-masks")  # on a model of 1,500 edges and 16 pairs: minutes a task


def tables() -> Iterator[Table]:
    for kind in ("patch", "zero"):
        yield known_circuits(kind)
    yield recovered()
    for task in TASKS[:2]:
        yield equal_time(task)


def known_circuits(kind: str) -> Table:
    """AUROC and precision at the true size, a column a program."""
    sessions = {}
    for name, program in PROGRAMS.items():
        builder = program.build()
        model = builder.build()
        sessions[name] = program.session(model), builder.truth(model.graph, kind)  # type: ignore[arg-type]
    rows = []
    for method in METHODS.values():
        if kind not in method.replacements:
            continue
        figures = []
        for session, truth in sessions.values():
            scores = ws.trace(session, method.name, replacement=kind, options=Options(steps=8)).values  # type: ignore[arg-type]
            figures.append((auroc(scores, truth), precision(scores, truth)))
        median = statistics.median(area for area, _ in figures)
        rows.append([method.name, f"{median:.2f}", *(f"{area:.2f} {share:.2f}" for area, share in figures)])
    title = f"Known circuits, {kind} ablation: AUROC, and precision at the true size"
    return Table(title, ("method", "median AUROC", *PROGRAMS), rows)


def dataset_of(model: ws.Model, task: str, pairs: int, seed: int = 0) -> tuple[ws.Session, ws.Dataset]:
    """A task's pairs, each with its own answers."""
    made = make_task(task, model, pairs, seed)
    dataset = ws.Dataset([model.pair(clean, other) for clean, other in made.pairs], made.answers)
    return ws.Session(model, dataset.pairs[0], ws.logit_difference(*made.answers[0])), dataset


def recovered() -> Table:
    """CPR and CMD on every task of the bundled model, of every method that is not SLOW."""
    model = ws.load_model("bundled:names")
    tasks = [dataset_of(model, task, PAIRS) for task in TASKS]
    rows = []
    for method in METHODS.values():
        if method.name in SLOW:
            continue
        seconds, cells = 0.0, []
        for session, dataset in tasks:
            took, scores = timed(session, dataset, method.name, Options(steps=STEPS))
            seconds += took
            cpr, cmd, _, by_size = areas(session, dataset, scores)[:4]
            cells.append(f"{cpr} {cmd} {by_size}")
        rows.append([method.name, f"{seconds:.1f} s", *cells])
    title = f"`names`, {PAIRS} pairs of each task: CPR, CMD, and CMD with the edges ranked by size"
    return Table(title, ("method", "scoring, all", *TASKS), rows)


FRACTIONS = ".001 .002 .005 .01 .02 .05 .1 .2 .5"
AREAS = ("CPR", "CMD", "CPR by size", "CMD by size", f"recovered at {FRACTIONS}", "by size")


def areas(session: ws.Session, dataset: ws.Dataset, scores: ws.Scores) -> list[str]:
    """A cell for each of AREAS."""
    curves = [
        ws.faithfulness(session, scores, dataset=dataset, random_circuits=0, by_size=by_size)
        for by_size in (False, True)
    ]
    shares = [" ".join(f"{share:.2f}" for share in curve.recovered[:-1]) for curve in curves]
    return [f"{value:.2f}" for curve in curves for value in (curve.cpr, curve.cmd)] + shares


def timed(session: ws.Session, dataset: ws.Dataset, method: str, options: Options) -> tuple[float, ws.Scores]:
    """Seconds to score a dataset, and the scores."""
    tracing = Tracing(session, method, dataset=dataset, options=options)
    started = time.perf_counter()
    for _ in tracing.parts():
        pass
    return time.perf_counter() - started, tracing.scores


def equal_time(task: str) -> Table:
    """Wirescope's own method against EAP-IG with as many steps as take as long."""
    session, dataset = dataset_of(ws.load_model("bundled:names"), task, PAIRS)
    own_seconds, scores = timed(session, dataset, "circuit-pruning", Options(steps=STEPS))
    one, _ = timed(session, dataset, "eap-ig", Options(steps=STEPS))
    steps = max(STEPS, round(STEPS * own_seconds / one))
    other_seconds, other = timed(session, dataset, "eap-ig", Options(steps=steps))
    rows = [
        [f"circuit-pruning, {STEPS} steps", f"{own_seconds:.1f} s", *areas(session, dataset, scores)],
        [f"eap-ig, {steps} steps", f"{other_seconds:.1f} s", *areas(session, dataset, other)],
    ]
    return Table(f"`names`, {task}, {PAIRS} pairs: at equal time", ("method", "scoring", *AREAS), rows)
