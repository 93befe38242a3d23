"""What jobs over many pairs are told of the pairs, the metric and the folder, as a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.services.job_queue.job import Traced
from core.edit_kinds import EDIT_WORDS, KINDS, EditKind
from core.errors import ArgumentError, Cancelled
from core.inputs.dataset_columns import FileRow
from core.precision_words import EIGHT_BITS, WholePlace, computed_in, is_rounded, weights_of_precision
from core.program_version import program_version
from core.progress import Cancel
from core.project.document import Document
from core.project.step_names import folder_words
from core.sharded.shards import usual_size
from views.panels.inputs.data import MetricOption
from views.panels.jobs.data import Asked

ROUNDED_WORDS = " The weights are rounded to 8 bits, as in the window."
DISK_WORDS = " The weights stay on disk, as in the window."


@dataclass(frozen=True)
class Doing:
    """What a job does. command: its name, and what it is told of what it does with the pairs. traced: the scores that
    it makes or evaluates; None where it is of none. work: what `run.json` will say of it, as far as that is known."""

    command: tuple[str, ...]
    traced: Traced | None = None
    work: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PairsGiven:
    """How many pairs there are, and what each has beside its A."""

    count: int
    b: bool = True
    target: bool = True
    foil: bool = True


def given(rows: Iterable[FileRow], cancelled: Cancel) -> PairsGiven:
    """Of a file, whose rows are taken one by one and not kept. Raises Cancelled."""
    count, b, target, foil = 0, False, False, False
    for row in rows:
        if cancelled():
            raise Cancelled
        count += 1
        b, target, foil = b or row.counterfactual != "", target or row.target != "", foil or row.foil != ""
    return PairsGiven(count, b, target, foil)


def metric_words(document: Document, options: Sequence[MetricOption], usual: str) -> str:
    """The metric that is set in the window; usual: where none is."""
    if document.metric is None or not document.metric.kind:
        return usual
    return next((o.words for o in options if o.kind == document.metric.kind), document.metric.kind)


def replacement_of(chosen: EditKind | None, pairs: PairsGiven) -> EditKind:
    """What removed edges carry. Raises ArgumentError where the pairs lack it."""
    kind = chosen or ("patch" if pairs.b else "zero")
    if KINDS[kind].from_b and not pairs.b:
        raise ArgumentError(
            f"{EDIT_WORDS[kind]} takes values from B, and the pairs have none.",
            "Choose another replacement in the tool bar, or a file with counterfactuals.",
        )
    if KINDS[kind].learned:
        raise ArgumentError(
            f"{EDIT_WORDS[kind]} learns from all pairs together, which cannot be cut into shards.",
            "Choose another replacement in the tool bar.",
        )
    return kind


def metric_text(document: Document, options: Sequence[MetricOption], pairs: PairsGiven) -> str:
    """The metric of the window for the command line: of each pair's own answers where they have some; empty for the
    usual one. Raises ArgumentError where the pairs lack an answer."""
    metric = document.metric
    if metric is None or not metric.kind:
        return ""
    option = next((each for each in options if each.kind == metric.kind), None)
    if option is None or not option.needs_target:
        refers = option is not None and option.of_reference
        return f"{metric.kind}:{metric.target}" if refers else metric.kind
    if pairs.target and (pairs.foil or not option.needs_foil):
        return metric.kind
    if pairs.target or not metric.target or (option.needs_foil and not metric.foil):
        lacks = "a foil" if pairs.target else "answers"
        raise ArgumentError(f"The metric {option.words} needs {lacks}, and the pairs have none.", "Choose another one.")
    return ":".join([metric.kind, metric.target, *([metric.foil] if option.needs_foil else [])])


def weights_words(document: Document, place: str) -> str:
    """Where the model's weights are, after other words; empty where that is as usual."""
    return ROUNDED_WORDS if is_rounded(document.precision) else DISK_WORDS if place == "disk" else ""


def scores_options(kind: EditKind, metric: str) -> tuple[str, ...]:
    """What a command that scores edges, or goes by scores, is told beside its pairs. kind: what removed edges carry.
    metric: empty for the usual one."""
    return ("--ablation", kind, *((f"--metric={metric}",) if metric else ()))


def opening_options(document: Document, weights: WholePlace) -> tuple[str, ...]:
    """How a command opens the model. weights: the place of whole ones, as `load_model` takes it."""
    return ("--model", document.model, *precision_options(document, weights))


def precision_options(document: Document, weights: WholePlace) -> tuple[str, ...]:
    """In which precision, and where its weights are."""
    place = weights_of_precision(document.precision, weights)
    told = ("--weights", place) if place in (EIGHT_BITS, "disk") else ()
    return ("--precision", computed_in(document.precision), *told)


def command_of(
    does: Sequence[str], asked: Asked, document: Document, folder: str, weights: WholePlace = "auto"
) -> tuple[str, ...]:
    """The whole command. does: its name, and what it is told of what it does with the pairs. weights: their place, as
    `load_model` takes it."""
    return (
        *does,
        *opening_options(document, weights),
        *(("--task", asked.task) if asked.task else ("--dataset", asked.file)),
        *(("--pairs", str(asked.pairs)) if asked.task else ()),
        *("--seed", str(asked.seed), "--folder", folder),
        *(("--workers", str(asked.workers)) if asked.workers > 1 else ()),
        *(("--function-vectors",) if asked.vectors else ()),
    )


def known_run(document: Document, work: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What the folder of a job will say of it, as far as that is known here: all but the weights. more: the model."""
    return {
        "work": dict(work),
        "precision": computed_in(document.precision),
        "wirescope": program_version(),
        **more,
    }


def known_pairs(asked: Asked, count: int) -> dict[str, Any]:
    """The same of its pairs: all but what is in the rows of a file."""
    task = {"task": asked.task, "seed": asked.seed, "rows of": None}
    rows = {"task": None, "seed": None, "rows of": Path(asked.file).name}
    return {"pairs": {**(task if asked.task else rows), "pairs": count}, "shard": usual_size(count)}


def folder_name(document: Document, source: str, kind: str) -> str:
    """What a run's folder is called. source: the task's name, or the file's without its ending. kind: what is done."""
    return f"{folder_words(document.model)}-{folder_words(source)}-{folder_words(kind)}"
