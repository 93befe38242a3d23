"""What is asked of the model: the inputs, the metric, what a cut carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.edits import ABLATIONS, KINDS, EditKind
from core.metrics import METRICS
from core.models.class_texts import BOTH, ClassTexts, with_texts
from core.models.probe import with_digest
from core.nodes import Edge, Entries
from core.project.change import Change
from core.project.document import Document, Source
from core.project.metric_choice import MetricChoice
from core.project.step_names import metric_words, short_text, source_words

FIELDS = {"A": "clean", "B": "counterfactual"}  # of a document, by the letter of the card
REPLACEMENTS = {kind: KINDS[kind].choice for kind in ABLATIONS}


def set_source(document: Document, letter: str, source: Source | None) -> Change:
    """Give a card, "A" or "B", another input."""
    return Change(source_words(letter, source), replace(document, **{FIELDS[letter]: source}))  # type: ignore[arg-type]


def go_on(document: Document, written: str, both: bool) -> Change | None:
    """Put written text behind A's, and behind B's, so that they stay side by side. None where there is nothing to."""
    a, b = document.clean, document.counterfactual
    if a is None or not written:
        return None
    document = replace(document, clean=replace(a, text=a.text + written))
    if both and b is not None:
        document = replace(document, counterfactual=replace(b, text=b.text + written))
    return Change(f"{'A and B go' if both else 'A goes'} on: “{short_text(written)}”", document)


def swap(document: Document) -> Change | None:
    """Exchange A and B; None without a B."""
    if document.counterfactual is None:
        return None
    return Change("Swap A and B", replace(document, clean=document.counterfactual, counterfactual=document.clean))


def set_metric(document: Document, choice: MetricChoice) -> Change:
    """Measure by another metric."""
    return Change(metric_words(choice), replace(document, metric=choice))


def set_checkpoint(document: Document, name: str, title: str) -> Change | None:
    """The model at another step of its training; all else stays. Steps in a row are one of the history. None where it
    is there."""
    if name == document.model:
        return None
    return Change(f"Checkpoint: {title}", replace(document, model=name), "checkpoint")


def set_class_texts(document: Document, texts: ClassTexts) -> Change | None:
    """Judge pictures by other texts; None where they are those that there are."""
    name = with_texts(document.model, texts)
    if name == document.model:
        return None
    return Change(f"Class texts: {short_text(', '.join(texts.classes))}", replace(document, model=name))


def set_towers(document: Document) -> Change:
    """Both towers of CLIP or SigLIP in place of the vision tower alone, or the other way round: edits and groups of the
    text tower then go with it."""
    if not document.model.startswith(BOTH):
        return Change("Both towers", replace(document, model=BOTH + document.model))
    edits = tuple(edit for edit in document.edits if not _in_text(edit.target))
    groups = tuple(group for group in document.groups if not any(node.tower for node in group.nodes))
    name = document.model.removeprefix(BOTH)
    return Change("The vision tower alone", replace(document, model=name, edits=edits, groups=groups))


def _in_text(target: object) -> bool:
    """Whether a node, reader, edge or weight of attention is of the text tower of two."""
    what = target.writer if isinstance(target, Edge) else target.head if isinstance(target, Entries) else target
    return bool(getattr(what, "tower", ""))


def set_probe(document: Document, digest: str, classes: Sequence[str] = ()) -> Change | None:
    """Give a vision model the classes of a probe (`core.models.probe_store`), or none where there is no digest. A
    metric that cannot be read off the output then is left. None where they are those that it has."""
    name = with_digest(document.model, digest)
    if name == document.model:
        return None
    words = f"Probe: {short_text(', '.join(classes))}" if digest else "Without the probe"
    row = None if document.metric is None else METRICS.get(document.metric.kind)
    fits = row is None or ("classes" if digest else "embedding") in row.outputs
    return Change(words, replace(document, model=name, metric=document.metric if fits else None))


def set_replacement(document: Document, kind: EditKind | None) -> Change:
    """What a cut edge carries from now on, and what the estimates are of. None: B's value where there is a B, else
    zero."""
    if kind is None:
        return Change("Replace from B or with zero", replace(document, replacement=None))
    return Change(REPLACEMENTS.get(kind, f"Replace by {kind}"), replace(document, replacement=kind))
