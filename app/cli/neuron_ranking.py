"""`wirescope neurons` without --node: all neurons of the model in one ranking, with the curve of the best."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.open_model import open_model
from app.cli.output import say, say_json, tell
from app.cli.pairs import PAIRS
from app.cli.tables import aligned
from core.datasets.row_pairs import task_pairs
from core.datasets.session_over import session_over
from core.errors import ArgumentError
from core.formatting import percent, signed

if TYPE_CHECKING:
    from core.edits import Edit
    from core.evaluation.neuron_curve import NeuronCurve
    from core.inputs.pair import Dataset
    from core.lens.neuron_ranking import NeuronRanking
    from core.session import Session


def add_ranking_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", help="without --node: over pairs of a built-in task, instead of --clean")
    parser.add_argument("--pairs", type=int, metavar="N", help=f"with --task: how many ({PAIRS})")
    parser.add_argument("--steps", type=int, default=5, metavar="N", help="without --node: points of the integral (5)")
    parser.add_argument(
        "--curve", action="store_true", help="without --node: how much the best neurons recover, beside random ones"
    )
    parser.add_argument("--draws", type=int, default=3, metavar="N", help="with --curve: sets of random neurons (3)")
    parser.add_argument("--out", metavar="FILE", help="without --node: write every score, and the curve, as JSON")


def check_ranking_options(options: argparse.Namespace, edits: list[Edit]) -> None:
    """Raise ArgumentError for what one ranking of all neurons cannot have."""
    if edits:
        raise ArgumentError("All neurons are ranked in the model without edits.", "Leave out --edit, or name --node.")


def rank_over_task(options: argparse.Namespace) -> int:
    """Over pairs of a task. Raises WirescopeError."""
    if options.node is not None or options.clean is not None or options.edit:
        raise ArgumentError("--task ranks all neurons over its own pairs.", "Leave out --node, --clean and --edit.")
    if options.model is None:
        raise ArgumentError("--model is missing.", "Give it.")
    if options.pairs is not None and options.pairs < 1:
        raise ArgumentError(f"--pairs is at least 1, not {options.pairs}.")
    model = open_model(options.model, options.precision, options.device)
    pairs = task_pairs(model, options.task, options.pairs or PAIRS, 0)
    for note in pairs.notes:
        tell(note)
    over = session_over(model, pairs, options.metric, options.memory)
    return rank_command(options, over.session, over.dataset)


def rank_command(options: argparse.Namespace, session: Session, dataset: Dataset | None = None) -> int:
    from core.evaluation.neuron_curve import neuron_curve
    from core.lens.neuron_ranking import rank_neurons
    from core.saving import check_place, save_text

    out = None if options.out is None else Path(options.out)
    if out is not None:
        check_place(out)
    ranking = rank_neurons(session, options.kind, steps=options.steps, measure=options.top, dataset=dataset)
    curve = neuron_curve(session, ranking, draws=options.draws, dataset=dataset) if options.curve else None
    report = ranking.report() | ({} if curve is None else {"curve": curve.report()})
    if out is not None:
        save_text(out, _json(report))
    if options.json:
        say_json(report)
        return 0
    lines = _table(ranking) + ([] if curve is None else ["", *_curve(curve)])
    say("\n".join([*lines, *([] if out is None else ["", f"All scores are in {out}."])]))
    return 0


def _json(report: dict[str, Any]) -> str:
    import json

    return json.dumps(report, indent=1) + "\n"


def _table(ranking: NeuronRanking) -> list[str]:
    rows = [("neuron", "measured", "estimated")]
    rows += [
        (unit.name, signed(effect, 4), signed(-ranking.score(unit), 4)) for unit, effect in ranking.effects.items()
    ]
    how = f"the gradient at {ranking.steps} points from B to A" if ranking.steps else "the gradient at A"
    return [
        *aligned(rows, "<>>"),
        "",
        f"The best of {len(ranking.units):,} neurons. measured: change of {ranking.metric} when it alone is replaced",
        f"({ranking.replacement}); estimated: the same by {how}.",
    ]


def _curve(curve: NeuronCurve) -> list[str]:
    rows = [("neurons", "alone recover", "random", "without them", "random")]
    for place, size in enumerate(curve.sizes):
        random = [_range(each[:, place].tolist()) for each in (curve.kept_random, curve.cut_random)]
        rows.append((f"{size:,}", percent(curve.kept[place]), random[0], percent(curve.cut[place]), random[1]))
    return [
        *aligned(rows, ">>>>>"),
        "",
        "Recovered of the metric between all neurons replaced (0 %) and none (100 %); attention is never replaced.",
        "random: as many neurons of the same layers.",
    ]


def _range(shares: list[float]) -> str:
    return f"{percent(min(shares))} to {percent(max(shares))}" if shares else ""
