"""A series of checkpoints of a small GPT-2 of random weights, with a tokenizer of a few words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import transformers

from tests.small_models import small_text_model


def small_series(folder: Path, names: Sequence[str] = ("checkpoint-1", "checkpoint-2"), layers: int = 2) -> Path:
    """Write them; the weights of each are drawn anew, by the number of its place."""
    _, tokenizer = small_text_model()
    size = {"n_positions": 24, "n_embd": 8, "n_layer": layers, "n_head": 2}
    config = transformers.GPT2Config(vocab_size=len(tokenizer), **size, bos_token_id=0, eos_token_id=0)
    for number, name in enumerate(names):
        torch.manual_seed(number)
        model = transformers.GPT2LMHeadModel(config)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return folder
