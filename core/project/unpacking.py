"""From what a project's file holds to the project. What the schema cannot say is checked here: numbers that lead out of
their tables, steps that would go in circles, arrays of another shape than the graph's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from core.edits import Edit, entries_named
from core.errors import InputError, WirescopeError
from core.evaluation.statement import Statement
from core.groups import Group, Region
from core.inputs.corruption_kinds import ImageCorruption
from core.interchange.made_of import hash_of_file
from core.notes import Note
from core.project import schema
from core.project.curves import curve_of
from core.project.document import Document, PairSource, Source
from core.project.history import Recovery
from core.project.limits import MOST_EDGES, edge_count
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome, PredictionRow
from core.project.places import found_path
from core.project.project import (
    CircuitRecord,
    EvaluationRecord,
    ModelRecord,
    Project,
    StepRecord,
    TraceOrigin,
    TraceRecord,
    View,
)
from core.project.repairs import repair_of
from core.project.runs import RunRecord
from core.project.schema_types import Figure
from core.project.target_names import node_named, target_named
from core.project.trace_choice import USUAL, TraceChoice
from core.towers_graph import Sizes, graph_of
from core.tracing.method import METHODS
from core.tracing.selection import RULES
from core.tracing.selection import USUAL as USUAL_RULE
from core.tracing.told_options import option_fields

T = TypeVar("T")
Read = Callable[[str], bytes]
Arrays = Mapping[str, NDArray[Any]]


def unpack(data: schema.ProjectData, read: Read, pictures: Mapping[str, bytes]) -> Project:
    """The project. read: a part by its name; raises InputError. pictures: by the hashes of their bytes. Raises
    InputError, with what does not fit."""
    vectors: Arrays = {}
    if any(edit.vector >= 0 for edit in data.edits):
        vectors = arrays_of(read("vectors.safetensors"), "vectors.safetensors")
    sources = [_source(source, pictures) for source in data.sources]
    datasets = [tuple(_row(row, sources) for row in rows) for rows in data.datasets] or [()]
    if datasets[0]:
        raise InputError("the first of its datasets has rows")
    edits = [_edit(edit, vectors) for edit in data.edits]
    groups = [Group(each.name, each.color, tuple(map(node_named, each.nodes))) for each in data.groups]
    documents = [_document(each, sources, datasets, edits, groups) for each in data.documents]
    steps = tuple(_step(step, number, documents) for number, step in enumerate(data.steps))
    _check_tree(steps)
    _at(steps, data.current, "step")
    view = data.view or schema.ViewData()
    return Project(
        steps,
        data.current,
        tuple(ModelRecord(each.name, each.precision, each.weights) for each in data.models),
        tuple(_trace(each, number, sources, datasets, read) for number, each in enumerate(data.traces)),
        tuple(_circuit(each, number, len(steps), read) for number, each in enumerate(data.circuits)),
        tuple(_evaluation(each, documents) for each in data.evaluations),
        (
            *(Note("node", node, name=name) for node, name in data.names.items()),
            *(Note(each.about, each.target, each.text, each.name, each.model) for each in data.notes),
        ),
        View(
            tuple(view.selection),
            tuple(view.positions),
            tuple(view.docks),
            tuple(view.front),
            view.sizes,
            view.level,
            view.eye,
        ),
        tuple(_run(each, number, documents, len(steps), read) for number, each in enumerate(data.runs)),
        tuple(curve_of(each, _at(documents, each.document, "document")) for each in data.curves),
        repair_of(data.repair, edits, datasets),
    )


def _at(table: Sequence[T], number: int, what: str) -> T:
    if not 0 <= number < len(table):
        raise InputError(f"it names {what} {number:,}, and there are {len(table):,}")
    return table[number]


def _source(data: schema.SourceData, pictures: Mapping[str, bytes]) -> Source:
    corruption = None if data.corruption is None else _corruption(data.corruption, pictures)
    path, content = found_path(data.path), b""
    if data.picture:
        content = _picture(data.picture, pictures)
        if not data.given and path and hash_of_file(path) == data.picture:
            content = b""  # the file is there as it was
    if data.kind == "image" and not content and not path:
        raise InputError("one of its pictures has neither a path nor bytes")
    moved = content and not data.given
    name = data.name or (Path(path).name if moved else "")
    return Source(data.kind, data.text, "" if moved else path, content, name, corruption)


def _picture(name: str, pictures: Mapping[str, bytes]) -> bytes:
    if name not in pictures:
        raise InputError(f"its picture {name[:12]}… is missing")
    return pictures[name]


def _corruption(data: schema.CorruptionData, pictures: Mapping[str, bytes]) -> ImageCorruption:
    other = _file(data.other, data.other_picture, pictures)
    mask = _file(data.mask, data.mask_picture, pictures)
    if data.patches and mask:
        raise InputError("one of its pictures is changed both in patches and in a mask")
    how = data.text, data.size, data.place, data.sticker
    earlier = None if data.earlier is None else _corruption(data.earlier, pictures)
    return ImageCorruption(data.kind, tuple(data.patches), data.seed, other, mask, *how, earlier)


def _file(path: str, picture: str, pictures: Mapping[str, bytes]) -> str | bytes:
    """A picture by its path where it is there as it was, else by its bytes."""
    there: str | bytes = found_path(path) or b""
    if picture and not (isinstance(there, str) and hash_of_file(there) == picture):
        return _picture(picture, pictures)
    return there


def _row(data: schema.RowData, sources: Sequence[Source]) -> PairSource:
    b = None if data.counterfactual < 0 else _at(sources, data.counterfactual, "input")
    return PairSource(_at(sources, data.clean, "input"), b, data.target, data.foil)


def _edit(data: schema.EditData, vectors: Arrays) -> Edit:
    value: float | list[float] | None = data.value
    if data.vector >= 0:
        vector = vectors.get(str(data.vector))
        if vector is None or vector.ndim != 1 or vector.dtype != np.float64 or not np.isfinite(vector).all():
            raise InputError(f"its vector {data.vector} is missing or is no row of finite numbers")
        value = vector.tolist()
    try:
        target = entries_named(data.target) or target_named(data.target)
        return Edit(target, data.kind, data.positions, value, data.strength, data.seed)
    except WirescopeError as error:
        raise InputError(f"one of its edits cannot be made. {error.message.removesuffix('.')}") from None


def _metric(data: schema.MetricData | None) -> MetricChoice | None:
    return None if data is None else MetricChoice(data.kind, data.target, data.foil)


def _choice(data: schema.TraceChoiceData | None) -> TraceChoice | None:
    if data is None:
        return None
    known = option_fields()
    for name, _ in data.options:
        # An option of a plugin's method that is not installed here is kept.
        if name not in known and (data.method in METHODS or not name.isidentifier()):
            raise InputError(f"no method of tracing has an option called {name[:40]!r}")
    return TraceChoice(data.method, tuple(data.options), data.over_dataset, data.file, data.level)


def _document(
    data: schema.DocumentData,
    sources: Sequence[Source],
    datasets: Sequence[tuple[PairSource, ...]],
    edits: Sequence[Edit],
    groups: Sequence[Group],
) -> Document:
    if data.rule and data.rule not in RULES:
        raise InputError(f"there is no rule of choosing circuits called {data.rule[:40]!r}")
    return Document(
        data.model,
        None if data.clean < 0 else _at(sources, data.clean, "input"),
        None if data.counterfactual < 0 else _at(sources, data.counterfactual, "input"),
        _metric(data.metric),
        tuple(_at(edits, number, "edit") for number in data.edits),
        data.replacement,
        _choice(data.choice) or USUAL,
        _choice(data.traced),
        _choice(data.traced_nodes),
        tuple(_at(groups, number, "group") for number in data.groups),
        data.size,
        data.rule or USUAL_RULE,
        _at(datasets, data.dataset, "dataset"),
        tuple(data.pinned),
        data.precision,
        data.one_mean,
        tuple(Region(name, tuple(positions)) for name, positions in data.regions.items()),
    )


def _step(data: schema.StepData, number: int, documents: Sequence[Document]) -> StepRecord:
    if not (data.parent < number and (data.parent >= 0) == (number > 0)):
        raise InputError(f"step {number:,} follows step {data.parent:,}, which is not before it")
    recovery = None if data.recovery is None else Recovery(_number(data.recovery.share), data.recovery.words)
    outcome = None if data.outcome is None else _outcome(data.outcome)
    document = _at(documents, data.document, "document")
    return StepRecord(data.words, document, data.parent, data.merge, data.opens, outcome, recovery, data.latest)


def _check_tree(steps: Sequence[StepRecord]) -> None:
    for number, step in enumerate(steps):
        if step.latest >= 0 and _at(steps, step.latest, "step").parent != number:
            raise InputError(f"redo leads from step {number:,} to step {step.latest:,}, which does not follow it")


def _outcome(data: schema.OutcomeData) -> Outcome:
    rows = tuple(
        PredictionRow(
            row.label,
            _number(row.before),
            _number(row.after),
            None if row.in_b is None else _number(row.in_b),
            row.pinned,
            row.key,
            row.below_noise,
        )
        for row in data.rows
    )
    before, after, floor = _number(data.before), _number(data.after), _number(data.noise_floor)
    return Outcome(data.metric_name, before, after, data.unit, rows, data.edited, floor, data.direction)


def _number(figure: Figure) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[figure] if isinstance(figure, str) else float(figure)


def _evaluation(data: schema.EvaluationData, documents: Sequence[Document]) -> EvaluationRecord:
    statements = tuple(Statement(**msgspec.structs.asdict(each)) for each in data.statements)
    return EvaluationRecord(_at(documents, data.document, "document"), data.kind, data.pairs, statements, data.heading)


# ---- numbers ----


def arrays_of(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a part. Raises InputError where it is no safetensors file, or its sizes are not true."""
    try:
        arrays: dict[str, NDArray[Any]] = load(content)
    except (SafetensorError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise InputError(f"its part {name!r} holds no arrays ({str(error)[:80]})") from None
    return arrays


Kind = Literal["f8", "f4", "i8", "b1"]


def _array(arrays: Arrays, name: str, kind: Kind, shape: tuple[int, ...] | None, part: str) -> NDArray[Any]:
    array = arrays.get(name)
    if array is None or array.dtype != np.dtype(kind) or (shape is not None and array.shape != shape):
        wanted = f" of shape {shape}" if shape is not None else ""
        raise InputError(f"its part {part!r} has no array {name!r} of {np.dtype(kind)}{wanted}")
    return array


def _some(arrays: Arrays, name: str, kind: Kind, shape: tuple[int, ...], part: str) -> NDArray[Any] | None:
    return _array(arrays, name, kind, shape, part) if name in arrays else None


def _graph(data: schema.GraphData) -> tuple[Sizes, int, int]:
    """The sizes of a graph, and how many edges and writers it has. Nothing of its size is made."""
    sizes: Sizes = (data.layers, data.heads, data.kv_heads, data.parallel, data.coupled)
    for _, heads, kv_heads, *_ in (sizes, data.text or sizes):
        if heads % kv_heads:
            raise InputError(f"it is of no model: {heads} heads, {kv_heads} with keys of their own")
    sizes = sizes if data.text is None else (*sizes, data.text)
    edges = edge_count(sizes)
    if edges > MOST_EDGES:
        raise InputError(f"it has a graph of {edges:,} edges, and {MOST_EDGES:,} are the most")
    return sizes, edges, graph_of(sizes).n_writers


def _trace(
    data: schema.TraceData,
    number: int,
    sources: Sequence[Source],
    datasets: Sequence[tuple[PairSource, ...]],
    read: Read,
) -> TraceRecord:
    part = f"traces/{number}.safetensors"
    arrays = arrays_of(read(part), part)
    sizes, edges, writers = _graph(data.graph)
    stored = arrays.get("values")
    positions = stored.shape[1] if stored is not None and stored.ndim == 2 else 0
    shapes: dict[str, tuple[int, ...]] = {"nodes": (writers,), "positions": (writers, positions)}
    shape = shapes.get(data.level, (edges, len(data.spans)) if data.level == "edge-spans" else (edges,))
    values = _array(arrays, "values", "f8", shape, part)
    if np.isinf(values).any():
        raise InputError(f"its part {part!r} has scores that are not finite")
    choice = _choice(data.choice)
    assert choice is not None
    origin = TraceOrigin(
        data.model,
        data.precision,
        None if data.clean < 0 else _at(sources, data.clean, "input"),
        None if data.counterfactual < 0 else _at(sources, data.counterfactual, "input"),
        _metric(data.metric),
        _at(datasets, data.population, "dataset"),
        data.kind,
        choice,
        _at(datasets, data.rows, "dataset"),
        data.one_mean,
    )
    constants = arrays.get("constants")
    if constants is not None:
        width = constants.shape[1] if constants.ndim == 2 else -1
        constants = _array(arrays, "constants", "f4", (writers, width), part)
    return TraceRecord(
        origin,
        sizes,
        values,
        data.method,
        data.about,
        data.level,
        data.direction,
        _some(arrays, "kept", "b1", shape, part),
        _some(arrays, "agreement", "f8", shape, part),
        constants,
        _some(arrays, "measured", "b1", shape, part),
        None if data.balance is None else tuple(data.balance),
        tuple(data.spans),
        data.share,
    )


def _edges_of(
    graph: schema.GraphData, part: str, read: Read
) -> tuple[Sizes, NDArray[np.int64], NDArray[np.float64] | None]:
    """Of a part that holds a circuit of a graph: the graph's sizes, the edges, their scores."""
    arrays = arrays_of(read(part), part)
    sizes, count, _ = _graph(graph)
    edges = _array(arrays, "edges", "i8", None, part)
    if edges.ndim != 1 or len(edges) > count or (len(edges) and not 0 <= edges.min() <= edges.max() < count):
        raise InputError(f"its part {part!r} has edges that its graph of {count:,} edges has not")
    if len(np.unique(edges)) < len(edges):
        raise InputError(f"its part {part!r} has an edge more than once")
    values = _some(arrays, "values", "f8", edges.shape, part)
    if values is not None and np.isinf(values).any():  # NaN: an edge without a score
        raise InputError(f"its part {part!r} has scores that are not finite")
    return sizes, edges, values


def _circuit(data: schema.CircuitData, number: int, steps: int, read: Read) -> CircuitRecord:
    sizes, edges, values = _edges_of(data.graph, f"circuits/{number}.safetensors", read)
    if data.step >= steps:
        raise InputError(f"it has a circuit of step {data.step:,}, and there are {steps:,}")
    return CircuitRecord(data.name, data.step, sizes, edges, values, data.about)


def _run(data: schema.RunData, number: int, documents: Sequence[Document], steps: int, read: Read) -> RunRecord:
    if data.step >= steps:
        raise InputError(f"it has a run of step {data.step:,}, and there are {steps:,}")
    graph, edges, values = None, None, None
    if data.graph is not None:
        graph, edges, values = _edges_of(data.graph, f"runs/{number}.safetensors", read)
    return RunRecord(
        data.kind,
        data.when,
        _at(documents, data.document, "document"),
        data.replacement,
        data.by,
        data.metric,
        data.pairs,
        data.seconds,
        data.step,
        data.cpr,
        data.cmd,
        data.size_at_80,
        data.stability,
        graph,
        edges,
        values,
        data.about,
    )
