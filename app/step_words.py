"""What steps of the history are called, beyond edits (see `history.places`): models, inputs and the metric."""

from __future__ import annotations

from pathlib import PurePath

from app.document import Document, Source
from app.examples import examples_for
from core.formatting import MINUS
from views.data import MetricChoice

_LONGEST = 48  # letters of a prompt


def open_words(document: Document, before: str) -> str:
    """ "Open names", of a model by its name or its folder; of an example of the model before, "Open “capitals”"."""
    if document.model == before:
        for entry in examples_for(document.model):
            if (entry.document.clean, entry.document.metric) == (document.clean, document.metric):
                return f"Open “{entry.title}”"
    return f"Open {model_words(document.model)}"


def model_words(model: str) -> str:
    """ "names" of bundled:names; of a folder or a Hub id its last part."""
    return model.rstrip("/").rpartition("/")[2].rpartition(":")[2]


def source_words(letter: str, source: Source | None) -> str:
    """ "A: “When Mary and John…”", "B: cat.png", "Remove B"."""
    if source is None:
        return f"Remove {letter}"
    if source.kind == "image":
        name = source.name or PurePath(source.path).name
        return f"{letter}: {name}" if name else f"{letter}: a picture"
    text = " ".join(source.text.split())
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rsplit(" ", 1)[0].rstrip(",.;: ") + "…"
    return f"{letter}: “{text}”"


def metric_words(choice: MetricChoice) -> str:
    """ "Metric: logit difference  Mary − John"."""
    if not choice.kind:
        return "Default metric"
    words = choice.kind.replace("_", " ").replace("kl", "KL").replace("log probability", "log-probability")
    answers = f" {MINUS} ".join(answer.strip() for answer in (choice.target, choice.foil) if answer.strip())
    return f"Metric: {words}  {answers}".rstrip()
