"""`wirescope evaluate`: what the best edges of a trace recover, and how far to trust them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.cli.arguments import ABLATION_FLAGS, ABLATIONS, MODEL_HELP, add_device_option
from app.cli.open_model import add_opening_options, open_model, rounding_notes
from app.cli.output import say, say_json, tell
from app.cli.pairs import PAIRS, add_pair_options, asked_pairs, check_pair_options
from app.cli.progress import Progress
from app.cli.rule_options import add_rule_option, tell_gap, with_rule
from app.cli.sharded import add_shard_options, check_shard_options
from app.cli.sharded_evaluation import evaluate_in_shards
from core.datasets.row_pairs import row_pairs, task_pairs
from core.datasets.session_over import session_over
from core.errors import ArgumentError, InputError
from core.precision_words import USUAL_PRECISION, document_precision, precision_told, precision_words
from core.tracing.options import CIRCUITS, LEVEL_WORDS

if TYPE_CHECKING:
    from core.datasets.row_pairs import AskedPairs
    from core.datasets.session_over import SessionOver
    from core.inputs.pair import Dataset
    from core.interchange.scores_files import ScoresFile
    from core.models.model import Model
    from core.session import Session
    from core.tracing.scores import Scores

CURVES = ("curve", "curve by size", "curve without them")  # of a report


WORDS = "say what the best edges of a trace recover, and how far to trust them"
EXAMPLES = """
wirescope evaluate circuit.json
wirescope evaluate circuit.json --task ioi --seed 1 --size 40
wirescope evaluate circuit.json --task ioi --pairs 10000 --folder curve
"""


def add_options(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument("file", help="what `wirescope trace` or the window wrote, or an EAP-IG graph file")
    evaluate.add_argument("--model", help=MODEL_HELP + " (by default the one that the file names)")
    add_opening_options(evaluate, "that of the trace")
    add_pair_options(evaluate, required=False)
    evaluate.add_argument("--metric", help="another metric than the file's, as for trace")
    evaluate.add_argument("--size", type=int, help="edges of the circuit (else the fewest that recover most of it)")
    add_rule_option(evaluate, "the file's own, else top")
    evaluate.add_argument(
        *ABLATION_FLAGS, dest="replacement", metavar="KIND", help="evaluate by another ablation than the scores are for"
    )
    add_shard_options(evaluate)
    add_device_option(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    evaluate.set_defaults(do=evaluate_command)


def evaluate_command(options: argparse.Namespace) -> int:
    from app.cli.evaluate_report import evaluation_words
    from app.worker.answer_spelling import spelling_note
    from core.evaluation.report import statements, trust_report
    from core.evaluation.verdict import verdict
    from core.interchange.scores_reading import read_scores
    from core.replacements.optimal import give_constants
    from core.tracing.direction import directed
    from core.tracing.meaning import ranking_words

    check_pair_options(options)
    check_shard_options(options)
    first = read_scores(options.file)
    name = options.model or first.scores.about.get("model")
    if not name:
        raise ArgumentError("The file does not name its model.", "Give --model.")
    if first.scores.level not in CIRCUITS:
        raise InputError(
            f"{options.file} holds scores of {first.scores.level}; circuits of edges are evaluated.",
            "Trace with --level edges.",
        )
    if options.replacement not in (None, *ABLATIONS):
        raise ArgumentError(f"There is no ablation {options.replacement!r}.", f"There are: {', '.join(ABLATIONS)}.")
    precision = options.precision or first.scores.about.get("precision", USUAL_PRECISION)
    model = open_model(name, precision, options.device, options.weights)
    file = read_scores(options.file, model.graph)
    scores = file.scores
    if options.folder is not None:
        for note in _doubts(file, name, precision, options.weights):
            tell(note)
        return evaluate_in_shards(options, model, file)
    if options.size is not None and not 1 <= options.size <= scores.values.size:
        what = LEVEL_WORDS.get(scores.level, scores.level)
        raise ArgumentError(
            f"A circuit of this graph has 1 to {scores.values.size:,} {what}, not {options.size:,}.",
            "Change --size.",
        )
    if file.size == 0:
        raise InputError(f"The circuit of {options.file} has no edges.", "Keep some, and export it again.")
    pairs = _pairs(model, file, options)
    over = session_over(model, pairs, options.metric or scores.about.get("metric kind"), options.memory)
    doubts = _doubts(file, name, precision, options.weights)
    for note in filter(None, (*pairs.notes, spelling_note(over.session), *rounding_notes(over.session), *doubts)):
        tell(note)
    replacement = options.replacement or scores.replacement
    if scores.constants is not None and over.session.population is not None:
        give_constants(over.session.population, model.adapter, scores.constants)
    known = scores.direction is not None or not scores.signed
    scores = directed(scores, over.session, over.dataset, metric=over.metric)
    if not known:
        file = replace(file, scores=scores)
        when = "" if scores.direction is None else " measured now:"
        tell(f"The file names no direction;{when} {ranking_words(scores.direction)}")
    with Progress() as progress:
        scores = with_rule(scores, options.select, over.session, over.dataset, progress)
    file = replace(file, scores=scores)
    report = {
        "file": options.file,
        "model": name,
        "pairs are": pairs.words,
        "precision": precision,
        "partial": scores.about.get("partial"),
    }
    report |= {"spans": list(scores.spans)} if scores.spans else {}
    report |= _marked(over.session, file, over.dataset, replacement)
    with Progress() as progress:
        report |= trust_report(
            over.session,
            scores,
            over.dataset,
            size=options.size or file.size,
            replacement=replacement,
            seed=options.seed,
            progress=progress,
        )
    report["metric"] = over.metric
    report["direction"] = scores.direction if scores.signed else None
    report |= _of_circuit(over, file, replacement, report["size"], options.seed)
    if not scores.spans:
        report |= inputs_counted(scores, report["size"])
    report |= _within(file, report)
    report["right"]["same"] = report["answers"] == "same"
    report["verdict"] = [line.words for line in verdict(statements(report))]
    tell_gap([point["gap"] for name in CURVES for point in report[name]], report["chosen by"])
    if options.json:
        say_json(report)
    else:
        say(evaluation_words(report))
    return 0


def _pairs(model: Model, file: ScoresFile, options: argparse.Namespace) -> AskedPairs:
    """The pairs that are asked for, else those of the file. Raises ArgumentError where there are none."""
    about = file.scores.about
    if options.task is not None or options.dataset is not None or options.clean is not None:
        return asked_pairs(model, options, bool(file.scores.spans))
    if file.rows:
        where = f"of the task {about['task']}" if "task" in about else f"of {about.get('dataset', 'the file')}"
        return _its_own(row_pairs(model, file.rows, where, bool(file.scores.spans)))
    if "task" in about:  # of pictures: they are drawn again
        return _its_own(
            task_pairs(model, about["task"], int(about.get("asked pairs", PAIRS)), int(about.get("seed", 0)))
        )
    raise ArgumentError("The file holds no pairs to evaluate on.", "Give --task, --dataset or --clean.")


def _its_own(pairs: AskedPairs) -> AskedPairs:
    """Pairs of which it is said that they are the trace's own: on others a circuit may do worse."""
    return replace(pairs, words=f"{pairs.words}, which it was traced on (others: --task and another --seed)")


