"""Between the document and what a file says it was made of: inputs, metric, edits, and the pairs that ranked."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import PurePath
from typing import Any, Literal

from app.messages.replies import ModelReply
from core.edits import Edit
from core.errors import InputError
from core.graph import Graph
from core.inputs.corruption_kinds import ImageCorruption
from core.inputs.corruption_words import is_made
from core.inputs.dataset_files import FileRow
from core.interchange.made_of import FileInput, MadeOf, hash_of, hash_of_file
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.row_cells import made_cell, made_from
from core.project.step_names import metric_words

EARLIER = "earlier"  # what was done to a picture before: a field of `ImageCorruption`


def made_of_document(
    document: Document, opened: ModelReply, edits: tuple[Edit, ...], metric_fits: bool = True
) -> MadeOf:
    """What the work shown is made of. edits: as they were made. metric_fits: whether the document's metric is the one
    that counts; where it does not fit, the model's default does."""
    choice = document.metric if metric_fits and document.metric is not None and document.metric.kind else None
    rows = document.traced_rows
    if not rows and document.clean is not None:
        rows = (PairSource(document.clean, document.counterfactual),)
    return MadeOf(
        _file_input(document.clean),
        _file_input(document.counterfactual),
        None if choice is None else (choice.kind, choice.target, choice.foil),
        edits,
        _file_rows(rows, choice, opened),
    )


def with_made_of(document: Document, made: MadeOf, graph: Graph | None) -> Document:
    """The document with the inputs, the metric and the edits of a file. graph: that the edits are of. Raises
    WirescopeError for edits of another graph, and for a corruption that there is not."""
    edits = tuple(
        replace(edit, target=graph.parse(edit.target) if graph and isinstance(edit.target, str) else edit.target)
        for edit in made.edits
    )
    return replace(
        document,
        clean=_source(made.clean),
        counterfactual=_source(made.counterfactual),
        metric=None if made.metric is None else MetricChoice(*made.metric),
        edits=edits,
        dataset=_dataset(document, made),
    )


def _dataset(document: Document, made: MadeOf) -> tuple[PairSource, ...]:
    """The rows of a file that is over a dataset, each with the answers that it had; else those that are there."""
    if len(made.rows) < 2 or made.clean is None:
        return document.dataset
    present = tuple(FileRow(*_cells(row), row.target, row.foil) for row in document.dataset)
    _, target, foil = made.metric or ("", "", "")

    def alike(row: FileRow, there: FileRow) -> bool:
        """A row without answers of its own has the metric's, which the file says."""
        answers = row.target and (there.target or target), row.foil and (there.foil or foil)
        return row == FileRow(there.clean, there.counterfactual, *answers)

    if len(present) == len(made.rows) and all(map(alike, made.rows, present)):
        return document.dataset
    kind = made.clean.kind
    return tuple(
        PairSource(
            _row_source(kind, row.clean),
            _row_b(kind, row) if row.counterfactual else None,
            _answer(row.target),
            _answer(row.foil),
        )
        for row in made.rows
    )


def _cells(row: PairSource) -> tuple[str, str]:
    """A and B as a file's row has them."""
    b = row.counterfactual
    clean = row.clean.text or row.clean.path
    return clean, "" if b is None else made_cell(row.clean, b) or b.text or b.path


def _answer(value: str | int) -> str:
    """An answer of a row as the document has it; a number is that of a token."""
    return f"id:{value}" if isinstance(value, int) else value


def _row_source(kind: Literal["text", "image"], words: str) -> Source:
    if kind == "text":
        return Source("text", text=words)
    return Source("image", path=words, name=PurePath(words).name)


def _row_b(kind: Literal["text", "image"], row: FileRow) -> Source:
    if kind == "image" and is_made(row.counterfactual):
        return made_from(_row_source(kind, row.clean), row.counterfactual)
    return _row_source(kind, row.counterfactual)


