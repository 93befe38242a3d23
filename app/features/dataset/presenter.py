"""A row of the dataset as its panel shows it."""

from __future__ import annotations

from app.features.dataset.queries import Pictures, RowFigure
from core.project.document import Document, PairSource
from views.panels.dataset.data import DatasetRow


def shown_row(
    row: PairSource, figure: RowFigure | None, document: Document, fresh: bool, pictures: Pictures = (None, None)
) -> DatasetRow:
    """figure: its metric before and after the edits, None before it is known. document: the present one, whose pair may
    be this row. fresh: whether the figure is of that document."""
    figure = figure or RowFigure(None, None)
    a, b = input_words(row)
    answers = " − ".join(f"“{answer}”" for answer in (row.target, row.foil) if answer)
    return DatasetRow(
        a=a,
        b=b,
        kind=row.clean.kind,
        answers=f"Answers: {answers}" if answers else "",
        before=figure.before,
        after=figure.after,
        problem=figure.problem,
        pictures=pictures,
        present=(row.clean, row.counterfactual) == (document.clean, document.counterfactual),
        stale=not fresh,
    )


def input_words(row: PairSource) -> tuple[str, str]:
    """A and B as cells; nothing for a B that is not there."""
    return row.clean.words, "" if row.counterfactual is None else row.counterfactual.words
