"""`wirescope run --continue`: how the text goes on, before and after the edits."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.cli.arguments import seed_number
from app.cli.tables import aligned
from core.continuation import how_taken, parting_words
from core.errors import ArgumentError

if TYPE_CHECKING:
    from core.edits import Edit
    from core.session import Session


def add_continue_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--continue",
        dest="tokens",
        type=int,
        metavar="TOKENS",
        help="go on with A for so many tokens, before and after the edits; a language model's",
    )
    parser.add_argument(
        "--temperature", type=float, help="of --continue: 0 takes the likeliest token each time, 1 draws one (0)"
    )
    parser.add_argument(
        "--seed", type=seed_number, help="of --continue: what is drawn; the same seed draws the same (0)"
    )


def check_continue(options: argparse.Namespace) -> None:
    """Raises ArgumentError for options that cannot go together."""
    if options.tokens is None:
        unused = next((name for name in ("temperature", "seed") if getattr(options, name) is not None), None)
        if unused is not None:
            raise ArgumentError(f"--{unused} is of --continue, which is not there.", "Add --continue 20, for example.")
    elif options.frozen_norms:
        raise ArgumentError("A text goes on with norms recomputed alone.", "Leave out --frozen-norms or --continue.")


def continued(session: Session, edits: Sequence[Edit], options: argparse.Namespace) -> dict[str, Any]:
    """Both texts, token by token, and the first place at which they differ, counted from 1. Raises WirescopeError."""
    from core.continuation import parting, prompt_ids, written_text

    how: dict[str, Any] = {"temperature": options.temperature or 0.0, "seed": options.seed or 0}
    report: dict[str, Any] = {"tokens": options.tokens, **how}
    prompt = prompt_ids(session)
    ids: list[list[int]] = []
    for name, each in (("before", ()), ("after", tuple(edits))):
        if name == "after" and not edits:
            continue
        tokens = list(session.generate(options.tokens, edits=each, **how))
        ids.append([token.index for token in tokens])
        text = written_text(session.model, prompt, ids[-1])
        report[name] = {"text": text, "tokens": [asdict(token) for token in tokens]}
    place = parting(*ids) if edits else None
    report["part_at"] = None if place is None else place + 1
    return report


def continued_words(report: dict[str, Any]) -> list[str]:
    """The texts, one below the other, and where they part."""
    rows = [(name, repr(report[name]["text"])) for name in ("before", "after") if name in report]
    lines = aligned(rows)
    if "after" in report:
        place = None if report["part_at"] is None else report["part_at"] - 1
        a, b = ("" if place is None else _told(report[name]["tokens"][place]) for name in ("before", "after"))
        lines.append(parting_words(place, a, b))
    return [*lines, how_taken(report["temperature"], report["seed"])]


def _told(token: dict[str, Any]) -> str:
    return f"{token['label']!r} {token['probability']:.4f}"
