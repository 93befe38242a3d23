"""The report of a study of modalities in every form that it is written in."""

from __future__ import annotations

import json

from core.interchange.html.study import study_page
from core.studies.modalities import ModalityStudy
from core.studies.modality_picture import picture
from core.studies.modality_words import LIMITS, about, as_json, as_markdown, heads, rows, said, title


def report_texts(study: ModalityStudy) -> dict[str, str]:
    """Texts by the ending of their file."""
    numbers = json.dumps(as_json(study), indent=1, ensure_ascii=False)
    return {"html": as_html(study), "md": as_markdown(study), "json": numbers}


def as_html(study: ModalityStudy) -> str:
    """One page, its figure inside, which loads nothing."""
    sections = [
        ("What it says", [said(each) for each in study.models]),
        ("What it does not show", LIMITS),
        ("How it was made", [about(each) for each in study.models]),
    ]
    figures, subtitle = [picture(study.models).svg], "; ".join(each.model for each in study.models)
    return study_page(title(study), subtitle, figures, [heads(study), *rows(study)], sections, "What was found")
