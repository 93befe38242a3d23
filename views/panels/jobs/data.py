"""What the queue of jobs shows, and what the dialog that fills it has to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from views.widgets.line_column import LineColumn

COLUMNS: tuple[LineColumn, ...] = (
    LineColumn("Job", "What it does", most=260),
    LineColumn("State", "One job runs at a time; those that wait run in this order", sample="Cancelled"),
    LineColumn("Progress", "How many of its pairs are done; of a study, how much", sample="20,000 of 20,000"),
    LineColumn("Pairs/s", "How many pairs a second were done since it went on", figures=True, sample="1,000.0"),
    LineColumn("Time left", "At this rate", figures=True, sample="about 40 min"),
    LineColumn("Result", "What came out, or why nothing did", most=300),
    LineColumn("Model", "And what it computes in, where that is not fp32; whether its weights are in 8 bits"),
)
STATE, PROGRESS, RATE, TIME_LEFT = range(1, 5)  # the places of columns


@dataclass(frozen=True)
class JobRow:
    """One job. key: tells it from the others. cells: words, one a column. share: of its pairs that are done; None where
    nobody knows. tone: a colour of the theme for its state. why_not: by button, why it cannot be pressed; the others
    can. turn: what the first button does, "Pause", "Resume" or "Try Again". reason: why it failed. tip: all of it."""

    key: str
    cells: tuple[str, ...]
    share: float | None = None
    tone: str = "muted"
    why_not: Mapping[str, str] = field(default_factory=dict)
    turn: str = "Pause"
    reason: str = ""
    tip: str = ""


@dataclass(frozen=True)
class JobsData:
    """rows: in the order of the queue. about: a line below them."""

    rows: tuple[JobRow, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class ManyPairsData:
    """tasks: name, title, what it asks. method: by what is traced, in words. folder: where new folders lie.
    most_workers: processes that may share the work; why_one: why that is one alone. why_no_vectors: why no function
    vectors can be scored; empty where they can."""

    tasks: tuple[tuple[str, str, str], ...] = ()
    method: str = ""
    folder: str = ""
    most_workers: int = 1
    why_one: str = ""
    why_no_vectors: str = ""


@dataclass(frozen=True)
class Asked:
    """What the dialog was told. task: its name; empty where the pairs are of a file. pairs: of a task. folder: empty
    for one of its own. vectors: of heads, whether function vectors are to be scored too."""

    task: str = ""
    file: str = ""
    pairs: int = 0
    seed: int = 0
    workers: int = 1
    folder: str = ""
    vectors: bool = False


@dataclass(frozen=True)
class ModelChoice:
    """A model that can be named: in words, and as it is opened."""

    title: str
    name: str


@dataclass(frozen=True)
class ModalitiesAsked:
    """What the dialog of a study of modalities was told. text, image: names of models that read text, and of models
    that see. pairs: to score edges on. inputs: on which attention is read. edges: measured of each pair. folder: empty
    for one of its own."""

    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    pairs: int = 12
    inputs: int = 24
    edges: int = 100
    seed: int = 0
    workers: int = 1
    folder: str = ""


@dataclass(frozen=True)
class StudyAsked:
    """What the dialog of a study was told. first, second: names of rankings; second may be empty. kind: the ablation.
    text: the path of a file or folder; empty for the bundled one. prompts: of each task. pieces: of text. draws: of
    each control. folder: empty for one of its own."""

    first: str = "induction"
    second: str = "function vector"
    kind: str = "mean"
    text: str = ""
    prompts: int = 4
    pieces: int = 6
    draws: int = 20
    seed: int = 0
    workers: int = 1
    folder: str = ""
