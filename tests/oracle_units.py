"""The oracle of edits inside an MLP: hooks on the original model's own modules. It shares no code with core.

An expert's part of a mixture is its weight times what it makes, stated here from its weights; a hook behind the experts
changes what they make together. A neuron's activation is what the last linear map of the MLP reads: a hook in front of
that map puts another number in. What is put in is read off runs of the model itself over B, the other inputs and A.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from tests.oracle import AnyEdit, Oracle, Run

UNIT = re.compile(r"m(\d+)\.[ne](\d+)")


def last_map(mlp: nn.Module) -> nn.Module | None:
    """The last linear map of an MLP; None of a mixture."""
    if hasattr(mlp, "experts"):
        return None
    maps = [each for each in mlp.modules() if isinstance(each, nn.Linear) or type(each).__name__ == "Conv1D"]
    return maps[-1]


def expert_part(experts: Any, number: int, x: Tensor, index: Tensor, weights: Tensor) -> Tensor:
    """What one expert adds to its mixture: [rows, width]. index, weights: of the chosen ones, [rows, chosen]."""
    if hasattr(experts, "down_proj_bias"):  # gpt-oss, whose weights are [in, out]
        inner = experts._apply_gate(x @ experts.gate_up_proj[number] + experts.gate_up_proj_bias[number])
        made = inner @ experts.down_proj[number] + experts.down_proj_bias[number]
    else:
        gate, up = (x @ experts.gate_up_proj[number].T).chunk(2, dim=-1)
        made = (experts.act_fn(gate) * up) @ experts.down_proj[number].T
    part: Tensor = made * (weights * (index == number)).sum(dim=-1, keepdim=True)
    return part


class UnitOracle(Oracle):
    """The same with edits of neurons, `m0.n3`."""

    _of_units: Mapping[int, dict[int, list[AnyEdit]]] = MappingProxyType({})  # of the run under way

    @classmethod
    def beside(cls, oracle: Oracle, b: Tensor) -> UnitOracle:
        """Over the same inputs."""
        dataset = (oracle.dataset, oracle.dataset_lengths)
        return cls(oracle.model, oracle.a, b, oracle.lengths, oracle.over_positions, oracle.roles, dataset)

    def run(self, edits: Iterable[AnyEdit]) -> Tensor:
        edits = list(edits)
        of_units: dict[int, dict[int, list[AnyEdit]]] = {}
        for edit in edits:
            if match := UNIT.fullmatch(edit.name):
                of_units.setdefault(int(match[1]), {}).setdefault(int(match[2]), []).append(edit)
        self._of_units = of_units
        try:
            return super().run([edit for edit in edits if not UNIT.fullmatch(edit.name)])
        finally:
            self._of_units = {}

    def _run(self, x: Tensor, edits: dict[str, list[AnyEdit]]) -> Run:
        seen: dict[str, Tensor] = {}
        with ExitStack() as hooks:
            for layer, block in enumerate(self.layout.blocks):
                module = last_map(block.mlp)
                if module is not None:

                    def before(_module: nn.Module, args: tuple[Any, ...], layer: int = layer) -> tuple[Any, ...]:
                        hidden = args[0].clone()
                        by_row = hidden.reshape(len(x), -1, hidden.shape[-1])
                        for number in range(by_row.shape[-1]):
                            seen[f"m{layer}.n{number}"] = by_row[..., number : number + 1].clone()
                        for number, of_neuron in self._of_units.get(layer, {}).items():
                            name = f"m{layer}.n{number}"
                            by_row[..., number : number + 1] = self._flow({name: of_neuron}, name, "", seen[name])
                        return (by_row.reshape(hidden.shape), *args[1:])

                    hooks.callback(module.register_forward_pre_hook(before).remove)
                else:

                    def after(experts: Any, args: tuple[Any, ...], output: Tensor, layer: int = layer) -> Tensor:
                        changed = output.clone()
                        for number in range(experts.num_experts):
                            name, rows = f"m{layer}.e{number}", slice(None)
                            if len(args) == 1:  # Llama 4: a block of rows each
                                size = len(output) // experts.num_experts
                                rows = slice(number * size, (number + 1) * size)
                                part = output[rows]
                            else:
                                part = expert_part(experts, number, *args)
                            seen[name] = part.reshape(len(x), -1, part.shape[-1]).clone()
                            of_expert = self._of_units.get(layer, {}).get(number)
                            if of_expert:
                                flow = self._flow({name: of_expert}, name, "", seen[name])
                                changed[rows] += (flow - seen[name]).reshape(part.shape)
                        return changed

                    mixture: Any = block.mlp
                    hooks.callback(mixture.experts.register_forward_hook(after).remove)
            run = super()._run(x, edits)
        return run if self._of_units or edits else Run(run.output, {**run.outs, **seen}, run.streams)

    @property
    def writers(self) -> list[str]:
        return [name for name in self.clean.outs if not UNIT.fullmatch(name)]
