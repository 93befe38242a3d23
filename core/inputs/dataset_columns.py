"""What the columns of datasets are called, here and elsewhere, and what their cells hold.

Of EAP-IG's tasks (Hanna et al. 2024): `correct_idx,incorrect_idx` (IOI), `country_idx,corrupted_country_idx` (facts),
`clean_answer_idx,corrupted_answer_idx` (gender bias), `answers_idx,corrupted_answers_idx` (hypernymy, lists), a year in
`correct_idx` (greater-than), `plural` (agreement). Other libraries write `corrupt,answers,wrong_answers` or `prompt`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError
from core.text_files import check_text

OURS = ("clean", "counterfactual", "target", "foil")
ROLES = "roles"  # a further column: "subject=2:4 end=-1"
IDS_OWN = ("clean", "corrupted", "correct_idx", "incorrect_idx")  # of EAP-IG and MIB
YEARS = 100  # of a century: a `correct_idx` alone below it is a year

# What each column may be called; where a file has several names of one, the first of them counts.
NAMES: dict[str, tuple[str, ...]] = {
    "clean": ("clean", "clean_prompt", "clean_text", "clean_input", "prompt", "input", "text", "sentence"),
    "counterfactual": (
        "counterfactual", "corrupted", "corrupt", "counterfactual_prompt", "corrupted_prompt", "corrupt_prompt",
        "corrupted_text", "corrupted_input",
    ),
    "target": (
        "target", "target_idx", "correct_idx", "clean_answer_idx", "answers_idx", "answer_idx", "country_idx",
        "capital_idx", "correct_answer", "clean_answer", "answer", "answers", "correct",
    ),
    "foil": (
        "foil", "foil_idx", "incorrect_idx", "corrupted_answer_idx", "corrupted_answers_idx", "wrong_answer_idx",
        "corrupted_country_idx", "corrupted_capital_idx", "incorrect_answer", "corrupted_answer", "wrong_answer",
        "wrong_answers", "corrupted_answers", "incorrect",
    ),
}  # fmt: skip
_FIELD = {name: column for column, names in NAMES.items() for name in names}


@dataclass(frozen=True)
class FileRow:
    """One row: A, B ("" for none) and the metric's answers, as text or as ids ("" for none). roles: spans of positions
    with names, as in "subject=2:4 end=-1"."""

    clean: str
    counterfactual: str = ""
    target: str | int = ""
    foil: str | int = ""
    roles: str = ""

    def cells(self) -> list[str | int]:
        """As files of ours hold it, with roles where there are some."""
        return [self.clean, self.counterfactual, self.target, self.foil, *([self.roles] if self.roles else [])]


@dataclass
class Columns:
    """Makes rows of the cells of one file, called `name`, and gathers what should be told of them."""

    name: str
    unused: dict[str, None] = field(default_factory=dict)
    several: dict[str, int] = field(default_factory=dict)  # rows with several answers, by the column
    used: set[str] = field(default_factory=set)
    year: int | None = None  # the first target that is a number
    years: bool = True  # whether all such targets are within a century
    foils: bool = False  # whether a row has one

    def row(self, cells: Iterable[tuple[str, Any]], line: int) -> FileRow:
        """A row of the cells of a line, each with its column's name. Raises InputError with the line and column."""
        values = self._values(cells, line)
        column_names = {column: _first(values, names) for column, names in NAMES.items()}
        self.used.update(name for name in column_names.values() if name)
        columns = {*column_names.values(), ROLES}
        self.unused.update(dict.fromkeys(name for name in values if name and name not in columns))
        if not column_names["clean"]:
            raise InputError(
                f"Line {line} of {self.name} has no clean input: it names {', '.join(values) or 'nothing'}.",
                f"The columns are {','.join(OURS)} or {','.join(IDS_OWN)}.",
            )
        where = {column: f"Line {line} of {self.name}: {name}" for column, name in column_names.items()}
        texts = [_text(values.get(column_names[column]), where[column]) for column in OURS[:2]]
        if not texts[0].strip():
            raise InputError(
                f"Line {line} of {self.name} has no clean input.",
                f"Fill the column `{column_names['clean']}`, or delete the line.",
            )
        answers = [
            self._answer(values.get(column_names[column]), column_names[column], where[column]) for column in OURS[2:]
        ]
        roles = _text(values.get(ROLES), f"Line {line} of {self.name}: {ROLES}").strip()
        self._note_answers(*answers)
        return FileRow(texts[0], texts[1], answers[0], answers[1], roles)

    def _note_answers(self, target: str | int, foil: str | int) -> None:
        if isinstance(target, int):
            self.year = target if self.year is None else self.year
            self.years = self.years and 0 <= target < YEARS
        self.foils = self.foils or foil != ""

    def check_names(self, names: Sequence[str], line: int) -> None:
        """Raise InputError where two columns that are read have one name."""
        self._values(((name, "") for name in names), line)

    def _values(self, cells: Iterable[tuple[str, Any]], line: int) -> dict[str, Any]:
        """Cells by their names. Raises InputError where two that are read have one name."""
        values: dict[str, Any] = {}
        for key, value in cells:
            name = key.strip().lower()
            if name in values and name in _FIELD:
                raise InputError(f"Line {line} of {self.name}: two columns are called {name}.", "Rename one of them.")
            values[name] = value
        return values

    def _answer(self, value: Any, column: str, where: str) -> str | int:
        """A text or an id; of several the first, which is remembered. "" for none. Raises InputError."""
        ids = column.endswith("_idx")
        if isinstance(value, str) and (ids or column.endswith("s")):
            value = _listed(value, ids)
        several = False
        while isinstance(value, list) and value:
            several = several or len(value) > 1
            value = value[0]
        if several:
            self.several[column] = self.several.get(column, 0) + 1
        if value is None or value == "" or value == []:
            return ""
        if isinstance(value, float) and value.is_integer():  # as pandas writes a column with gaps
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int if ids else int | str):
            wanted = "a token id" if ids else "an answer: neither a text nor a token id"
            hint = "Give a number, or a list of numbers." if ids else 'For example " Mary", with its space.'
            raise InputError(f"{where} is {_short(value)}, not {wanted}.", hint)
        if isinstance(value, str):
            check_text(value, where)
        return value

    def check_years(self) -> None:
        """Raise InputError where `correct_idx` of the rows so far holds years, as in EAP-IG's greater-than."""
        if "correct_idx" in self.used and self.year is not None and self.years and not self.foils:
            raise InputError(
                f"{self.name}: correct_idx is {self.year} without an incorrect_idx. In EAP-IG's greater-than files "
                "that is a year, whose later years are right and whose earlier ones are wrong; it is no token id. A "
                "metric here compares one answer with another.",
                "Use --task greater-than (in the window Dataset > Fill from Later years), or give a later and an "
                "earlier year as columns target,foil. Token ids alone go into a column target_idx.",
            )

    def notes(self) -> tuple[str, ...]:
        """What was left aside."""
        notes = [
            f"{self.name}: {column} holds several answers in {rows:,} row{'s' * (rows != 1)}; the first of each is "
            "used (EAP-IG adds up all of them)."
            for column, rows in self.several.items()
        ]
        if "plural" in self.unused and not self.used & {*NAMES["target"]}:
            notes.append(
                f"{self.name}: `plural` says which verbs are right, for a metric over lists of verbs; a metric here "
                "compares single answers. Give them as columns target,foil."
            )
        unused = [column for column in self.unused if column not in self.used]
        if unused:
            notes.append(f"{self.name}: these columns are not used: {', '.join(unused)}.")
        return tuple(notes)


