"""Where the parts of a model's layers are, by their paths: what is needed to put edits into the model itself, where no
adapter is beside it (`core.edited`).

Every family states it for its layers. Paths are those of `get_submodule`, within the block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Holds = Literal["q", "k", "v", "qkv", "by head"]  # all q, all k, all v; or q, k and v of the first head, of the next


@dataclass(frozen=True)
class Wiring:
    """One layer.

    projections: of the ports, with what each holds. output: of the projection of what the heads mix. inner: of a norm
    of what they mix, before it. joint: of a norm of what they write together, and what is added to its weight. scale:
    what multiplies what they write: a number, or the path of a parameter.
    mlp: what the MLP writes comes out of it, before mlp_scale (as `scale`) and after_mlp (a module) change it.
    mlp_weights: parameters, without the biases, that what it writes is proportional to; mlp_biases: those that scale
    with them; mlp_bias: that of these which is added as it is, if one is.
    """

    projections: tuple[tuple[str, Holds], ...]
    output: str
    mlp: str
    mlp_weights: tuple[str, ...]
    mlp_biases: tuple[str, ...] = ()
    mlp_bias: str | None = None
    inner: str | None = None
    joint: tuple[str, float] | None = None
    scale: float | str | None = None
    mlp_scale: float | str | None = None
    after_mlp: str | None = None

    @property
    def mlp_last(self) -> str | None:
        """The linear map that an MLP ends with, which reads its neurons; None where it has no one such map."""
        (name, *more) = self.mlp_weights or ("",)
        return None if more or not name.endswith(".weight") else name.removesuffix(".weight")


def separate(attention: str) -> tuple[tuple[str, Holds], ...]:
    """Projections of their own for q, k and v."""
    return ((f"{attention}.q_proj", "q"), (f"{attention}.k_proj", "k"), (f"{attention}.v_proj", "v"))


def last_linear(block: Any, paths: Sequence[str]) -> dict[str, Any]:
    """What a wiring says of an MLP that ends with the first of these linear maps that the block has; of a mixture, with
    those of its experts."""
    parameters = dict(block.named_parameters())
    for path in paths:
        if f"{path}.weight" in parameters:
            bias = f"{path}.bias" if f"{path}.bias" in parameters else None
            return {"mlp_weights": (f"{path}.weight",), "mlp_biases": (bias,) if bias else (), "mlp_bias": bias}
    ends = tuple(name for name in parameters if name.endswith(("experts.down_proj", "shared_expert.down_proj.weight")))
    biases = tuple(name for name in parameters if name.endswith("experts.down_proj_bias"))
    return {"mlp_weights": ends, "mlp_biases": biases}  # what an expert adds is weighed by its router: no bias of all
