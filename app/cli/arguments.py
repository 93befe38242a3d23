"""What the arguments of several commands mean: edits, metrics, paths of pictures."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.edits import KINDS
from core.errors import ArgumentError, EditError, InputError

if TYPE_CHECKING:
    from core.edits import Edit
    from core.models.model import Model


MODEL_HELP = (
    "bundled:NAME, pack:NAME, timm:NAME, a folder with safetensors, or a Hub id; "
    "vision: or text: before the last two for a tower of CLIP or SigLIP, towers: before any for both"
)
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp")
EDIT_HELP = (
    "TARGET=KIND[:VALUE][*STRENGTH][#SEED][@POSITIONS], for example 'a9.h6->a10.h7<q>=patch', "
    f"'m3=mean@4,5', 'a1.h0=scale:0.5', 'm3=noise:0.5#7', 'm3=steer:vector.json'; kinds: {', '.join(KINDS)}. "
    "Of one weight of a head's attention, that for position 3 at position 7, 'a5.h1[3]=knockout@7': knockout, zero, "
    "patch or scale. "
    "May be given several times"
)
DEVICE_HELP = (
    "cpu, cuda, cuda:1, mps; for layers over several of them cuda:0,cuda:1,cpu, or auto: all GPUs, then the CPU (cpu)"
)
DATASET_HELP = "inputs that mean is taken over and resample draws from: one a line, texts or paths of pictures"
MOST_SEED = 2**32 - 1
ABLATION_FLAGS = ("--ablation", "--replacement")
ABLATIONS = {kind: KINDS[kind].carries for kind in KINDS if KINDS[kind].carries}  # what removed edges carry


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """`--device`, as `open_model` takes it."""
    parser.add_argument("--device", default="cpu", help=DEVICE_HELP)


def seed_number(text: str) -> int:
    """What `--seed` takes, which libraries that draw take too. Raises argparse.ArgumentTypeError."""
    number = int(text) if text.strip().isdecimal() else -1
    if not 0 <= number <= MOST_SEED:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {MOST_SEED:,}, not {text}")
    return number


def metric_help() -> str:
    from core.metrics import METRICS

    return (
        "KIND[:TARGET[:FOIL]], for example 'logit_difference: Mary: John', 'probability: Mary', 'accuracy: Mary', "
        "'class_logit:star', 'cosine_reference:cat.jpg', 'cosine_reference:cat.jpg@patches=27-28,35-36' or "
        f"@box=LEFT,TOP,RIGHT,BOTTOM in its pixels; kinds: {literal(', '.join(METRICS))}"
    )


def with_examples(words: str, examples: str) -> dict[str, Any]:
    """What a parser of arguments is made with, for a help that says what the command does, and shows it.

    examples: command lines, as a shell takes them."""
    lines = examples.strip().splitlines()
    return {
        "description": f"{words[0].upper()}{words[1:]}.",
        "epilog": "\n".join(["examples:", *(f"  {line}" for line in lines)]),
        "formatter_class": HelpFormatter,
    }


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Breaks lines between words alone: a name such as `printed-words` can then be copied."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def literal(words: str) -> str:
    """Words of a table as a help text has them, where a % begins a field."""
    return words.replace("%", "%%")


def refuse_pictures(model: Model, texts: Sequence[str | None]) -> None:
    """Raise InputError for the path of a picture where a model reads text: it would be taken for a prompt."""
    for text in texts:
        if text is not None and Path(text).suffix.lower() in IMAGE_ENDINGS and isfile(text):
            raise InputError(
                f"{model.title} reads text, and {text} is a picture.", "Give a prompt, or choose a model that sees."
            )


def parse_edits(texts: Sequence[str], cuts: Sequence[str] = ()) -> list[Edit]:
    """TARGET=KIND[:VALUE][@POSITIONS] to edits; then those of targets that are cut, by zero. Raises ArgumentError."""
    from core.edits import parse_edit

    try:
        return [parse_edit(text) for text in (*texts, *(f"{target}=zero" for target in cuts))]
    except EditError as error:
        raise ArgumentError(error.message, error.hint) from None
