"""From a project to what its file holds: `project.json` and the parts beside it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from core.edits import Edit
from core.errors import ArgumentError, ModelError
from core.groups import Group
from core.inputs.corruption_kinds import ImageCorruption
from core.models.probe import MARK, digest_in
from core.models.probe_store import kept as kept_probe
from core.notes import Note
from core.program_version import program_version
from core.project import schema
from core.project.curves import curve_data
from core.project.document import Document, PairSource, Source
from core.project.limits import MOST_PICTURE, MOST_PICTURES, check_counts, kept, picture_name, probe_name
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome
from core.project.places import kept_path
from core.project.project import Project, TraceRecord, View
from core.project.repairs import repair_data
from core.project.runs import RunRecord
from core.project.schema_types import Figure
from core.project.trace_choice import USUAL, TraceChoice
from core.tracing.selection import USUAL as USUAL_RULE


def pack(project: Project, embed: bool = True) -> dict[str, bytes]:
    """The parts of a project's file by name. embed: the bytes of pictures that are given by a path go along, so that
    the file can be taken elsewhere; one that cannot be read, or is too large, stays a path."""
    return _Packer(embed).pack(kept(project))


class _Packer:
    """The tables of one file while they are filled."""

    def __init__(self, embed: bool) -> None:
        self._embed = embed
        self._numbers: dict[str, dict[Hashable, int]] = {}
        self._tables: dict[str, list[Any]] = {
            name: [] for name in ("documents", "sources", "datasets", "edits", "groups")
        }
        self._vectors: dict[tuple[float, ...], int] = {}
        self._pictures: dict[str, bytes] = {}
        self._picture_bytes = 0
        self._of_path: dict[str, str] = {}
        self._known: dict[tuple[str, int], int] = {}  # numbers of objects by their identity
        self._alive: list[object] = []  # these objects: no other one has the identity of one meanwhile
        self._dataset(())

    def pack(self, project: Project) -> dict[str, bytes]:
        steps = [
            schema.StepData(
                _text(step.words),
                self._document(step.document),
                step.parent,
                _text(step.merge),
                step.opens,
                None if step.outcome is None else _outcome(step.outcome),
                None if step.recovery is None else _recovery(step.recovery.share, step.recovery.words),
                step.latest,
            )
            for step in project.steps
        ]
        traces = [self._trace(trace) for trace in project.traces]
        circuits = [
            schema.CircuitData(_text(each.name), each.step, schema.GraphData(*each.graph), _words(each.about))
            for each in project.circuits
        ]
        evaluations = [
            schema.EvaluationData(
                self._document(each.document),
                each.kind,
                each.pairs,
                [
                    schema.StatementData(**{name: _plain(value) for name, value in vars(statement).items()})
                    for statement in each.statements
                ],
                _text(each.heading),
            )
            for each in project.evaluations
        ]
        runs = [self._run(run) for run in project.runs]
        curves = [curve_data(curve, self._document(curve.document)) for curve in project.curves]
        data = schema.ProjectData(
            format="wirescope project",
            version=schema.VERSION,
            documents=self._tables["documents"],
            steps=steps,
            current=project.current,
            made_by=program_version(),
            sources=self._tables["sources"],
            datasets=self._tables["datasets"],
            edits=self._tables["edits"],
            groups=self._tables["groups"],
            models=[schema.ModelData(_text(each.name), each.precision, each.weights) for each in project.models],
            traces=traces,
            circuits=circuits,
            evaluations=evaluations,
            notes=[_note(note) for note in project.notes],
            view=_view(project.view),
            runs=runs,
            curves=curves,
            repair=repair_data(project.repair, self._edit_number, self._dataset, _text),
        )
        check_counts(data)
        parts = {"project.json": msgspec.json.encode(data)}
        if self._vectors:
            parts["vectors.safetensors"] = save(
                {str(place): np.array(vector, dtype=np.float64) for vector, place in self._vectors.items()}
            )
        for place, trace in enumerate(project.traces):
            parts[f"traces/{place}.safetensors"] = _numbers_of_trace(trace)
        for place, circuit in enumerate(project.circuits):
            parts[f"circuits/{place}.safetensors"] = _numbers_of_circuit(circuit.edges, circuit.values)
        for place, run in enumerate(project.runs):
            if run.edges is not None:
                parts[f"runs/{place}.safetensors"] = _numbers_of_circuit(run.edges, run.values)
        return parts | _probes(data) | {picture_name(name): content for name, content in self._pictures.items()}

    # ---- tables ----

    def _put(self, table: str, key: Hashable, make: Callable[[], Any]) -> int:
        """The number of an object in a table. Steps share what they hold, and hashing a dataset takes a while: what was
        there before is known by its identity."""
        known = self._known.get((table, id(key)))
        if known is None:
            numbers = self._numbers.setdefault(table, {})
            if key not in numbers:
                made = make()
                numbers[key] = len(self._tables[table])
                self._tables[table].append(made)
            known = self._known[table, id(key)] = numbers[key]
            self._alive.append(key)
        return known

    def _document(self, document: Document) -> int:
        known = self._known.get(("documents", id(document)))
        if known is None:
            data = self._document_data(document)  # of numbers: quickly compared
            known = self._put("documents", msgspec.json.encode(data), lambda: data)
            self._known["documents", id(document)] = known
            self._alive.append(document)
        return known

    def _document_data(self, document: Document) -> schema.DocumentData:
        return schema.DocumentData(
            _text(document.model),
            self._source(document.clean),
            self._source(document.counterfactual),
            _metric(document.metric),
            [self._edit_number(edit) for edit in document.edits],
            document.replacement,
            None if document.choice == USUAL else _choice(document.choice),
            None if document.traced is None else _choice(document.traced),
            None if document.traced_nodes is None else _choice(document.traced_nodes),
            [self._put("groups", group, partial(_group, group)) for group in document.groups],
            document.size,
            "" if document.rule == USUAL_RULE else document.rule,
            self._dataset(document.dataset),
            [_text(answer) for answer in document.pinned],
            document.precision,
            document.one_mean,
            {_text(region.name): list(region.positions) for region in document.regions},
        )

    def _dataset(self, rows: tuple[PairSource, ...]) -> int:
        return self._put("datasets", rows, lambda: [self._row(row) for row in rows])

    def _row(self, row: PairSource) -> schema.RowData:
        clean, counterfactual = self._source(row.clean), self._source(row.counterfactual)
        return schema.RowData(clean, counterfactual, _text(row.target), _text(row.foil))

    def _source(self, source: Source | None) -> int:
        return -1 if source is None else self._put("sources", source, lambda: self._source_data(source))

    def _source_data(self, source: Source) -> schema.SourceData:
        picture = self._picture(source.data) if source.data else self._picture_at(source.path)
        corruption = source.corruption
        return schema.SourceData(
            source.kind,
            _text(source.text),
            _text(kept_path(source.path)),
            picture,
            bool(source.data),
            _text(source.name),
            None if corruption is None else self._corruption(corruption),
        )

    def _corruption(self, corruption: ImageCorruption) -> schema.CorruptionData:
        return schema.CorruptionData(
            corruption.kind,
            list(corruption.patches),
            corruption.seed,
            *self._file(corruption.other),
            *self._file(corruption.mask),
            _text(corruption.text),
            corruption.size,
            corruption.place,
            corruption.sticker,
            None if corruption.earlier is None else self._corruption(corruption.earlier),
        )

    def _file(self, file: str | bytes) -> tuple[str, str]:
        """The path of a picture that is given by its path or its bytes, and the hash of its bytes."""
        if isinstance(file, bytes):
            return "", self._picture(file) if file else ""
        return _text(kept_path(file)), self._picture_at(file)

    def _picture(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        if name not in self._pictures:
            self._pictures[name] = content
            self._picture_bytes += len(content)
        return name

    def _picture_at(self, path: str) -> str:
        """The hash of a picture that goes along with its path; empty where it does not."""
        if not path or not self._embed:
            return ""
        if path not in self._of_path:
            self._of_path[path] = self._read(Path(path).expanduser())
        return self._of_path[path]

    def _read(self, path: Path) -> str:
        try:
            room = min(MOST_PICTURE, MOST_PICTURES - self._picture_bytes)
            if not path.is_file() or not 0 < path.stat().st_size <= room:
                return ""
            return self._picture(path.read_bytes())
        except (OSError, ValueError):
            return ""

    def _edit_number(self, edit: Edit) -> int:
        return self._put("edits", edit, partial(self._edit, edit))

    def _edit(self, edit: Edit) -> schema.EditData:
        value, vector = edit.value, -1
        if value is not None and not isinstance(value, float):
            vector, value = self._vectors.setdefault(tuple(value), len(self._vectors)), None
        positions = None if edit.positions is None else list(edit.positions)  # type: ignore[arg-type]
        return schema.EditData(edit.name, edit.kind, positions, value, vector, edit.strength, edit.seed)

    def _trace(self, trace: TraceRecord) -> schema.TraceData:
        of = trace.of
        return schema.TraceData(
            _text(of.model),
            of.precision,
            self._source(of.clean),
            self._source(of.counterfactual),
            _metric(of.metric),
            self._dataset(of.population),
            of.kind,
            _choice(of.choice),
            self._dataset(of.rows),
            schema.GraphData(*trace.graph),
            trace.method,
            _words(trace.about),
            trace.level,
            trace.direction,
            None if trace.balance is None else list(trace.balance),
            list(trace.spans),
            trace.share,
            of.one_mean,
        )

    def _run(self, run: RunRecord) -> schema.RunData:
        figures = (run.seconds, run.cpr, run.cmd, run.stability)
        seconds, cpr, cmd, stability = (each if each is not None and math.isfinite(each) else None for each in figures)
        return schema.RunData(
            run.kind,
            run.when,
            self._document(run.document),
            run.replacement,
            _text(run.by),
            _text(run.metric),
            run.pairs,
            seconds,
            run.step,
            cpr,
            cmd,
            run.size_at_80,
            stability,
            None if run.graph is None or run.edges is None else schema.GraphData(*run.graph),
            _words(run.about),
        )


def _probes(data: schema.ProjectData) -> dict[str, bytes]:
    """The probes that models have by their names, so that these open elsewhere too; one that is not known here stays a
    name."""
    names = {each.model for each in data.documents} | {each.model for each in data.traces}
    parts = {}
    for name in sorted(name for name in names if MARK in name):
        with suppress(ModelError, ArgumentError):  # a name that was mistyped does not keep a project from being saved
            digest = digest_in(name)
            parts[probe_name(digest)] = kept_probe(digest).content
    return parts


def _numbers_of_trace(trace: TraceRecord) -> bytes:
    names = ("values", "kept", "agreement", "constants", "measured")
    arrays = {name: getattr(trace, name) for name in names if getattr(trace, name) is not None}
    packed: bytes = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return packed


def _numbers_of_circuit(edges: NDArray[np.int64], values: NDArray[np.float64] | None) -> bytes:
    arrays = {"edges": np.ascontiguousarray(edges, dtype=np.int64)}
    if values is not None:
        arrays["values"] = np.ascontiguousarray(values, dtype=np.float64)
    packed: bytes = save(arrays)
    return packed


def _metric(choice: MetricChoice | None) -> schema.MetricData | None:
    return None if choice is None else schema.MetricData(choice.kind, _text(choice.target), _text(choice.foil))


def _choice(choice: TraceChoice) -> schema.TraceChoiceData:
    options = [(name, float(value)) for name, value in choice.options]
    return schema.TraceChoiceData(choice.method, options, choice.over_dataset, _text(choice.file), choice.level)


def _group(group: Group) -> schema.GroupData:
    return schema.GroupData(_text(group.name), group.color, [node.name for node in group.nodes])


def _outcome(outcome: Outcome) -> schema.OutcomeData:
    rows = [
        schema.PredictionData(
            _text(row.label),
            _figure(row.before),
            _figure(row.after),
            None if row.in_b is None else _figure(row.in_b),
            row.pinned,
            _text(row.key),
            row.below_noise,
        )
        for row in outcome.rows
    ]
    before, after, floor = _figure(outcome.before), _figure(outcome.after), _figure(outcome.noise_floor)
    name, direction = _text(outcome.metric_name), outcome.direction
    return schema.OutcomeData(name, before, after, outcome.unit, rows, outcome.edited, floor, direction)  # type: ignore[arg-type]


def _recovery(share: float, words: str) -> schema.RecoveryData:
    return schema.RecoveryData(_figure(share), _text(words))


def _view(view: View) -> schema.ViewData:
    selection, positions, docks = list(view.selection), list(view.positions), list(view.docks)
    return schema.ViewData(selection, positions, docks, list(view.front), dict(view.sizes), view.level, view.eye)


def _note(note: Note) -> schema.NoteData:
    return schema.NoteData(note.about, _text(note.target), _text(note.text), _text(note.name), _text(note.model))


def _figure(value: float) -> Figure:
    if math.isfinite(value):
        return float(value)
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _words(words: Mapping[str, str]) -> dict[str, str]:
    return {_text(key): _text(value) for key, value in words.items()}


def _plain(value: Any) -> Any:
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """Text that UTF-8 can hold: half a character, as a path may have one, is written as \\ud800."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
