"""The command line: `run`, `export`, `models` and `families`, beside the window.

Exit codes: 0 done, 2 bad arguments, 3 bad input or model, 130 interrupted. Results go to standard output,
everything else to standard error.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.asked_model import USUAL_PRECISION, add_precision_option, check_precision, open_model
from app.asked_pairs import IDS_HELP, add_memory_option, memory_of
from app.output import say, say_json, tell
from app.tracing_commands import COMMANDS as TRACING_COMMANDS
from app.tracing_commands import add_tracing_commands
from core.edits import KINDS
from core.errors import ArgumentError, Cancelled, EditError, InputError, WirescopeError
from core.models import packs

if TYPE_CHECKING:
    from app.document import Document
    from core.edits import Edit
    from core.inputs.pair import Dataset
    from core.models.model import Model
    from core.session import Session

MODEL_HELP = (
    "bundled:NAME, pack:NAME, timm:NAME, a folder with safetensors, or a Hub id; "
    "vision: or text: before the last two for a tower of CLIP or SigLIP"
)
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp")
EDIT_HELP = (
    "TARGET=KIND[:VALUE][*STRENGTH][#SEED][@POSITIONS], for example 'a9.h6->a10.h7<q>=patch', "
    f"'m3=mean@4,5', 'a1.h0=scale:0.5', 'm3=noise:0.5#7', 'm3=steer:vector.json'; kinds: {', '.join(KINDS)}. "
    "May be given several times"
)
COMMANDS = {
    "run": "print the predictions before and after edits",
    "export": "write the circuit as a figure or as JSON",
    **TRACING_COMMANDS,
    "models": "list the models that can be opened offline, or get a model pack",
    "families": "list the families of models that open, and what is refused",
}
DATASET_HELP = "inputs that mean is taken over and resample draws from: one a line, texts or paths of pictures"
METRIC_HELP = (
    "KIND[:TARGET[:FOIL]], for example 'logit_difference: Mary: John', 'probability: Mary', 'accuracy: Mary', "
    "'class_logit:star'"
)


def window_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of `wirescope [MODEL]`."""
    parser = argparse.ArgumentParser(
        prog="wirescope",
        description="A workbench for visual circuit tracing in transformers.",
        epilog="in the terminal (each has its own --help):\n" + "\n".join(f"  {x:<10}{y}" for x, y in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", help=MODEL_HELP)
    return parser.parse_args(list(arguments))


def command(arguments: Sequence[str]) -> int:
    """Run a command. Returns the exit code."""
    options = _parser().parse_args(list(arguments))
    try:
        result: int = options.do(options)
        return result
    except ArgumentError as error:
        return _fail(error, 2)
    except Cancelled:
        tell("Cancelled.")
        return 130
    except WirescopeError as error:
        return _fail(error, 3)


def _fail(error: WirescopeError, code: int) -> int:
    tell(f"wirescope: {error.message}")
    if error.hint:
        tell(f"  {error.hint}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wirescope")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help=COMMANDS["run"])
    _add_run_options(run)
    run.add_argument("--json", action="store_true", help="print JSON")
    run.add_argument("--device", default="cpu", help="cpu, cuda or mps (cpu)")
    run.add_argument("--frozen-norms", action="store_true", help="norms keep the scales of the run without edits")
    run.add_argument("--dataset", metavar="FILE", help=DATASET_HELP)
    run.set_defaults(do=_run)
    export = commands.add_parser("export", help=COMMANDS["export"])
    _add_run_options(export)
    export.add_argument("--format", choices=("svg", "pdf", "png", "json"), required=True)
    export.add_argument("--out", help="the file to write (default: circuit.FORMAT; exported-circuit.json)")
    export.add_argument("--scale", type=int, choices=(1, 2, 4), default=1, help="of a PNG")
    export.add_argument("--edges", type=int, default=48, help="how many of the strongest edges to show (48)")
    export.add_argument("--theme", choices=("light", "dark"), default="light")
    export.set_defaults(do=_export)
    models = commands.add_parser("models", help=COMMANDS["models"])
    models.set_defaults(do=_list_models)
    actions = models.add_subparsers()
    get = actions.add_parser("get", help="download and install a model pack")
    get.add_argument("name", help=", ".join(packs.PACKS))
    get.set_defaults(do=_get_pack)
    remove = actions.add_parser("remove", help="remove an installed model pack")
    remove.add_argument("name", help=", ".join(packs.PACKS))
    remove.set_defaults(do=_remove_pack)
    add_tracing_commands(commands, MODEL_HELP, METRIC_HELP)
    families = commands.add_parser("families", help=COMMANDS["families"])
    families.set_defaults(do=_list_families)
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument("--clean", required=True, metavar="TEXT|IMAGE", help=f"input A{IDS_HELP}")
    parser.add_argument("--counterfactual", metavar="TEXT|IMAGE", help="input B")
    parser.add_argument("--metric", help=METRIC_HELP)
    add_precision_option(parser)
    add_memory_option(parser)
    parser.add_argument("--edit", action="append", default=[], metavar="EDIT", help=EDIT_HELP)


# ---- run ----


def _run(options: argparse.Namespace) -> int:
    from app.answer_fixes import spelling_note
    from app.presenters.run_report import predictions_report, report_words

    session, edits = open_session(options)
    report = predictions_report(session, edits, options.frozen_norms)
    if note := spelling_note(session):
        tell(note)
    if options.json:
        say_json(report)
    else:
        say(report_words(report))
    return 0


def open_session(options: argparse.Namespace) -> tuple[Session, list[Edit]]:
    """The session and the edits that the options ask for. Raises WirescopeError."""
    from core.session import Session

    edits, metric = parse_edits(options.edit), parse_metric(options.metric)
    model = open_model(options.model, options.precision, options.device)
    if model.is_text:
        refuse_pictures(model, (options.clean, options.counterfactual))
    dataset = None if options.dataset is None else _dataset(model, Path(options.dataset))
    pair = model.pair(options.clean, options.counterfactual)
    for side in (pair.clean, pair.counterfactual):
        for note in () if side is None else side.notes:
            tell(note)
    session = Session(model, pair, metric, dataset=dataset, **memory_of(options))
    session.run(edits)  # so that a wrong edit is told before anything is printed
    return session, edits


def refuse_pictures(model: Model, texts: Sequence[str | None]) -> None:
    """Raise InputError for the path of a picture where a model reads text: it would be taken for a prompt."""
    for text in texts:
        if text is not None and Path(text).suffix.lower() in IMAGE_ENDINGS and isfile(text):
            raise InputError(
                f"{model.title} reads text, and {text} is a picture.", "Give a prompt, or choose a model that sees."
            )


def _dataset(model: Model, path: Path) -> Dataset:
    """The inputs of a file: the clean ones of pairs, or one a line. Raises InputError with the line of one that the
    model cannot take."""
    from core.inputs.dataset_files import read_inputs
    from core.inputs.pair import Dataset

    pairs = []
    for number, row in enumerate(read_inputs(path).rows, start=1):
        clean = row.clean
        if not model.is_text:
            beside = path.parent / Path(clean.strip()).expanduser()
            clean = str(beside) if isfile(beside) else clean.strip()
        try:
            if model.is_text:
                refuse_pictures(model, (clean,))
            pairs.append(model.pair(clean))
        except InputError as error:
            raise InputError(f"Input {number} of {path.name}: {error.message}", error.hint) from None
    return Dataset(pairs)


def parse_edits(texts: Sequence[str]) -> list[Edit]:
    """TARGET=KIND[:VALUE][@POSITIONS] to edits. Raises ArgumentError."""
    from core.edits import parse_edit

    try:
        return [parse_edit(text) for text in texts]
    except EditError as error:
        raise ArgumentError(error.message, error.hint) from None


def parse_metric(text: str | None) -> Any:
    """KIND[:TARGET[:FOIL]] to a metric. Raises ArgumentError."""
    from core.metrics import METRICS, Metric

    if text is None:
        return None
    kind, _, answers = text.partition(":")
    if kind not in METRICS:
        raise ArgumentError(f"There is no metric {kind!r}.", f"There are: {', '.join(METRICS)}.")
    target, foil = (answers, "") if not METRICS[kind].needs_foil else _two_answers(answers)
    if METRICS[kind].needs_foil and not foil:
        raise ArgumentError(f"{kind} needs a target and a foil.", f"Write {kind}: Mary: John.")
    if METRICS[kind].needs_target and not target:
        raise ArgumentError(f"{kind} needs a target.", f"Write {kind}: Mary.")
    return Metric(kind, target or None, foil or None)


def _two_answers(text: str) -> tuple[str, str]:
    """TARGET:FOIL; either may be ":" itself, or begin with "id:"."""
    match = re.fullmatch(r"(id:\d+|.[^:]*):(.+)", text, re.DOTALL)
    return (match[1], match[2]) if match else (text, "")


# ---- export ----


def _export(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from app.engine_side import EngineSide
    from app.headless import take_snapshot, write_export

    # `trace` writes circuit.json, which holds all scores: an export is not to take its place.
    default = "exported-circuit.json" if options.format == "json" else f"circuit.{options.format}"
    path = Path(options.out or default)
    if path.suffix != f".{options.format}":
        raise ArgumentError(f"--out {path} does not end in .{options.format}.")
    if options.edges < 1:
        raise ArgumentError(f"--edges is at least 1, not {options.edges}.")
    check_precision(options.precision or USUAL_PRECISION)
    edits = parse_edits(options.edit)
    document = _document(options)
    engine = EngineSide()
    snapshot = take_snapshot(engine, document, options.memory)
    if edits:
        graph = snapshot.opened.graph
        targets = [graph.parse(edit.name) for edit in edits]
        document = replace(document, edits=tuple(replace(e, target=t) for e, t in zip(edits, targets, strict=True)))
        engine.session.run(document.edits)  # a patch without B is an error here, as in `run`
        snapshot = take_snapshot(engine, document, options.memory)
    write_export(snapshot, path, options.edges, options.scale, options.theme)
    say(path)
    return 0


def _document(options: argparse.Namespace) -> Document:
    """The document that the options describe. Raises ArgumentError."""
    from app.document import Document, Source
    from views.data import MetricChoice

    def source(value: str | None) -> Source | None:
        if value is None:
            return None
        if Path(value).suffix.lower() in IMAGE_ENDINGS:
            return Source("image", path=value, name=Path(value).name)
        return Source("text", text=value)

    metric = parse_metric(options.metric)
    choice = None if metric is None else MetricChoice(metric.kind, metric.target or "", metric.foil or "")
    precision = options.precision or USUAL_PRECISION
    return Document(options.model, source(options.clean), source(options.counterfactual), choice, precision=precision)


# ---- models ----


def _list_models(_options: argparse.Namespace) -> int:
    from core.models.bundled import bundled_models

    for name in bundled_models():
        say(f"bundled:{name:<20} bundled")
    for pack in packs.PACKS.values():
        where = "installed" if packs.is_installed(pack.name) else f"{pack.download_bytes / 1e6:.0f} MB to download"
        say(f"pack:{pack.name:<23} {where:<20} {pack.title} ({pack.licence})")
    tell("\nGet a pack with: wirescope models get NAME")
    return 0


def _get_pack(options: argparse.Namespace) -> int:
    shown = Progress()
    try:
        folder = packs.get(options.name, shown.show)
    finally:
        shown.end()
    say(f"pack:{options.name} is installed in {folder}")
    return 0


def _remove_pack(options: argparse.Namespace) -> int:
    packs.remove(options.name)
    say(f"pack:{options.name} is removed")
    return 0


def _list_families(_options: argparse.Namespace) -> int:
    from app.family_table import family_table

    say(family_table())
    return 0


class Progress:
    """A progress bar on standard error; only its stages where that is no terminal."""

    def __init__(self) -> None:
        self._stage = ""
        self._live = sys.stderr.isatty()

    def show(self, done: int, total: int, stage: str) -> None:
        if self._live:
            share = done / total if total else 0.0
            bar = "#" * int(30 * share)
            amount = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if total > 1_000_000 else f"{done}/{total or '?'}"
            tell(f"\r{stage:<28} [{bar:<30}] {amount:<20}", end="")
        elif stage != self._stage:
            tell(stage)
        self._stage = stage

    def end(self) -> None:
        if self._live and self._stage:
            tell("")
