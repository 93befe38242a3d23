"""What the dialog was told, as a job: whether it can be done, in words, and the command that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.services.job_queue.job import Job, Traced
from core.edit_kinds import EDIT_WORDS, KINDS, EditKind
from core.errors import ArgumentError
from core.formatting import pairs_words
from core.inputs.dataset_columns import FileRow
from core.project.document import Document
from core.project.step_names import folder_words
from core.project.trace_choice import TraceChoice
from core.tracing.method import METHODS, method_named
from views.panels.inputs.data import MetricOption
from views.panels.jobs.data import Asked


@dataclass(frozen=True)
class PairsGiven:
    """How many pairs there are, and what each has beside its A."""

    count: int
    b: bool = True
    target: bool = True
    foil: bool = True


def given(rows: Sequence[FileRow]) -> PairsGiven:
    """Of a file."""
    return PairsGiven(
        len(rows),
        any(row.counterfactual for row in rows),
        any(row.target != "" for row in rows),
        any(row.foil != "" for row in rows),
    )


def method_words(document: Document, options: Sequence[MetricOption]) -> str:
    """By what is traced: all of it is set in the window."""
    choice = document.choice
    told = "".join(f", {name.replace('_', ' ')} {value:g}" for name, value in choice.options)
    carries = KINDS[document.replacement].carries if document.replacement is not None else "B's value (0 without B)"
    method = METHODS[choice.method].title if choice.method in METHODS else choice.method
    metric = "the usual one of each pair's answers"
    if document.metric is not None and document.metric.kind:
        metric = next((o.words for o in options if o.kind == document.metric.kind), document.metric.kind)
    return f"As set in the window: {method}{told}; removed edges carry {carries}; metric: {metric}."


def replacement_of(document: Document, pairs: PairsGiven) -> EditKind:
    """What removed edges carry. Raises ArgumentError where the pairs lack it."""
    kind = document.replacement or ("patch" if pairs.b else "zero")
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


def check_method(choice: TraceChoice, pairs: PairsGiven) -> None:
    """Raise ArgumentError for a method that cannot go over many pairs shard by shard, or lacks something of them."""
    method = method_named(choice.method)
    if "edges" not in method.levels:
        raise ArgumentError(f"{method.title} scores no edges.", "Choose another method beside Trace.")
    if method.joint:
        raise ArgumentError(
            f"{method.title} decides from all pairs together, which cannot be cut into shards.",
            "Choose another method beside Trace, for example EAP-IG.",
        )
    if dict(choice.options).get("budget"):
        raise ArgumentError(
            "Which edges a budget is spent on is decided once for all pairs, not shard by shard.",
            "Set the budget beside Trace to 0.",
        )
    if method.needs_counterfactual and not pairs.b:
        raise ArgumentError(f"{method.title} goes from B to A, and the pairs have no B.", "Give a file with one.")


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


def job_of(
    asked: Asked,
    document: Document,
    options: Sequence[MetricOption],
    pairs: PairsGiven,
    task: str,
    folder: str,
    project: str,
) -> Job:
    """task: its title, or the name of the file. folder: of the run. project: the file of the project that is open;
    empty without one. Raises ArgumentError."""
    choice = document.choice
    check_method(choice, pairs)
    kind, metric = replacement_of(document, pairs), metric_text(document, options, pairs)
    drawn = ("--pairs", str(asked.pairs)) if asked.task else ()
    command = (
        *("trace", "--model", document.model, "--precision", document.precision),
        *(("--task", asked.task) if asked.task else ("--dataset", asked.file)),
        *drawn,
        *("--seed", str(asked.seed), "--method", choice.method, "--ablation", kind),
        *(part for name, value in choice.options if name != "seed" for part in (f"--{name}", f"{value:g}")),
        *((f"--metric={metric}",) if metric else ()),
        *("--folder", folder),
        *(("--workers", str(asked.workers)) if asked.workers > 1 else ()),
    )
    title = f"{METHODS[choice.method].title}, {task}, {pairs_words(pairs.count)}"
    traced = Traced(choice.method, choice.options, kind, document.size)
    return Job("", title, document.model, document.precision, command, folder, project=project, traced=traced)


def folder_name(asked: Asked, document: Document, source: str) -> str:
    """What a run's folder is called. source: the task's name, or the file's without its ending."""
    return f"{folder_words(document.model)}-{folder_words(source)}-{document.choice.method}"
