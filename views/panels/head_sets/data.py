"""What the panel that compares sets of heads shows: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.formatting import counted, percent
from core.studies.set_values import CurvePoint, StudyShown, share_cell

RANKINGS = ("induction", "previous token", "duplicate token", "function vector")
NONE, FILE = "", "file"  # in place of a ranking: there is no second one; the user is asked for a file
ABLATIONS = (
    ("mean", "by their mean", "Each head is replaced by its mean over other inputs of the same kind"),
    ("zero", "cut to zero", "Each head writes nothing"),
    ("resample", "from another input", "Each head is replaced by what it writes on another input of the same kind"),
)

FIRST_TIP = "The heads that are highest by this score are a set"
SECOND_TIP = "The other set; none: one set alone"
ABLATION_TIP = "What is put in place of what heads write"

Kind = Literal["mean", "zero", "resample"]


@dataclass(frozen=True)
class SetsChoice:
    """What is compared, and how. first, second: a name of RANKINGS, or the path of a file; second may be NONE. shares:
    of the heads in percent, as they are typed; main: the one with controls, of which there are `draws`. prompts: of
    each task, judged and scored on. pieces: of text. text: the path of a file or folder; empty for the bundled one."""

    first: str = "induction"
    second: str = "function vector"
    kind: Kind = "mean"
    shares: str = "1, 5, 10, 20"
    main: float = 0.1
    draws: int = 20
    prompts: int = 4
    pieces: int = 6
    text: str = ""


@dataclass(frozen=True)
class HeadSetsData:
    """mains: the shares that there are. wrong: why the choice cannot be taken. estimate: how long it takes, in words.
    shown: what was found; None before. left: what stays unexplained, in words. chosen: names of the heads that are
    selected. problem: why nothing was found. why_not: why nothing can be; empty where it can. running: whether it is
    measured now; step: what of it, share: how far that is."""

    choice: SetsChoice = SetsChoice()
    mains: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2)
    wrong: str = ""
    estimate: str = ""
    shown: StudyShown | None = None
    left: str = ""
    chosen: frozenset[str] = frozenset()
    problem: str = ""
    why_not: str = ""
    running: bool = False
    step: str = ""
    share: float | None = None


def point_words(name: str, point: CurvePoint) -> str:
    """What is said of a point of a figure."""
    return f"{name}, {percent(point.share)} ({counted(point.count, 'head')}): {share_cell(point.lost)} lost"
