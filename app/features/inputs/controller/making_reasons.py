"""Why B cannot be made from A now, in one way or another; empty where it can."""

from __future__ import annotations

from app.workbench.workbench import Workbench

NO_WORDS = "This model has no tokenizer, so that there are no words to change: type other token ids into B"


def why_no_text(workbench: Workbench) -> str:
    """Why B cannot be made by changing words."""
    opened = workbench.opened
    if opened is not None and opened.takes_ids:
        return NO_WORDS
    ready = opened is not None and opened.is_text and workbench.ready is not None
    return "" if ready else "Open a language model, with a text in A"


def why_no_picture(workbench: Workbench) -> str:
    """Why B cannot be made by changing patches."""
    opened = workbench.opened
    ready = opened is not None and not opened.is_text and workbench.ready is not None
    return "" if ready else "Open a vision model, with a picture in A"


def why_no_paste(workbench: Workbench) -> str:
    """Why patches of A cannot become B's."""
    b = workbench.document.counterfactual
    if why_no_picture(workbench) or b is None:
        return why_no_picture(workbench) or "There is no B yet"
    if b.corruption is not None:
        return "B was itself made from A: open a picture for B"
    return "" if workbench.positions else "Brush the region of A that is to become B's"


def why_not_again(workbench: Workbench) -> str:
    made = workbench.ready is not None and workbench.question.made is not None
    return "" if made else "Make a B first"