def difference_words(document: Document, whole: Document) -> str:
    """What of a document differs from the file's: "inputs, metric and edits"."""
    parts = []
    if (document.clean, document.counterfactual) != (whole.clean, whole.counterfactual):
        parts.append("inputs")
    parts += ["metric"] if document.metric != whole.metric else []
    parts += ["rows of the dataset"] if document.dataset != whole.dataset else []
    parts += ["edits"] if document.edits != whole.edits else []
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def made_words(whole: Document, made: MadeOf) -> str:
    """What a file was made of, in lines. whole: the document with all of it."""
    lines = [f"{letter}: {side.words}" for letter, side in (("A", whole.clean), ("B", whole.counterfactual)) if side]
    lines += [metric_words(whole.metric)] if whole.metric is not None else []
    lines += [f"Dataset: {len(made.rows):,} pairs"] if len(made.rows) > 1 else []
    lines += [f"Edits: {'; '.join(str(edit) for edit in whole.edits)}"] if whole.edits else []
    return "\n".join(lines)


def metric_kind(made: MadeOf) -> dict[str, str]:
    """For `about`: the metric as the command line reads it. Its answers are those of the rows."""
    return {} if made.metric is None else {"metric kind": made.metric[0]}


def _file_input(source: Source | None) -> FileInput | None:
    if source is None:
        return None
    if source.kind == "text":
        return FileInput("text", text=source.text)
    plain = () if source.corruption is None else _told(source.corruption)
    sha = hash_of(source.data) if source.data else hash_of_file(source.path)
    return FileInput("image", path=source.path, sha256=sha, name=source.words, corruption=plain)


def _told(done: ImageCorruption) -> tuple[tuple[str, Any], ...]:
    """What was done to a picture, and before it, as files hold it."""
    told = [(field.name, getattr(done, field.name)) for field in fields(done) if field.name != EARLIER]
    plain = [(name, f"sha256:{hash_of(value)}" if isinstance(value, bytes) else value) for name, value in told]
    return (*plain, *([] if done.earlier is None else [(EARLIER, dict(_told(done.earlier)))]))


def _read(told: dict[str, Any]) -> ImageCorruption:
    """Raises TypeError and ValueError for what is none, WirescopeError."""
    earlier = None if told.get(EARLIER) is None else _read(dict(told[EARLIER]))
    return ImageCorruption(**{**told, "patches": tuple(told.get("patches", ())), EARLIER: earlier})


def _source(side: FileInput | None) -> Source | None:
    """Raises InputError."""
    if side is None:
        return None
    if side.kind == "text":
        return Source("text", text=side.text)
    told = dict(side.corruption)
    corruption = None
    if told:
        try:
            corruption = _read(told)
        except (TypeError, ValueError) as error:
            raise InputError(f"What was done to {side.name} cannot be read: {error}.") from None
    return Source("image", path=side.path, name=side.name, corruption=corruption)


def _file_rows(rows: tuple[PairSource, ...], choice: MetricChoice | None, opened: ModelReply) -> tuple[FileRow, ...]:
    """With each row's own answers, else the metric's. None where a picture has no file that holds it."""
    option = next((option for option in opened.metric_options if choice and option.kind == choice.kind), None)
    if not all(_has_files(row) for row in rows):
        return ()
    listed = []
    for row in rows:
        target = (row.target or choice.target) if choice and option and option.needs_target else ""
        foil = (row.foil or choice.foil) if choice and option and option.needs_foil else ""
        listed.append(FileRow(*_cells(row), target, foil))
    return tuple(listed)


def _has_files(row: PairSource) -> bool:
    """Whether a row's pictures are in files, a B that is made from A apart."""
    sides = [row.clean, *([] if row.counterfactual is None else [row.counterfactual])]
    files = all(side.kind == "text" or side.path for side in sides)
    changed = [side for side in sides if side.corruption is not None]
    return files and (
        not changed or (row.counterfactual is not None and bool(made_cell(row.clean, row.counterfactual)))
    )
