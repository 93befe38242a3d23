"""`wirescope export`: the circuit as a figure or as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import IMAGE_ENDINGS, parse_edits, parse_metric
from app.cli.open_model import check_precision
from app.cli.output import say
from app.presenters.precision import USUAL_PRECISION
from core.errors import ArgumentError

if TYPE_CHECKING:
    from core.project.document import Document


def export_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from app.cli.figures import take_snapshot, write_export
    from app.worker.service import EngineSide

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
    from core.project.document import Document, Source
    from core.project.metric_choice import MetricChoice

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
