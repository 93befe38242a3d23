"""The commands `trace`, `evaluate`, `compare` and `methods`: find a circuit, say how far to trust it, compare two."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ArgumentError, Cancelled, InputError, ModelError

if TYPE_CHECKING:
    from core.inputs.dataset_files import FileRow
    from core.inputs.pair import Dataset
    from core.models.model import Model
    from core.session import Session
    from core.tracing.scores import Scores

COMMANDS = {
    "trace": "score all edges by a method, on a task or a dataset",
    "evaluate": "what the best edges of a trace recover, and how far to trust them",
    "compare": "how far two traces agree",
    "methods": "list the tracing methods, or explain one",
}
MOST = 0.8  # of the behaviour: the circuit that is evaluated recovers so much, where no size is given


def add_tracing_commands(commands: Any, model_help: str, metric_help: str) -> None:
    trace = commands.add_parser("trace", help=COMMANDS["trace"])
    trace.add_argument("--model", required=True, help=model_help)
    source = trace.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--task", help="a built-in task: ioi, greater-than, induction, capitals, agreement, docstring ..."
    )
    source.add_argument("--dataset", metavar="FILE", help="pairs: CSV, TSV or JSON lines")
    trace.add_argument("--pairs", type=int, default=24, help="how many of a task (24)")
    trace.add_argument("--seed", type=int, default=0, help="of the task's pairs and of what the method draws (0)")
    trace.add_argument("--metric", help=metric_help + "; by default the logit difference of each pair's answers")
    trace.add_argument("--method", default="eap-ig", help="see `wirescope methods` (eap-ig)")
    trace.add_argument("--steps", type=int, default=5, help="points of an integral (5)")
    trace.add_argument("--budget", type=int, default=1000, help="exact runs that a method may make (1000)")
    trace.add_argument("--threshold", type=float, default=0.01, help="of a search: edges below it go (0.01)")
    trace.add_argument(
        "--replacement", default="patch", help="what a removed edge carries: patch, zero or mean (patch)"
    )
    trace.add_argument("--out", default="circuit.json", help="the file to write (circuit.json)")
    trace.add_argument("--format", choices=("wirescope", "eap-ig"), default="wirescope")
    trace.add_argument("--size", type=int, default=200, help="edges in the graph of an eap-ig file (200)")
    trace.set_defaults(do=_trace)
    evaluate = commands.add_parser("evaluate", help=COMMANDS["evaluate"])
    evaluate.add_argument("file", help="what `wirescope trace` wrote, or an EAP-IG graph file")
    evaluate.add_argument("--model", help=model_help + " (by default the one that the file names)")
    evaluate.add_argument("--task", help="evaluate on this task's pairs instead of those of the file")
    evaluate.add_argument("--dataset", metavar="FILE", help="evaluate on these pairs")
    evaluate.add_argument("--pairs", type=int, default=24, help="how many of a task (24)")
    evaluate.add_argument("--seed", type=int, default=0, help="of the task's pairs, of what is drawn (0)")
    evaluate.add_argument(
        "--size", type=int, help=f"edges of the circuit (else the fewest that recover {100 * MOST:.0f} %%)"
    )
    evaluate.add_argument("--replacement", help="evaluate by another ablation than the scores are for")
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    evaluate.set_defaults(do=_evaluate)
    compare = commands.add_parser("compare", help=COMMANDS["compare"])
    compare.add_argument("files", nargs=2, metavar="FILE")
    compare.add_argument("--size", type=int, action="append", help="edges of the circuits; several times for several")
    compare.add_argument("--json", action="store_true", help="print JSON")
    compare.set_defaults(do=_compare)
    methods = commands.add_parser("methods", help=COMMANDS["methods"])
    methods.add_argument("name", nargs="?", help="explain this one: its steps, source, cost and limits")
    methods.set_defaults(do=_methods)


# ---- trace ----


def _trace(options: argparse.Namespace) -> int:
    from core.interchange.saving import save_text
    from core.interchange.scores_files import scores_to_eap_ig, scores_to_json
    from core.tracing.job import Options
    from core.tracing.methods import method_named
    from core.tracing.trace import Tracing

    method = method_named(options.method)
    own = Options(options.steps, options.seed, options.budget, options.threshold)
    model = _load(options.model)
    rows = _rows(model, options.task, options.dataset, options.pairs, options.seed)
    session, dataset = _session(model, rows, options.metric)
    tracing = Tracing(session, method.name, replacement=options.replacement, dataset=dataset, options=own)
    started = time.perf_counter()
    partial: Scores | None = None
    interrupted = False
    try:
        for so_far, share in tracing.parts():
            partial = so_far
            _progress(f"{method.title}: {share:.0%} of {len(rows)} pairs")
    except (KeyboardInterrupt, Cancelled):
        interrupted = True
        if partial is None:
            raise Cancelled from None
    seconds = time.perf_counter() - started
    assert partial is not None
    partial.about.update(_about(options, rows, seconds))
    if options.format == "eap-ig":
        text = scores_to_eap_ig(partial, partial.top(min(options.size, len(partial.values))), model.adapter.shape.width)
    else:
        text = scores_to_json(partial, rows)
    save_text(Path(options.out), text)
    _progress("")
    print(f"{method.title} over {len(rows)} pairs in {seconds:.1f} s, {partial.about['metric']}, {_removed(partial)}")
    if interrupted:
        print(f"Cancelled: partial result, {partial.about.get('partial', 'all pairs')}.")
    print(f"{'edge':<28}{'score':>12}")
    for number in partial.strongest(10):
        print(f"{partial.graph.edge(int(number)).name:<28}{partial.values[number]:>+12.4f}")
    print(options.out)
    return 130 if interrupted else 0


def _removed(scores: Scores) -> str:
    words = {"patch": "removed edges carry their value in B", "zero": "removed edges carry zero"}
    return words.get(scores.replacement, "removed edges carry their mean")


def _about(options: argparse.Namespace, rows: Sequence[FileRow], seconds: float) -> dict[str, str]:
    about = {"model": options.model, "pairs": str(len(rows)), "steps": str(options.steps), "seed": str(options.seed)}
    about |= {"task": options.task} if options.task else {"dataset": Path(options.dataset).name}
    if options.metric:
        about["metric kind"] = options.metric
    return about | {"seconds": f"{seconds:.2f}"}


def _load(name: str) -> Model:
    from core.models.loading import load_model

    try:
        return load_model(name)
    except ArgumentError as error:  # on the command line it is a model that is not there
        raise ModelError(error.message, error.hint) from None


def _rows(model: Model, task: str | None, dataset: str | None, pairs: int, seed: int) -> list[FileRow]:
    """The pairs that are asked for, as rows of a file. Raises ArgumentError, InputError."""
    from core.inputs.dataset_files import FileRow, read_dataset
    from core.inputs.tasks import make_task

    if dataset is not None:
        return read_dataset(dataset)
    assert task is not None
    made = make_task(task, model, pairs, seed)
    if made.dropped:
        print(made.words(), file=sys.stderr)
    if not model.is_text:
        raise InputError(
            "On the command line, tasks of pictures cannot be traced.", "Give --dataset with paths of pictures."
        )
    return [
        FileRow(str(clean), str(other), *answers)
        for (clean, other), answers in zip(made.pairs, made.answers, strict=True)
    ]


def _session(model: Model, rows: Sequence[FileRow], metric: str | None) -> tuple[Session, Dataset]:
    """A session on the first pair, and the dataset of all. Raises WirescopeError with the row that does not fit."""
    from app.cli import parse_metric
    from core.inputs.pair import Dataset
    from core.metrics import logit_difference
    from core.session import Session

    pairs = []
    for number, row in enumerate(rows, 1):
        try:
            pairs.append(model.pair(row.clean, row.counterfactual or None))
        except InputError as error:
            raise InputError(f"Pair {number} cannot be used: {error.message}", error.hint) from None
    answered = all(row.target != "" and row.foil != "" for row in rows)
    chosen = parse_metric(metric)
    if chosen is None and answered:
        chosen = logit_difference(rows[0].target, rows[0].foil)
    answers = [(row.target, row.foil) for row in rows] if answered else []
    return Session(model, pairs[0], chosen), Dataset(pairs, answers)


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{words:<60}", end="" if words else "\r", file=sys.stderr, flush=True)


# ---- evaluate ----


def _evaluate(options: argparse.Namespace) -> int:
    from app.trust_report import trust_report, trust_words
    from core.interchange.scores_files import read_scores

    name = options.model or read_scores(options.file).scores.about.get("model")
    if not name or name.startswith("EAP"):
        raise ArgumentError("The file does not name its model.", "Give --model.")
    model = _load(name)
    found = read_scores(options.file, model.graph)
    rows: Sequence[FileRow] = found.rows
    if options.task or options.dataset:
        rows = _rows(model, options.task, options.dataset, options.pairs, options.seed)
    if not rows:
        raise ArgumentError("The file holds no pairs to evaluate on.", "Give --task or --dataset.")
    session, dataset = _session(model, rows, found.scores.about.get("metric kind"))
    report = trust_report(
        session,
        found.scores,
        dataset,
        size=options.size,
        replacement=options.replacement,
        seed=options.seed,
        progress=_told(),
    )
    _progress("")
    print(json.dumps(report, indent=1) if options.json else trust_words(report))
    return 0


def _told() -> Callable[[str, float], None]:
    return lambda words, share: _progress(f"{words}: {share:.0%}")


# ---- compare ----


def _compare(options: argparse.Namespace) -> int:
    from core.evaluation.agreement import agreement
    from core.evaluation.faithfulness import FRACTIONS, sizes_of
    from core.interchange.scores_files import difference, read_scores

    one, other = (read_scores(path).scores for path in options.files)
    if one.graph != other.graph:
        raise InputError(f"These files are of different models: {difference(one.graph, other.graph)}.")
    sizes = options.size or sizes_of(one.graph.n_edges, FRACTIONS[:-1])
    for size in sizes:
        if not 1 <= size <= one.graph.n_edges:
            raise ArgumentError(f"A circuit of this graph has 1 to {one.graph.n_edges} edges, not {size}.")
    found = [agreement(one, other, size) for size in sizes]
    if options.json:
        print(json.dumps([vars(each) for each in found], indent=1))
        return 0
    print(f"{one.method}, {one.replacement}  against  {other.method}, {other.replacement}")
    print(f"rank correlation of all {one.graph.n_edges:,} edges: {found[0].rank_correlation:+.3f} (Spearman)\n")
    print(f"{'edges':>8}  {'overlap':>8}  {'by chance':>9}  {'same sign':>9}   (overlap: shared / in either)")
    for each in found:
        print(f"{each.size:>8,}  {each.overlap:>8.2f}  {each.chance:>9.3f}  {each.same_sign:>9.0%}")
    return 0


# ---- methods ----


def _methods(options: argparse.Namespace) -> int:
    from core.tracing.methods import METHODS, method_named

    if options.name:
        print(method_named(options.name).about)
        return 0
    width = max(len(name) for name in METHODS)
    for method in METHODS.values():
        limits = ["edges, nodes, positions" if len(method.levels) == 3 else ", ".join(method.levels)]
        limits += ["needs B"] if method.needs_counterfactual else []
        limits += ["language models only"] if method.text_only else []
        limits += [] if method.signed else ["unsigned"]
        print(f"{method.name:<{width}}  {method.title}: {method.words}")
        print(f"{'':<{width}}  {'; '.join(limits)}; options: {', '.join(method.options) or 'none'}")
    return 0
