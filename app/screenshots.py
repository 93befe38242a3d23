"""Pictures of the window for the README: `make screenshots`.

Starts the real window offscreen, acts as a user would, and saves what is on the screen. States whose model pack is
not installed are left out, with a line that says so.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "packaging" / "screenshots"
PATIENCE = 300.0  # seconds for one answer of the engine


@dataclass(frozen=True)
class State:
    """One picture: file name, model, theme, window size, and whether an edge is cut or a head selected."""

    name: str
    model: str
    theme: str
    size: tuple[int, int]
    act: str  # "look", "cut", "head", "trace", "welcome"


STATES = (
    State("names-dark", "bundled:names", "dark", (1440, 900), "head"),
    State("names-light", "bundled:names", "light", (1440, 900), "cut"),
    State("names-small", "bundled:names", "dark", (1024, 700), "cut"),
    State("shapes-dark", "bundled:shapes", "dark", (1440, 900), "cut"),
    State("shapes-light", "bundled:shapes", "light", (1024, 700), "head"),
    State("smollm2-dark", "pack:smollm2", "dark", (1440, 900), "cut"),
    State("smollm2-light", "pack:smollm2", "light", (1440, 900), "head"),
    State("smollm2-small", "pack:smollm2", "light", (1024, 700), "trace"),
    State("dinov2-dark", "pack:dinov2-small", "dark", (1440, 900), "head"),
    State("dinov2-light", "pack:dinov2-small", "light", (1440, 900), "head"),
    State("welcome-dark", "bundled:names", "dark", (1440, 900), "welcome"),
    State("welcome-small", "bundled:names", "light", (1024, 700), "welcome"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these states")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QSettings, QTemporaryDir
    from PySide6.QtWidgets import QApplication

    from core.models import packs

    home = QTemporaryDir()  # the user's own settings stay as they are
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, home.path())
    app = QApplication(sys.argv[:1])
    options.folder.mkdir(parents=True, exist_ok=True)
    for state in STATES:
        if options.names and state.name not in options.names:
            continue
        kind, _, name = state.model.partition(":")
        if kind == "pack" and not packs.is_installed(name):
            print(f"{state.name}: left out, {state.model} is not installed", file=sys.stderr)
            continue
        path = options.folder / f"{state.name}.png"
        take(app, state, path)
        print(path)
    return 0


def take(app, state: State, path: Path) -> None:  # type: ignore[no-untyped-def]
    """Start a window, bring it into a state, and save it."""
    import numpy as np
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from app.gui import make_window
    from views import theme

    theme.set_choice(state.theme)  # type: ignore[arg-type]
    theme.apply(app)
    window = make_window()
    window.resize(*state.size)
    window.show()
    bench = window.workbench

    def wait(until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{state.name}: the engine gave no answer")
            app.processEvents()
            time.sleep(0.005)
        for _ in range(20):  # layouts and kept pictures settle
            app.processEvents()
            time.sleep(0.01)

    try:
        window.opener.start(state.model)
        wait(lambda: bench.scored is not None and not bench.busy)
        assert bench.scored is not None
        assert bench.opened is not None
        graph = bench.opened.graph
        order = [int(index) for index in np.argsort(-np.abs(bench.scored.values))[:48]]
        if state.act == "cut":
            window.top_bar.set_tool("cut")
            for index in order:
                try:
                    point = window.canvas.edge_point(index).toPoint()
                except ValueError:
                    continue  # hidden by others
                QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=point)
                break
            wait(lambda: bool(bench.measured) and not bench.busy)
        elif state.act == "head":
            node = next(graph.edge(i).writer for i in order if graph.edge(i).writer.kind == "head")
            QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=window.canvas.node_point(node).toPoint())
            wait(lambda: not bench.busy)
        elif state.act == "trace":
            window.commands["trace"].trigger()
            wait(lambda: bench.recovered is not None and not bench.busy)
        elif state.act == "welcome":
            window.opener.show_welcome()
            wait(lambda: True)
        window.grab().save(str(path))
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()


if __name__ == "__main__":
    sys.exit(main())
