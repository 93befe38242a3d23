"""Function vector score of every head: what its mean output over few-shot prompts gives back of the right answer, where
the examples of a prompt are shuffled (Todd et al. 2024, "Function Vectors in Large Language Models", section 2.3).

1. mean_h: the mean of what head h writes at the last position of prompts of a task.
2. In a prompt of the same task with shuffled answers, what h writes at the last position is replaced by mean_h:

       effect = p(right answer, replaced) - p(right answer)

3. The score is the mean effect over prompts, then over tasks (the average indirect effect).

The control is the same with each change turned to a random direction of its length: what any change of that size does.
It is made of the first prompt of each task alone.

What changes is the last position alone, so that only this one is computed again, from the layer of the head on; the
heads of a layer go through the rest of the model together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.engine import Engine
from core.engine.layer import LayerMath
from core.engine.rows import Rows
from core.engine.state import RunState, map_tensors
from core.graph import Reader
from core.inputs.few_shot import FewShotPrompts
from core.models.adapter import Adapter, Places
from core.models.model import Model
from core.precision import widened
from core.progress import stage

MEGABYTES = 2048.0


@dataclass(frozen=True, eq=False)
class FunctionVectorScores:
    """effects: [tasks, heads], the mean over the task's prompts, the heads layer by layer. turned: the same with
    changes of a random direction. tasks: names."""

    tasks: tuple[str, ...]
    effects: NDArray[np.float64]
    turned: NDArray[np.float64]

    @property
    def scores(self) -> NDArray[np.float64]:
        """[heads], the mean over tasks."""
        means: NDArray[np.float64] = self.effects.mean(axis=0)
        return means


def function_vector_scores(
    model: Model, prompts: Sequence[tuple[FewShotPrompts, FewShotPrompts]], seed: int = 0
) -> FunctionVectorScores:
    """prompts: of each task as they are, and with shuffled answers. Raises InputError, Cancelled."""
    effects, turned = [], []
    for number, (clean, shuffled) in enumerate(prompts):
        with stage(number / len(prompts), (number + 1) / len(prompts)), torch.no_grad():
            means = _mean_mixed(model, clean)
            of_task = _effects(model, shuffled, means, torch.Generator("cpu").manual_seed(seed))
            effects.append(of_task[0])
            turned.append(of_task[1])
    names = tuple(clean.task.name for clean, _ in prompts)
    return FunctionVectorScores(names, np.stack(effects), np.stack(turned))


def engine_of(model: Model, texts: Sequence[str]) -> Engine:
    """Of a batch of texts of any lengths."""
    side = model.side(list(texts))
    return Engine(model.adapter, side.tensor, None, side.lengths, memory_megabytes=MEGABYTES)


def _mean_mixed(model: Model, prompts: FewShotPrompts) -> list[Tensor]:
    """What each head mixes at the last position, the mean over prompts: [heads, head_width] of each layer."""
    engine = engine_of(model, prompts.texts)
    assert engine.reads is not None
    state, last = engine.clean(), Rows(engine.length, index=engine.reads)
    return [widened(_mixed_at(state, layer, last)).mean(dim=0)[0].to(model.adapter.dtype) for layer in _layers(model)]


def _layers(model: Model) -> range:
    return range(model.adapter.shape.layers)


def _mixed_at(state: RunState, layer: int, last: Rows) -> Tensor:
    """[batch, 1, heads, head_width] at the last position."""
    z = state.z[layer]
    return z if z.shape[1] == 1 else last.of(z)


def _effects(
    model: Model, prompts: FewShotPrompts, means: list[Tensor], rng: torch.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[heads] of all layers, and the same with changes turned."""
    adapter = model.adapter
    engine = engine_of(model, prompts.texts)
    assert engine.reads is not None
    state, last = engine.clean(), Rows(engine.length, index=engine.reads)
    answers = torch.tensor(prompts.answers, device=adapter.device)
    assert state.readout is not None
    before = _right(state.readout.output[:, -1], answers)
    changed: list[list[Tensor]] = [[], []]
    for layer in _layers(model):
        with stage(layer / adapter.shape.layers, (layer + 1) / adapter.shape.layers):
            math = LayerMath(adapter, layer)
            z, factor = _mixed_at(state, layer, last), state.factors[layer]
            at_last = factor if factor is None or factor.shape[1] == 1 else last.of(factor)
            heads = range(adapter.shape.heads)
            changes = math.outs(means[layer] - z, heads, at_last)  # [heads, batch, 1, width]
            drawn = torch.randn(changes.shape, generator=rng, dtype=torch.float64, device="cpu")
            random = drawn.to(changes.dtype).to(changes.device)
            random = random * (changes.norm(dim=-1, keepdim=True) / random.norm(dim=-1, keepdim=True))
            for which, each in enumerate((changes, random[:, :1])):
                rows = each.shape[1]
                logits = adapter.read(carried(adapter, state, layer, last, each))[:, -1]
                right = _right(logits, answers[:rows].repeat(len(heads))).reshape(len(heads), -1)
                changed[which].append((right - before[:rows]).mean(dim=1))
    effects, turned = (torch.cat(each).cpu().double().numpy() for each in changed)
    return effects, turned


def _right(logits: Tensor, answers: Tensor) -> Tensor:
    """The probability of each row's answer."""
    shares = widened(logits).softmax(dim=-1)
    return shares.gather(1, answers[:, None])[:, 0]


def carried(adapter: Adapter, state: RunState, layer: int, last: Rows, changes: Tensor) -> Tensor:
    """What `logits` reads at the last position where heads of a layer write something else there.

    state: of the unedited run. last: its last positions, [batch, 1]. changes: [choices, rows, 1, width], of the first
    rows of the batch. Returns [choices * rows, 1, width].
    """
    assert last.index is not None
    choices, batch = changes.shape[:2]
    first = last.index[:batch]
    state, last = map_tensors(state, lambda x: x[:batch]), Rows(last.length, index=first)
    parallel, length = adapter.shape.parallel, state.length
    index = first.repeat(choices, 1)
    places = Places(index, length)
    if parallel:  # the MLP does not read the heads of its layer
        after = _stream_after(state, layer, last)
        x = (after + changes).flatten(0, 1)
    else:
        x = (state.stream_at(Reader("mlp", layer), False, last) + changes).flatten(0, 1)
        x = x + LayerMath(adapter, layer).mlp(x)
    rows = torch.arange(choices * batch, device=x.device)
    for later in range(layer + 1, adapter.shape.layers):
        math = LayerMath(adapter, later)
        q, k, v = math.split(math.project(math.norm(x)))
        q, k = math.query(q, places), math.key(k, places)
        keys, values = (kept[later].repeat(choices, 1, 1, 1) for kept in (state.k, state.v))
        keys[rows, index[:, 0]], values[rows, index[:, 0]] = k[:, 0], v[:, 0]
        added, _ = math.write(math.attend(q, keys, values, places))
        after = x + added
        x = after + math.mlp(x if parallel else after)
    return x


def _stream_after(state: RunState, layer: int, last: Rows) -> Tensor:
    if layer + 1 < len(state.attention_in):
        return last.of(state.attention_in[layer + 1])
    assert state.final is not None
    return state.final if state.final.shape[1] == 1 else last.of(state.final)