def names_inputs(names: Sequence[str]) -> bool:
    """Whether a line of cells names a column of inputs."""
    return any(_FIELD.get(name.strip().lower()) == "clean" for name in names)


def is_header(names: Sequence[str]) -> bool:
    """Whether a line of cells names columns for certain, where it might be prose as well: `clean`, or several."""
    fields = [_FIELD[name] for name in (name.strip().lower() for name in names) if name in _FIELD]
    return names_inputs(names) and (len(fields) > 1 or "clean" in [name.strip().lower() for name in names])


def _first(values: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first name of a column that a row has; "" for none. One whose cell is filled comes before one that is not."""
    there = [name for name in names if name in values]
    return next((name for name in there if values[name] not in ("", None)), there[0] if there else "")


def _text(value: Any, where: str) -> str:
    """An input; "" for none. Raises InputError."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{where} is no text but {_short(value)}.", "Give a text, or the path of a picture.")
    check_text(value, where)
    return value


def _listed(cell: str, ids: bool) -> Any:
    """What a cell of a table holds: a number or a list as JSON or Python writes it, else the cell itself."""
    if not cell.strip():
        return ""
    if not ids:
        quoted = re.findall(r"""'([^'\\]*)'|"([^"\\]*)\"""", cell) if cell.strip().startswith("[") else []
        return [one or other for one, other in quoted] or cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _short(value: Any) -> str:
    try:
        shown = json.dumps(value) if isinstance(value, bool | None) else repr(value)
    except RecursionError:
        return "a list that is nested too deep"
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
