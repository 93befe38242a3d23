"""The oracle of edits of a mixture's router: hooks on the model's own router say other weights. It shares no code with
core. What each family's router makes of a choice is stated here from its logits.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from tests.oracle import AnyEdit, Run
from tests.oracle_units import UNIT, UnitOracle

ROUTED = ("force", "knockout")


def weights_of_choice(router: nn.Module, logits: Tensor, chosen: list[int]) -> Tensor:
    """What a router gives to all experts at one position, where it chooses these. logits: [experts]."""
    here = logits[chosen]
    kind = type(router).__name__
    if kind.startswith("Llama4"):
        given = here.sigmoid()
    elif kind.startswith("GptOss"):
        given = here.exp() / here.exp().sum()
    else:
        given = here.exp() / logits.exp().sum()
        if getattr(router, "norm_topk_prob", True):
            given = given / given.sum()
    weights = torch.zeros_like(logits)
    weights[chosen] = given
    return weights


class RouterOracle(UnitOracle):
    """The same with `force` and `knockout` of experts."""

    _routed: dict[int, dict[int, list[AnyEdit]]] = {}  # noqa: RUF012  # of the run under way

    def run(self, edits: Iterable[AnyEdit]) -> Tensor:
        edits = list(edits)
        self._routed = {}
        for edit in edits:
            if match := UNIT.fullmatch(edit.name):
                self._routed.setdefault(int(match[1]), {}).setdefault(int(match[2]), []).append(edit)
        try:
            return super().run([self._as_value(edit) if edit.kind in ROUTED else edit for edit in edits])
        finally:
            self._routed = {}

    def _as_value(self, edit: AnyEdit) -> Any:
        """To what the expert adds it does nothing, and takes the place of what was done there before."""
        return SimpleNamespace(**{**vars(edit), "name": edit.name, "kind": "scale", "value": 1.0, "strength": 1.0})

    def _run(self, x: Tensor, edits: dict[str, list[AnyEdit]]) -> Run:
        with ExitStack() as hooks:
            for layer, of_layer in self._routed.items():
                mlp: Any = self.layout.blocks[layer].mlp
                if not any(edit.kind in ROUTED for each in of_layer.values() for edit in each):
                    continue
                router = mlp.gate if hasattr(mlp, "gate") else mlp.router

                def after(router: Any, _args: Any, output: Any, of_layer: Any = of_layer) -> Any:
                    of_llama4 = len(output) == 2
                    logits = output[1] if of_llama4 else output[0]
                    weights = torch.stack(
                        [self._at(router, row, number, of_layer, x) for number, row in enumerate(logits)]
                    )
                    if of_llama4:
                        return weights, logits
                    return logits, weights, torch.arange(logits.shape[1]).expand_as(weights)

                hooks.callback(router.register_forward_hook(after).remove)
            return super()._run(x, edits)

    def _at(self, router: Any, logits: Tensor, number: int, edits: dict[int, list[AnyEdit]], x: Tensor) -> Tensor:
        """The weights at one position of all rows together."""
        row, position = divmod(number, x.shape[1])
        force, knock = torch.zeros_like(logits), torch.zeros_like(logits)
        for expert, of_expert in edits.items():
            for edit in of_expert:
                if position in dict(self._places(edit, x))[row]:
                    force[expert] = edit.strength if edit.kind == "force" else 0.0
                    knock[expert] = edit.strength if edit.kind == "knockout" else 0.0

        def choice(least: float) -> Tensor:
            """With all forced that are stronger than that."""
            forced = [expert for expert, strength in enumerate(force.tolist()) if strength > least]
            others = [expert for expert in logits.argsort(descending=True).tolist() if expert not in forced]
            return weights_of_choice(router, logits, [*forced, *others[: router.top_k - len(forced)]])

        levels = sorted({0.0, *force.tolist()})  # of a number drawn from 0 to 1, forced are all that are stronger
        made = (1 - levels[-1]) * choice(1.0)
        for low, high in pairwise(levels):
            made = made + (high - low) * choice(low)
        left = (1 - knock) * made
        lost: Tensor = left * (made.sum() / left.sum())
        return lost
