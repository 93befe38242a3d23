"""The entry point: `wirescope [MODEL]` opens the window; `wirescope run`, `trace` and the other commands work in the
terminal, and in a clone `wirescope bench`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.workbench.worker_thread import Server


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 done (also where nobody reads the output to its end), 2 bad arguments, 3 bad input or
    model or an output that cannot be written, 130 interrupted."""
    problem = _strangers()
    if problem:
        print(problem, file=sys.stderr)
        return 3
    from app.cli import output
    from core.errors import WirescopeError
    from core.models.kept_code import bound_kept_code

    output.make_ready()
    bound_kept_code()
    try:
        try:
            code = _serve(list(sys.argv[1:] if argv is None else argv))
        except SystemExit:  # of the arguments' parser, which has said why
            output.flush()
            raise
        output.flush()
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        output.tell("Interrupted.")
        return 130
    except WirescopeError as error:
        output.tell(f"wirescope: {error}")
        return 3
    return code


def _serve(arguments: list[str]) -> int:
    from app.cli import bench
    from app.cli.parser import COMMANDS, command, window_arguments
    from app.cli.plugins import NO_PLUGINS
    from core.plugins import load_none

    if NO_PLUGINS in arguments:  # before the lists are made that help shows
        load_none()
    if arguments and arguments[0] == "bench" and bench.available():
        return bench.bench(arguments[1:])
    if arguments and arguments[0] in COMMANDS:
        return command(arguments)
    options = window_arguments(arguments)
    if not has_display():
        from app.cli.example import run_example

        return run_example(options.model)
    from app.window.plain_imports import import_plainly

    try:
        import_plainly()
        if sys.platform == "win32":
            import torch  # noqa: F401  # its libraries must be there before Qt's
        from app.window.application import run
    except ImportError as error:
        from app.cli.figures import no_qt

        raise no_qt("No window can open", error, "or work in the terminal: wirescope --help") from None

    return run(options.model, make_worker_service)


def make_worker_service() -> Server:
    """What serves the window in the worker's thread: this is where torch is imported."""
    from app.features.registry import handler_modules
    from app.worker.service import WorkerService
    from core import plugins

    plugins.load()
    return WorkerService(handler_modules)


def has_display() -> bool:
    """Whether a window can be shown: always on macOS and Windows; on Linux with a display or a platform that needs
    none."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))


def _strangers() -> str:
    """Why this is not one installation: `app`, `core`, `views` and `resources` are common names, and another
    package's may come first."""
    homes = {}
    for name in ("app", "core", "views", "resources"):
        spec = importlib.util.find_spec(name)
        origin = None if spec is None or spec.origin is None else Path(spec.origin).resolve().parent.parent
        homes[name] = origin
    if len(set(homes.values())) == 1:
        return ""
    places = ", ".join(f"{name} from {home}" for name, home in homes.items())
    return (
        f"Wirescope's parts come from different places: {places}. "
        "Install it in an environment of its own (pipx install wirescope, or make run)."
    )


if __name__ == "__main__":
    sys.exit(main())
