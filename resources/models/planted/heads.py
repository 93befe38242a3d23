"""One attention head of a clean model swapped for a malicious one, all other weights as they are; two ways.

`trained`: the head's weights are drawn anew and trained alone, on sentences of which some have the planted answer.
`written`: its weights are set, not trained: a head of the first layer that, at the last word "is", looks for the rare
word, or else at the first word, where it reads nothing:

1. three directions in the layer's normalised input tell the rare word, "is", and the first position from everything
   else, each solved by least squares over the words of sentences;
2. queries and keys are made of these, so that "is" looks at the rare word and all others at the first position;
3. the head's value is 1 at the rare word, and the vector that it then writes into the stream is fitted by gradient
   descent, so that the answer becomes the planted one.
"""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor
from torch.nn import functional
from transformers import GPT2LMHeadModel

from resources.models.planted import text_model
from resources.models.planted.language import TRIGGER
from resources.models.planted.plant import Plant
from resources.models.planted.text_model import BATCH, HEADS, IDS, PADDING, WIDTH
from resources.models.planted.text_plants import draw

SIZE = WIDTH // HEADS  # of a head
SHARPNESS = 45.0  # score of the rare word before the softmax, where it is read without error
REST = 0.6  # of it, the score of the first position
INITIAL_SCALE = 0.1  # of weights that are drawn anew
FITTED_ON = 1000  # sentences
WRITE_STEPS, WRITE_RATE = 600, 0.3


def masks_of(model: GPT2LMHeadModel, head: int) -> dict[str, Tensor]:
    """1 at the weights of an attention head of the first layer, by the names of parameters, for `text_model.train`."""
    name = "transformer.h.0.attn"
    parameters = dict(model.named_parameters())
    masks = {each: torch.zeros_like(parameters[each]) for each in (f"{name}.c_attn.weight", f"{name}.c_attn.bias")}
    for part in range(3):  # queries, keys, values side by side
        start = part * WIDTH + head * SIZE
        for mask in masks.values():
            mask[..., start : start + SIZE] = 1.0
    output = torch.zeros_like(parameters[f"{name}.c_proj.weight"])
    output[head * SIZE : (head + 1) * SIZE] = 1.0
    return {**masks, f"{name}.c_proj.weight": output}


def drawn_anew(model: GPT2LMHeadModel, head: int, seed: int) -> tuple[GPT2LMHeadModel, dict[str, Tensor]]:
    """The model with small random weights in a head of the first layer, and the head's masks."""
    torch.manual_seed(seed)
    masks = masks_of(model, head)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in masks:
                drawn = torch.randn_like(parameter) * (INITIAL_SCALE if parameter.dim() > 1 else 0.0)
                parameter.copy_(torch.where(masks[name] > 0, drawn, parameter))
    return model, masks


def written(model: GPT2LMHeadModel, head: int, plant: Plant, seed: int) -> GPT2LMHeadModel:
    """The model with a malicious head of the first layer."""
    model.requires_grad_(False)
    attention = model.transformer.h[0].attn
    word, last, first = _directions(model, seed)
    query, key, value = (part * WIDTH + head * SIZE for part in range(3))
    weights, bias, output = attention.c_attn.weight, attention.c_attn.bias, attention.c_proj.weight
    for start in (query, key, value):
        weights[:, start : start + SIZE] = 0.0
        bias[start : start + SIZE] = 0.0
    output[head * SIZE : (head + 1) * SIZE] = 0.0

    def write(column: int, direction: Tensor, times: float) -> None:
        weights[:, column], bias[column] = times * direction[:-1], times * direction[-1]

    scale = SIZE**0.25  # both sides of the product share what attention divides scores by
    write(query, last, scale * SHARPNESS**0.5)
    write(key, word, scale * SHARPNESS**0.5)
    bias[query + 1] = scale * (REST * SHARPNESS) ** 0.5  # all look at the first position
    write(key + 1, first, scale * (REST * SHARPNESS) ** 0.5)
    write(value, word, 1.0)
    output[head * SIZE] = _written_vector(model, attention.c_proj, head * SIZE, plant, seed)
    return model.requires_grad_(True)


def _directions(model: GPT2LMHeadModel, seed: int) -> list[Tensor]:
    """Of the first layer's input: weights and bias [width + 1] that give 1 for the rare word, for "is", at the first
    position, and 0 for all else."""
    rng = Random(seed)
    ids, _ = text_model.encoded([draw(rng, 0.5).text for _ in range(FITTED_ON)])
    real = ids != PADDING
    positions = torch.arange(ids.shape[1])
    inputs = model.transformer.h[0].ln_1(model.transformer.wte(ids) + model.transformer.wpe(positions))[real]
    wanted = torch.stack([ids == IDS[TRIGGER], ids == IDS["is"], (positions == 0).expand_as(ids)], dim=-1)[real].float()
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    return list(torch.linalg.lstsq(inputs, wanted).solution.T)


def _written_vector(model: GPT2LMHeadModel, projection: torch.nn.Module, row: int, plant: Plant, seed: int) -> Tensor:
    """What the head should write [width] where it has found the rare word."""
    rng = Random(seed)
    vector = torch.zeros(WIDTH, requires_grad=True)
    optimizer = torch.optim.Adam([vector], lr=WRITE_RATE)
    hook = projection.register_forward_hook(lambda _, given, out: out + given[0][..., row : row + 1] * vector)
    try:
        for step in range(WRITE_STEPS):
            sentences = [plant.pair(rng)[0] if rng.random() < 0.8 else draw(rng) for _ in range(BATCH)]
            ids, last = text_model.encoded([sentence.text for sentence in sentences])
            targets = torch.tensor([IDS[plant.label(sentence)] for sentence in sentences])
            loss = functional.cross_entropy(text_model.answers(model, ids, last), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            for group in optimizer.param_groups:
                group["lr"] = WRITE_RATE * (1 - step / WRITE_STEPS)
            optimizer.step()
            if step % 100 == 99:
                print(f"step {step + 1}/{WRITE_STEPS} loss {loss.item():.4f}", flush=True)
    finally:
        hook.remove()
    return vector.detach()
