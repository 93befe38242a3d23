"""Figures without a window."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.presenters.exported_circuit import circuit_text
from core.circuit import EXPORTERS
from core.errors import InputError, WirescopeError
from core.saving import save_text

if TYPE_CHECKING:
    from app.presenters.snapshot import Snapshot
    from core.interchange.report import Report
    from views.panels.figure.data import FigureChoice


def write_export(snapshot: Snapshot, path: Path, form: str, edges: int, scale: int, theme_name: str) -> None:
    """Write a snapshot as a figure, or as text in a form of EXPORTERS: of these JSON says what the work was made of
    too. Raises WirescopeError."""
    from app.presenters.canvas import Extent

    snapshot = replace(snapshot, extent=Extent(strongest=edges))
    if form in EXPORTERS:
        from app.presenters.report import report_shown

        save_text(path, circuit_text(snapshot) if form == "json" else EXPORTERS[form].text(report_shown(snapshot)))
        return
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        from PySide6.QtGui import QGuiApplication

        from views.figures.figure import write_figure
        from views.theme_colors import DARK, LIGHT
    except ImportError as error:
        raise no_qt("No figure can be drawn", error, f"or take --format {', '.join(EXPORTERS)}") from None

    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    write_figure(path, snapshot.canvas(), snapshot.caption(), DARK if theme_name == "dark" else LIGHT, scale)
    del application  # it had to live while fonts were used


def write_paper(report: Report, path: Path, choice: FigureChoice) -> None:
    """Write a circuit as a figure for a paper. Raises WirescopeError."""
    from app.presenters.paper import paper_data, tikz_text

    if not len(report.circuit):
        raise InputError("The circuit has no edges, so that there is nothing to draw.", "Give one that has some.")
    if choice.form == "tikz":
        save_text(path, tikz_text(report, choice))
        return
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        from PySide6.QtGui import QGuiApplication

        from views.figures.formats import write_painted
        from views.figures.paper import THEMES, laid_out
    except ImportError as error:
        raise no_qt("No figure can be drawn", error, f"or take --format {', '.join(EXPORTERS)}") from None

    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    data = paper_data(report, choice.fold, choice.caption)
    figure = laid_out(data, choice.width / 25.4 * 96, THEMES[choice.palette], choice.letters)
    write_painted(path, figure, choice.dpi / 96)
    del application  # it had to live while fonts were used


def no_qt(what: str, error: ImportError, instead: str) -> WirescopeError:
    """What is told where Qt, or a library of the system that it needs, is not there. what: cannot be done. Raises the
    error where it is of something else."""
    if not (error.name or "").startswith(("PySide6", "shiboken6")):
        raise error
    return WirescopeError(
        f"{what} here, for Qt cannot be loaded: {error}.",
        f"Install the library that it names (libegl1 where it is libEGL.so.1, on Debian and Ubuntu), {instead}.",
    )
