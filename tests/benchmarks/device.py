"""On a graphics processor, where there is one: parity, every method, and speed, beside the same on the CPU.

    python -m tests.benchmarks device

It stands in for tests there: what they assert with a mode that refuses fp64, and with modules in bf16 on the CPU, is
really run. Without a GPU it says so and ends well.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator

import numpy as np
import torch

import wirescope as ws
from core.errors import WirescopeError
from core.evaluation.agreement import rank_correlation
from core.parity import PARITY_LIMITS
from core.tracing.method import METHODS
from tests.benchmarks.models import CLEAN, COUNTERFACTUAL, gpt2_small_shape
from tests.benchmarks.table import Table, milliseconds

MODELS = ("bundled:names", "pack:smollm2")
OPTIONS = ws.Options(updates=4, threshold=1.0, steps=2)
EDGES = 24  # random edges toggled
NONE = "This machine has no graphics processor that PyTorch can use (cuda or mps): nothing to measure."


def device() -> str | None:
    """The name of the GPU's kind; None where there is none."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


def tables() -> Iterator[Table]:
    where = device()
    if where is None:
        yield Table("Graphics processor", ("", ""), [["none", NONE]])
        return
    yield parity(where)
    yield methods(where)
    yield speed(where)


def session_on(name: str, where: str, dtype: str) -> ws.Session | None:
    """None for a pack that is not installed."""
    try:
        model = ws.load_model(name, device=where, dtype=dtype)
    except WirescopeError:
        return None
    return ws.Session(model, model.pair(CLEAN, COUNTERFACTUAL), ws.logit_difference(" Mary", " John"))


def parity(where: str) -> Table:
    """The engine against the model's own forward there, and an edit's effect against the CPU's in fp32."""
    rows = []
    for name in MODELS:
        on_cpu = session_on(name, "cpu", "fp32")
        if on_cpu is None:
            continue
        edit = [ws.Edit("m1", "patch")]
        effect = float(on_cpu.run(edit).metric) - float(on_cpu.clean.metric)
        for dtype in ("fp32", "bf16", *(["fp64"] if where == "cuda" else [])):
            session = session_on(name, where, dtype)
            assert session is not None
            there = float(session.run(edit).metric) - float(session.clean.metric)
            limit = PARITY_LIMITS[session.model.adapter.dtype]
            cells = (f"{session.parity.relative:.1e}", f"{limit:.0e}", f"{there:+.4f}", f"{effect:+.4f}")
            rows.append([name, dtype, *cells, f"{session.noise_floor:.2g}"])
    heads = ("model", "precision", "parity, of the range", "limit", "effect of m1", "on the CPU, fp32", "noise floor")
    return Table(f"Parity on {where}", heads, rows)


def methods(where: str) -> Table:
    """Every method at every level: its scores there against the CPU's, by rank."""
    rows = []
    on_cpu = session_on(MODELS[0], "cpu", "fp32")
    assert on_cpu is not None
    for dtype in ("fp32", "bf16"):
        session = session_on(MODELS[0], where, dtype)
        assert session is not None
        for method in METHODS.values():
            for level in method.levels:
                outcome = tried(lambda s=session, m=method.name, of=level: scores(s, m, of))  # type: ignore[misc]
                alike = ""
                if isinstance(outcome, np.ndarray):
                    sizes = [np.abs(each).ravel() for each in (outcome, scores(on_cpu, method.name, level))]
                    alike = f"{rank_correlation(*sizes):.4f}"
                rows.append([method.name, level, dtype, "runs" if alike else str(outcome), alike])
    return Table(f"Every method on {where}, `names`", ("method", "level", "precision", "", "rank correlation"), rows)


def scores(session: ws.Session, method: str, level: str) -> np.ndarray:
    return np.nan_to_num(ws.trace(session, method, level=level, options=OPTIONS).values)  # type: ignore[arg-type]


def tried(work: Callable[[], np.ndarray]) -> np.ndarray | str:
    """What it gives, or what it raises: one method that fails must not hide the others."""
    try:
        return work()
    except (RuntimeError, TypeError, NotImplementedError, WirescopeError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"


def speed(where: str) -> Table:
    """Medians there, of GPT-2 small's shape and of the models: the own forward, an edge toggled, EAP over all edges."""
    rows = []
    makers: dict[str, Callable[[], ws.Session | None]] = {
        f"GPT-2 small's shape, {tokens} tokens": lambda tokens=tokens: gpt2_small_shape(tokens, where=where)  # type: ignore[misc]
        for tokens in (16, 128)
    }
    makers |= {f"{name}, {dtype}": lambda n=name, d=dtype: session_on(n, where, d)  # type: ignore[misc]
               for name in MODELS for dtype in ("fp32", "bf16")}  # fmt: skip
    for name, make in makers.items():
        session = make()
        if session is not None:
            rows.append([name, *timings(session, where)])
    heads = ("model", "own forward", "edge toggled", "ratio", "EAP, all edges", "ratio")
    return Table(f"Speed on {where} (medians)", heads, rows)


def timings(session: ws.Session, where: str) -> list[str]:
    draw, graph = random.Random(0), session.graph
    adapter, ids = session.model.adapter, session.pair.clean.tensor

    def forward() -> None:
        with torch.no_grad():
            adapter.own_answer(ids)

    def median(work: Callable[[], object], rounds: int) -> float:
        work()
        return statistics.median(milliseconds(lambda: finished(work, where)) for _ in range(rounds))

    baseline = median(forward, EDGES)
    toggled = median(lambda: session.run([ws.Edit(graph.edge(draw.randrange(graph.n_edges)), "patch")]), EDGES)
    eap = median(lambda: ws.trace(session, "eap"), 3)
    ratios = f"{toggled / baseline:.2f}", f"{eap / baseline:.1f}"
    return [f"{baseline:.2f} ms", f"{toggled:.2f} ms", ratios[0], f"{eap:.1f} ms", ratios[1]]


def finished(work: Callable[[], object], where: str) -> None:
    """Do it, and wait until the device has done it: what is asked of a GPU comes back at once."""
    work()
    (torch.cuda if where == "cuda" else torch.mps).synchronize()