def _doubts(file: ScoresFile, name: str, precision: str, weights: str) -> list[str]:
    """What should be known before the figures are read."""
    scores = file.scores
    origin, missing = scores.about.get("model", name), int((~np.isfinite(scores.values)).sum())
    notes = [f"The scores are of {origin}, and this is {name}, a model of the same shape."] if origin != name else []
    scored_in, here = precision_told(scores.about), document_precision(precision, weights)
    if scored_in != here:
        words = precision_words(scored_in), precision_words(here)
        notes.append(f"The edges were scored in {words[0]} and are evaluated in {words[1]}.")
    if file.size is not None:
        edges = f"{file.size:,} of {scores.values.size:,} {LEVEL_WORDS.get(scores.level, scores.level)}"
        notes.append(f"The file is one circuit, {edges}: the others have no scores, so that larger ones are not run.")
    elif missing:
        notes.append(f"{missing:,} of {scores.values.size:,} edges have no score: they count as the last.")
    return notes


def _of_circuit(over: SessionOver, file: ScoresFile, replacement: Any, size: int, seed: int) -> dict[str, Any]:
    """The band and the chance of the circuit that is looked at, the metric of the model, and what its answers are
    compared with: right ones, those of the whole model ("same"), or none where there is no head."""
    from core.evaluation.faithfulness import faithfulness
    from core.evaluation.measured import measure
    from core.evaluation.report import points

    dataset = over.dataset
    share = size / file.scores.values.size
    curve = faithfulness(
        over.session, file.scores, fractions=(share,), replacement=replacement, dataset=dataset, seed=seed
    )
    whole = measure(over.session, [], replacement, dataset=dataset)
    answers = "right" if over.right else "same"
    if whole.whole_right is None:
        answers = ""
    return {
        "circuit": points(curve)[0],
        "metric of the model": {"whole": float(whole.whole.mean()), "nothing": float(whole.nothing.mean())},
        "answers": answers,
    }


def inputs_counted(scores: Scores, size: int) -> dict[str, Any]:
    """Of a circuit's edges, where what a head reads of a writer is counted as one, and of all."""
    from core.circuit.head_inputs import count_inputs

    edges = scores.select(size).edges
    return {"inputs": {"circuit": count_inputs(scores.graph, edges), "of": count_inputs(scores.graph)}}


def _within(file: ScoresFile, report: dict[str, Any]) -> dict[str, Any]:
    """Of a file that is one circuit, the points of the curves up to its size: the other edges have no scores, so that a
    larger circuit would be one of chance, and the areas under the curves of it too."""
    if file.size is None or np.isfinite(file.scores.values).sum() > file.size:
        return {}
    curves = {name: report[name] for name in ("curve", "curve by size", "curve without them")}
    within: dict[str, Any] = {
        name: [one for one in curve if one["edges"] <= file.size] for name, curve in curves.items()
    }
    if "union" in report:
        within["union"] = {name: report["union"][name][: len(within["curve"])] for name in ("edges", "recovered")}
    areas = ("cpr", "cmd", "cpr by size", "cmd by size")
    return {**within, **dict.fromkeys(areas), "one circuit": file.size}


def _marked(session: Session, file: ScoresFile, dataset: Dataset, replacement: Any) -> dict[str, Any]:
    """What the circuit recovers that an EAP-IG file marks as in its graph."""
    from core.evaluation.measured import measure

    if file.marked is None:
        return {}
    pruned = file.marked.pruned()
    recovered = measure(session, [pruned], replacement, dataset=dataset).recovered()
    return {"marked": {"edges": len(file.marked), "connected": len(pruned), "recovered": float(recovered[0])}}
