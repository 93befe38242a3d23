"""What a model is opened with that comes without inputs, or with those of another kind of model."""

from __future__ import annotations

from dataclasses import replace

from app.messages.replies import ModelReply
from core.project.document import Document, Source
from core.project.examples import example

WORDS, PHOTOGRAPHS = "names/0", "dinov2-small/0"  # of these examples
IDS = "1 2 3 4 5 6", "1 2 7 4 5 6"  # A and B of a model that takes token ids: every vocabulary has these


def first_inputs(opened: ModelReply, document: Document) -> Document | None:
    """The document with inputs that the model can read; None where it has such."""
    if document.clean is not None and (document.clean.kind == "text") == opened.is_text:
        return None
    fitting = example(WORDS if opened.is_text else PHOTOGRAPHS).document
    fits = opened.is_text and opened.has_head and not opened.takes_ids
    inputs = replace(fitting, model=opened.name, metric=fitting.metric if fits else None)
    if opened.takes_ids:
        inputs = replace(inputs, clean=Source("text", IDS[0]), counterfactual=Source("text", IDS[1]))
    return inputs
