"""What the dialog of probes shows of one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassRow:
    """Of one class, in words: how many pictures, which share was answered right, and as what the others were."""

    name: str
    pictures: str
    right: str
    wrong: str


@dataclass(frozen=True)
class ProbeData:
    """about: what it is. accuracy: how often it is right, with the interval. baseline: what always the largest class
    gives. left_out: pictures that were not used. unknown: what the figures do not say."""

    about: str
    accuracy: str
    baseline: str
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]
    rows: tuple[ClassRow, ...]
