"""Nothing makes fp64 on the model's device: Apple's GPUs have none.

A mode stands in for such a device: an fp32 tensor that has not been brought to the CPU refuses to become fp64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

import wirescope as ws
from core.lens.positions import written_norms
from core.tracing.methods import METHODS
from tests.small_models import small_model


class WithoutDoubles(TorchFunctionMode):
    """fp64 is refused to all fp32 tensors but those that `.cpu()` gave."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        first = args[0] if args and isinstance(args[0], torch.Tensor) else None
        on_device = first is not None and first.dtype == torch.float32 and not getattr(first, "brought", False)
        name = getattr(function, "__name__", "")
        asked = [value for value in (*args[1:], *kwargs.values()) if isinstance(value, torch.dtype)]
        if on_device and (name == "double" or torch.float64 in asked):
            raise TypeError("This device has no float64.")
        out = function(*args, **kwargs)
        if name == "cpu" and isinstance(out, torch.Tensor):
            out = out.clone() if out is first else out
            out.brought = True  # type: ignore[attr-defined]
        return out


@pytest.fixture(scope="module")
def session() -> ws.Session:
    model = ws.load_model((small_model("gpt2").float(), None))
    pair = model.pair(torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 5, 3, 4]]))
    return ws.Session(model, pair, ws.logit_difference(6, 7))


OPTIONS = ws.Options(updates=2, threshold=1.0, steps=2)
JOBS: dict[str, Callable[[ws.Session], object]] = {
    "faithfulness": lambda s: ws.faithfulness(s, ws.trace(s, "eap"), random_circuits=1),
    "direct attribution": lambda s: ws.direct_attribution(s, s.clean),
    "mean, noise, steer": lambda s: s.run(
        [
            ws.Edit("m0", "mean"),
            ws.Edit("a0.h0", "noise"),
            ws.Edit("m1", "steer", value=[0.1] * s.model.adapter.shape.width),
        ]
    ),
    "attention": lambda s: ws.attention_pattern(s.run(positions="all"), 0, 0),
    "norms": lambda s: written_norms(s.run(positions="all"), s.graph.nodes[1]),
    **{
        f"{name} at {level}": lambda s, name=name, level=level: ws.trace(s, name, level=level, options=OPTIONS)
        for name, method in METHODS.items()
        for level in method.levels
    },
}


@pytest.mark.parametrize("name", JOBS)
def test_no_fp64_on_the_device(session: ws.Session, name: str):
    with WithoutDoubles():
        JOBS[name](session)


def test_the_mode_would_notice():
    with WithoutDoubles(), pytest.raises(TypeError, match="no float64"):
        torch.ones(2).double().cpu()
