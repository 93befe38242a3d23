"""What was run in a window: each trace, evaluation and scan that came to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from app.messages.replies import CurveReply
from app.presenters.exported_circuit import circuit_shown
from app.presenters.snapshot import Snapshot
from app.workbench.worker_client import WorkerClient
from core.project.history import History, Step
from core.project.runs import RunKind, RunRecord, size_at
from core.towers_graph import sizes_of

MOST_RUNS = 1000
MOST_BYTES = 16e6  # of all their circuits together, as each autosave writes them: the oldest go first


@dataclass(eq=False)
class Run:
    """A record, and the step of the history that it was run at; None: that one is gone."""

    record: RunRecord
    step: Step | None = None


class Runs(QObject):
    """Of one workbench, the newest last."""

    changed = Signal()
    comparison_wanted = Signal(object, object)  # two of Compared: they are to be shown on one layout

    def __init__(
        self, client: WorkerClient, snapshot: Callable[[], Snapshot | None], history: History, parent: QObject
    ) -> None:
        """snapshot: what is known of the present state."""
        super().__init__(parent)
        client.on(CurveReply, self._take_curve)
        self._snapshot, self._history = snapshot, history
        self._runs: list[Run] = []
        self.revision = 0  # how often something came that would be missed

    def __iter__(self) -> Iterator[Run]:
        return iter(tuple(self._runs))

    def __len__(self) -> int:
        return len(self._runs)

    # ---- what comes ----

    def add(
        self, kind: RunKind, seconds: float, by: str = "", stability: float | None = None, size: int | None = None
    ) -> None:
        """Something of the present state has come to its end. by: the method; empty: that of the scores shown. size: of
        the circuit that it came to, where none is chosen."""
        snapshot = self._snapshot()
        if snapshot is None or not self._history.takes_figures:  # it may be of other weights than those of the project
            return
        document, scored = snapshot.document, snapshot.scored
        record = RunRecord(
            kind,
            time.time(),
            document,
            snapshot.usable.cut_kind if scored is None else scored.kind,
            by or ("" if scored is None else scored.title),
            snapshot.subject.metric,
            0 if scored is None else scored.pairs,
            seconds,
            stability=stability,
        )
        record = _with_circuit(record, snapshot, document.size or size)
        alike = next((run.record for run in reversed(self._runs) if _same_scores(run.record, record)), None)
        if alike is not None:  # the curve of these scores is known, and does not come again
            record = replace(record, cpr=alike.cpr, cmd=alike.cmd, size_at_80=alike.size_at_80)
        self._runs.append(Run(record, self._history.current))
        self._keep_few()
        self._tell()

    def add_record(self, record: RunRecord) -> None:
        """A repair of the present model, or a job of the queue, has come to its end."""
        if self._history.takes_figures:
            self._runs.append(Run(record, self._history.current))
            self._keep_few()
            self._tell()

    def _take_curve(self, curve: CurveReply) -> None:
        """The faithfulness curve of the present scores: its figures are those of all runs with these."""
        if not self._history.takes_figures:
            return
        figures = curve.cpr, curve.cmd, size_at(curve.sizes, curve.recovered)
        document = replace(self._history.current.document, traced_nodes=None)  # the curve is of edges
        of = RunRecord("trace", 0.0, document, curve.kind)
        news = [
            run
            for run in self._runs
            if _same_scores(run.record, of) and (run.record.cpr, run.record.cmd, run.record.size_at_80) != figures
        ]
        for run in news:
            run.record = replace(run.record, cpr=figures[0], cmd=figures[1], size_at_80=figures[2])
        if news:
            self._tell()

    def _tell(self) -> None:
        self.revision += 1
        self.changed.emit()

    def _keep_few(self) -> None:
        del self._runs[:-MOST_RUNS]
        held = sum(_bytes(run.record) for run in self._runs)
        for run in self._runs[:-1]:
            if held <= MOST_BYTES:
                return
            held -= _bytes(run.record)
            run.record = replace(run.record, graph=None, edges=None, values=None)

    # ---- the project ----

    def records(self, steps: Sequence[Step]) -> tuple[RunRecord, ...]:
        """As a project keeps them. steps: its own, by number."""
        number = {step: place for place, step in enumerate(steps)}
        return tuple(
            replace(run.record, step=-1 if run.step is None else number.get(run.step, -1)) for run in self._runs
        )

    def take(self, records: Sequence[RunRecord], steps: Sequence[Step]) -> None:
        """Those of a project, in place of what is known. steps: by their numbers there."""
        self._runs = [Run(each, steps[each.step] if each.step >= 0 else None) for each in records]
        self.revision = 0
        self.changed.emit()


def _with_circuit(record: RunRecord, snapshot: Snapshot, size: int | None) -> RunRecord:
    """With the circuit of so many edges; of edges at spans, at all positions."""
    if not size or snapshot.scored is None or not _has_curve(record):
        return record
    circuit = circuit_shown(replace(snapshot, document=replace(snapshot.document, size=size)))
    about = {str(key): str(value) for key, value in circuit.about.items()}
    circuit, graph = circuit.union(), snapshot.opened.graph
    return replace(record, graph=sizes_of(graph), edges=circuit.edges, values=circuit.values, about=about)


def _has_curve(record: RunRecord) -> bool:
    """Whether it is of a circuit: a trace of nodes and a scan of single edges are not."""
    return record.kind == "evaluation" or (record.kind == "trace" and record.document.traced_nodes is None)


def _same_scores(one: RunRecord, other: RunRecord) -> bool:
    alike = one.document.circuits == other.document.circuits and one.replacement == other.replacement
    here = not one.of_other_pairs and not other.of_other_pairs
    return alike and here and _has_curve(one) and _has_curve(other)


def _bytes(record: RunRecord) -> int:
    return sum(each.nbytes for each in (record.edges, record.values) if each is not None)
