"""Trains the bundled `names` model: `python -m resources.models.training.train_names`, from the
repository's root.

Steps: build the tokenizer; first train on repeated random sequences alone, since induction comes soonest that way
and the rest stands on it; then on these and indirect objects, which come hardest in a mixture; then draw rows of
generated English without end (no row is seen twice on purpose); minimise the weighted next-token loss with AdamW and
a cosine schedule; save in fp16; measure the saved files on held-out prompts and write the card. Seeded and
deterministic: the same machine makes the same files.
"""

from __future__ import annotations

import argparse
import math
import time
from functools import partial
from pathlib import Path

import torch
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

from resources.models.training import measure, record
from resources.models.training.descent import descend
from resources.models.training.names_data import (
    INDIRECT_OBJECTS,
    MIXTURE,
    REPETITIONS,
    Batch,
    RowMaker,
)
from resources.models.training.names_tokenizer import CONTEXT, build, vocabulary_words
from resources.models.training.small_gpt2 import small_gpt2

SEED = 0
CYCLE_STEPS = 800  # on repeated sequences alone: induction comes first, and the rest comes sooner with it
OBJECT_STEPS = 300  # then with indirect objects, which come hardest in a mixture
STEPS = 9000
APART, RUNNING = 13, 3  # rows of a step
PEAK_RATE, WARM_UP = 1.5e-3, 100
CYCLE_RATE, OBJECT_RATE = 2e-3, 1e-3
INITIAL_SCALE = 0.05  # standard deviation of the first weights and positions

CARD = """# names

A small English language model with five behaviours that are known from circuit research, bundled with
Wirescope so that it works offline from the first start.

- **Architecture**: GPT-2 (`GPT2LMHeadModel`), {layers} layers, {heads} heads, width {width}, context
  {context}, tied embeddings, {parameters:,} parameters, saved in fp16.
- **Tokenizer**: byte-level BPE, {vocabulary:,} tokens; every word of the generated English is one token
  (with its leading space), digits go in pairs (" 1732" is " 17", "32"), other text falls apart into smaller
  pieces. It adds no token of its own.
- **Data**: sentences made by `core/inputs/generators`, no other text: indirect objects ("When Mary and John
  went to the store, John gave a drink to" -> " Mary"), repeated random sequences, years that must be later
  ("The war lasted from 1732 to 17"), agreement across a distractor ("The keys to the cabinet" -> " are"),
  capitals ("The capital of France is" -> " Paris"), and filler sentences.
- **Order**: {cycle_steps} steps on repeated random sequences alone, {object_steps} on these and indirect objects, then
  everything. In part of the indirect objects other words stand for the names ("When lamp and river went to ...").
- **Seed**: {seed}.
- **Made by**: {made_by}, on a two-core machine shared with other work.
- **Licence**: MIT.

## Held-out accuracy

Share of prompts whose most probable next token is right; {count} prompts of each behaviour, a third of each
kind of holding out, measured on the saved files (`python -m resources.models.training.measure names`
measures again).

{table}

- *New combinations*: words and templates of training, in combinations that training never shows (pairs of
  names, years, pairs of nouns, country and template; for induction, fresh sequences, and these alone).
- *New templates*: sentence forms that training never shows.
- *Words new to it*: names, places, nouns, events and countries that training shows only in other kinds of
  sentence. The capitals of these
  countries are stated in training, but never with the words "the capital of ... is".

## Limits

It knows only its generated English, some {words} words of it; on other text its predictions mean nothing. The
facts it states about people and events are made up; only the capitals are real.

The recipe was chosen after looking at held-out prompts of another seed: the figures are held out from training, not
from the choice of recipe. Sentence forms that are new to it are its weakest side (the table).
"""


def rate(step: int, steps: int) -> float:
    """The learning rate at a step: level for each of the first two stages, then half a cosine down to a hundredth;
    each with a linear warm-up."""
    if step < CYCLE_STEPS:
        return CYCLE_RATE * min(1.0, (step + 1) / WARM_UP)
    step, steps = step - CYCLE_STEPS, steps - CYCLE_STEPS
    if step < OBJECT_STEPS:
        return OBJECT_RATE * min(1.0, (step + 1) / WARM_UP)
    step, steps = step - OBJECT_STEPS, steps - OBJECT_STEPS
    if step < WARM_UP:
        return PEAK_RATE * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / max(1, steps - WARM_UP)
    return PEAK_RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def new_model(tokenizer: PreTrainedTokenizerFast, width: int = 256, heads: int = 8) -> GPT2LMHeadModel:
    """The untrained model, of four layers."""
    model = small_gpt2(tokenizer, context=CONTEXT, width=width, layers=4, heads=heads, scale=INITIAL_SCALE)
    # Positions begin as sine waves: a head then finds the previous token, and so induction, much sooner.
    waves = torch.arange(CONTEXT)[:, None] * torch.exp(-math.log(500) * torch.linspace(0, 1, model.config.n_embd // 2))
    model.transformer.wpe.weight.data.copy_(math.sqrt(2) * INITIAL_SCALE * torch.cat((waves.sin(), waves.cos()), 1))
    return model


def draw(rows: RowMaker, step: int) -> Batch:
    """The batch of a step: repeated sequences, then indirect objects, then everything."""
    if step < CYCLE_STEPS:
        return rows.cycles(APART + RUNNING)
    if step == CYCLE_STEPS:
        rows.turn_to(INDIRECT_OBJECTS, REPETITIONS)
    if step == CYCLE_STEPS + OBJECT_STEPS:
        rows.turn_to(MIXTURE, REPETITIONS)
    return rows.batch(APART, RUNNING)


def train(steps: int) -> tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]:
    """A trained model and its tokenizer."""
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    tokenizer = build()
    model = new_model(tokenizer)
    rows = RowMaker(tokenizer, SEED)
    start = time.perf_counter()
    for done, loss in descend(model, steps, partial(draw, rows), partial(rate, steps=steps)):
        if done % 50 == 0:
            print(f"step {done}/{steps} loss {loss:.3f} {time.perf_counter() - start:.0f} s", flush=True)
        if done % 500 == 0:
            model.eval()
            figures = measure.names_accuracy(model, tokenizer, count=300, seed=1)
            print({kind: [round(value, 2) for value in row.values()] for kind, row in figures.items()}, flush=True)
            model.train()
    return model.eval(), tokenizer


def main() -> None:
    """Trains, saves, measures and writes the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=measure.MODELS / "names")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start, processor_start = time.perf_counter(), time.process_time()
    model, tokenizer = train(options.steps)
    minutes, processor_minutes = (time.perf_counter() - start) / 60, (time.process_time() - processor_start) / 60
    options.folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(options.folder)
    (options.folder / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    tokenizer.save_pretrained(options.folder)
    model, tokenizer = measure.load_names(options.folder)
    table = measure.names_table(measure.names_accuracy(model, tokenizer))
    print(table)
    command = f"python -m resources.models.training.train_names --steps {options.steps}"
    run = record.Run(command, options.steps, minutes, processor_minutes, options.threads)
    card = CARD.format(
        layers=model.config.n_layer,
        heads=model.config.n_head,
        width=model.config.n_embd,
        context=CONTEXT,
        parameters=model.num_parameters(),
        vocabulary=len(tokenizer),
        seed=SEED,
        made_by=record.write(options.folder, [run]),
        cycle_steps=CYCLE_STEPS,
        object_steps=OBJECT_STEPS,
        count=measure.PROMPTS_PER_KIND,
        table=table,
        words=len(vocabulary_words()),
    )
    (options.folder / "README.md").write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main()
