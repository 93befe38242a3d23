"""Of which models heads can be measured, one by one and in sets."""

from __future__ import annotations

from app.messages.replies import ModelReply


def why_no_head_sets(opened: ModelReply) -> str:
    """Why no sets of heads of this model can be compared; empty where they can be."""
    if opened.graph.towers:
        return "This model has two towers: open the one that writes text, if it has one"
    if not opened.is_text:
        return (
            f"{opened.title} sees pictures: few-shot accuracy and losses of text are of models that write text. "
            "Edit > Measure the Heads tests its heads"
        )
    if not opened.writes_text:
        return f"{opened.title} does not tell the next token of a text, and all outcomes here are of models that do"
    if opened.takes_ids:
        return f"{opened.title} has no tokenizer, so there are no prompts and no text to compare its heads on"
    return ""


def why_no_heads(opened: ModelReply) -> str:
    """Why none of this model can be; empty where they can."""
    if opened.graph.towers:
        return "This model has two towers: open one of them to measure its heads"
    if opened.is_text and not opened.writes_text:
        return f"{opened.title} does not tell the next token of a text, and the tests of heads are of models that do"
    if opened.takes_ids:
        return f"{opened.title} has no tokenizer, so there is no text to test its heads on"
    return ""
