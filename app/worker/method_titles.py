"""What scores came from, in the words of the menu, and what they are. Runs in the worker's thread, since the table of
methods imports torch; the window gets both with the scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.project.trace_choice import TraceChoice
from core.tracing.meaning import ESTIMATED, Meaning
from core.tracing.method import METHODS
from core.tracing.scores import Scores


def method_title(name: str, file: str = "") -> str:
    """ "Circuit pruning"; of scores that were read, "the file scores.json"."""
    if file:
        return f"the file {Path(file).name}"
    return METHODS[name].title if name in METHODS else name


def meaning_of(choice: TraceChoice, scores: Scores) -> Meaning:
    """What scores are. Of a file by a method that is not known here, scores have a sign where one is negative."""
    method = METHODS.get(scores.method)
    if not choice.file:
        partly = scores.measured is not None  # those that are measured are known one by one
        return ESTIMATED if method is None or partly else method.meaning
    if method is not None:
        return method.meaning.in_file
    return replace(ESTIMATED.in_file, signed=scores.signed)
