"""What steps of the history are called: edits, models, inputs and the metric."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from core.edits import ABLATIONS, KINDS, EditKind, EditTarget
from core.formatting import MINUS, pretty_name
from core.graph import Entries
from core.groups import Region
from core.metrics import METRICS
from core.models.class_texts import base_name
from core.precision_words import precision_words
from core.project.document import Document, Source
from core.project.examples import examples_for
from core.project.metric_choice import MetricChoice

_LONGEST = 48  # letters of a prompt
# What a step of the history is called, by the kind of its edit.
VERBS: dict[EditKind, str] = {kind: row.verb for kind, row in KINDS.items()}
# What a cut edge carries instead, said with the step: conclusions depend on it.
CARRIES: dict[EditKind, str] = {kind: KINDS[kind].words for kind in ABLATIONS}


def open_words(document: Document, before: str) -> str:
    """ "Open names", of a model by its name or its folder; of an example of the model before, "Open “capitals”"."""
    if document.model == before:
        for entry in examples_for(document.model):
            if (entry.document.clean, entry.document.metric) == (document.clean, document.metric):
                return f"Open “{entry.title}”"
    return f"Open {model_words(document.model)}"


def compute_words(precision: str) -> str:
    """ "Compute in bf16 with weights in 8 bits"."""
    return f"Compute in {precision_words(precision)}"


def model_words(model: str) -> str:
    """ "names" of bundled:names; of a folder or a Hub id its last part."""
    return base_name(model).rstrip("/").rpartition("/")[2].rpartition(":")[2]


def folder_words(model: str) -> str:
    """The same as a part of a folder's name."""
    return re.sub(r"[^\w.-]+", "-", model_words(model)).strip("-.") or "model"


def source_words(letter: str, source: Source | None) -> str:
    """ "A: “When Mary and John…”", "B: cat.png", "Remove B"."""
    if source is None:
        return f"Remove {letter}"
    if source.kind == "image":
        name = source.name or PurePath(source.path).name
        return f"{letter}: {name}" if name else f"{letter}: a picture"
    return f"{letter}: “{short_text(source.text)}”"


def short_text(text: str) -> str:
    """The beginning of a text, in one line."""
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rsplit(" ", 1)[0].rstrip(",.;: ") + "…"
    return text


def metric_words(choice: MetricChoice) -> str:
    """ "Metric: logit difference  Mary − John"."""
    if not choice.kind:
        return "Default metric"
    row = METRICS.get(choice.kind)
    words = choice.kind if row is None else row.words
    answers = f" {MINUS} ".join(answer.strip() for answer in (choice.target, choice.foil) if answer.strip())
    return f"Metric: {words}  {answers}".rstrip()


def position_words(positions: Sequence[int], labels: Sequence[str], regions: Sequence[Region] = ()) -> str:
    """Positions by what stands there: "at “John”", "at eye", "at 3 positions". labels: of all positions. regions: what
    some of them are called together."""
    return f"at {_what_stands(positions, labels, regions)}"


def key_words(entries: Entries, labels: Sequence[str], regions: Sequence[Region] = ()) -> str:
    """From where entries of attention take: "from “Mary”"."""
    keys = [key for key in entries.keys if isinstance(key, int)]
    return f"from {_what_stands(keys, labels, regions)}"


def _what_stands(positions: Sequence[int], labels: Sequence[str], regions: Sequence[Region]) -> str:
    name = next((region.name for region in regions if set(region.positions) == set(positions)), "")
    if name:
        return name
    if len(positions) != 1:
        return f"{len(positions)} positions"
    here = positions[0] if 0 <= positions[0] < len(labels) else None
    return f"position {positions[0]}" if here is None else f"“{labels[here].strip()}”"


def places(targets: Sequence[EditTarget]) -> str:
    """What a step of the history is about: "a0.h1 → m2", "3 places"."""
    if len(targets) != 1:
        return f"{len(targets)} places"
    return pretty_name(targets[0].name)
