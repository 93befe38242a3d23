"""The HTML report of a study of head sets, its figures inside."""

from __future__ import annotations

from core.interchange.html.study import study_page
from core.studies.icl import IclStudy
from core.studies.icl_picture import accounts_picture, losses_picture
from core.studies.icl_table import heads_row, rows
from core.studies.icl_words import LIMITS, about, findings, title


def as_html(study: IclStudy) -> str:
    """One page, which loads nothing."""
    figures = [accounts_picture(study).svg, losses_picture(study).svg]
    subtitle = f"{study.title}, {study.layers} layers of {study.heads_of_layer} heads"
    sections = [
        ("What it says", findings(study)),
        ("What it does not show", LIMITS),
        ("How it was made", about(study)),
    ]
    return study_page(title(study), subtitle, figures, [heads_row(study), *rows(study)], sections)
