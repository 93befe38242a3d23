"""Measures the bundled models on held-out inputs: `python -m resources.models.training.measure [names]
[shapes]`.

It loads the files as a user does and prints the share of right answers: for `names` the most probable next
token, for `shapes` the highest class. The training scripts write the same figures into the cards.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any

import torch

from core.inputs.generators import HELD_OUT, KINDS, prompts, shapes

MODELS = Path(__file__).resolve().parents[1]
PROMPTS_PER_KIND = 1500
PICTURES = 4000
SEED = 20_000  # training draws from other seeds


def load_names(folder: Path = MODELS / "names") -> tuple[Any, Any]:
    """The `names` model in fp32 and its tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model, AutoTokenizer.from_pretrained(folder)


@torch.no_grad()
def names_accuracy(
    model: Any, tokenizer: Any, count: int = PROMPTS_PER_KIND, seed: int = SEED
) -> dict[str, dict[str, float]]:
    """Share of right next tokens of each behaviour: "all" held-out prompts, and each held-out split alone."""
    figures: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        right: dict[str, list[bool]] = {split: [] for split in HELD_OUT}
        items = prompts(kind, count, seed)
        rows = tokenizer([item.clean for item in items])["input_ids"]
        by_length = sorted(range(count), key=lambda number: len(rows[number]))  # so that little is padded
        for start in range(0, count, 100):
            part = by_length[start : start + 100]
            length = max(len(rows[number]) for number in part)
            # Padding on the right cannot be seen from the left: attention is causal.
            padded = [rows[number] + [tokenizer.pad_token_id] * (length - len(rows[number])) for number in part]
            ids = torch.tensor(padded)
            ends = torch.tensor([len(rows[number]) - 1 for number in part])
            best = model.lm_head(model.transformer(ids).last_hidden_state[torch.arange(len(part)), ends]).argmax(dim=-1)
            for number, token in zip(part, best.tolist(), strict=True):
                right[items[number].split].append(tokenizer.decode([token]) in items[number].targets)
        everything = [answer for answers in right.values() for answer in answers]
        figures[kind] = {"all": sum(everything) / len(everything)}
        figures[kind] |= {split: sum(answers) / len(answers) for split, answers in right.items() if answers}
    return figures


def names_table(figures: dict[str, dict[str, float]]) -> str:
    """The figures as a Markdown table, in per cent."""
    lines = [
        "| behaviour | held out, all | new combinations | new templates | words new to it |",
        "|---|---|---|---|---|",
    ]
    for kind, row in figures.items():
        cells = " | ".join(f"{100 * row[column]:.1f} %" if column in row else "-" for column in ("all", *HELD_OUT))
        lines.append(f"| {kind} | {cells} |")
    return "\n".join(lines)


def load_shapes(folder: Path = MODELS / "shapes") -> Any:
    """The `shapes` model in fp32."""
    import timm

    return timm.create_model(f"local-dir:{folder}", pretrained=True).eval()


@torch.no_grad()
def shapes_accuracy(model: Any, count: int = PICTURES, seed: int = SEED) -> dict[str, float]:
    """Share of right classes of all pictures and of each shape's, through timm's own transform."""
    import timm.data

    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
    rng = Random(seed)
    right: dict[str, list[bool]] = {name: [] for name in shapes.LABELS}
    for start in range(0, count, 100):
        drawn = [shapes.sample(rng) for _ in range(min(100, count - start))]
        classes = model(torch.stack([transform(picture) for picture, _ in drawn])).argmax(1).tolist()
        for (_, label), prediction in zip(drawn, classes, strict=True):
            right[shapes.LABELS[label]].append(prediction == label)
    everything = [answer for answers in right.values() for answer in answers]
    return {"all": sum(everything) / len(everything)} | {
        name: sum(answers) / len(answers) for name, answers in right.items() if answers
    }


def shapes_table(figures: dict[str, float]) -> str:
    """The figures as a Markdown table, in per cent."""
    lines = ["| pictures | held out |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {100 * value:.1f} % |" for name, value in figures.items())])


def main(arguments: list[str]) -> int:
    """Prints the tables of the named models (all when none is named)."""
    torch.set_num_threads(2)
    wanted = arguments or ["names", "shapes"]
    if unknown := set(wanted) - {"names", "shapes"}:
        print(f"Unknown: {', '.join(sorted(unknown))}. Known: names, shapes.", file=sys.stderr)
        return 2
    if "names" in wanted:
        print(f"names: {PROMPTS_PER_KIND} held-out prompts of each behaviour, seed {SEED}")
        print(names_table(names_accuracy(*load_names())))
    if "shapes" in wanted:
        print(f"shapes: {PICTURES} held-out pictures, seed {SEED}")
        print(shapes_table(shapes_accuracy(load_shapes())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
