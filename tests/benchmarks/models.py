"""The models that are measured, each with a pair of inputs. Those that are not installed are left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

import wirescope as ws
from core.models import packs
from core.models.bundled import bundled_models

CLEAN = "When Mary and John went to the store, John gave a drink to"
COUNTERFACTUAL = "When Mary and John went to the store, Tom gave a drink to"
SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"


def gpt2_small_shape(tokens: int) -> ws.Session:
    """GPT-2 small's sizes with random weights; A and B differ at the second position."""
    torch.manual_seed(0)
    module = GPT2LMHeadModel(GPT2Config()).eval()
    ids = torch.randint(0, 50257, (1, tokens))
    other = ids.clone()
    other[0, 1] += 1
    model = ws.load_model((module, None))
    return ws.Session(model, model.pair(ids, other), ws.logit_difference(1, 2))


def sessions() -> Iterator[tuple[str, ws.Session]]:
    """Name and session of every model, made one after the other."""
    yield "GPT-2 small's shape, 16 tokens", gpt2_small_shape(16)
    yield "GPT-2 small's shape, 128 tokens", gpt2_small_shape(128)
    if packs.is_installed("smollm2"):
        model = ws.load_model("pack:smollm2")
        pair = model.pair(CLEAN, COUNTERFACTUAL)
        yield f"SmolLM2-135M, {pair.length} tokens", ws.Session(model, pair, ws.logit_difference(" Mary", " John"))
    if "names" in bundled_models():
        model = ws.load_model("bundled:names")
        pair = model.pair(CLEAN, COUNTERFACTUAL)
        yield f"names, {pair.length} tokens", ws.Session(model, pair, ws.logit_difference(" Mary", " John"))
    if packs.is_installed("dinov2-small"):
        model = ws.load_model("pack:dinov2-small")
        pair = model.pair(str(SAMPLES / "photos" / "cat.jpg"), str(SAMPLES / "photos" / "coffee.jpg"))
        yield "DINOv2-small, 224 x 224", ws.Session(model, pair)
