"""What answers the console's queries. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.console.handlers.console import complete_name, run_code
from app.features.console.queries import CompleteQuery, ConsoleQuery
from app.worker.handler_table import Handler, Handlers

HANDLERS: Handlers = {
    CompleteQuery: Handler(complete_name),
    ConsoleQuery: Handler(run_code, turn="last"),
}
