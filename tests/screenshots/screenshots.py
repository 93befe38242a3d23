"""Pictures of the window for the README: `make screenshots`.

Starts the real window offscreen, acts as a user would, and saves what is on the screen. What is done before each
picture is `screenshot_acts`' subject. States whose model pack is not installed are left out, with a line that says so.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "packaging" / "screenshots"


@dataclass(frozen=True)
class State:
    """One picture: file name, model, theme, window size, and the act before it: a name of `screenshot_acts.ACTS`."""

    name: str
    model: str
    theme: str
    size: tuple[int, int]
    act: str


WIDE, SMALL = (1440, 900), (1024, 700)
STATES = (
    State("names-dark", "bundled:names", "dark", WIDE, "guide"),
    State("names-light", "bundled:names", "light", WIDE, "group"),
    State("names-small", "bundled:names", "dark", SMALL, "cut"),
    State("history-dark", "bundled:names", "dark", WIDE, "history"),
    State("table-light", "bundled:names", "light", WIDE, "table"),
    State("shapes-dark", "bundled:shapes", "dark", WIDE, "region"),
    State("shapes-small", "bundled:shapes", "light", SMALL, "head"),
    State("smollm2-dark", "pack:smollm2", "dark", WIDE, "circuit"),
    State("smollm2-tokens", "pack:smollm2", "light", WIDE, "tokens"),
    State("dinov2-light", "pack:dinov2-small", "light", WIDE, "head"),
    State("dinov2-patches", "pack:dinov2-small", "dark", WIDE, "patches"),
    State("repair-light", "resources/models/planted/trojan-poisoned", "light", WIDE, "repair"),
    State("welcome-small", "bundled:names", "light", SMALL, "welcome"),
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
    from views import motion

    home = QTemporaryDir()  # the user's own settings stay as they are
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, home.path())
    app = QApplication(sys.argv[:1])
    motion.set_choice("reduced")  # nothing is caught halfway
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
    from app.__main__ import make_worker_service
    from app.window.application import make_window
    from tests.screenshots.screenshot_acts import ACTS, Actor
    from views import theme

    theme.set_choice(state.theme)  # type: ignore[arg-type]
    theme.apply(app)
    window = make_window(make_worker_service)
    window.arrangement.reset()
    window.resize(*state.size)
    window.show()
    try:
        window.workbench.models.start(state.model)
        actor = Actor(app, window)
        actor.rest()
        ACTS[state.act](actor)
        actor.rest()
        window.grab().save(str(path))
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()


if __name__ == "__main__":
    sys.exit(main())
