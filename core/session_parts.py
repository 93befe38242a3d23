"""A batch that is too large for a session's memory goes through the model some rows at a time: what a part of its rows
is, and what is made of the results. Rows are independent of each other, so the numbers are those of the whole batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from core.engine.engine import MEMORY_MEGABYTES
from core.engine.plan import Plan
from core.engine.sizes import state_bytes
from core.engine.state import Readout, RunState
from core.free_memory import free_bytes
from core.inputs.pair import Pair, Side
from core.metrics import Answer, Metric, answers_of
from core.models.adapter import Adapter
from core.result import Result

T = TypeVar("T")


WHOLE = 2**31  # bytes: up to so much the runs of a long row are kept whole


def rows_at_once(adapter: Adapter, pair: Pair, memory: float) -> int:
    """How many rows of a batch have room for their runs over A and B and one more, in so many bytes; 1 at least."""
    runs = 2 if pair.counterfactual is None else 3
    return max(1, int(memory / (runs * _row_bytes(adapter, pair))))


def _row_bytes(adapter: Adapter, pair: Pair, slim: bool = False) -> int:
    """A run of one row."""
    reads = adapter.read_positions(pair.clean.tensor[:1], None)
    read, outputs = (pair.length, 1) if reads is None else (reads.shape[1], reads.shape[1])
    return state_bytes(adapter, pair.length, read, outputs, slim=slim)


def usual_megabytes(adapter: Adapter, pair: Pair) -> float:
    """The memory of a session of which nobody says how much it may take: MEMORY_MEGABYTES; or where one row needs more,
    that, with its runs over A and B kept slim where they are many gigabytes (`core.engine.remade`), as far as three
    quarters of what the process may still take go."""
    run = _row_bytes(adapter, pair)
    unedited = 1 if pair.counterfactual is None else 2
    if (unedited + 1) * run <= MEMORY_MEGABYTES * 2**20:
        return MEMORY_MEGABYTES
    free = free_bytes() if adapter.device.type == "cpu" else math.inf
    needed = (unedited + 1) * run
    if needed > min(WHOLE, free / 4):
        needed = run + unedited * _row_bytes(adapter, pair, slim=True)
    return MEMORY_MEGABYTES if needed > free * 3 / 4 else (needed + 2**10) / 2**20


def parts_of(batch: int, rows: int) -> list[range]:
    """The rows of a batch, so many at a time at most, about as many in each part."""
    parts = -(-batch // rows)
    return [range(part * batch // parts, (part + 1) * batch // parts) for part in range(parts)]


def rows_of(pair: Pair, rows: range) -> Pair:
    """Some rows of a batch."""
    some = slice(rows.start, rows.stop)

    def side(of: Side) -> Side:
        return replace(of, tensor=of.tensor[some], lengths=of.lengths[some], tokens=of.tokens[some])

    b = pair.counterfactual
    roles = {name: spans[some] for name, spans in pair.roles.items()}
    regions = {name: places[some] for name, places in pair.regions.items()}
    b = None if b is None else side(b)
    return replace(pair, clean=side(pair.clean), counterfactual=b, roles=roles, regions=regions)


def metric_of(metric: Metric, rows: range) -> Metric:
    """The metric of some rows of a batch: their answers, where each row has its own."""

    def some(answer: Answer | None) -> Answer | None:
        if answer is None or isinstance(answer, str):
            return answer
        answers = answers_of(answer)
        return answers[rows.start : rows.stop] if len(answers) > 1 else answer

    return replace(metric, target=some(metric.target), foil=some(metric.foil))


def joined_results(results: Sequence[Result]) -> Result:
    """Results of the parts of a batch as one. Of their states it keeps what `logits` reads, as circuit runs do."""
    first = results[0]
    layers = [result.layers_run.start for result in results if len(result.layers_run)]
    stop = first.layers_run.stop
    reads = None if first.reads is None else torch.cat([_there(result.reads) for result in results])
    return replace(
        first,
        metric=torch.cat([result.metric for result in results]),
        milliseconds=sum(result.milliseconds for result in results),
        layers_run=range(min(layers, default=stop), stop),
        state=_joined_states([result.state for result in results]),
        known=all(result.known for result in results),
        reads=reads,
    )


def _joined_states(states: Sequence[RunState]) -> RunState:
    first = states[0]
    readouts = [_there(state.readout) for state in states]
    stream = torch.cat([readout.stream for readout in readouts])
    norm = None
    if readouts[0].norm is not None:  # each of its own part's scales
        with torch.no_grad():
            normed = torch.cat([_there(readout.norm)(readout.stream) for readout in readouts])

        def norm(_stream: Tensor) -> Tensor:
            return normed

    return RunState(
        Plan((), first.plan.stages, first.plan.first_row),
        None if first.reads is None else torch.cat([_there(state.reads) for state in states]),
        torch.cat([state.embedding for state in states]),
        final=torch.cat([_there(state.final) for state in states]),
        readout=Readout(stream, readouts[0].adapter, norm),
        grid=first.grid,
    )


def _there(value: T | None) -> T:
    assert value is not None
    return value
