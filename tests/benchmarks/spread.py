"""What it costs that layers lie on another device, but for the way there: the same models on the CPU, as they are and
with the hooks of a model over several devices on every part of every layer, which find their inputs there already. In
turn in one process, on one thread; so the ratios hold beside other work too."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from accelerate.hooks import add_hook_to_module

import wirescope as ws
from core.models.family import adapt
from core.models.spread import CPU
from core.models.spread_hook import Elsewhere
from tests.benchmarks.models import MAKERS, forward
from tests.benchmarks.table import Table, side_by_side

ROUNDS = 40
TRACES = 7
Work = Callable[[], object]


def tables() -> Iterator[Table]:
    torch.set_num_threads(1)
    rows = [[name, *ratios(make(), hooked(make()))] for name, make in MAKERS.items()]
    heads = ("model", "its own forward", "an edge toggled", "EAP, all edges")
    yield Table("With the hooks against without: ratios of medians", heads, rows)


def hooked(session: ws.Session) -> ws.Session:
    """The same session, of a model whose module gets the hooks."""
    adapter = session.model.adapter
    for block in adapter.blocks:
        for part in block.modules():
            add_hook_to_module(part, Elsewhere(CPU))
    return ws.Session(replace(session.model, adapter=adapt(adapter.module)), session.pair, session.metric.metric)


def ratios(plain: ws.Session, with_hooks: ws.Session) -> list[str]:
    works: tuple[tuple[Callable[[ws.Session], Work], int], ...] = (
        (lambda session: partial(forward, session), ROUNDS),
        (toggling, ROUNDS),
        (lambda session: partial(ws.trace, session, "eap"), TRACES),
    )
    medians = [side_by_side(make(plain), make(with_hooks), rounds) for make, rounds in works]
    return [f"{after / before:.3f}" for before, after in medians]


def toggling(session: ws.Session) -> Work:
    """Edits an edge each time it is called, the same edges in every session."""
    draw, graph = random.Random(0), session.graph
    return lambda: session.run([ws.Edit(graph.edge(draw.randrange(graph.n_edges)), "patch")])
