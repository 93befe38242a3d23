"""PURE (Zhao, Xu & Yuan 2024, "Defense against Backdoor Attack on Pre-trained Language Models via Head Pruning and
Attention Normalization"): heads whose attention varies least on clean inputs are pruned, as many as the clean accuracy
within the budget allows, at least one stays in each layer; then training on with the clean examples, with a penalty on
the attention's norm:

    loss = cross-entropy + penalty x sum over layers of c x |attention|,  c = softmax(-log variance), scaled to 0 .. 1

The paper reads the attention of the first token, which its encoders classify by; here it is that of the position that
answers. Penalty and rate are those of least cost.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from core.edited.apply import apply
from core.edits import Edit
from core.graph import Node
from core.models.model import Model
from core.repair.examples import Batch
from core.repair.find import carried
from core.repair.proof import answers, right, with_module
from core.repair.rivals.fine_tuning import RATES, tuned
from core.repair.rivals.rival import Best, Job, Rival, Treated

PENALTIES = (0.01, 0.1)  # of each rate


def pure(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="not at all"), tie=float("inf"))
    variance = attention_variance(job.model, job.clean)
    heads = pruned_heads(job, variance)
    cuts = [Edit(head, "zero") for head in heads]
    cut = carried(cuts, job.model)
    rest = variance.clone()
    for head in heads:
        rest[head.layer, head.head] = torch.nan
    weights = coefficients(rest.nanmean(dim=1))
    for rate, penalty in zip(RATES, PENALTIES, strict=True):
        model = without(job.copied(), cuts)
        watch = Attention(model)
        found = tuned(model, [job.clean], rate, job.seed, penalty=watch.penalty(weights, penalty))
        watch.remove()
        words = f"{len(heads)} heads, rate {rate:g}, penalty {penalty:g}, {found.steps} steps"
        best.offer(Treated(found.model, cut=cut, setting=words), found.loss)
    return best.treated


def attention_variance(model: Model, batch: Batch) -> Tensor:
    """How much the attention of the position that answers varies over positions, a mean over inputs, [layer, head]."""
    watch, found = Attention(model), []
    side = batch.pair.clean
    ends = torch.tensor(side.lengths, device=batch.targets.device) - 1
    with torch.no_grad():
        model.adapter.own_answers(side.tensor, ends[:, None] if model.is_text else None)
        for layer in watch.of_answers(ends):
            rows = zip(layer, side.lengths, strict=True)
            spread = [row[:, : length if model.is_text else None].var(dim=1) for row, length in rows]
            found.append(torch.stack(spread).mean(dim=0))
    watch.remove()
    return torch.stack(found)


def pruned_heads(job: Job, variance: Tensor) -> list[Node]:
    """The least variant first, as long as the clean accuracy stays within the budget; the most variant one of each
    layer stays."""
    heads = variance.shape[1]
    order = [divmod(int(i), heads) for i in variance.flatten().argsort(stable=True)]
    kept = set(enumerate(variance.argmax(dim=1).tolist()))
    pruned: list[Node] = []
    for layer, head in order:
        if (layer, head) in kept:
            continue
        model = without(job.model, [Edit(node, "zero") for node in (*pruned, Node("head", layer, head))])
        if right(answers(model, job.clean), job.clean).count < job.allowed:
            break
        pruned.append(Node("head", layer, head))
    return pruned


def without(model: Model, cuts: list[Edit]) -> Model:
    """The model with heads cut out, whatever its weights become."""
    return with_module(model, apply(model, cuts).module) if cuts else model


def coefficients(variance: Tensor) -> Tensor:
    """Of each layer, from 0 to 1: softmax(-log v) is 1 / v over its sum."""
    shares = (1 / variance.clamp_min(1e-12)) / (1 / variance.clamp_min(1e-12)).sum()
    return (shares - shares.min()) / (shares.max() - shares.min()).clamp_min(1e-12)


class Attention:
    """The attention weights of each forward pass, with their gradients, until `remove`. Until then the module
    computes them in plain steps: fused ones do not show them."""

    def __init__(self, model: Model) -> None:
        self.text = model.is_text
        self.weights: dict[int, Tensor] = {}
        self.handles: list[torch.utils.hooks.RemovableHandle] = []
        self.fused: list[tuple[nn.Module, bool]] = []
        config = getattr(model.adapter.module, "config", None)
        self.config, self.before = config, getattr(config, "_attn_implementation", None)
        if config is not None and self.before is not None:
            config._attn_implementation = "eager"
        for layer, block in enumerate(model.adapter.blocks):
            attention = block.get_submodule(model.adapter.wiring(layer).output.rpartition(".")[0])
            self.handles.append(self._watch(layer, attention))

    def _watch(self, layer: int, attention: nn.Module) -> torch.utils.hooks.RemovableHandle:
        if hasattr(attention, "attn_drop"):  # timm
            self.fused.append((attention, bool(attention.fused_attn)))
            attention.fused_attn = False  # type: ignore[assignment]

            def keep_input(_module: nn.Module, given: tuple[Tensor, ...]) -> None:
                self.weights[layer] = given[0]

            return attention.attn_drop.register_forward_pre_hook(keep_input)  # type: ignore[union-attr]

        def keep_output(_module: nn.Module, _given: tuple[Tensor, ...], out: tuple[Tensor, Tensor]) -> None:
            self.weights[layer] = out[1]

        return attention.register_forward_hook(keep_output)

    def of_answers(self, ends: Tensor) -> list[Tensor]:
        """What the position that answers attends to, [row, head, position] of each layer: the last one of a text, the
        first one of an image."""
        rows = torch.arange(len(ends), device=ends.device)
        places = ends if self.text else torch.zeros_like(ends)
        return [self.weights[layer][rows, :, places] for layer in sorted(self.weights)]

    def penalty(self, weights: Tensor, strength: float) -> Callable[[Tensor], Tensor]:
        """For `tuned`: the norms of the attention, weighted by layer, a mean over inputs and heads."""

        def of_last(ends: Tensor) -> Tensor:
            norms = torch.stack([layer.norm(dim=-1).mean() for layer in self.of_answers(ends)])
            return strength * (weights * norms).sum()

        return of_last

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()
        for attention, before in self.fused:
            attention.fused_attn = before  # type: ignore[assignment]
        if self.config is not None and self.before is not None:
            self.config._attn_implementation = self.before


RIVAL = Rival(
    "PURE",
    "heads whose attention varies least are pruned, then training on clean examples with a penalty on the attention's "
    "norm (Zhao et al. 2024), two rates with a penalty each",
    pure,
    blind=True,
)
