"""The shown circuit and the edits as JSON."""

from __future__ import annotations

import json

import numpy as np

from app.workbench import Workbench
from core.circuit import Circuit
from core.interchange.circuit_files import to_json


def circuit_json(workbench: Workbench) -> str:
    """The edges on the canvas with their scores, strongest first, and the edits of the document."""
    data = workbench.canvas()
    assert data is not None
    marks = sorted(data.edges, key=lambda mark: (-abs(mark.value or 0.0), mark.index))
    values = None
    if all(mark.value is not None for mark in marks):
        values = np.asarray([mark.value for mark in marks], dtype=np.float64)
    document, ran, scored = workbench.document, workbench.ran, workbench.scored
    about = {
        "model": document.model,
        "clean": "" if document.clean is None else document.clean.text or document.clean.name,
        "counterfactual": ""
        if document.counterfactual is None
        else document.counterfactual.text or document.counterfactual.name,
        "metric": "" if ran is None else ran.metric_name,
        "method": "" if scored is None else scored.method,
        "replacement": document.cut_kind,
    }
    circuit = Circuit(data.graph, np.asarray([mark.index for mark in marks], dtype=np.int64), values, about)
    content = json.loads(to_json(circuit))
    content["edits"] = [str(edit) for edit in document.edits]
    if ran is not None:
        content["measured"] = {"before": ran.before, "after": ran.after}
    return json.dumps(content, indent=1, ensure_ascii=False)
