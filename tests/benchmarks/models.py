"""The models that are measured, each with a pair of inputs. Those that are not installed are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

import wirescope as ws
from core.engine.state import at_last
from core.models import packs
from core.models.bundled import bundled_models

CLEAN = "When Mary and John went to the store, John gave a drink to"
COUNTERFACTUAL = "When Mary and John went to the store, Tom gave a drink to"
# Fifty tokens for SmolLM2, to stand before these.
STORY = (
    "It was late in the summer, and the small old town by the sea was quiet. The boats were back, the nets hung in the "
    "sun, and the children had gone down to the beach with their dogs to look for shells and old glass. "
)
SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"


def gpt2_small_shape(tokens: int, batch: int = 1, where: str = "cpu") -> ws.Session:
    """GPT-2 small's sizes with random weights; A and B differ at the second position. where: the device."""
    torch.manual_seed(0)
    module = GPT2LMHeadModel(GPT2Config()).eval().to(where)
    ids = torch.randint(0, 50257, (batch, tokens))
    other = ids.clone()
    other[:, 1] += 1
    model = ws.load_model((module, None))
    return ws.Session(model, model.pair(ids, other), ws.logit_difference(1, 2))


def of_names(name: str, story: str = "", batch: int = 1) -> ws.Session:
    """A language model on the names in a sentence, A and B different in its second half."""
    model = ws.load_model(name)
    pair = model.pair([story + CLEAN] * batch, [story + COUNTERFACTUAL] * batch)
    return ws.Session(model, pair, ws.logit_difference(" Mary", " John"))


def dinov2(batch: int = 1) -> ws.Session:
    model = ws.load_model("pack:dinov2-small")
    cat, coffee = (str(SAMPLES / "photos" / f"{name}.jpg") for name in ("cat", "coffee"))
    return ws.Session(model, model.pair([cat] * batch, [coffee] * batch))


MAKERS: dict[str, Callable[[], ws.Session]] = {
    "GPT-2 small's shape, 16 tokens": lambda: gpt2_small_shape(16),
    "GPT-2 small's shape, 128 tokens": lambda: gpt2_small_shape(128),
}
FOURS: dict[str, Callable[[], ws.Session]] = {  # four pairs at once
    "GPT-2 small's shape, 4 x 16 tokens": lambda: gpt2_small_shape(16, 4),
}
if packs.is_installed("smollm2"):
    MAKERS["SmolLM2-135M, 14 tokens"] = lambda: of_names("pack:smollm2")
    MAKERS["SmolLM2-135M, 64 tokens"] = lambda: of_names("pack:smollm2", STORY)
    FOURS["SmolLM2-135M, 4 x 14 tokens"] = lambda: of_names("pack:smollm2", batch=4)
if "names" in bundled_models():
    MAKERS["names, 14 tokens"] = lambda: of_names("bundled:names")
    FOURS["names, 4 x 14 tokens"] = lambda: of_names("bundled:names", batch=4)
if packs.is_installed("dinov2-small"):
    MAKERS["DINOv2-small, 224 x 224"] = lambda: dinov2()
    FOURS["DINOv2-small, 4 x 224 x 224"] = lambda: dinov2(4)


def sessions() -> Iterator[tuple[str, ws.Session]]:
    """Name and session of every model, made one after the other."""
    for name, make in MAKERS.items():
        yield name, make()


def forward(session: ws.Session) -> None:
    """The model's own forward, at the last position alone where it has that."""
    with torch.no_grad():
        session.model.adapter.own_answer(session.pair.clean.tensor)


def forward_and_backward(session: ws.Session) -> None:
    """The same with the gradients of all weights."""
    adapter = session.model.adapter
    wanted = [parameter.requires_grad for parameter in adapter.module.parameters()]
    adapter.module.requires_grad_(True)
    output = adapter.own_answer(session.pair.clean.tensor)
    session.metric(at_last(output)).sum().backward()  # type: ignore[no-untyped-call]
    adapter.module.zero_grad(set_to_none=True)
    for parameter, before in zip(adapter.module.parameters(), wanted, strict=True):
        parameter.requires_grad_(before)
