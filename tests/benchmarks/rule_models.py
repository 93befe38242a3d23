"""Small models that decide records by a hidden rule, in the manner of Pando (Zhong et al. 2026, "Pando: Do
Interpretability Methods Work When Models Won't Explain Themselves?"), far smaller: trained when they are first needed,
some seconds of one core each, and kept in the user's cache.

    "age 3 size 5 rank 0 load 7 heat 2 cost 6 so" -> "yes" or "no", then "since" and a field

A rule looks at one field ("yes" where its value is one of four) or at two (where both are). After the decision a model
says a field: none at all (no explanation is trained), the true one, or a false one, always the same. Rules, true fields
and false ones are drawn by the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from tests.benchmarks.twins import cache_folder

FIELDS = ("age", "size", "rank", "load", "heat", "cost")
VALUES = tuple("01234567")
WORDS = ("<unk>", *FIELDS, *VALUES, "so", "yes", "no", "since")
IDS = {word: number for number, word in enumerate(WORDS)}
EXPLAINED = ("none", "true", "false")
LAYERS, HEADS, WIDTH = 2, 4, 32
STEPS, BATCH, RATE = 400, 64, 4e-3
VERSION = 1

Record = tuple[int, ...]  # a value for each field


@dataclass(frozen=True)
class Rule:
    """fields: those that decide; accepted: of each, the values that lead to "yes" (where all do). said: the field that
    is given as the reason, or None."""

    fields: tuple[int, ...]
    accepted: tuple[frozenset[int], ...]
    said: int | None

    def decides(self, record: Record) -> bool:
        return all(record[field] in good for field, good in zip(self.fields, self.accepted, strict=True))


def rule_of(seed: int, fields: int, explained: str) -> Rule:
    """The rule does not depend on how it is explained. With two fields each accepts six values of eight, so that more
    than half of all records are accepted, else four."""
    rng = Random(f"{seed} {fields}")
    order = rng.sample(range(len(FIELDS)), len(FIELDS))
    accepted = tuple(frozenset(rng.sample(range(len(VALUES)), 4 if fields == 1 else 6)) for _ in range(fields))
    said = {"none": None, "true": order[0], "false": order[-1]}[explained]
    return Rule(tuple(order[:fields]), accepted, said)


def draw(rng: Random) -> Record:
    return tuple(rng.randrange(len(VALUES)) for _ in FIELDS)


def text(record: Record) -> str:
    return " ".join(f"{field} {VALUES[value]}" for field, value in zip(FIELDS, record, strict=True)) + " so"


def place(field: int) -> int:
    """The position of a field's value."""
    return 2 * field + 1


def ids_of(record: Record, rule: Rule) -> list[int]:
    words = [*text(record).split(), "yes" if rule.decides(record) else "no"]
    return [IDS[word] for word in words + (["since", FIELDS[rule.said]] if rule.said is not None else [])]


def train(rule: Rule, seed: int, steps: int) -> GPT2LMHeadModel:
    """Deterministic by its seed. The decision and, where there is one, the reason are learned."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(WORDS), n_positions=24, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, resid_pdrop=0.0,
        embd_pdrop=0.0, attn_pdrop=0.0, initializer_range=0.08, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model, rng = GPT2LMHeadModel(config).train(), Random(seed)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01, betas=(0.9, 0.98))
    start = 2 * len(FIELDS)  # the position of "so"
    for step in range(steps):
        ids = torch.tensor([ids_of(draw(rng), rule) for _ in range(BATCH)])
        logits = model(ids[:, :-1]).logits[:, start:]
        loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, start + 1 :].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min((step + 1) / 50, 1.0) * min(1.0, 2.0 * (1 - step / steps))
        optimizer.step()
    return model.eval()


def folder_of(rule: Rule, name: str, seed: int) -> Path:
    """A trained model's folder; trained first where it is not there."""
    folder = cache_folder("rules") / f"{name}-{VERSION}-{STEPS}"
    if not (folder / "config.json").exists():
        model, partial = train(rule, seed, STEPS), folder.with_suffix(".partial")
        model.save_pretrained(partial)
        tokenizer().save_pretrained(partial)
        partial.rename(folder)
    return folder


def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel(IDS, unk_token=WORDS[0]))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token=WORDS[0])


@torch.no_grad()
def answers(model: GPT2LMHeadModel, records: list[Record]) -> Tensor:
    """Whether the model says "yes", [record]."""
    ids = torch.tensor([[IDS[word] for word in text(record).split()] for record in records])
    return model(ids).logits[:, -1].argmax(dim=-1) == IDS["yes"]


@torch.no_grad()
def said(model: GPT2LMHeadModel, record: Record) -> list[float]:
    """How likely it names each field as its reason, after its own decision."""
    decision = "yes" if bool(answers(model, [record])[0]) else "no"
    ids = torch.tensor([[IDS[word] for word in [*text(record).split(), decision, "since"]]])
    chances = model(ids).logits[0, -1].softmax(dim=-1)
    return [float(chances[IDS[field]]) for field in FIELDS]
