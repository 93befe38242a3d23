"""Watching a circuit: `ws.watch(model, reference)`, and whether an input makes it carry more than reference inputs do.

1. Of one half of the reference inputs: mean and covariance of what each part carries, and how large the distances from
   these usually are (`core.detection.monitor` has the steps).
2. Of the other half: the threshold, so that a new input of the same kind is above it with at most the wanted
   probability (split conformal: Vovk et al. 2005; Bates et al. 2023).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from core.circuit import Circuit
from core.detection.folder import save_monitor
from core.detection.monitor import Looking, Monitor
from core.detection.statistics import AXES, Sums, whitened
from core.edited.plan import layout_of
from core.errors import ArgumentError, InputError, MemoryBudgetError
from core.graph import Edge, Node
from core.inputs.pair import Dataset, Side, stack_sides
from core.models.family import adapt
from core.models.model import Model
from core.models.sharing import sharing_copy
from core.progress import at, stage, watched

FALSE_ALARMS = 0.05
ROWS = 64  # that go through a model at once
MEGABYTES = 512  # for covariances
LEAST_SPREAD = 1e-3  # of the logarithm of distances
Parts = Circuit | Sequence[Edge | Node | str] | None


@dataclass(frozen=True)
class Part:
    """What is watched. name: of an edge or a node. writer: of the node that writes. reads: what its reader can read of
    it, orthonormal [width, k]; None: all of it."""

    name: str
    writer: str
    reads: Tensor | None = None


@dataclass(frozen=True)
class Verdicts:
    """Of inputs: scores [row], whether they are alarms [row], and how far each part is out, in standard deviations of
    the reference inputs [row, part]."""

    scores: Tensor
    alarms: Tensor
    parts: Tensor


@dataclass(frozen=True)
class Watch:
    """A monitor and how it was made. watched: the model that it is on, which shares the original's weights. fitted,
    calibrated: how many reference inputs its statistics and its threshold are from. false_alarms: share of inputs like
    these that may be above the threshold. usual: the scores of the inputs that the threshold is from [calibrated]."""

    model: Model
    watched: Model
    monitor: Monitor
    plan: dict[str, Any]
    values: dict[str, Tensor]
    fitted: int
    calibrated: int
    false_alarms: float
    usual: Tensor

    @property
    def threshold(self) -> float:
        return self.monitor.threshold

    @property
    def parts(self) -> list[str]:
        return self.monitor.parts

    def verdicts(self, inputs: Any) -> Verdicts:
        """Of inputs as `model.pair` takes them, a list of them, or a dataset's. Raises InputError."""
        distances = _distances(self.watched, self.monitor, _sides(self.model, inputs))
        scores = self.monitor.score(distances)
        return Verdicts(scores, scores > self.threshold, self.monitor.standard(distances))

    def scores(self, inputs: Any) -> Tensor:
        """[row]; above `threshold` it is an alarm."""
        return self.verdicts(inputs).scores

    def carry_more(self, scores: Tensor) -> Tensor:
        """Of scores [row], the share of reference inputs that carry more: of those that the threshold is from, which
        the statistics have not seen; [row]."""
        return (self.usual > scores[:, None]).float().mean(dim=1)

    def export(self, folder: str | Path) -> Path:
        """Write a new folder with the monitor, which needs PyTorch and safetensors alone, and a card. The model's
        weights are not in it. Raises WirescopeError."""
        return save_monitor(self, Path(folder))


