"""What a study of modalities gave, as a table, as sentences and as JSON."""

from __future__ import annotations

import math
from typing import Any

from core.formatting import number, percent, share_words
from core.studies.estimate import Estimate
from core.studies.measures import MEASURES, Measure, ModelStudied
from core.studies.modalities import ModalityStudy
from core.studies.sparsity import SHARE

LIMITS = (
    "These are single models: a difference between two of them is no difference between text and sight. They differ in "
    "size, in training and in their task as well.",
    "A word and a patch are different units: depths and shares of edges are comparable, a distance in words and one in "
    "patches are not. Compare each with even attention of its own kind.",
    "The bundled models are tiny and their inputs are made by a program. Texts of one template have the same words at "
    "the same places, so that more heads look as if they went by position alone than would on free text.",
)


def title(study: ModalityStudy) -> str:
    return (
        f"The same questions to {len(study.models)} models; edges scored by {study.method}; 95 % intervals in brackets"
    )


def heads(study: ModalityStudy) -> list[str]:
    return ["", *(short_name(each) for each in study.models)]


def short_name(studied: ModelStudied) -> str:
    """`names, text`"""
    return f"{studied.model.rpartition(':')[2]}, {'pictures' if studied.sees else 'text'}"


def rows(study: ModalityStudy) -> list[list[str]]:
    """A row a measure, a column a model."""
    return [[measure.title, *(cell(each[key], measure) for each in study.models)] for key, measure in MEASURES.items()]


def cell(value: Estimate, measure: Measure) -> str:
    """A number with its interval: `41 % (38 to 44)`; "-" where it is not defined."""
    if math.isnan(value.value):
        return "-"
    if measure.unit == "number":
        words, ends = number(value.value), [number(each) for each in (value.low, value.high)]
    else:
        words, ends = (
            share_words(value.value),
            [share_words(each).removesuffix(" %") for each in (value.low, value.high)],
        )
    return words if math.isnan(value.low) else f"{words} ({ends[0]} to {ends[1]})"


def sentences(study: ModalityStudy) -> list[str]:
    """What was asked of each model, what its figures say, and what they do not."""
    return [words for each in study.models for words in (about(each), said(each))] + list(LIMITS)


def about(studied: ModelStudied) -> str:
    """What a model is, and on which inputs it was asked."""
    first, last = studied.positions
    unit = "positions" if studied.sees else "tokens"
    length = f"{first}" if first == last else f"{first} to {last}"
    able = "" if studied.able is None else f", of which it prefers the right answer in {percent(studied.able)}"
    return (
        f"{studied.model}: {studied.layers} layers of {studied.heads} heads, {studied.edges:,} edges. Attention on "
        f"{studied.inputs} inputs of {length} {unit}; task {studied.task}, scored on {studied.pairs[0]} pairs and "
        f"judged on {studied.pairs[1]} others{able}; metric: {studied.metric}; {studied.disagreement.edges} edges of "
        f"each pair measured; {studied.seconds:.0f} s."
    )


def said(studied: ModelStudied) -> str:
    """The figures of a model in plain words."""
    near = studied["over even"].value
    far = "about as far as" if abs(near - 1) < 0.05 else "nearer than" if near < 1 else "farther than"
    words = f"{studied.model}: its heads look {far} even attention would ({number(near)} of its distance); "
    if studied.sees:
        even = studied.attention.mean("even_row").value, studied.attention.mean("even_column").value
        words += (
            f"{percent(studied['row'].value)} goes along the row and {percent(studied['column'].value)} along the "
            f"column, where even attention has {percent(even[0])} and {percent(even[1])}; "
        )
    words += f"{percent(studied['positional'].value)} of the heads go by position alone. "
    if studied.meeting.everywhere:
        words += "Its output reads all positions, so that there is no one place where information meets. "
    elif math.isnan(studied["meets"].value):
        words += "Where information meets cannot be told: A and B score alike, or it meets nowhere. "
    else:
        depth = percent(studied["meets"].value)
        words += f"What differs between A and B reaches the place of the answer at {depth} of the depth. "
    edges, random = studied["edges"].value, studied["random edges"].value
    wrong = studied["wrong sign"].value
    words += (
        f"{share_words(edges)} of its edges recover {percent(SHARE)} of the task, of random ones it takes "
        f"{share_words(random)}. "
    )
    return words + (
        "No edge measured has an effect of its own." if math.isnan(wrong)
        else f"Of the edges with the largest estimates {share_words(wrong)} have the wrong sign."
    )  # fmt: skip


def as_markdown(study: ModalityStudy) -> str:
    """The table and the sentences."""
    table = [heads(study), ["---"] * (1 + len(study.models)), *rows(study)]
    lines = [f"**{title(study)}**", "", *(f"| {' | '.join(row)} |" for row in table), ""]
    return "\n".join([*lines, *(f"- {words}" for words in sentences(study)), ""])


def as_json(study: ModalityStudy) -> dict[str, Any]:
    return {
        "method": study.method,
        "seed": study.seed,
        "models": [_model(each) for each in study.models],
        "limits": list(LIMITS),
    }


def _model(studied: ModelStudied) -> dict[str, Any]:
    return {
        "model": studied.model,
        "kind": "image" if studied.sees else "text",
        "layers": studied.layers,
        "heads of a layer": studied.heads,
        "edges": studied.edges,
        "positions": list(studied.positions),
        "inputs": studied.inputs,
        "pairs scored, judged": list(studied.pairs),
        "task": studied.task,
        "metric": studied.metric,
        "right": studied.able,
        "edges measured": studied.disagreement.edges,
        "seconds": studied.seconds,
        "measures": {
            key: dict(zip(("value", "low", "high"), map(_finite, studied[key]), strict=True)) for key in MEASURES
        },
        "decides by depth": {
            name: [] if studied.meeting.everywhere else [_finite(float(each)) for each in studied.meeting.decides(name)]
            for name in ("changed", "read")
        },
        "recovered by edges kept": [
            [size, _finite(float(share))]
            for size, share in zip(studied.sparsity.sizes, studied.sparsity.best.recovered(), strict=True)
        ],
        "explained of each head": [_finite(float(each)) for each in studied.attention.explained()],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
