"""The report of a study of head sets: as plain values for the window, and in every form that it is written in."""

from __future__ import annotations

import json

from core.studies.icl import IclStudy
from core.studies.icl_curves import control_of, curves
from core.studies.icl_page import as_html
from core.studies.icl_table import heads_row, outcomes, set_rows, unexplained
from core.studies.icl_words import LIMITS, about, as_json, as_markdown, findings, missing, title
from core.studies.set_values import OutcomeShown, StudyShown


def report_texts(study: IclStudy) -> dict[str, str]:
    """Texts by the ending of their file."""
    numbers = json.dumps(as_json(study), indent=1, ensure_ascii=False)
    return {"html": as_html(study), "md": as_markdown(study), "json": numbers}


def shown_of(study: IclStudy) -> StudyShown:
    """All that the window shows of it."""
    shown = (
        OutcomeShown(
            each.title,
            each.there,
            curves(study, each) if each.there else (),
            control_of(study, each, "random") if each.there else None,
            unexplained(study, each),
        )
        for each in outcomes(study)
    )
    return StudyShown(
        title(study),
        tuple(heads_row(study)),
        tuple(set_rows(study)),
        tuple(shown),
        tuple(missing(study)),
        tuple(findings(study)),
        LIMITS,
        tuple(about(study)),
    )
