"""What answers the dataset's queries. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.dataset.handlers.rows import make_rows, measure_rows, save_rows
from app.features.dataset.queries import RowFiguresQuery, RowsQuery, SaveRowsQuery
from app.worker.handler_table import Handler, Handlers

HANDLERS: Handlers = {
    RowsQuery: Handler(make_rows),
    SaveRowsQuery: Handler(save_rows),
    RowFiguresQuery: Handler(measure_rows, after_scores=True, turn="last"),
}
