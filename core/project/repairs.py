"""The examples of a repair and the repair that was found last, as a project keeps them. Imports no model library."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os.path import isabs, relpath
from pathlib import Path

from core.edit_kinds import EditKind
from core.edits import Edit
from core.errors import InputError
from core.graph import Reader
from core.project import repair_schema
from core.project.document import PairSource
from core.project.places import found_path, kept_path

Row = tuple[PairSource, ...]


@dataclass(frozen=True)
class Example:
    """input: a text, or the path of a picture. answer: the right one; "" where it is not known. triggered: whether the
    fault is expected."""

    input: str
    answer: str | int
    triggered: bool = False

    @property
    def asks(self) -> tuple[str, str | int]:
        """What its answer is known by, however it is marked."""
        return self.input, self.answer


@dataclass(frozen=True)
class Share:
    """How many of how many, and the interval of 95 % of the share; NaN of none."""

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """misbehaviour: triggered examples that are answered wrongly. accuracy: clean ones that are answered rightly.
    divergence: mean KL from the original's answers to clean inputs, in nats."""

    misbehaviour: Share
    accuracy: Share
    divergence: float | None = None


@dataclass(frozen=True)
class KeptRepair:
    """A repair. edits: its cuts. kind: what a cut part carries. knowledge: of the fault. used, held_out: on the
    examples that it was made with, and on held-out ones; the second of each after the repair. means: the clean inputs
    that means are taken over; uneven: whether the canvas takes these otherwise than the repaired model. made,
    made_for_proof: triggered examples that were made of clean ones. runs: edits that were measured. repeats: examples
    that were left out."""

    edits: tuple[Edit, ...]
    level: str
    kind: EditKind
    knowledge: str
    budget: float
    used: tuple[Figures, Figures]
    held_out: tuple[Figures, Figures]
    edges_cut: int
    edges: int
    made: int
    made_for_proof: int
    runs: int
    repeats: int
    seconds: float
    means: Row
    uneven: bool


@dataclass(frozen=True)
class RepairRecord:
    """Of one project. examples: those of the panel now. result: the repair that was found last. of: the examples that
    it was made with. opens: the model that it repairs, by name and precision."""

    examples: tuple[Example, ...] = ()
    result: KeptRepair | None = None
    of: tuple[Example, ...] = ()
    opens: tuple[str, str] = ("", "")


def examples_text(examples: Sequence[Example], folder: Path, pictures: bool) -> str:
    """As a file of examples in a folder has them (`core.repair.examples`): pictures by their paths from there."""
    lines = []
    for each in examples:
        where = each.input
        if pictures and isabs(where) and Path(where).is_relative_to(folder):
            where = Path(relpath(where, folder)).as_posix()
        row: dict[str, object] = {"input": where}
        if each.answer != "" or not each.triggered:
            row["answer"] = each.answer
        lines.append(json.dumps(row | ({"triggered": True} if each.triggered else {})))
    return "\n".join([*lines, ""])


# ---- in a file ----


def repair_data(
    record: RepairRecord | None, edit: Callable[[Edit], int], rows: Callable[[Row], int], text: Callable[[str], str]
) -> repair_schema.RepairData | None:
    """edit, rows: put one into its table, and give its number there. text: what UTF-8 can hold of a text."""
    if record is None:
        return None

    def example(each: Example) -> repair_schema.ExampleData:
        answer = text(each.answer) if isinstance(each.answer, str) else each.answer
        where = kept_path(each.input)
        return repair_schema.ExampleData(text(where), answer, each.triggered, where != each.input)

    result = record.result
    data = repair_schema.RepairData([example(each) for each in record.examples])
    if result is not None:
        data.of = [example(each) for each in record.of]
        data.model, data.precision = text(record.opens[0]), record.opens[1]
        data.result = repair_schema.KeptRepairData(
            [edit(each) for each in result.edits],
            result.level,  # type: ignore[arg-type]
            result.kind,
            result.knowledge,  # type: ignore[arg-type]
            result.budget,
            [_figures_data(each) for each in (*result.used, *result.held_out)],
            result.edges_cut,
            result.edges,
            result.made,
            result.made_for_proof,
            result.runs,
            result.repeats,
            result.seconds,
            rows(result.means),
            result.uneven,
        )
    return data


def repair_of(
    data: repair_schema.RepairData | None, edits: Sequence[Edit], datasets: Sequence[Row]
) -> RepairRecord | None:
    """From a file. Raises InputError for what is no repair."""
    if data is None:
        return None
    examples, of = (
        tuple(
            Example(found_path(each.input) if each.bundled else each.input, each.answer, each.triggered)
            for each in some
        )
        for some in (data.examples, data.of)
    )
    kept = data.result
    if kept is None:
        return RepairRecord(examples)
    if not kept.edits or any(not 0 <= number < len(edits) for number in kept.edits):
        raise InputError("its repair has cuts that are not among its edits")
    cuts = tuple(edits[number] for number in kept.edits)
    if any(isinstance(cut.target, str | Reader) for cut in cuts):
        raise InputError("its repair has a cut that is no edge, head or MLP")
    if not 0 <= kept.means < len(datasets):
        raise InputError("its repair has means over rows that are not among its datasets")
    used, used_after, before, after = (_figures(each) for each in kept.figures)
    return RepairRecord(
        examples,
        KeptRepair(
            cuts,
            kept.level,
            kept.kind,
            kept.knowledge,
            kept.budget,
            (used, used_after),
            (before, after),
            kept.edges_cut,
            kept.edges,
            kept.made,
            kept.made_for_proof,
            kept.runs,
            kept.repeats,
            kept.seconds,
            datasets[kept.means],
            kept.uneven,
        ),
        of,
        (data.model, data.precision),
    )


def _figures_data(figures: Figures) -> repair_schema.ProvedData:
    misbehaviour, accuracy = (
        repair_schema.ShareData(share.count, share.of, *((share.low, share.high) if share.of else ()))
        for share in (figures.misbehaviour, figures.accuracy)
    )
    return repair_schema.ProvedData(misbehaviour, accuracy, figures.divergence)


def _figures(data: repair_schema.ProvedData) -> Figures:
    return Figures(_share(data.misbehaviour), _share(data.accuracy), data.divergence)


def _share(data: repair_schema.ShareData) -> Share:
    if data.count > data.of:
        raise InputError("its repair counts more examples than there are")
    return Share(data.count, data.of, *((data.low, data.high) if data.of else (math.nan, math.nan)))
