"""The faithfulness curve over many pairs, for the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.datasets.session_over import SessionOver
from core.precision_words import PRECISION, ROUNDING, WEIGHTS
from core.progress import Cancel
from core.saving import save_text
from core.sharded.evaluation import CurveWork, curve_of
from core.sharded.executors import Workers
from core.sharded.file_names import EVALUATION
from core.sharded.job import LEFT_OUT, METRIC_NAME, PAIRS_OF, SHARD, Sums
from core.sharded.many_pairs import ManyPairs, do_pairs
from core.sharded.progress import RunProgress

if TYPE_CHECKING:
    from core.models.model import Model


def evaluate_pairs(
    model: Model,
    folder: Path,
    pairs: ManyPairs,
    work: CurveWork,
    workers: Workers,
    command: Sequence[str] = (),
    listener: Callable[[RunProgress], None] | None = None,
    cancelled: Cancel = lambda: False,
) -> dict[str, Any]:
    """The report, which is written into the folder too. Raises what `do_pairs` raises, and NothingToRecoverError."""

    def begin(_over: SessionOver) -> str:
        return "Evaluation"

    def finish(sums: Sums, about: dict[str, str]) -> str:
        save_text(folder / EVALUATION, json.dumps(_report(model, work, sums, about), ensure_ascii=False, indent=1))
        return EVALUATION

    sums, about = do_pairs(model, folder, pairs, work, begin, finish, workers, command, listener, cancelled)
    return _report(model, work, sums, about)


def _report(model: Model, work: CurveWork, sums: Sums, about: dict[str, str]) -> dict[str, Any]:
    curve = curve_of(work, model.graph, sums)
    points: list[dict[str, Any]] = []
    for place, size in enumerate(curve.sizes):
        point: dict[str, Any] = {
            "edges": size,
            "connected": curve.connected[place],
            "recovered": curve.recovered[place],
            "low": None if curve.band is None else float(curve.band[0, place]),
            "high": None if curve.band is None else float(curve.band[1, place]),
            "random low": float(curve.random_band[0, place]),
            "random high": float(curve.random_band[1, place]),
        }
        points.append(point | ({"accuracy": curve.accuracy[place]} if curve.accuracy else {}))
    return {
        "model": model.name,
        **{name: about[name] for name in (PRECISION, WEIGHTS, ROUNDING) if name in about},
        "method": work.method,
        "replacement": work.replacement,
        "level": work.level,
        "metric": about[METRIC_NAME],
        "pairs": curve.pairs,
        "pairs of": about[PAIRS_OF],
        "left out": int(sums[LEFT_OUT]),
        "shard": int(about[SHARD]),
        "whole accuracy": curve.whole_accuracy,
        "cpr": curve.cpr,
        "cmd": curve.cmd,
        "curve": points,
    }
