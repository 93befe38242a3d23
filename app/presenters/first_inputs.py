"""What a model is opened with that comes without inputs, or with those of another kind of model."""

from __future__ import annotations

from dataclasses import replace

from app.messages.replies import ModelReply
from core.project.document import Document, Source
from core.project.examples import PHOTOGRAPHS, WORDS, example

IDS = "1 2 3 4 5 6", "1 2 7 4 5 6"  # A and B of a model that takes token ids: every vocabulary has these


def first_inputs(opened: ModelReply, document: Document, of_another: bool = False) -> Document | None:
    """The document with inputs that the model can read; None where it has such. of_another: whether those there are
    left from another model, which may have words that this one has not."""
    read = document.clean is not None and (document.clean.kind == "text") == opened.is_text
    if read and not (of_another and opened.first_texts):
        return None
    if opened.first_texts is not None:
        a, b = (Source("text", text=text) for text in opened.first_texts)
        return replace(document, clean=a, counterfactual=b, metric=None)
    fitting = example(WORDS if opened.is_text else PHOTOGRAPHS).document
    fits = opened.is_text and opened.has_head and not opened.takes_ids
    clean, counterfactual = fitting.clean, fitting.counterfactual
    if opened.takes_ids:
        clean, counterfactual = (Source("text", ids) for ids in IDS)
    return replace(document, clean=clean, counterfactual=counterfactual, metric=fitting.metric if fits else None)
