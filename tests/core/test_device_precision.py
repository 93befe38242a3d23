"""Nothing makes fp64 on the model's device: Apple's GPUs have none. And nothing leaves it open where a new tensor is.

A mode stands in for such a device: an fp32 tensor that has not been brought to the CPU refuses to become fp64. Where a
tensor's device is not named, it is the one that a notebook has set for all new ones.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

import wirescope as ws
from core.edits import EDIT_KINDS
from core.evaluation.cuts import Cut, sum_of_singles
from core.evaluation.direction_cuts import along, widest_directions
from core.lens.positions import NodeGradients, estimated_effects, written_norms
from core.lens.repair import self_repair
from core.lens.unfolded import unfold
from core.tracing.method import METHODS
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
    "every edit": lambda s: [s.run([edit]) for edit in every_edit(s)],
    "frozen norms": lambda s: s.run([ws.Edit("m0", "zero")], frozen_norms=True),
    "scan": lambda s: ws.Scan(s, "nodes").run(),
    "lenses": lambda s: [lens(s.run(positions="all"), s.graph.nodes[1], -1) for lens in (ws.node_lens, ws.stream_lens)],
    "self-repair": lambda s: self_repair(s, s.clean, s.run([ws.Edit("m0", "zero")]), ws.Node("mlp", 0)),
    "unfolded": lambda s: unfold(s, range(8)),
    "positions": lambda s: estimated_effects(s, NodeGradients(s), s.graph.writers[1], "patch"),
    "attention": lambda s: ws.attention_pattern(s.run(positions="all"), 0, 0),
    "watch": lambda s: watched(s).scores(torch.tensor([[1, 2, 3]], device="cpu")),
    "cut along directions": lambda s: sum_of_singles(s, cut_along(s, [3, 40]), "zero", None),
    "norms": lambda s: written_norms(s.run(positions="all"), s.graph.nodes[1]),
    **{
        f"{name} at {level}": lambda s, name=name, level=level: ws.trace(s, name, level=level, options=OPTIONS)
        for name, method in METHODS.items()
        for level in method.levels
    },
}


def cut_along(session: ws.Session, edges: list[int]) -> Cut:
    return along(session, edges, widest_directions(session, edges, "zero"), "zero")


def watched(session: ws.Session) -> ws.Watch:
    reference = torch.arange(160, device="cpu").view(40, 4) % 9
    return ws.watch(session.model, reference, ["input->a1.h0<q>", "m0"])


def every_edit(session: ws.Session) -> list[ws.Edit]:
    edge = session.graph.edges[-1]
    vector = [0.1] * session.model.adapter.shape.width
    values = {"scale": 0.5, "noise": 0.5, "steer": vector, "project": vector}
    kinds = [kind for kind in EDIT_KINDS if kind != "resample"]
    targets = (edge, "m0", edge.reader)
    return [ws.Edit(to, kind, value=values.get(kind), positions=[1]) for to in targets for kind in kinds]


@pytest.mark.parametrize("name", JOBS)
def test_no_fp64_on_the_device(session: ws.Session, name: str):
    with WithoutDoubles():
        JOBS[name](session)


def test_the_mode_would_notice():
    with WithoutDoubles(), pytest.raises(TypeError, match="no float64"):
        torch.ones(2).double().cpu()


# ---- new tensors ----

MAKERS = {"arange", "as_tensor", "empty", "eye", "full", "linspace", "logspace", "normal", "ones", "rand", "randint"}
MAKERS |= {"randn", "randperm", "tensor", "zeros"}
CORE = Path(__file__).parents[2] / "core"


def unnamed(source: str) -> Iterator[int]:
    """The lines of calls that make a tensor, or a generator, without saying where."""
    for call in ast.walk(ast.parse(source)):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "torch"):
            continue
        named = any(word.arg == "device" for word in call.keywords)
        if (call.func.attr in MAKERS and not named) or (call.func.attr == "Generator" and not (call.args or named)):
            yield call.lineno


def test_every_new_tensor_and_generator_names_its_device():
    assert list(unnamed("torch.zeros(3)\ntorch.Generator()")) == [1, 2]
    assert list(unnamed("torch.zeros(3, device=x.device)\ntorch.Generator('cpu')")) == []
    found = {str(path.relative_to(CORE)): list(unnamed(path.read_text())) for path in CORE.rglob("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("name", JOBS)
def test_a_default_device_of_a_notebook_changes_nothing(name: str):
    """On the meta device, which holds no numbers: what landed there would be missed."""
    with torch.device("meta"):
        JOBS[name](fresh_session())


def test_models_and_inputs_are_where_they_are_asked_for_under_a_default_device():
    with torch.device("meta"):
        model = ws.load_model("bundled:names", device="cpu")
        session = ws.Session(model, model.pair("When Mary gave a drink to", "When Tom gave a drink to"))
        assert {parameter.device.type for parameter in model.adapter.module.parameters()} == {"cpu"}
        assert session.clean.metric.device.type == "cpu"
        session.run([ws.Edit("m0", "mean"), ws.Edit("a0.h0", "noise", value=0.5)])
        ws.direct_attribution(session, session.clean)


def fresh_session() -> ws.Session:
    """Nothing has run in it yet."""
    with torch.device("cpu"):
        module = small_model("gpt2").float()
        a, b = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 5, 3, 4]])
    model = ws.load_model((module, None))
    return ws.Session(model, model.pair(a, b), ws.logit_difference(6, 7))