def watch(
    model: Model,
    reference: Any,
    parts: Parts = None,
    *,
    false_alarms: float = FALSE_ALARMS,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Watch:
    """Learn what parts of a model carry on reference inputs, and from where on more is an alarm.

    reference: ordinary inputs, a list or a batch as `model.pair` takes it, or the clean ones of a dataset. parts: a
    circuit, or edges and nodes or their names; None: every node. false_alarms: share of inputs like the reference ones
    that may be above the threshold. seed: draws the half that the threshold is from. progress: told the share that is
    done. cancelled: asked between runs.

    Raises ArgumentError for parts that there are not and a share that is none, InputError for inputs that the model
    cannot take, and for too few of them, ModelError for a family that does not say where its parts are,
    MemoryBudgetError for too many parts, Cancelled.
    """
    if not 0 < false_alarms < 1:
        raise ArgumentError(
            f"{false_alarms:g} is no share of false alarms.", "Give a number above 0 and below 1, for example 0.05."
        )
    chosen = _parts(model, parts)
    _check_memory(model, chosen)
    sides = _sides(model, reference)
    least = math.ceil(1 / false_alarms - 1e-9) - 1
    if len(sides) < 2 * least or len(sides) < 4:
        raise InputError(
            f"There are {len(sides)} reference inputs; a threshold for {100 * false_alarms:g} % false alarms needs "
            f"{max(2 * least, 4)}.",
            "Give more inputs, or allow more false alarms.",
        )
    order = list(range(len(sides)))
    Random(seed).shuffle(order)
    half = max(least, len(sides) // 2)
    fit, calibration = [sides[i] for i in order[half:]], [sides[i] for i in order[:half]]
    copy = replace(model, adapter=adapt(sharing_copy(model.adapter.module)))
    plan = {**layout_of(model.adapter), "parts": [{"name": p.name, "writer": p.writer} for p in chosen], "threshold": 0}
    with watched(progress, cancelled):
        with stage(0.0, 0.5):
            values = _statistics(copy, plan, chosen, fit)
        monitor = Monitor(copy.adapter.module, plan, values)
        with stage(0.5, 0.75):
            logs = monitor.standard(_distances(copy, monitor, fit))
        values["centre"], values["spread"] = logs.mean(dim=0), logs.std(dim=0).clamp(min=LEAST_SPREAD)
        monitor.load_state_dict({name.replace(".", "_"): value for name, value in values.items()})
        with stage(0.75, 1.0):
            scores = monitor.score(_distances(copy, monitor, calibration))
    plan["threshold"] = monitor.threshold = _quantile(scores, false_alarms)
    return Watch(model, copy, monitor, plan, values, len(fit), len(calibration), false_alarms, scores)


def least_false_alarms(count: int) -> float:
    """The smallest share of false alarms that a threshold from so many reference inputs can promise."""
    return 1 / (count // 2 + 1)


def _quantile(scores: Tensor, false_alarms: float) -> float:
    """The conformal threshold: of n scores the one with ceil((n + 1)(1 - share)) scores up to it."""
    n = len(scores)
    return float(scores.sort().values[min(n, math.ceil((n + 1) * (1 - false_alarms) - 1e-9)) - 1])


def _parts(model: Model, parts: Parts) -> list[Part]:
    """Raises ArgumentError."""
    graph = model.graph
    if parts is None:
        return [Part(node.name, node.name) for node in graph.writers]
    if isinstance(parts, Circuit):
        parts.check_fits(graph)
    watch_list = []
    for each in dict.fromkeys(parts):
        target = graph.parse(each) if isinstance(each, str) else each
        if isinstance(target, Edge):
            graph.check_edge(target)
            watch_list.append(Part(target.name, target.writer.name, _readable(model, target)))
        elif isinstance(target, Node) and target.kind != "logits":
            graph.writer_index(target)
            watch_list.append(Part(target.name, target.name))
        else:
            raise ArgumentError(f"{target.name} writes nothing that could be watched.", "Watch edges and nodes.")
    if not watch_list:
        raise ArgumentError("There is nothing to watch.", "Give a circuit with edges, or leave it out for every node.")
    return watch_list


def _readable(model: Model, edge: Edge) -> Tensor | None:
    """What q, k or v of a head can read, orthonormal [width, head_width]; None for readers that read everything."""
    reader, shape = edge.reader, model.adapter.shape
    if reader.kind not in ("q", "k", "v"):
        return None
    start = {"q": 0, "k": shape.heads, "v": shape.heads + shape.kv_heads}[reader.kind] + reader.head
    rows = model.adapter.attention[reader.layer].w_qkv[start * shape.head_width : (start + 1) * shape.head_width]
    norm = getattr(model.adapter.norm_before(reader.layer, "attention"), "weight", None)
    w = rows.detach().cpu().double()  # a device may have no fp64
    if norm is not None:
        w = w * norm.detach().cpu().double()
    _, sizes, axes = torch.linalg.svd(w, full_matrices=False)
    return axes[sizes > sizes[0] * 1e-6].T.contiguous()  # type: ignore[no-any-return]


def _check_memory(model: Model, parts: Sequence[Part]) -> None:
    width = model.adapter.shape.width
    bytes_ = sum(8 * (width if part.reads is None else part.reads.shape[1]) ** 2 for part in parts)
    if bytes_ > MEGABYTES * 2**20:
        raise MemoryBudgetError(
            f"The covariances of {len(parts):,} parts need {bytes_ / 2**20:,.0f} MB, and {MEGABYTES} MB is the most.",
            "Watch a circuit of fewer edges.",
        )


def _statistics(model: Model, plan: dict[str, Any], parts: Sequence[Part], sides: Sequence[Side]) -> dict[str, Tensor]:
    """What a monitor needs (`Monitor`), with distances that are not in standard deviations yet."""
    sums = [Sums() for _ in parts]
    looking = Looking(model.adapter.module, {**plan, "watched": [part.writer for part in parts]})
    for tensor, lengths in _batches(sides):
        ends = torch.tensor(lengths, device=tensor.device)

        def seen(writer: str, out: Tensor, ends: Tensor = ends) -> None:
            vectors = out[torch.arange(out.shape[1], device=out.device) < ends[:, None]] if model.is_text else out
            for part, total in zip(parts, sums, strict=True):
                if part.writer == writer:
                    total.add(vectors if part.reads is None else vectors.cpu().double() @ part.reads)

        looking.seen = seen
        _forward(model, tensor, lengths)
    looking.remove()
    width, device = model.adapter.shape.width, model.adapter.device
    values = {"centre": torch.zeros(len(parts), device=device), "spread": torch.ones(len(parts), device=device)}
    for number, (part, total) in enumerate(zip(parts, sums, strict=True)):
        axes, scaled, rest = whitened(total.covariance, AXES if part.reads is None else width)
        mean = total.mean
        if part.reads is not None:
            mean, scaled = part.reads @ mean, part.reads @ scaled
        values[f"{number}.mean"], values[f"{number}.map"] = mean.float(), scaled.float().contiguous()
        if rest is not None:
            values[f"{number}.axes"] = axes.float().contiguous()
            values[f"{number}.rest"] = torch.tensor(rest, dtype=torch.float32, device=mean.device)
    return values


def _forward(model: Model, tensor: Tensor, lengths: Sequence[int]) -> None:
    with torch.no_grad():
        ends = torch.tensor(lengths, device=tensor.device) - 1
        model.adapter.own_answers(tensor, ends[:, None] if model.is_text else None)


def _sides(model: Model, inputs: Any) -> list[Side]:
    """One a row. Raises InputError."""
    if isinstance(inputs, Dataset):
        sides = [pair.clean for pair in inputs.pairs]
    elif isinstance(inputs, list | tuple):
        if not inputs:
            raise InputError("There is no input.", "Give at least one.")
        sides = [model.side(each) for each in inputs]
    else:
        sides = [model.side(inputs)]
    return [row for side in sides for row in _rows_of(side)]


def _rows_of(side: Side) -> list[Side]:
    """Each row of a batch by itself."""
    count = len(side.tensor)
    if count == 1:
        return [side]
    return [
        replace(side, tensor=side.tensor[row : row + 1], lengths=side.lengths[row : row + 1],
                tokens=side.tokens[row : row + 1])
        for row in range(count)
    ]  # fmt: skip


def _batches(sides: Sequence[Side]) -> Iterator[tuple[Tensor, list[int]]]:
    for start in range(0, len(sides), ROWS):
        at(start / len(sides))
        tensor, lengths = stack_sides(sides[start : start + ROWS])
        yield tensor, list(lengths)


def _distances(model: Model, monitor: Monitor, sides: Sequence[Side]) -> Tensor:
    """[row, part]. model: the one that the monitor is on."""
    rows = []
    for tensor, lengths in _batches(sides):
        ends = torch.tensor(lengths, device=tensor.device) if model.is_text else None
        rows.append(monitor.distances(partial(_forward, model, tensor, lengths), ends))
    return torch.cat(rows)
