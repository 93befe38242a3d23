"""The pairs that a trace goes over, as the engine takes them: the pair on the cards, or the dataset's. Imports
torch."""

from __future__ import annotations

from collections.abc import Sequence

from app.messages.request import Cancel
from app.worker.dataset_rows import answers, check_count
from app.worker.session_cache import SessionCache
from app.worker.towers import least_megabytes, set_memory
from core import progress
from core.circuit import Circuit
from core.edits import KINDS, EditKind
from core.errors import InputError, WirescopeError
from core.evaluation.measured import Measured, measure, of_all_pairs
from core.inputs.pair import Dataset, Pair
from core.metrics import METRICS
from core.project.document import Document, PairSource
from core.session import Session
from core.tracing.over_pairs import batches_over

KEPT_SESSIONS = 8  # batches of the dataset whose runs are kept
MEGABYTES = 48  # for the runs of each, or what one takes


def dataset_of(cache: SessionCache, document: Document, rows: Sequence[PairSource]) -> Dataset:
    """The rows that the model can take, with B where removed edges carry its value, each with its answers. Raises
    InputError where there are none."""
    kind = cache.cut_kind(document)
    key = ("pairs", tuple(rows), kind, cache.metric_key)
    if key not in cache.kept:
        cache.kept[key] = _dataset(cache, document, rows, kind)
    dataset: Dataset = cache.kept[key]
    return dataset


def _dataset(cache: SessionCache, document: Document, rows: Sequence[PairSource], kind: EditKind) -> Dataset:
    check_count(rows)
    model, needs = cache.session.model, METRICS.get(cache.session.metric.metric.kind)
    pairs, chosen, why = [], [], ""
    for number, row in enumerate(rows):
        progress.at(number / len(rows))
        read = cache.rows.read(row)
        if read.a is None or (read.b is None and KINDS[kind].from_b):
            why = why or read.problem or "It has no B."
            continue
        grid = model.adapter.image_grid(read.a.tensor)
        pair = Pair(read.a, read.b, grid, model.adapter.prefix if grid is not None else 0)
        try:
            with progress.stage(number / len(rows), (number + 1) / len(rows)):
                answers = _answers(cache, document, row, pair)
        except WirescopeError as error:
            why = why or error.message
            continue
        pairs.append(pair)
        chosen.append(answers)
    if not rows:
        raise InputError("The dataset has no rows.", "Add pairs, or fill it from a task.")
    if not pairs:
        raise InputError(f"No row of the dataset can be traced. The first: {why}", "Add pairs, or fill it from a task.")
    return Dataset(pairs, chosen if needs is not None and needs.needs_target else ())


def _answers(cache: SessionCache, document: Document, row: PairSource, pair: Pair) -> tuple[str | int, str | int]:
    """Target and foil of a row. Where the metric is the default one: the answer of its own A."""
    model, choice = cache.session.model, document.metric
    if choice is None or not choice.kind or cache.ready.metric_problem:
        if row.target:
            return model.answer(row.target), model.answer(row.foil or row.target)
        target = Session(model, pair, parity=cache.session.parity).metric.target
        return (target[0], target[0]) if target else ("", "")
    target_text, foil_text = answers(row, choice)
    if target_text is None:
        return "", ""
    return model.answer(target_text), model.answer(target_text if foil_text is None else foil_text)


def sessions_of(cache: SessionCache, document: Document, rows: Sequence[PairSource]) -> list[Session]:
    """Sessions over what a trace goes over: the cache's own without rows."""
    if not rows:
        return [cache.session]
    key = ("sessions", tuple(rows), cache.cut_kind(document), cache.metric_key)
    if key not in cache.heavy:
        with progress.stage(0.0, 0.5):
            batches = batches_over(cache.session, dataset_of(cache, document, rows))
        made = []
        for number, batch in enumerate(batches):
            with progress.stage(0.5 + number / (2 * len(batches)), 0.5 + (number + 1) / (2 * len(batches))):
                made.append(batch.session())
        if len(made) > KEPT_SESSIONS:
            return made
        for session in made:
            set_memory(session, max(MEGABYTES, least_megabytes(session)))
        cache.heavy[key] = made
    sessions: list[Session] = cache.heavy[key]
    return sessions


def measure_over(
    sessions: Sequence[Session],
    circuits: Sequence[Circuit],
    kind: EditKind,
    cancelled: Cancel,
) -> Measured:
    """What circuits do over several sessions. Raises Cancelled."""
    recoveries = []
    for number, session in enumerate(sessions):
        with progress.stage(number / len(sessions), (number + 1) / len(sessions)):
            recoveries.append(measure(session, circuits, kind, cancelled=cancelled))
    return of_all_pairs(recoveries)
