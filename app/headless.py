"""The main job without a display: run an example, trace it, write the figure, and a table of predictions before and
after."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.document import Document
from app.examples import all_examples, examples_for
from core.errors import WirescopeError

if TYPE_CHECKING:
    from core.edits import Edit
    from core.session import Session

FOLDER = Path("wirescope-out")
EDGES = 48
EDITED = 3  # of the strongest edges, patched for the table


def run_example(model_name: str | None) -> int:
    """Run the bundled example (or a model's) and write what came out into `wirescope-out/`. Returns the exit
    code."""
    print("There is no display, so no window can open. Running the bundled example instead.", file=sys.stderr)
    try:
        _run_example(model_name)
    except WirescopeError as error:
        print(f"wirescope: {error.message}\n  {error.hint}".rstrip(), file=sys.stderr)
        return 3
    return 0


def _run_example(model_name: str | None) -> None:
    from app.cli import predictions_report, report_words
    from core.edits import Edit
    from core.evaluation.faithfulness import faithfulness
    from core.tracing.methods import trace

    document = _document(model_name)
    session = _session(document)
    scores = trace(session, "eap-ig")
    edits = [Edit(session.graph.edge(int(index)), "patch") for index in scores.strongest(EDITED)]
    report = predictions_report(session, edits)
    curve = faithfulness(session, scores)
    share = dict(zip(curve.sizes, curve.recovered, strict=True))
    table = [
        report_words(report),
        "",
        "edges kept  recovered  random (lowest to highest of 3)",
        *(
            f"{size:10d}  {share[size]:9.2f}  {low:.2f} to {high:.2f}"
            for size, low, high in zip(curve.sizes, curve.random_band[0], curve.random_band[1], strict=True)
        ),
        f"CPR {curve.cpr:.2f}, CMD {curve.cmd:.2f}; other edges carry their value in B",
        "",
    ]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "predictions.txt").write_text("\n".join(table), encoding="utf-8")
    (FOLDER / "predictions.json").write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    for ending in ("svg", "png"):
        write_export(session, edits, FOLDER / f"circuit.{ending}", ending, EDGES, 2, "light")
    print("\n".join(table))
    print(f"Wrote {', '.join(str(path) for path in sorted(FOLDER.iterdir()))}")


def _document(model_name: str | None) -> Document:
    if model_name is None:
        return all_examples()[0].document
    made = examples_for(model_name)
    if not made:
        raise WirescopeError(
            f"There is no example for {model_name}.",
            "Give inputs yourself: wirescope run --model ... --clean ... --counterfactual ...",
        )
    return made[0].document


def _session(document: Document) -> Session:
    from core.metrics import Metric
    from core.models.loading import load_model
    from core.session import Session

    model = load_model(document.model)
    sides = [
        None if source is None else source.text if source.kind == "text" else source.path
        for source in (document.clean, document.counterfactual)
    ]
    choice = document.metric
    metric = None if choice is None else Metric(choice.kind, choice.target or None, choice.foil or None)
    return Session(model, model.pair(sides[0], sides[1]), metric)


def write_export(
    session: Session,
    edits: Sequence[Edit],
    path: Path,
    ending: Literal["svg", "pdf", "png", "json"] | str,
    edges: int,
    scale: int,
    theme_name: str,
) -> None:
    """Write the strongest edges and the edits as a figure or as JSON, with their measured changes. Raises
    WirescopeError."""

    from app.exporting import save_text
    from core.circuit import Circuit
    from core.edits import EDIT_WORDS, EditKind
    from core.interchange.circuit_files import to_json
    from core.tracing.methods import trace

    kind: EditKind = "patch" if session.pair.counterfactual is not None else "zero"
    scores = trace(session, "eap", replacement=kind)
    if not path.parent.is_dir():
        raise WirescopeError(f"There is no folder {path.parent}.", "Make it first, or give another --out.")
    if ending == "json":
        chosen = scores.strongest(min(edges, session.graph.n_edges))
        about = {**scores.about, "clean": session.pair.clean.text, "method": "eap", "replacement": kind}
        content = json.loads(to_json(Circuit(session.graph, chosen, scores.values[chosen], about)))
        before, after = float(session.clean.metric[0]), float(session.run(edits).metric[0])
        content |= {"edits": [str(edit) for edit in edits], "measured": {"before": before, "after": after}}
        save_text(path, json.dumps(content, indent=1, ensure_ascii=False))
        return

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    from app.present import opened_words
    from app.shown import canvas_data, signed
    from core.edits import resolve
    from core.graph import Edge, Node
    from views.figure import FigureCaption, write_figure
    from views.theme import DARK, LIGHT

    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    opened = opened_words(session.model, session.model.name)
    whole = float(session.run(edits).metric[0])
    measured: dict[Node | Edge, float] = {}
    shown = []
    from dataclasses import replace

    for edit in edits:
        target = resolve(edit, session.graph, session.pair.length).target
        if isinstance(target, Node | Edge):
            rest = [other for other in edits if other is not edit]
            measured[target] = whole - float(session.run(rest).metric[0])
            shown.append(replace(edit, target=target))
    data = canvas_data(
        session.graph,
        scores.values,
        shown,
        (),
        measured,
        input_label=opened.input_label,
        output_label=opened.output_label,
        stale=False,
        strongest=edges,
    )
    b = session.pair.counterfactual
    before = float(session.clean.metric[0])
    caption = FigureCaption(
        f"{opened.title} ({opened.details})",
        f"A: “{session.pair.clean.text}”\nB: {'none' if b is None else f'“{b.text}”'}",
        f"{session.metric.name}: {before:.3f} before, {whole:.3f} after ({signed(whole - before)})",
        "; ".join(f"{edit.name} {EDIT_WORDS[edit.kind]}" for edit in edits) or "none",
        [f"Dashed edges: estimated by EAP, replaced {EDIT_WORDS[kind]}."],
    )
    write_figure(path, data, caption, DARK if theme_name == "dark" else LIGHT, scale)
    del app
