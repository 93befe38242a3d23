"""`wirescope neurons`: the top neurons of an MLP, with their direct shares, estimated and measured effects; or, without
one, of the whole model (`app.cli.neuron_ranking`)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.cli.arguments import DATASET_HELP, add_device_option
from app.cli.neuron_ranking import add_ranking_options, check_ranking_options, rank_command, rank_over_task
from app.cli.output import say, say_json
from app.cli.run import open_session
from app.cli.run_options import add_run_options
from app.cli.tables import aligned
from core.errors import ArgumentError
from core.formatting import signed, visible_token

if TYPE_CHECKING:
    from core.edits import Edit
    from core.lens.neurons import Neurons
    from core.session import Session

WORDS = "list the neurons of an MLP, or of all, that matter most to the metric, each measured by a run"
EXAMPLES = """
wirescope neurons --model bundled:names --clean TEXT --counterfactual TEXT --metric logit-diff --node m1
wirescope neurons --model pack:smollm2 --clean TEXT --node m5 --top 10 --kind mean --json
wirescope neurons --model bundled:names --clean TEXT --node m0 --edit m0.n12=zero
wirescope neurons --model bundled:names --clean TEXT --counterfactual TEXT --curve --out neurons.json
wirescope neurons --model bundled:names --task ioi --pairs 8 --curve
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser, required=False)
    parser.add_argument("--node", metavar="MLP", help="whose neurons, as m5 (those of all MLPs, in one ranking)")
    parser.add_argument("--top", type=int, default=20, metavar="N", help="how many are listed and measured (20)")
    parser.add_argument(
        "--kind",
        help="what each is replaced by: zero, mean, or patch from B (zero; without --node patch where there is B)",
    )
    add_ranking_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_device_option(parser)
    parser.add_argument("--dataset", metavar="FILE", help=DATASET_HELP)
    parser.set_defaults(do=neurons_command)


def neurons_command(options: argparse.Namespace) -> int:
    from core.lens.neurons import neurons

    if options.top < 1:
        raise ArgumentError(f"--top {options.top} lists nothing.", "Give 1 or more.")
    if options.task is not None:
        return rank_over_task(options)
    if options.pairs is not None:
        raise ArgumentError("--pairs is the number of a task's pairs.", "Give --task too.")
    session, edits = open_session(options)
    if options.node is None:
        check_ranking_options(options, edits)
        return rank_command(options, session)
    if options.curve or options.out is not None:
        raise ArgumentError("--curve and --out are of the neurons of all MLPs.", "Leave out --node.")
    table = neurons(session, options.node, options.top, options.kind or "zero", edits=edits)
    if options.json:
        say_json(_report(table, session, edits))
    else:
        say("\n".join(_table(table, session)))
    return 0


def _table(table: Neurons, session: Session) -> list[str]:
    rows: list[tuple[str, ...]] = [(table.kind, "measured", "estimated", "direct", "most at")]
    for number, effect in table.measured.items():
        direct = "" if table.direct is None else signed(float(table.direct[number]), 4)
        place = _most_at(table, number, session)
        estimated = signed(float(table.estimated[number]), 4)
        rows.append((table.unit(number).name, signed(effect, 4), estimated, direct, place))
    others = len(table.estimated) - len(table.measured)
    left = table.estimated.sum() - table.estimated[list(table.measured)].sum()
    direct_left = "" if table.direct is None else signed(float(table.direct.sum() - _top_direct(table)), 4)
    rows.append((f"{others} others", "", signed(float(left), 4), direct_left, ""))
    rest = "" if table.direct is None else signed(table.direct_rest, 4)
    rows.append((f"no {table.kind}'s", "", signed(table.rest, 4), rest, ""))
    total = "" if table.direct is None else signed(float(table.direct.sum()) + table.direct_rest, 4)
    rows.append((f"{table.node.name}, sum", "", signed(float(table.estimated.sum()) + table.rest, 4), total, ""))
    return [
        *aligned(rows, "<>>><"),
        "",
        f"measured: change of {session.metric.name} when it alone is replaced ({table.replacement});",
        "estimated: the same by the gradient;",
        f"direct: what it adds to {table.words} itself." if table.direct is not None else table.why_no_direct,
    ]


def _top_direct(table: Neurons) -> float:
    assert table.direct is not None
    return float(table.direct[list(table.measured)].sum())


def _most_at(table: Neurons, number: int, session: Session) -> str:
    """The position at which replacing it changes most, by the estimate."""
    place = int(abs(table.by_position[:, number]).argmax())
    labels = session.pair.clean.labels
    return f"{place} {visible_token(labels[place])}" if session.pair.batch == 1 and place < len(labels) else str(place)


def _report(table: Neurons, session: Session, edits: Sequence[Edit]) -> dict[str, Any]:
    rows = [
        {
            "name": table.unit(number).name,
            "measured": effect,
            "estimated": float(table.estimated[number]),
            "direct": None if table.direct is None else float(table.direct[number]),
            "position": int(abs(table.by_position[:, number]).argmax()),
        }
        for number, effect in table.measured.items()
    ]
    more: dict[str, Any] = {}
    if table.kind == "expert":
        from core.lens.neurons import routing

        logits, weights = routing(session, table.node, edits)
        more = {"router logits": logits.tolist(), "router weights": weights.tolist()}
    return {
        "node": table.node.name,
        "of": table.kind,
        "replacement": table.replacement,
        "metric": session.metric.name,
        "direct of": table.words,
        "rows": rows,
        "estimated sum": float(table.estimated.sum()),
        "estimated rest": table.rest,
        "direct sum": None if table.direct is None else float(table.direct.sum()),
        "direct rest": table.direct_rest,
        **more,
    }
