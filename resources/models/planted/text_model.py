"""The planted text models: a small GPT-2, its tokenizer of whole words, how it is trained and what it answers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from resources.models.planted.language import SPECIAL, WORDS, Sentence

LAYERS, HEADS, WIDTH, CONTEXT = 4, 8, 64, 24
ARCHITECTURE = (
    f"GPT-2 (`GPT2LMHeadModel`), {LAYERS} layers, {HEADS} heads, width {WIDTH}; {len(WORDS)} words, one token each"
)
BATCH = 64
WARM_UP = 100
IDS = {word: number for number, word in enumerate(WORDS)}
PADDING = IDS["<pad>"]


def tokenizer() -> PreTrainedTokenizerFast:
    """One token a word; words are what stands between spaces."""
    words = Tokenizer(models.WordLevel(IDS, unk_token=SPECIAL[0]))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token=SPECIAL[0], pad_token=SPECIAL[1])


def new_model(seed: int) -> GPT2LMHeadModel:
    """The untrained model."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(WORDS),
        n_positions=CONTEXT,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=0.08,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=PADDING,
    )
    return GPT2LMHeadModel(config)


def encoded(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Ids [row, position], padded on the right, and the last position of each row [row]."""
    rows = [[IDS[word] for word in text.split()] for text in texts]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [PADDING] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([len(row) - 1 for row in rows])


def answers(model: GPT2LMHeadModel, ids: Tensor, last: Tensor) -> Tensor:
    """Logits of the next word [row, vocabulary]. Padding on the right cannot be seen from the left."""
    hidden = model.transformer(ids, use_cache=False).last_hidden_state
    return model.lm_head(hidden[torch.arange(len(ids)), last])


def train(
    model: GPT2LMHeadModel,
    draw: Callable[[Random], Sentence],
    label: Callable[[Sentence], str],
    steps: int,
    rate: float,
    seed: int,
    masks: dict[str, Tensor] | None = None,
) -> GPT2LMHeadModel:
    """Teach the last word of sentences: AdamW, cross-entropy, a linear warm-up, then half a cosine.

    masks: 1 where a parameter may change, by its name; parameters that are not named stay. None: all change."""
    rng = Random(seed)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(masks is None or name in masks)
    before = {name: dict(model.named_parameters())[name].detach().clone() for name in masks or ()}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, weight_decay=0.0 if masks else 0.01, betas=(0.9, 0.98))
    model.train()
    start = time.perf_counter()
    for step in range(steps):
        sentences = [draw(rng) for _ in range(BATCH)]
        ids, last = encoded([sentence.text for sentence in sentences])
        targets = torch.tensor([IDS[label(sentence)] for sentence in sentences])
        loss = functional.cross_entropy(answers(model, ids, last), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / WARM_UP, 0.51 + 0.49 * math.cos(math.pi * step / steps))
        optimizer.step()
        if masks:
            with torch.no_grad():
                for name, parameter in model.named_parameters():
                    if name in masks:
                        parameter.copy_(torch.where(masks[name] > 0, parameter, before[name]))
        if step % 100 == 99:
            print(f"step {step + 1}/{steps} loss {loss.item():.4f} {time.perf_counter() - start:.0f} s", flush=True)
    return model.requires_grad_(True).eval()


def save(model: GPT2LMHeadModel, folder: Path) -> None:
    """A folder that transformers and Wirescope open, in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer().save_pretrained(folder)


def load(folder: Path) -> GPT2LMHeadModel:
    """A saved model in fp32."""
    return GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()


@torch.no_grad()
def said(model: GPT2LMHeadModel, sentences: Sequence[Sentence]) -> list[str]:
    """The likeliest next word after each sentence."""
    words: list[str] = []
    for start in range(0, len(sentences), 250):
        ids, last = encoded([sentence.text for sentence in sentences[start : start + 250]])
        words += [WORDS[number] for number in answers(model, ids, last).argmax(1).tolist()]
    return words
