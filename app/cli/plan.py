"""`wirescope plan`: what a session, a cut, a trace and a scan of a model will take, from its configuration alone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.arguments import literal, seed_number
from app.cli.method_options import add_method_options, options_for
from app.cli.output import say, say_json
from app.cli.pairs import megabytes
from app.cli.tables import aligned
from app.presenters.plan_words import count_words, size_words, time_words
from core.errors import ArgumentError
from core.precision_words import USUAL_PRECISION
from core.tracing.method import METHODS, method_named

if TYPE_CHECKING:
    from core.planning.plan import Need, Plan

WORDS = "say what memory, arithmetic and time work on a model will take, before it starts"
EXAMPLES = """
wirescope plan --model sizes:llama-3-8b --tokens 128 --precision bf16
wirescope plan --model pack:smollm2 --tokens 64 --method eap --pairs 100
wirescope plan --model sizes:llama-3-70b --tokens 128 --precision bf16 --no-measure
wirescope plan --model sizes:llama-3-8b --tokens 128 --weights 8bit --no-measure
"""
MODEL_HELP = (
    "sizes:NAME of a published model, bundled:NAME, pack:NAME, timm:NAME, a folder, a config.json or a Hub id; no "
    "weights are read"
)
NO_TIME = "Two of its layers do not fit into half of this machine's free memory, so no time is told."


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument("--tokens", type=int, metavar="T", help="of an input; left out for pictures")
    parser.add_argument(
        "--same",
        type=int,
        default=0,
        metavar="N",
        help="of the first tokens, that are the same in A and B (0)",
    )
    parser.add_argument("--side", type=int, metavar="PIXELS", help="of pictures (as the configuration says)")
    parser.add_argument("--pairs", type=int, default=1, metavar="N", help="that are traced (1)")
    names = literal(", ".join(METHODS))
    parser.add_argument("--method", default="eap-ig", help=f"of the trace: {names} (eap-ig)")
    parser.add_argument(
        "--precision", default=USUAL_PRECISION, help="what the model computes in: fp32, bf16 or fp64 (fp32)"
    )
    parser.add_argument(
        "--weights", default="memory", help="of the layers: memory (as they are), or 8bit (rounded to 8 bits) (memory)"
    )
    parser.add_argument("--memory", type=megabytes, metavar="MB", help="that a session may keep runs in (384)")
    parser.add_argument("--no-measure", action="store_true", help="run nothing here: no seconds are stated")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_method_options(parser)
    parser.add_argument("--seed", type=seed_number, help="of the method (0)")
    parser.set_defaults(do=plan_command)


def plan_command(options: argparse.Namespace) -> int:
    method = method_named(options.method)
    told = options_for(method, options)

    from core.engine.engine import MEMORY_MEGABYTES
    from core.free_memory import free_bytes
    from core.planning.plan import plan
    from core.planning.sketch import sketch
    from core.precision_words import EIGHT_BITS

    memory = MEMORY_MEGABYTES if options.memory is None else options.memory
    if options.weights not in ("memory", EIGHT_BITS):
        raise ArgumentError(f"Nothing is planned for weights in {options.weights!r}.", "There are: memory, 8bit.")
    whole = sketch(options.model, options.precision, options.side, options.weights == EIGHT_BITS)
    if options.same and not whole.adapter.shape.causal:
        raise ArgumentError(
            f"In {options.model} each position reads all others: no run begins behind what A and B have the same.",
            "Leave --same out.",
        )
    planned = plan(
        whole,
        options.tokens,
        pairs=options.pairs,
        method=method.name,
        options=told,
        same=options.same,
        memory_megabytes=memory,
        measure=not options.no_measure,
    )
    free = free_bytes()
    if options.json:
        say_json(_report(planned, free))
    else:
        say("\n".join(_lines(planned, free, options.no_measure)))
    return 0


def _lines(planned: Plan, free: int, no_measure: bool) -> list[str]:
    rows = [("work", "memory beside the weights", "multiplications", "time here"), *map(_row, planned.needs)]
    fits = "fits into" if planned.most_bytes <= free else "does not fit into"
    return [
        f"{planned.name} in {planned.precision}: {count_words(planned.parameters)} parameters, "
        f"{size_words(planned.weights)}; {planned.nodes:,} nodes (input, heads, MLPs, output), "
        f"{planned.edges:,} edges; inputs of {planned.positions:,} positions",
        "",
        *aligned(rows, "<>>>"),
        "",
        f"The weights and the largest of these come to {size_words(planned.most_bytes)}, which {fits} the "
        f"{size_words(free)} that are free here.",
        *([NO_TIME] if planned.needs[0].seconds is None and not no_measure else []),
    ]


def _row(need: Need) -> tuple[str, ...]:
    return need.what, size_words(need.bytes), count_words(need.multiplications), time_words(need.seconds)


def _report(planned: Plan, free: int) -> dict[str, Any]:
    return {
        "model": planned.name,
        "precision": planned.precision,
        "parameters": planned.parameters,
        "bytes of weights": planned.weights,
        "nodes": planned.nodes,
        "edges": planned.edges,
        "positions": planned.positions,
        "work": [
            {
                "what": need.what,
                "bytes beside the weights": need.bytes,
                "multiplications": need.multiplications,
                "seconds": need.seconds,
            }
            for need in planned.needs
        ],
        "bytes free": free,
        "fits": planned.most_bytes <= free,
    }
