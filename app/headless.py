"""The main job without a window: a snapshot of a document, figures from it, and the bundled example."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.document import Document
from app.examples import all_examples, examples_for
from app.messages import Answer, Deltas, Failed, Opened, Ran, Ready, Request, Scored
from app.output import say, tell
from app.trace_choice import TraceChoice
from core.edits import Edit
from core.errors import InputError, WirescopeError
from core.saving import save_text

if TYPE_CHECKING:
    from app.engine_side import EngineSide
    from app.snapshot import Snapshot

FOLDER = Path("wirescope-out")
EDITED = 3  # of the strongest edges, patched for the table


def take_snapshot(engine: EngineSide, document: Document, memory: float | None = None) -> Snapshot:
    """Work through a document as the window does. Raises WirescopeError for whatever the window would show as a
    problem."""
    from app.snapshot import Snapshot

    answers: dict[type, Answer] = {}
    request = Request(1, document, memory=None if memory is None else int(memory))
    engine.serve(request, lambda answer: answers.update({type(answer): answer}), lambda: False)
    failed, ready = answers.get(Failed), answers.get(Ready)
    if isinstance(failed, Failed):
        raise InputError(failed.message, failed.hint)
    assert isinstance(ready, Ready)
    problem = ready.card_b.problem or ready.metric_problem
    if problem:
        raise InputError(problem)
    opened, ran, scored, deltas = (answers.get(kind) for kind in (Opened, Ran, Scored, Deltas))
    assert isinstance(opened, Opened)
    assert isinstance(ran, Ran)
    assert isinstance(scored, Scored)
    assert isinstance(deltas, Deltas)
    return Snapshot(
        document,
        opened,
        ran,
        scored,
        None,
        {} if deltas.alone else deltas.values,
        deltas.values,
        labels=ready.labels,
        ready=ready,
    )


def write_export(snapshot: Snapshot, path: Path, edges: int, scale: int, theme_name: str) -> None:
    """Write a snapshot as a figure, or as JSON, by the path's ending. Raises WirescopeError."""
    from app.shown_edges import Extent

    snapshot = replace(snapshot, extent=Extent(strongest=edges))
    if path.suffix == ".json":
        save_text(path, snapshot.circuit_json())
        return
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    from views.figure import write_figure
    from views.theme import DARK, LIGHT

    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    write_figure(path, snapshot.canvas(), snapshot.caption(), DARK if theme_name == "dark" else LIGHT, scale)
    del application  # it had to live while fonts were used


def run_example(model_name: str | None) -> int:
    """Run the bundled example (or a model's) and write what came out into `wirescope-out/`. Returns the exit
    code."""
    tell("There is no display, so no window can open. Running the bundled example instead.")
    try:
        _run_example(_example_document(model_name))
    except WirescopeError as error:
        tell(f"wirescope: {error.message}\n  {error.hint}".rstrip())
        return 3
    return 0


def _example_document(model_name: str | None) -> Document:
    made = all_examples() if model_name is None else examples_for(model_name)
    if not made:
        raise InputError(
            f"There is no example for {model_name}.",
            "Give inputs yourself: wirescope run --model ... --clean ... --counterfactual ...",
        )
    return made[0].document


def _run_example(document: Document) -> None:
    from app.engine_side import EngineSide
    from app.presenters.run_report import predictions_report, report_words
    from core.evaluation.faithfulness import faithfulness
    from core.tracing.trace import trace

    engine = EngineSide()
    document = replace(document, traced=TraceChoice("eap-ig"))
    take_snapshot(engine, document)
    session = engine.session
    scores = trace(session, "eap-ig")
    strongest = [session.graph.edge(int(index)) for index in scores.strongest(EDITED)]
    document = replace(document, edits=tuple(Edit(edge, "patch") for edge in strongest))
    report = predictions_report(session, document.edits)
    curve = faithfulness(session, scores)
    rows = zip(curve.sizes, curve.recovered, curve.random_band[0], curve.random_band[1], strict=True)
    table = [
        report_words(report),
        "",
        "edges kept  recovered  random (lowest to highest of 3)",
        *(f"{size:10d}  {share:9.2f}  {low:.2f} to {high:.2f}" for size, share, low, high in rows),
        f"CPR {curve.cpr:.2f}, CMD {curve.cmd:.2f}; all other edges carry their value in B",
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
        write_export(snapshot, FOLDER / name, edges=48, scale=2, theme_name="light")
    written = sorted(FOLDER / name for name in (*figures, "predictions.txt", "predictions.json"))
    say(f"Wrote {', '.join(map(str, written))}")
