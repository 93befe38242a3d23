"""`wirescope trace`: score all edges, nodes, positions or edges at spans by a method, over a task, a dataset or one
pair, and write the scores to a file."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.cli.arguments import ABLATION_FLAGS, ABLATIONS, MODEL_HELP, add_device_option, literal, metric_help
from app.cli.method_options import add_method_options, option_words, options_for
from app.cli.open_model import add_opening_options, open_model, rounding_notes
from app.cli.output import say, say_json, tell
from app.cli.pairs import add_pair_options, asked_pairs, check_pair_options
from app.cli.progress import Progress
from app.cli.rule_options import add_rule_option, check_rule, with_rule
from app.cli.sharded import add_shard_options, check_shard_options
from app.cli.sharded_trace import trace_in_shards
from app.cli.strongest import name_of, strongest
from app.cli.tables import aligned
from app.cli.trace_files import FORMS, MARKED, USUAL_FORM, check_out, write_scores
from app.presenters.precision import model_of
from core.circuit import AT
from core.datasets.session_over import session_over
from core.edits import KINDS, EditKind
from core.errors import ArgumentError, Cancelled, InputError
from core.formatting import BELOW, pairs_words, percent
from core.precision_words import USUAL_PRECISION, document_precision, precision_entry
from core.tracing.meaning import ranking_words
from core.tracing.method import METHODS, method_named
from core.tracing.options import CIRCUITS, LEVEL_WORDS, LEVELS
from core.tracing.selection import RULES, USUAL

if TYPE_CHECKING:
    from core.datasets.row_pairs import AskedPairs
    from core.evaluation.measured import Measured
    from core.inputs.pair import Dataset, Pair
    from core.session import Session
    from core.tracing.method import Method
    from core.tracing.scores import Scores

SHOWN = 10  # of the strongest
USUAL_OUT = "circuit.json"


WORDS = "score all edges by a method, on a task, a dataset or one pair"
EXAMPLES = """
wirescope trace --model bundled:names --task ioi --pairs 24 --out circuit.json
wirescope trace --model bundled:names --task ioi --method eap --ablation mean --out mean.json
wirescope trace --model bundled:names --task ioi --pairs 20000 --folder many --workers 2
"""


def add_options(trace: argparse.ArgumentParser) -> None:
    trace.add_argument("--model", required=True, help=MODEL_HELP)
    add_opening_options(trace)
    add_pair_options(trace, required=True)
    trace.add_argument("--metric", help=f"{metric_help()}; KIND alone takes each pair's own answers, as by default the "
                       "logit difference does")  # fmt: skip
    names = literal(", ".join(METHODS))
    trace.add_argument("--method", default="eap-ig", help=f"{names} (eap-ig); `wirescope methods` explains them")
    trace.add_argument("--level", choices=LEVELS, default="edges", help="what is scored (edges)")
    trace.add_argument(
        "--spans",
        metavar="NAME,...",
        help="of edge-spans: roles and positions, such as subject,-1 (the pairs' roles; without them every position)",
    )
    trace.add_argument(
        *ABLATION_FLAGS,
        dest="replacement",
        default="patch",
        metavar="KIND",
        help=f"what a removed edge carries: {', '.join(ABLATIONS)} (patch)",
    )
    trace.add_argument("--out", help="the file to write (circuit.json; with --folder that in the folder alone)")
    trace.add_argument(
        "--format",
        choices=FORMS,
        default=USUAL_FORM,
        help=literal("; ".join(f"{name}: {words}" for name, words in FORMS.items())) + f" ({USUAL_FORM})",
    )
    trace.add_argument("--size", type=int, help=f"edges in the graph of an eap-ig file (what the method kept, else "
                       f"{MARKED})")  # fmt: skip
    add_rule_option(trace, USUAL)
    add_shard_options(trace)
    add_device_option(trace)
    trace.add_argument("--json", action="store_true", help="print JSON")
    add_method_options(trace)
    trace.set_defaults(do=trace_command)


def trace_command(options: argparse.Namespace) -> int:
    from app.worker.answer_spelling import spelling_note
    from core.interchange.eap_ig_files import input_note
    from core.tracing.over_pairs import release_runs
    from core.tracing.trace import Tracing

    method = method_named(options.method)
    method_options = options_for(method, options)
    check_pair_options(options)
    check_shard_options(options)
    if options.format != USUAL_FORM and options.level != "edges":
        raise ArgumentError(
            f"A file of --format {options.format} holds scores of edges, not of {options.level}.", "Leave out --format."
        )
    if options.spans is not None and options.level != "edge-spans":
        raise ArgumentError("--spans is for edges at spans.", "Give --level edge-spans too.")
    if options.size is not None and not options.format.startswith("eap-ig"):
        raise ArgumentError("--size is for eap-ig files; Wirescope's hold all scores.", "Give --format eap-ig too.")
    out = Path(options.out or USUAL_OUT)
    if options.folder is None or options.out is not None:
        check_out(out, options.format)
    if options.folder is not None:
        return trace_in_shards(options, method, method_options)
    model = open_model(options.model, options.precision, options.device, options.weights)
    pairs = asked_pairs(model, options, options.level == "edge-spans")
    over = session_over(model, pairs, options.metric, options.memory)
    session, dataset = over.session, over.dataset
    check_rule(options.select, method.name, options.level, len(dataset))
    if options.size is not None and not 0 <= options.size <= model.graph.n_edges:
        raise ArgumentError(f"A circuit of this graph has 0 to {model.graph.n_edges:,} edges, not {options.size:,}.")
    tracing = Tracing(
        session,
        method.name,
        replacement=options.replacement,
        level=options.level,
        dataset=dataset,
        options=method_options,
        spans=None if options.spans is None else [name.strip() for name in options.spans.split(",")],
    )
    notes = [*pairs.notes, *filter(None, [spelling_note(session)]), *rounding_notes(session)]
    if len(dataset) > 1:
        release_runs(session)  # each batch has runs of its own
    whole = _whole(session, dataset, options.replacement)
    notes += _flat(whole)
    told = options.format != USUAL_FORM
    note = input_note(options.replacement, "position" in model.input_words) if told else ""
    notes += [note] if note else []
    for note in notes:
        tell(note)
    scores, seconds, interrupted = _run(tracing, method)
    about = {
        **scores.about,
        **_asked(options),
        "pairs": str(len(dataset)),
        "metric": over.metric,
        "seconds": f"{seconds:.2f}",
    }
    scores, note, stopped = _chosen(replace(scores, about=about), options.select, session, dataset)
    notes += [note] if note else []
    write_scores(out, options.format, scores, pairs.rows, model, options.size)
    report = _report(scores, pairs, whole, method, str(out))
    report |= {"options": option_words(method, method_options), "notes": notes}
    report |= {} if over.right else {"answered rightly": None}
    if options.json:
        say_json(report)
    else:
        say(_words(report, method))
    return 130 if interrupted or stopped else 0


def _chosen(scores: Scores, rule: str | None, session: Session, dataset: Dataset) -> tuple[Scores, str, bool]:
    """Scores that say by which rule their circuits are chosen, and a note where that cannot be; whether it was
    interrupted. What is scored by then is kept."""
    if rule is None:
        return scores, "", False
    try:
        if "partial" in scores.about:
            return scores.with_rule(rule), "", False  # `evaluate` finds out how sure signs are
        with Progress() as progress:
            return with_rule(scores, rule, session, dataset, progress), "", False
    except (ArgumentError, Cancelled, KeyboardInterrupt) as error:
        why = error.message if isinstance(error, ArgumentError) else f"{rule} was cancelled."
        note = f"The file names no rule to choose edges by. {why}"
        tell(note)
        return scores, note, not isinstance(error, ArgumentError)


def _run(tracing: Any, method: Method) -> tuple[Scores, float, bool]:
    """The scores, the seconds they took, and whether it was interrupted: they are then partial. Raises Cancelled where
    there are none yet."""
    started = time.perf_counter()
    words = f"{method.title}, {pairs_words(tracing.pairs)}"
    scores: Scores | None = None
    interrupted = False
    try:
        with Progress() as progress:
            for so_far, _ in tracing.parts(listener=lambda share: progress(words, share)):
                scores = so_far
    except (KeyboardInterrupt, Cancelled):
        interrupted = True
    if scores is None:
        raise Cancelled("Cancelled before anything was scored; nothing is written.")
    return scores, time.perf_counter() - started, interrupted


def _whole(session: Session, dataset: Dataset, replacement: EditKind) -> Measured | None:
    """The metric and the answers of the whole model, and the metric with no edge at all; None where there is no B to
    take values from. Raises InputError where they are alike on every pair: nothing can then be traced."""
    from core.evaluation.measured import measure
    from core.tracing.direction import FLAT

    from_b = KINDS[replacement].from_b
    if from_b and dataset.pairs[0].counterfactual is None:
        return None
    with Progress() as progress:
        told = partial(progress, "Running the model")
        runs = measure(session, [], replacement, dataset=dataset, progress=told)
    if (np.abs(runs.whole - runs.nothing) < FLAT).all():
        what = "A and B score alike" if from_b else f"With edges cut by {replacement} nothing changes"
        raise InputError(
            f"{what}: the metric is {runs.whole.mean():.4g} with every edge and with none, so there is no effect to "
            "trace.",
            "Choose a B with another answer, or another metric.",
        )
    return runs


def _flat(whole: Measured | None) -> list[str]:
    from core.tracing.direction import FLAT

    alike = 0 if whole is None else int((np.abs(whole.whole - whole.nothing) < FLAT).sum())
    return [f"{alike} of {whole.pairs} pairs score alike with every edge and with none."] if whole and alike else []


def _asked(options: argparse.Namespace) -> dict[str, str]:
    """What `evaluate` needs to take the same pairs and the same metric."""
    about = {
        "model": options.model,
        "seed": str(options.seed),
        **precision_entry(document_precision(options.precision or USUAL_PRECISION, options.weights)),
    }
    about |= {"task": options.task} if options.task else {}
    about |= {"dataset": Path(options.dataset).name} if options.dataset else {}
    about |= {"asked pairs": str(options.pairs)} if options.pairs else {}
    return about | ({"metric kind": options.metric} if options.metric else {})


# ---- what is said ----


def _report(
    scores: Scores,
    pairs: AskedPairs,
    whole: Measured | None,
    method: Method,
    out: str,
) -> dict[str, Any]:
    about = scores.about
    lost = {name_of(scores, int(index)) for index in np.flatnonzero(scores.below_noise)}
    rows: list[dict[str, Any]] = [{"name": name, "score": value} for name, value in strongest(scores, SHOWN)]
    return {
        "model": about["model"],
        "precision": about.get("precision", USUAL_PRECISION),
        "method": scores.method,
        "level": scores.level,
        **({"spans": list(scores.spans)} if scores.spans else {}),
        "scored": int(np.isfinite(scores.values).sum()),
        "of": scores.values.size,
        "pairs": pairs.words,
        "replacement": scores.replacement,
        "metric": about["metric"],
        "metric with every edge": None if whole is None else float(whole.whole.mean()),
        "metric with no edge": None if whole is None else float(whole.nothing.mean()),
        "answered rightly": None if whole is None else whole.whole_accuracy,
        "seconds": float(about["seconds"]),
        "partial": about.get("partial"),
        "kind of score": method.meaning.how if scores.measured is None else "measured and estimated",
        "direction": scores.direction if scores.signed else None,
        "kept": None if scores.kept is None else int(scores.kept.sum()),
        "measured": None if scores.measured is None else int(scores.measured.sum()),
        "strongest": [row | {"below_noise": True} if row["name"] in lost else row for row in rows],
        **({"noise_floor": scores.noise_floor} if scores.noise_floor else {}),
        **_by_region(scores, pairs.dataset.pairs[0]),
        "chosen by": scores.rule,
        "file": out,
    }


def _by_region(scores: Scores, pair: Pair) -> dict[str, Any]:
    """Of scores of positions, where the picture has regions, the largest sums over one."""
    if scores.level != "positions" or not pair.regions:
        return {}
    from core.spans import by_region

    sums = by_region(scores.values, pair)
    values = np.stack(list(sums.values()), axis=-1)
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:SHOWN]
    of = [(str(scores.graph.writers[index // len(sums)].name), list(sums)[index % len(sums)]) for index in order]
    rows = [
        {"name": f"{node}{AT}{region}", "score": float(value)}
        for (node, region), value in zip(of, values.ravel()[order], strict=True)
    ]
    return {"by_region": rows}


def _words(report: dict[str, Any], method: Method) -> str:
    told_options = f", {report['options']}" if report["options"] else ""
    some = f"{report['scored']:,} of {report['of']:,}" if report["scored"] < report["of"] else f"{report['of']:,}"
    what = LEVEL_WORDS.get(report["level"], report["level"])
    lines = [
        f"{method.title}{told_options}: {some} {what} of {model_of(report)} over {report['pairs']} in "
        f"{report['seconds']:.1f} s",
        f"metric: {report['metric']}{_metric_words(report)}",
    ]
    if report["partial"]:
        lines.insert(0, f"PARTIAL, interrupted after {report['partial']}: the file says so too.")
    kind = report["kind of score"]
    if report["measured"] is not None:
        others = report["of"] - report["measured"]
        kind = f"{report['measured']:,} {what} measured, the other {others:,} estimated"
    meaning = f"{kind}; {method.meaning.sign_words}"
    carried = f"; removed edges carry {ABLATIONS[report['replacement']]}" if method.replaces else ""
    chosen = report["level"] in CIRCUITS and report["kept"] is None
    lines += [f"scores: {meaning}{carried}"]
    lines += [ranking_words(report["direction"])] if method.meaning.signed else []
    lines += [_kept_words(report, what)] if report["kept"] is not None else []
    lines += [f"circuits: chosen by {report['chosen by']}, {RULES[report['chosen by']].words}"] * chosen
    lines += [f"spans: {', '.join(report['spans'])}"] if "spans" in report else []
    lines += ["", f"the strongest {len(report['strongest'])}, of either sign"]
    plus = "+" if method.meaning.signed else ""
    rows = [
        (row["name"], f"{row['score']:{plus}.4g}", BELOW * row.get("below_noise", False)) for row in report["strongest"]
    ]
    lines += aligned(rows, "<>")
    if "by_region" in report:
        lines += ["", "the strongest sums over a region"]
        lines += aligned([(row["name"], f"{row['score']:{plus}.4g}") for row in report["by_region"]], "<>")
    if "noise_floor" in report:
        lines += ["", f"noise floor in half precision: {report['noise_floor']:.2g}; smaller changes are rounding"]
    lines += ["", f"{report['file']} holds all scores."]
    if report["level"] in CIRCUITS:
        lines[-1] += f" How far to trust them: wirescope evaluate {report['file']}"
    return "\n".join(lines)


def _kept_words(report: dict[str, Any], what: str) -> str:
    """ "kept: 42 edges, which stand first whatever their score; the others were removed" """
    return f"kept: {report['kept']:,} {what}, which stand first whatever their score; the others were removed"


def _metric_words(report: dict[str, Any]) -> str:
    if report["metric with every edge"] is None:
        return ""
    words = f"; {report['metric with every edge']:.4g} with every edge, {report['metric with no edge']:.4g} with none"
    if report["answered rightly"] is not None:
        words += f"; the whole model answers {percent(report['answered rightly'])} of the pairs rightly"
    return words
