"""`wirescope export`: the circuit as a figure, or as text in any form of the table of exporters; or the edited model,
as a folder that opens without Wirescope."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import DATASET_HELP, IMAGE_ENDINGS, literal, parse_edits
from app.cli.made_b import check_picture, made_counterfactual
from app.cli.open_model import check_precision
from app.cli.output import say
from app.cli.paper_options import PAPER_FORMS, add_paper_options, paper_of, wants_paper
from app.cli.run_options import add_run_options
from core.circuit import EXPORTERS
from core.datasets.metric_words import parse_metric
from core.datasets.picture_regions import with_regions
from core.errors import ArgumentError
from core.graph import Entries, Graph
from core.groups import Region
from core.precision_words import USUAL_PRECISION, document_precision, whole_place
from core.project.places import is_project
from core.saving import save_text

if TYPE_CHECKING:
    from app.presenters.snapshot import Snapshot
    from core.edits import Edit
    from core.inputs.pair import Pair
    from core.project.document import Document


FIGURES = ("svg", "pdf", "png")
MODEL = "model"
SCRIPTS = {"python": ".py", "torch": ".py", "notebook": ".ipynb"}  # of a project, with their endings
SHOWN = 48  # edges


WORDS = "write the circuit as a figure or as text for other programs, the edited model, or a project as a script"
EXAMPLES = """
wirescope export circuit.json --format html
wirescope export circuit.json --format pdf --width 85mm --palette print
wirescope export work.wire --format python --out work.py
wirescope export --model bundled:names --clean "When Mary and John met, John gave a book to" --format svg \\
  --out circuit.svg
wirescope export --model bundled:names --format model --cut a2.h3 --cut m1 --output names-without
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="a circuit, scores or a project of before, instead of --model")
    add_run_options(parser, required=False)
    forms = literal("; ".join(f"{name}: {row.words}" for name, row in EXPORTERS.items()))
    parser.add_argument(
        "--format",
        choices=(*FIGURES, *EXPORTERS, MODEL, *SCRIPTS),
        required=True,
        help=f"a figure, the circuit ({forms}), or the model with the edits inside (a folder); of a project a script: "
        "python and notebook with Wirescope, torch without (its present step)",
    )
    parser.add_argument(
        "--part",
        choices=("step", "branch", "all"),
        default="branch",
        help="of a project: its present step, all that led to it (branch), or every step",
    )
    parser.add_argument("--out", "--output", help="what to write (circuit.ENDING; exported-circuit.json; edited-model)")
    parser.add_argument(
        "--cut", action="append", default=[], metavar="TARGET", help="the same as --edit TARGET=zero; several times"
    )
    parser.add_argument("--dataset", metavar="FILE", help=f"of --format {MODEL}: {DATASET_HELP}")
    parser.add_argument("--scale", type=int, choices=(1, 2, 4), default=1, help="of a PNG")
    parser.add_argument(
        "--edges", type=int, help="how many of the strongest edges to show (48; of a file's circuit all)"
    )
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    add_paper_options(parser)
    parser.set_defaults(do=export_command)


def export_command(options: argparse.Namespace) -> int:
    if options.file is None and options.model is None:
        raise ArgumentError("There is nothing to export.", "Give a file, or --model and --clean.")
    if options.file is not None:
        return _export_file(options)
    if options.format in SCRIPTS:
        raise ArgumentError(f"--format {options.format} is of a project.", "Give its file: work.wire.")
    if options.format == MODEL:
        from app.cli.export_model import export_model_command

        return export_model_command(options)
    if options.clean is None:
        raise ArgumentError(f"--format {options.format} shows a circuit on an input.", "Give it: --clean TEXT.")
    if options.dataset is not None:
        raise ArgumentError(f"--dataset is of --format {MODEL}.")

    from app.cli.snapshot import take_snapshot
    from app.worker.service import WorkerService

    path = _place(options)
    paper_of(options)  # what cannot be is said before the work
    check_precision(options.precision or USUAL_PRECISION)
    weights = whole_place(options.weights)
    edits = parse_edits(options.edit, options.cut)
    document = _document(options)
    engine = WorkerService()
    snapshot = take_snapshot(engine, document, options.memory, weights=weights)
    if edits:
        graph = snapshot.opened.graph
        pair = with_regions(engine.session.model, engine.session.pair, options.region, options.clean)
        regions = tuple(Region(name, rows[0]) for name, rows in pair.regions.items())
        edits = [_numbered(edit, pair, graph) for edit in edits]
        document = replace(document, edits=tuple(edits), regions=regions)
        engine.session.run(document.edits)  # a patch without B is an error here, as in `run`
        snapshot = take_snapshot(engine, document, options.memory, weights=weights)
    _write(snapshot, path, options)
    say(path)
    return 0


