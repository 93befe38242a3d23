"""Trains small models and keeps checkpoints on the way: `python -m resources.models.training.train_series NAME
FOLDER`, from the repository's root.

    names              the recipe of the bundled `names`, at half its width: repeated sequences, then indirect objects,
                       then everything; twelve checkpoints, between which induction forms
    copies, no-copies  two layers, everything mixed from the first step: echoes of random tokens, few-shot prompts and
                       text whose phrases come again (`pair_data.py`). The loss counts all tokens, or leaves out those
                       that induction predicts, the ones that followed an earlier copy of the token before them (Sahin
                       et al. 2025, "In-Context Learning Without Copying")

A checkpoint is a folder `checkpoint-STEP` that opens as a model: fp16, with its tokenizer. Seeded and deterministic:
the same machine makes the same files.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast
from transformers.utils.logging import disable_progress_bar

from resources.models.training import train_names
from resources.models.training.copies import without_copies
from resources.models.training.descent import Draw, Rate, descend
from resources.models.training.names_data import Batch, RowMaker
from resources.models.training.names_tokenizer import build
from resources.models.training.pair_data import PairRows, pair_tokenizer
from resources.models.training.pair_model import pair_model

SEED = 0
ECHOES, PROMPTS, WALKS = 12, 6, 2  # rows of a step of the pair
PEAK_RATE, WARM_UP = 1.2e-3, 50


def half_of_names(tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    """The untrained model of `names`, at half its width."""
    return train_names.new_model(tokenizer, width=128, heads=4)


@dataclass(frozen=True)
class Series:
    """steps: after which a checkpoint is kept. draw: the batch of a step. rate: the learning rate of a step, of so
    many. rows: what draws, of a tokenizer and a seed. model: the untrained one."""

    steps: tuple[int, ...]
    draw: Callable[[Any, int], Batch]
    rate: Callable[[int, int], float]
    rows: Callable[[PreTrainedTokenizerFast, int], Any] = RowMaker
    tokenizer: Callable[[], PreTrainedTokenizerFast] = build
    model: Callable[[PreTrainedTokenizerFast], GPT2LMHeadModel] = half_of_names

    @property
    def last(self) -> int:
        """How many steps there are."""
        return self.steps[-1]


def mixed(rows: PairRows, _step: int) -> Batch:
    """The batch of a step of the pair: all kinds of rows side by side."""
    return rows.batch(ECHOES, PROMPTS, WALKS)


def mixed_without_copies(rows: PairRows, step: int) -> Batch:
    """The same rows as `mixed`, of which what induction predicts does not count."""
    return without_copies(mixed(rows, step))


def mixed_rate(step: int, steps: int) -> float:
    """The learning rate of the pair: a linear warm-up, then half a cosine down to a hundredth."""
    if step < WARM_UP:
        return PEAK_RATE * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / max(1, steps - WARM_UP)
    return PEAK_RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def names_rate(step: int, steps: int) -> float:
    """The rate of the bundled model's training, which goes on for longer."""
    return train_names.rate(step, train_names.STEPS)


NAMES_STEPS = (0, 40, 80, 160, 240, 320, 400, 480, 560, 800, 1000, 1200)
PAIR_STEPS = (0, 50, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1200)
of_pair = partial(Series, PAIR_STEPS, rate=mixed_rate, rows=PairRows, tokenizer=pair_tokenizer, model=pair_model)
SERIES = {
    "names": Series(NAMES_STEPS, train_names.draw, names_rate),
    "copies": of_pair(draw=mixed),
    "no-copies": of_pair(draw=mixed_without_copies),
}


def make(name: str, folder: Path, say: Callable[[int, float], None] = lambda done, loss: None) -> GPT2LMHeadModel:
    """Train one of SERIES, with one thread, and keep its checkpoints in a folder. say: told the steps done and the
    loss, every 20."""
    disable_progress_bar()  # one for each checkpoint that is saved
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(SEED)
            return _made(SERIES[name], folder, say)
    finally:
        torch.set_num_threads(threads)


def _made(series: Series, folder: Path, say: Callable[[int, float], None]) -> GPT2LMHeadModel:
    tokenizer = series.tokenizer()
    model = series.model(tokenizer)
    rows = series.rows(tokenizer, SEED)
    draw: Draw = partial(series.draw, rows)
    rate: Rate = partial(series.rate, steps=series.last)
    if 0 in series.steps:
        save(model, tokenizer, folder / "checkpoint-0")
    for done, loss in descend(model, series.last, draw, rate):
        if done in series.steps:
            save(model, tokenizer, folder / f"checkpoint-{done}")
        if done % 20 == 0:
            say(done, loss)
    return model.eval()


def save(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """One checkpoint in fp16; the model stays in fp32."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {key: tensor.half() for key, tensor in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=numbers)
    (folder / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    tokenizer.save_pretrained(folder)


def main() -> None:
    """Trains and keeps the checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(SERIES))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    start = time.process_time()

    def say(done: int, loss: float) -> None:
        print(
            f"step {done} of {SERIES[options.name].last}, loss {loss:.3f} {time.process_time() - start:.0f} s",
            flush=True,
        )

    make(options.name, options.folder, say)


if __name__ == "__main__":
    main()
