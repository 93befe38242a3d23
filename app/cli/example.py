"""The bundled example, run where no window can open."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from app.cli.figures import write_export
from app.cli.output import say, tell
from app.cli.snapshot import take_snapshot
from app.cli.tables import aligned
from core.edits import Edit
from core.errors import InputError, WirescopeError
from core.project.document import Document
from core.project.examples import all_examples, examples_for
from core.project.places import is_project
from core.project.trace_choice import TraceChoice
from core.saving import save_text

FOLDER = Path("wirescope-out")
EDITED = 3  # of the strongest edges, patched for the table


def run_example(model_name: str | None) -> int:
    """Run the bundled example (or a model's, or a project's present step) and write what came out into
    `wirescope-out/`. Returns the exit code."""
    tell("There is no display, so no window can open. Running the bundled example instead.")
    try:
        _run_example(_example_document(model_name))
    except WirescopeError as error:
        tell(f"wirescope: {error.message}\n  {error.hint}".rstrip())
        return 3
    return 0


def _example_document(model_name: str | None) -> Document:
    if model_name is not None and is_project(model_name):
        from core.project.wire_file import load_project

        return load_project(Path(model_name)).document
    made = all_examples() if model_name is None else examples_for(model_name)
    if not made:
        raise InputError(
            f"There is no example for {model_name}.",
            "Give inputs yourself: wirescope run --model ... --clean ... --counterfactual ...",
        )
    return made[0].document


def _run_example(document: Document) -> None:
    from app.cli.run_report import predictions_report, report_words
    from app.worker.service import WorkerService
    from core.evaluation.faithfulness import faithfulness
    from core.tracing.trace import trace

    engine = WorkerService()
    document = replace(document, traced=TraceChoice("eap-ig"))
    take_snapshot(engine, document)
    session = engine.session
    scores = trace(session, "eap-ig")
    strongest = [session.graph.edge(int(index)) for index in scores.strongest(EDITED)]
    document = replace(document, edits=tuple(Edit(edge, "patch") for edge in strongest))
    report = predictions_report(session, document.edits)
    curve = faithfulness(session, scores)
    rows = [("edges kept", "recovered", "random (lowest to highest of 3)")]
    for size, share, low, high in zip(curve.sizes, curve.recovered, *curve.random_band, strict=True):
        rows.append((f"{size:d}", f"{share:z.2f}", f"{low:z.2f} to {high:z.2f}"))
    table = [
        report_words(report),
        "",
        *aligned(rows, ">>"),
        f"CPR {curve.cpr:z.2f}, CMD {curve.cmd:z.2f}; all other edges carry their value in B",
        "",
    ]
    say("\n".join(table))
    try:
        FOLDER.mkdir(exist_ok=True)
    except OSError as error:
        raise WirescopeError(
            f"The folder {FOLDER} cannot be made here: {error.strerror}.", "Run it in a folder that you may write to."
        ) from None
    save_text(FOLDER / "predictions.txt", "\n".join(table))
    save_text(FOLDER / "predictions.json", json.dumps(report, indent=1, ensure_ascii=False))
    snapshot = take_snapshot(engine, document)
    figures = ("circuit.svg", "circuit.png", "circuit.json")
    for name in figures:
        write_export(snapshot, FOLDER / name, name.partition(".")[2], edges=48, scale=2, theme_name="light")
    written = sorted(FOLDER / name for name in (*figures, "predictions.txt", "predictions.json"))
    say(f"Wrote {', '.join(map(str, written))}")
