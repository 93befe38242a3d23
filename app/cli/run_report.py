"""What `wirescope run` says of a run: predictions before and after, the metric, and how far to trust the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.cli.continuing import continued_words
from app.cli.tables import aligned
from app.presenters.precision import model_of, rounding_words
from app.worker.describe import prediction_floors, prediction_rows
from core.formatting import BELOW, is_below_noise

if TYPE_CHECKING:
    from core.edits import Edit
    from core.session import Session

LONGEST = 160  # characters of an input that are printed


def predictions_report(session: Session, edits: Sequence[Edit], frozen_norms: bool = False) -> dict[str, Any]:
    """Predictions before and after, the metric, and how the run went."""
    clean = session.clean
    result = session.run(edits, frozen_norms=frozen_norms)
    floors = prediction_floors(session) if edits else None
    unit, rows = prediction_rows(session, clean, result, floors=floors)
    from core.precision import precision_name

    floor = session.noise_floor
    return {
        "model": session.model.name,
        "precision": precision_name(session.model.adapter.dtype),
        "clean": session.pair.clean.text,
        "counterfactual": None if session.pair.counterfactual is None else session.pair.counterfactual.text,
        "metric": session.metric.name,
        "edits": [str(edit) for edit in edits],
        "norms": "frozen" if frozen_norms else "recomputed",
        "before": float(clean.metric[0]),
        "after": float(result.metric[0]),
        "unit": unit,
        "predictions": [
            {"answer": row.label, "before": row.before, "after": row.after}
            | ({"below_noise": True} if row.below_noise else {})
            for row in rows
        ],
        "layers": session.graph.layers,
        "parity": asdict(session.parity),
        **rounding_entry(session),
        **_artefacts(session),
        "noise_floor": floor,
        "below_noise": bool(edits) and is_below_noise(float(result.metric[0]) - float(clean.metric[0]), floor),
    }


def _artefacts(session: Session) -> dict[str, Any]:
    """Of a picture, where patches of outlying norm are: "row,column"."""
    if session.pair.grid is None or session.parts or session.graph.towers:
        return {}
    from core.lens.artefacts import artefact_patches

    labels = session.pair.clean.labels[session.pair.prefix :]
    return {"artefact_patches": [labels[patch] for patch in artefact_patches(session)]}


def report_words(report: dict[str, Any]) -> str:
    """The report as a table."""
    asked = [
        ("model", model_of(report)),
        ("clean", _short(report["clean"])),
        ("counterfactual", _short(report["counterfactual"] or "none")),
        ("edits", "; ".join(report["edits"]) or "none"),
        ("norms", report["norms"]),
    ]
    rows = [(report["unit"], "before", "after", "change", "")]
    for row in report["predictions"]:
        before, after = row["before"], row["after"]
        lost = BELOW if row.get("below_noise") else ""
        rows.append((repr(row["answer"]), f"{before:z.4f}", f"{after:z.4f}", f"{after - before:+z.4f}", lost))
    lines = [*aligned(asked), "", *aligned(rows, "<>>>")]
    before, after = report["before"], report["after"]
    said = f"{after - before:+z.4f}{f', {BELOW}' if report.get('below_noise') else ''}"
    lines += ["", f"{report['metric']}: {before:z.4f} -> {after:z.4f} ({said})"]
    if report.get("artefact_patches"):
        places = "; ".join(report["artefact_patches"])
        lines.append(f"artefact patches (outlying norm; row,column): {places}")
    if report.get("noise_floor"):
        lines.append(f"noise floor in half precision: {report['noise_floor']:.2g}; smaller changes are rounding")
    if "continued" in report:
        lines += ["", *continued_words(report["continued"]), ""]
    parity = report["parity"]
    lines.append(f"parity with the model's own forward: {parity['difference']:.1e}")
    if "limit" in parity:
        lines[-1] += f" ({parity['relative']:.1e} of the outputs' range; the limit is {parity['limit']:.0e})"
    if "rounding" in report:
        lines.append(rounding_words(**report["rounding"]))
    return "\n".join(lines)


def _short(text: str) -> str:
    """The beginning of a text, and how long it is; `--json` has all of it."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}… ({len(text):,} characters)"


def rounding_entry(session: Session) -> dict[str, Any]:
    """Of a model in 8 bits, what these change of the unedited answers, under "rounding"; of others nothing."""
    from core.rounding import rounding

    measured = rounding(session)
    return {} if measured is None else {"rounding": asdict(measured)}
