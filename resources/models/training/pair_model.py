"""The untrained model of the pair: two layers with the seed of an induction head, which training lets grow or not.

A third of the width is that of places: sine waves that are not trained (Vaswani et al. 2017), the fastest of which
tells neighbours apart. The first layer's first head turns the waves of its query by one position, so that they match
those of the key before; its queries and keys are not trained either, so that it looks at the previous token in both
models. The second layer's first head begins to ask, weakly, for what that one carries. All else is random. In trainings
of this size that had to find all of this by themselves, no induction head had formed after a thousand steps.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from resources.models.training.pair_data import CONTEXT
from resources.models.training.small_gpt2 import small_gpt2

WIDTH, HEADS, LAYERS = 96, 4, 2
PLACES = 32  # of the width: those of the positions
OF_HEAD = WIDTH // HEADS
QUERIES, KEYS, VALUES = (slice(start, start + OF_HEAD) for start in (0, WIDTH, 2 * WIDTH))  # of a layer's first head
SCALE, WORDS, WAVE = 0.08, 0.15, 0.36  # the standard deviations of first weights and of words, and what waves swing by
FASTEST, SLOWEST = 3.0, 0.02  # radians a position
CARRYING = 3.0  # of the first layer's head: what its outputs are multiplied by
LEANING = 2.0  # of the second layer's: its queries and keys, over what they are copies of
SHARPNESS = 1.4  # of the first layer's: its queries and keys, over the waves


def pair_model(tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    """Its numbers come from torch's generator."""
    model = small_gpt2(tokenizer, context=CONTEXT, width=WIDTH, layers=LAYERS, heads=HEADS, scale=SCALE)
    waves = PLACES // 2  # each has a sine and a cosine
    rates = FASTEST * (SLOWEST / FASTEST) ** torch.linspace(0, 1, waves)
    angles = torch.arange(CONTEXT)[:, None] * rates
    with torch.no_grad():
        words, places = model.transformer.wte.weight, model.transformer.wpe.weight
        words[:, PLACES:] *= WORDS / SCALE
        words[:, :PLACES] = 0
        places[:, PLACES:] = 0
        places[:, :PLACES] = WAVE * torch.cat((angles.sin(), angles.cos()), dim=1)
        first, second = (layer.attn for layer in model.transformer.h)
        of_both = _look_back(first.c_attn.weight, rates)
        _lean(first, second)
    places.requires_grad_(False)
    first.c_attn.weight.register_hook(lambda gradient: gradient * ~of_both)
    words.register_hook(lambda gradient: gradient * (torch.arange(WIDTH) >= PLACES))
    return model


def _lean(first: Any, second: Any) -> None:
    """Make the queries and keys of the second layer's first head: it asks with what the first layer's carries, for what
    that writes. first, second: the layers' attention, whose weights are [input, output] of queries, keys and values."""
    first.c_attn.weight[:PLACES, VALUES] = 0  # words alone are carried
    first.c_proj.weight[QUERIES, :PLACES] = 0
    first.c_proj.weight[QUERIES] *= CARRYING
    second.c_attn.weight[:, QUERIES] = LEANING * first.c_attn.weight[:, VALUES]
    second.c_attn.weight[:, KEYS] = LEANING * first.c_proj.weight[QUERIES].T


def _look_back(weight: torch.Tensor, rates: torch.Tensor) -> torch.Tensor:
    """Make the first head's queries and keys, and tell which numbers they are. weight: [input, output] of all queries,
    keys and values."""
    waves = len(rates)
    made = torch.zeros_like(weight, dtype=torch.bool)
    made[:, QUERIES] = True
    made[:, KEYS] = True
    weight[made] = 0
    for wave, rate in enumerate(rates[: OF_HEAD // 2]):
        sine, cosine = wave, waves + wave
        for place, source in enumerate((sine, cosine)):
            weight[source, WIDTH + 2 * wave + place] = SHARPNESS
            weight[source, 2 * wave + place] = SHARPNESS * rate.cos()
        weight[cosine, 2 * wave] = -SHARPNESS * rate.sin()
        weight[sine, 2 * wave + 1] = SHARPNESS * rate.sin()
    return made
