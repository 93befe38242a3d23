"""What a session, an edit, a trace and a scan of a model will take: memory, multiplications, and seconds of this
machine, before any of them starts, from the model's configuration alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from core.engine.engine import MEMORY_MEGABYTES
from core.errors import ArgumentError
from core.planning.arithmetic import Arithmetic
from core.planning.memory import (
    edit_bytes,
    packed,
    scan_bytes,
    scanned_together,
    session_bytes,
    trace_bytes,
    weight_bytes,
)
from core.planning.pace import PlannedTrace, measured_pace
from core.planning.seconds import CHECKED, Seconds, trace_work
from core.planning.sketch import Sketch
from core.precision import precision_name
from core.tracing.costs import batch_positions
from core.tracing.method import method_named
from core.tracing.told_options import Options

MANY = 50  # forward runs, from which on a method without gradients makes runs with edits


@dataclass(frozen=True)
class Need:
    """Of one piece of work. bytes: at most at once, beside the weights. multiplications: in all. seconds: None where
    this machine was not measured."""

    what: str
    bytes: int
    multiplications: float
    seconds: float | None = None


@dataclass(frozen=True)
class Plan:
    """Of a model and inputs of so many positions. weights: bytes. nodes: the input, heads, MLPs and the output."""

    name: str
    precision: str
    positions: int
    parameters: int
    weights: int
    nodes: int
    edges: int
    needs: tuple[Need, ...]

    @property
    def most_bytes(self) -> int:
        """Of the weights and the piece of work that holds most."""
        return self.weights + max(need.bytes for need in self.needs)


def plan(
    whole: Sketch,
    tokens: int | None = None,
    *,
    pairs: int = 1,
    method: str = "eap-ig",
    options: Options | None = None,
    same: int = 0,
    memory_megabytes: float = MEMORY_MEGABYTES,
    measure: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> Plan:
    """tokens: of an input of a language model; of one of pictures None, as the configuration says how many patches
    there are. pairs: that are traced, by the method of that name with its options. same: how many positions at the
    beginning are the same in A and B: runs of a causal model begin behind them. memory_megabytes: of the session, for
    runs that are kept. measure: whether some layers are run here, for the seconds, which the clock tells.

    Raises ArgumentError for an unknown method and for numbers that no work can have."""
    adapter = whole.adapter
    length, reads = positions_of(whole, tokens)
    if pairs < 1:
        raise ArgumentError(f"{pairs} pairs cannot be traced.", "Give 1 or more.")
    if not 0 <= same < length:
        raise ArgumentError(f"A and B have {length} positions and cannot have {same} the same.", "Give fewer.")
    rows = length - same if adapter.shape.causal else length
    row = method_named(method)
    told = (options or Options()).of(row.takes)
    counted = Arithmetic(adapter, length, reads, rows)
    graph, memory = adapter.graph, int(memory_megabytes * 2**20)
    packed_layers, _ = packed(adapter, length, counted.reads, memory)
    at_once = scanned_together(adapter, length, rows, counted.reads, memory)
    forwards = row.forwards(graph.n_edges, told)
    traced = trace_work(counted, forwards)
    block_weights = sum(weight.numel() for block in adapter.blocks for weight in block.parameters())
    opened = session_bytes(adapter, length, counted.reads)
    edited = edit_bytes(adapter, length, counted.reads, memory)
    pace = seconds = None
    if measure:
        extent = int(at_once.min()), int(at_once.max())
        pace = measured_pace(whole, PlannedTrace(length, pairs, same, row, told), packed_layers, extent, clock)
    if pace is not None:
        three = (adapter, pace.some.adapter, pace.one.adapter)
        layers, some, one = (Arithmetic(each, length, reads, rows, output=False) for each in three)
        seconds = Seconds(pace, layers, some, one, packed_layers, at_once)
    together = max(1, min(pairs, batch_positions(block_weights, forwards) // length))
    scanned = scan_bytes(adapter, length, rows, counted.reads, memory)
    held, again = row.held(told) if row.slopes else 0, row.makes_clean and pairs == 1
    traced_bytes = trace_bytes(adapter, together, length, rows, counted.reads, held, again)
    if not row.slopes and forwards > MANY:  # runs with edits, a batch of them at a time
        traced_bytes = scanned
    checked = counted.forward.times(CHECKED - 1) + counted.of_b
    needs = (
        Need("open a session", opened, checked.multiplications, seconds.session() if seconds else None),
        Need(
            "one edge cut", edited, counted.all_cut.multiplications / graph.n_edges, seconds.cut() if seconds else None
        ),
        Need(
            f"trace by {row.name}, {pairs} pairs" if pairs > 1 else f"trace by {row.name}",
            traced_bytes,
            traced.times(pairs).multiplications,
            seconds.trace(forwards, pairs, row.slopes) if seconds else None,
        ),
        Need(
            "measure every edge",
            scanned,
            counted.scan.multiplications,
            seconds.scan() if seconds else None,
        ),
    )
    parameters = sum(weight.numel() for weight in adapter.module.parameters())
    return Plan(
        whole.name, precision_name(whole.dtype), length, parameters, weight_bytes(adapter), len(graph.nodes),
        graph.n_edges, needs,
    )  # fmt: skip


def positions_of(whole: Sketch, tokens: int | None) -> tuple[int, int | None]:
    """Positions of an input, and at how many of them the output is made; None: at all. Raises ArgumentError."""
    adapter = whole.adapter
    if adapter.shape.input_kind == "image":
        if tokens:
            raise ArgumentError(f"{whole.name} takes pictures, which have no tokens.", "Leave --tokens out.")
        pixels = torch.empty(1, 3, whole.side, whole.side, dtype=whole.dtype, device="meta")
        return int(adapter.embed(pixels).shape[1]), None
    limit = adapter.context_length
    if tokens is None:
        raise ArgumentError(f"{whole.name} takes text: how many tokens is not said.", "Give them, as --tokens 64.")
    if tokens < 2:
        raise ArgumentError(f"{tokens} tokens are too few for an input.", "Give 2 or more, as --tokens 64.")
    if limit is not None and tokens > limit:
        raise ArgumentError(f"{whole.name} takes {limit:,} tokens at most, not {tokens:,}.", "Give fewer.")
    return tokens, 1