def _numbered(edit: Edit, pair: Pair, graph: Graph) -> Edit:
    """An edit as documents hold it: its target looked up, of a picture with the numbers of the positions that it names.
    Raises EditError."""
    target = edit.target
    if isinstance(target, Entries):
        target = replace(target, keys=pair.extent.places(target.keys)[0])
    elif isinstance(target, str):
        target = graph.parse(target)
    if edit.positions is None or pair.grid is None:
        return replace(edit, target=target)
    return replace(edit, target=target, positions=pair.extent.places(edit.positions)[0])


def _write(snapshot: Snapshot, path: Path, options: argparse.Namespace) -> None:
    """What is shown, as asked for. Raises WirescopeError."""
    from app.cli.figures import write_export, write_paper
    from app.cli.snapshot import report_of_snapshot

    edges = options.edges or SHOWN
    if wants_paper(options):
        write_paper(report_of_snapshot(snapshot, edges), path, paper_of(options))
    else:
        write_export(snapshot, path, options.format, edges, options.scale, options.theme)


def _place(options: argparse.Namespace) -> Path:
    """Where to write. Raises ArgumentError."""
    # `trace` writes circuit.json, which holds all scores: an export is not to take its place.
    ending = f".{options.format}" if options.format in FIGURES else EXPORTERS[options.format].ending
    path = Path(options.out or ("exported-circuit.json" if options.format == "json" else f"circuit{ending}"))
    if path.suffix != ending:
        raise ArgumentError(f"--out {path} does not end in {ending}.")
    if options.edges is not None and options.edges < 1:
        raise ArgumentError(f"--edges is at least 1, not {options.edges}.")
    return path


def _export_file(options: argparse.Namespace) -> int:
    """Write the circuit of a file in another form. Raises ArgumentError, InputError."""
    from app.cli.circuit_of_file import circuit_of_file

    of_model = ("model", "clean", "counterfactual", "make_b", "region", "metric", "dataset", "edit", "cut")
    asked = next((name for name in of_model if getattr(options, name)), None)
    if asked is not None:
        raise ArgumentError("A file is exported as it is, without a model.", f"Leave out --{asked.replace('_', '-')}.")
    if options.format in SCRIPTS:
        from app.cli.scripts import write_script

        path = Path(options.out or f"{Path(options.file).stem}{SCRIPTS[options.format]}")
        if path.suffix != SCRIPTS[options.format]:
            raise ArgumentError(f"--out {path} does not end in {SCRIPTS[options.format]}.")
        write_script(Path(options.file), options.format, options.part, path)
        say(path)
        return 0
    if is_project(options.file) and options.format != MODEL:
        from app.cli.project_files import open_project
        from app.cli.snapshot import report_of_snapshot
        from app.presenters.report import with_project
        from core.project.wire_file import load_project

        path = _place(options)
        _, snapshot = open_project(options.file, options.memory)
        if options.format in ("html", "report"):
            told = with_project(report_of_snapshot(snapshot, options.edges or SHOWN), load_project(Path(options.file)))
            save_text(path, EXPORTERS[options.format].text(told))
        else:
            _write(snapshot, path, options)
        say(path)
        return 0
    if options.format not in (*FIGURES, *EXPORTERS):
        raise ArgumentError(
            f"--format {options.format} is made with the model.",
            f"Give --model and --clean, or --format {', '.join((*FIGURES, *EXPORTERS))}.",
        )
    path, paper = _place(options), paper_of(options)
    circuit = circuit_of_file(options.file, options.edges)
    if options.format in PAPER_FORMS:
        from app.cli.figures import write_paper
        from core.interchange.report import Report

        write_paper(Report(circuit), path, paper)
    else:
        save_text(path, EXPORTERS[options.format].write(circuit))
    say(path)
    return 0


def _document(options: argparse.Namespace) -> Document:
    """The document that the options describe. Raises ArgumentError."""
    from core.inputs.corruption_words import is_made
    from core.project.document import Document, Source
    from core.project.metric_choice import MetricChoice
    from core.project.row_cells import made_from

    def source(value: str | None) -> Source | None:
        if value is None:
            return None
        if is_made(value):
            check_picture(options.clean)
            return made_from(Source("image", path=options.clean, name=Path(options.clean).name), value)
        if Path(value).suffix.lower() in IMAGE_ENDINGS:
            return Source("image", path=value, name=Path(value).name)
        return Source("text", text=value)

    metric = parse_metric(options.metric)
    choice = None if metric is None else MetricChoice(metric.kind, metric.target or "", metric.foil or "")
    precision = document_precision(options.precision or USUAL_PRECISION, options.weights)
    return Document(
        options.model, source(options.clean), source(made_counterfactual(options)), choice, precision=precision
    )
