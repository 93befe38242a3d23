"""A circuit with what is known around it, for files that tell the whole story: inputs, curve, trust, history, notes.
Each part is there as far as it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.circuit import EXPORTERS, Circuit
from core.evaluation.statement import Statement, VerdictLine
from core.notes import Note
from core.saving import save_text

if TYPE_CHECKING:
    from core.evaluation.faithfulness import Curve
    from core.evaluation.trust import Trust


@dataclass(frozen=True)
class ReportInput:
    """An input. title: "A", "B". tokens: as the model reads it, where that is known. picture: a PNG of an image, its
    `text` then being what it is called."""

    title: str
    text: str
    tokens: tuple[str, ...] = ()
    picture: bytes = b""


@dataclass(frozen=True)
class ReportCurve:
    """What circuits of rising size recover: sizes and recovered, a value a point; low and high: the random band."""

    sizes: tuple[int, ...]
    recovered: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    words: str = ""  # CPR, CMD, over how many pairs


@dataclass(frozen=True)
class ReportStep:
    """A step of the history. depth: of its branch. metric: after it, in words. here: whether it is the present one."""

    words: str
    depth: int = 0
    metric: str = ""
    here: bool = False


@dataclass(frozen=True)
class ReportNote:
    """What somebody wrote. about: which thing it is about, in words."""

    about: str
    text: str


@dataclass(frozen=True)
class Report:
    """title: in a line. inputs: none: those that the circuit names. facts: what was done, name by name; none: what the
    circuit says about itself. measured: of edges by their names, the change of the metric that their edit made."""

    circuit: Circuit
    title: str = ""
    inputs: tuple[ReportInput, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    curve: ReportCurve | None = None
    verdict: tuple[VerdictLine, ...] = ()
    statements: tuple[Statement, ...] = ()
    steps: tuple[ReportStep, ...] = ()
    notes: tuple[ReportNote, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)

    def export(self, form: str) -> str:
        """This report as text. form: a name of EXPORTERS; one of a circuit alone leaves out the rest. Raises
        ArgumentError."""
        return EXPORTERS.named(form, "form of a circuit").text(self)

    def to_html(self) -> str:
        return self.export("html")

    def save(self, path: str | Path) -> None:
        """Write it as one HTML file. Raises WirescopeError."""
        save_text(Path(path), self.to_html())


Side = Literal["clean", "counterfactual"]
SIDES: dict[Side, str] = {"clean": "A", "counterfactual": "B"}  # keys of a circuit's `about`


def inputs_of(report: Report) -> tuple[ReportInput, ...]:
    """The inputs that are given, else those that the circuit names."""
    about = report.circuit.about
    return report.inputs or tuple(ReportInput(title, about[key]) for key, title in SIDES.items() if about.get(key))


def notes_told(report: Report) -> tuple[ReportNote, ...]:
    """The notes that are given, else those of the circuit."""
    return report.notes or tuple(ReportNote(about_words(note), note.text) for note in report.circuit.notes)


def about_words(note: Note) -> str:
    """What a note on a circuit or a part of it is about: "a9.h6, “name mover”"."""
    if note.about == "circuit":
        return "The circuit"
    return f"{note.target}, “{note.name}”" if note.name else note.target


def curve_of(curve: Curve) -> ReportCurve:
    """A faithfulness curve as a report holds it."""
    pairs = f"over {curve.pairs:,} pair{'s' * (curve.pairs != 1)}"
    words = f"CPR {curve.cpr:z.2f}, CMD {curve.cmd:z.2f}, {pairs}, removed edges carry: {curve.replacement}"
    low, high = curve.random_band
    return ReportCurve(curve.sizes, curve.recovered, tuple(low.tolist()), tuple(high.tolist()), words)


def report(
    circuit: Circuit, curve: Curve | None = None, trust: Trust | None = None, notes: Mapping[str, str] | None = None
) -> Report:
    """A circuit with its curve, its trust and notes by what they are about, to be written as one HTML file:
    `ws.report(circuit, curve, trust, {"a9.h6": "a name mover"}).save("circuit.html")`."""
    return Report(
        circuit,
        curve=None if curve is None else curve_of(curve),
        verdict=() if trust is None else trust.verdict,
        statements=() if trust is None else trust.statements,
        notes=tuple(ReportNote(about, text) for about, text in (notes or {}).items()),
    )
