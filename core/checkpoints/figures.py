"""What is asked of one checkpoint, and what comes of it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checkpoints.kept import Arrays, keep, kept, key_of
from core.checkpoints.opened import SeriesModel, content_hash
from core.checkpoints.repeats import Heads, heads_of
from core.checkpoints.series import settings_of
from core.circuit import Circuit
from core.edits import EditKind
from core.errors import NothingToRecoverError
from core.evaluation.faithfulness import FRACTIONS, sizes_of
from core.evaluation.measured import measure
from core.graph import Graph
from core.inputs.pair import Dataset
from core.metrics import Metric
from core.progress import stage
from core.session import Session
from core.tracing.scores import Scores
from core.tracing.trace import trace

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StepFigures:
    """Of one checkpoint. metric: the mean over the pairs. empty: the same with no edge, of `patch` that of B. right:
    the share of pairs answered rightly; None without answers. scores: [edges], and A's direction in them. recovered:
    by the last step's circuits, one a fraction of FRACTIONS, and last the circuit of the size that was asked for; NaN
    where the whole model and none score alike at this step. known: whether it was found among what was kept."""

    step: int
    metric: float
    empty: float
    right: float | None
    heads: Heads
    scores: Floats
    direction: int
    recovered: tuple[float, ...]
    known: bool = False

    def ranking(self, graph: Graph, method: str, replacement: EditKind) -> Scores:
        """The scores as the method gave them."""
        direction: Any = self.direction
        return Scores(graph, self.scores, method, replacement, direction=direction)

    @property
    def circuit_recovered(self) -> float:
        return self.recovered[-1]


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of every checkpoint. Circuits have so many edges. precision: as a document has it."""

    dataset: Dataset
    metric: Metric | None
    method: str
    replacement: EditKind
    edges: int
    seed: int
    precision: str

    @property
    def count(self) -> int:
        """How many pairs."""
        return sum(pair.batch for pair in self.dataset.pairs)

    @cached_property
    def told(self) -> dict[str, Any]:
        """All of it as text and numbers, for names of figures."""
        pairs = hashlib.sha256()
        for pair in self.dataset.pairs:
            for side in (pair.clean, pair.counterfactual):
                if side is not None:
                    pairs.update(f"{side.tensor.dtype} {list(side.tensor.shape)} {side.lengths} ".encode())
                    pairs.update(side.tensor.cpu().contiguous().numpy().tobytes())
            pairs.update(repr((sorted(pair.roles.items()), sorted(pair.regions.items()))).encode())
        options = {"method": self.method, "replacement": self.replacement, "seed": self.seed, "dtype": self.precision}
        metric = None if self.metric is None else repr(asdict(self.metric))
        return {**options, "pairs": pairs.hexdigest(), "answers": repr(self.dataset.answers), "metric": metric}


def figures_at(opened: SeriesModel, step: int, asked: Asked, ranking: Scores | None) -> StepFigures:
    """Compute them, or find those that were kept. ranking: the last step's scores, whose circuits are measured; None of
    the last step itself. Raises what `core.checkpoints.follow.follow` does."""
    weights = {**asked.told, **_of_files(opened, step)}
    first, second = key_of(weights), ""
    arrays = kept(first) if weights["weights"] else None
    known = arrays is not None
    session: Session | None = None

    def opened_session() -> Session:
        nonlocal session
        if session is None:
            session = Session(opened.at(step), asked.dataset.pairs[0], asked.metric, dataset=asked.dataset)
        return session

    if arrays is None:
        arrays = _of_step(opened_session(), asked)
        keep(first, arrays)
    values = arrays["scores"] if ranking is None else ranking.values
    second = key_of({**weights, "edges": asked.edges, "circuits": hashlib.sha256(values.tobytes()).hexdigest()})
    runs = kept(second) if weights["weights"] else None
    known = known and runs is not None
    if runs is None:
        runs = _of_circuits(opened_session(), asked, arrays, ranking)
        keep(second, runs)
    return _figures(step, arrays, runs, known)


def _of_files(opened: SeriesModel, step: int) -> dict[str, Any]:
    """What names a checkpoint by its weights and settings; no weights of one that lies on no disk of ours, whose
    figures are not kept. Raises ModelError."""
    folder = Path(opened.series.at(step).name)
    if not folder.is_dir():
        return {"weights": ""}
    return {"weights": content_hash(folder), "settings": settings_of(folder)}


def _of_step(session: Session, asked: Asked) -> Arrays:
    with stage(0.0, 0.25):
        heads = heads_of(session.model, session, asked.seed)
    with stage(0.25, 0.7):
        scores = trace(session, asked.method, replacement=asked.replacement, dataset=asked.dataset)
    arrays: Arrays = {f"trait {name}": values for name, values in heads.traits.items()}
    arrays["scores"] = np.asarray(scores.values, dtype=np.float64)
    arrays["direction"] = np.asarray(scores.direction or 0)
    for name, value in (("copied", heads.copied), ("first", heads.first_loss), ("second", heads.second_loss)):
        arrays[name] = np.asarray(np.nan if value is None else value)
    return arrays


def _of_circuits(session: Session, asked: Asked, arrays: Arrays, ranking: Scores | None) -> Arrays:
    graph = session.graph
    if ranking is None:
        direction: Any = int(arrays["direction"])
        ranking = Scores(graph, arrays["scores"], asked.method, asked.replacement, direction=direction)
    sizes = [*sizes_of(graph.n_edges, FRACTIONS), asked.edges]
    circuits = [Circuit(graph, ranking.top(size).edges) for size in sizes]
    with stage(0.7, 1.0):
        runs = measure(session, circuits, asked.replacement, dataset=asked.dataset)
    try:
        recovered = runs.recovered()
    except NothingToRecoverError:
        recovered = np.full(len(sizes), np.nan)
    right = np.nan if runs.whole_accuracy is None else runs.whole_accuracy
    numbers = {"metric": runs.whole.mean(), "empty": runs.nothing.mean(), "right": right, "recovered": recovered}
    return {name: np.asarray(value) for name, value in numbers.items()}


def _figures(step: int, arrays: Arrays, runs: Arrays, known: bool) -> StepFigures:
    def maybe(value: NDArray[Any]) -> float | None:
        return None if np.isnan(value) else float(value)

    traits = {name.removeprefix("trait "): arrays[name] for name in arrays if name.startswith("trait ")}
    return StepFigures(
        step,
        float(runs["metric"]),
        float(runs["empty"]),
        maybe(runs["right"]),
        Heads(traits, maybe(arrays["copied"]), maybe(arrays["first"]), maybe(arrays["second"])),
        arrays["scores"],
        int(arrays["direction"]),
        tuple(float(value) for value in runs["recovered"]),
        known,
    )
