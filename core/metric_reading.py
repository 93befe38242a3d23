"""How a session reads its metric off the ends of runs: where it reads a few answers, no other logits are made."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from core.engine.state import Readout, at_last
from core.metrics import BoundMetric
from core.models.adapter import Adapter

StreamMetric = Callable[[Tensor], Tensor]  # of a stream where the output reads it, [rows, n, width]: [rows]
CHUNK_BYTES = 32 * 2**20  # of outputs that many runs have at once


def unchanged(adapter: Adapter) -> Adapter:
    """An adapter as it is."""
    return adapter


class MetricReading:
    """reads: the positions that the output reads, [batch, 1]; None: all of them."""

    def __init__(self, adapter: Adapter, metric: BoundMetric, reads: Tensor | None) -> None:
        self.metric = metric
        self._adapter = adapter
        self._reads = reads

    @cached_property
    def _through(self) -> tuple[Adapter, Callable[[Tensor], Tensor], int]:
        """The model, with the metric's answers alone where that can be; what reads its output [batch, answers]; and how
        many answers there are."""
        few = self.metric.of_few_answers()
        narrow = None if few is None else self._adapter.answering(few[0])
        if few is None or narrow is None:
            return self._adapter, self.metric, self._adapter.vocabulary or self._adapter.shape.width
        return narrow, few[1], len(few[0])

    def of(self, readout: Readout, full: bool = False) -> Tensor:
        """The metric of a run: [batch]. full: whether it covers all positions of a stream of which the output reads
        some."""
        adapter, read, _ = self._through
        if adapter is self._adapter and not full:
            return read(at_last(readout.output))  # kept for who asks for it
        return read(at_last(readout.through(adapter, self._reads if full else None)))

    def slope(self, batch: int, through: Callable[[Adapter], Adapter] = unchanged) -> StreamMetric:
        """The metric as gradients are taken of it: of what `logits` reads in some runs of a batch, one after the other.
        through: makes an adapter whose gradients are others."""
        adapter, read, _ = self._through
        adapter = through(adapter)

        def metric(stream: Tensor) -> Tensor:
            return torch.cat([read(part) for part in at_last(adapter.read(stream)).split(batch)])  # type: ignore[no-untyped-call]

        return metric

    def of_each(self, streams: Tensor) -> Tensor:
        """The metric of many runs, by what `logits` reads in each [runs, batch, n, width]: [runs, batch]."""
        adapter, read, answers = self._through
        step = max(1, CHUNK_BYTES // (streams.shape[1] * answers * streams.element_size()))
        metrics = []
        with torch.no_grad():
            for part in streams.split(step):  # type: ignore[no-untyped-call]
                output = at_last(adapter.read(part.flatten(0, 1)))
                metrics += [read(each) for each in output.split(streams.shape[1])]  # type: ignore[no-untyped-call]
        return torch.stack(metrics)
