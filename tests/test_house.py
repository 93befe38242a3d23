"""The house rules hold, and what guards them fires: each guard is shown a test or a module that breaks its rule."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "core", "views")

GUARDED_TESTS = """
import os, random, threading, time, warnings
import pytest
from PySide6.QtCore import QSettings, QThread, QTimer, qWarning
from PySide6.QtWidgets import QWidget

kept = []

class Sleeper(QThread):
    def run(self):
        time.sleep(0.5)

def bad_window(qapp):
    kept.append(QWidget())

def bad_shown_window(qapp):
    widget = QWidget()
    widget.itself = widget
    widget.show()

def bad_timer(qapp):
    kept.append(QTimer())
    kept[-1].start(10_000)

def bad_qthread(qapp):
    kept.append(Sleeper())
    kept[-1].start()

def bad_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def bad_exception_in_thread():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()

def bad_exception_in_slot(qtbot):
    QTimer.singleShot(0, lambda: 1 / 0)
    qtbot.wait(10)

def bad_warning():
    warnings.warn("old")

def bad_qt_warning(qapp):
    qWarning("QPainter::begin: no")

@pytest.mark.timeout(0.5)
def bad_hang():
    threading.Event().wait()

def good_window_given_to_qtbot(qtbot):
    kept.append(QWidget())
    qtbot.addWidget(kept[-1])
    kept[-1].show()

def good_local_window(qapp):
    widget = QWidget()
    widget.show()

def good_hidden_window_in_a_cycle(qapp):
    widget = QWidget()
    widget.itself = widget

def good_stopped_timer(qapp):
    kept.append(QTimer())
    kept[-1].start(10_000)
    kept[-1].stop()

def good_finished_qthread(qapp):
    kept.append(Sleeper())
    kept[-1].start()
    kept[-1].wait()

def good_thread_that_ends_by_itself():
    threading.Thread(target=time.sleep, args=(0.1,)).start()

def good_settings_are_written(qapp):
    QSettings("wirescope", "wirescope").setValue("theme", "dark")

def good_settings_of_another_test_are_not_seen(qapp):
    assert QSettings("wirescope", "wirescope").value("theme") is None

def good_data_folder_is_not_the_users():
    assert os.environ["WIRESCOPE_DATA"] != "/users/own"

@pytest.mark.packs
def good_packs_see_the_users_data_folder():
    assert os.environ["WIRESCOPE_DATA"] == "/users/own"

def good_random_numbers_are_drawn():
    kept.append(random.random())

def good_random_numbers_start_anew():
    assert random.random() == kept[-1]

def good_environment():
    assert os.environ["HF_HUB_OFFLINE"] == "1" and os.environ["QT_QPA_PLATFORM"] == "offscreen"
"""
GUARDED = re.findall(r"^def ((?:bad|good)_\w+)", GUARDED_TESTS, re.MULTILINE)

ENDLESS_DIALOG = """
from PySide6.QtWidgets import QApplication, QDialog

app = QApplication([])

def bad_dialog():
    QDialog().exec()
"""


def run_pytest(folder: Path, tests: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on the source of some tests, under this project's settings and conftest."""
    file = folder / "test_guarded.py"
    file.write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml")]
    command += ["-p", "no:cacheprovider", "-v", "-o", "python_functions=good_* bad_*", *options, str(file)]
    own = {"WIRESCOPE_DATA": "/users/own", "WIRESCOPE_TEST_DISPLAY": ""}
    environment = {name: value for name, value in os.environ.items() if name != "WIRESCOPE_TEST_USER_DATA"} | own
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    output = run_pytest(tmp_path_factory.mktemp("guards"), GUARDED_TESTS).stdout
    found: dict[str, set[str]] = {}
    for name, outcome in re.findall(r"^\S*::(\w+) (PASSED|FAILED|ERROR|SKIPPED)", output, re.MULTILINE):
        found.setdefault(name, set()).add(outcome)
    assert found, output
    return found


@pytest.mark.parametrize("name", GUARDED)
def test_what_a_test_leaves_or_prints_decides(name: str, outcomes: dict[str, set[str]]) -> None:
    if name.startswith("good"):
        assert outcomes[name] == {"PASSED"}
    else:
        assert outcomes[name] & {"FAILED", "ERROR"}


def test_a_hang_inside_qt_ends_the_run_and_names_the_place(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, ENDLESS_DIALOG, "-o", "faulthandler_timeout=1")
    assert done.returncode != 0
    assert "in bad_dialog" in done.stderr


def test_a_check_of_some_seconds_leaves_the_rest_to_the_whole_run(tmp_path: Path) -> None:
    tests = "import pytest\n\ndef good_quick(): pass\n\n@pytest.mark.slow\ndef good_slow(): assert False\n"
    outcomes = [run_pytest(tmp_path, tests, f"--budget={seconds}").stdout for seconds in (60, 0)]
    assert [re.findall(r"::good_\w+ (PASSED|SKIPPED)", output) for output in outcomes] == [
        ["PASSED", "SKIPPED"],
        ["SKIPPED", "SKIPPED"],
    ]
    assert all("left to `make test`" in output for output in outcomes)


VIOLATIONS = {
    "core/draws.py": ("import PySide6.QtCore", "core runs without a screen"),
    "core/plots.py": ("def plot():\n    import pyqtgraph", "core runs without a screen"),
    "core/paints.py": ("from views import theme", "core runs without a screen"),
    "core/engine/starts.py": ("import app", "app stands on views"),
    "views/computes.py": ("import core.metrics", "views import only the data types"),
    "views/canvas/loads.py": ("from core import models", "views import only the data types"),
    "views/panels/starts.py": ("import app", "views import only the data types"),
    "views/tensors.py": ("import torch", "views reach no model library"),
    "core/errors.py": ("def later():\n    from core import models", "the data types of core import only each other"),
    "app/messages/rises.py": ("import app.presenters.edits", "each floor of app imports only those below it"),
    "app/features/table/meets.py": ("import app.features.help.controller", "features know nothing of each other"),
    "app/features/table/queries.py": ("import app.features.table.controller", "inside a feature"),
    "app/worker/paints.py": ("import PySide6.QtCore", "what computes or prints runs without Qt"),
    "app/services/computes.py": ("import torch", "the window's side imports no model library and no worker"),
    "app/cli/asks.py": ("import app.services.settings", "the command line knows no window"),
    "views/choices.py": ("import views.theme", "no circles between siblings"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    script = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    command = [sys.executable, "-c", script, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_import_contracts_break_on_each_violation(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, (source, _) in VIOLATIONS.items():
        with open(tmp_path / path, "a", encoding="utf-8") as file:
            file.write(f"\n{source}\n")
    broken = lint_imports(tmp_path)
    assert broken.returncode != 0
    # The part that explains: each broken contract's name, underlined, and below it the imports that break it.
    explained = re.split(r"\n(?=[^\n]+\n-{5,}\n)", broken.stdout.split("Broken contracts")[1])
    for path, (_, contract) in VIOLATIONS.items():
        module = path.removesuffix(".py").replace("/", ".")
        names = f"{module} ->", f" .{module.rpartition('.')[2]} "  # a circle is said by the last parts of names
        assert any(part.startswith(contract) and any(name in part for name in names) for part in explained), (
            f"{path}: {contract}"
        )


def test_loading_every_view_loads_no_model_code() -> None:
    script = """
import importlib, pkgutil, sys
import views
for module in pkgutil.walk_packages(views.__path__, "views."):
    importlib.import_module(module.name)
print(*sorted(name for name in sys.modules if name.split(".")[0] in {"core", "torch", "transformers", "timm", "app"}))
"""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    data = (
        "component_words",
        "edge_arrays",
        "edit_kinds",
        "edits",
        "errors",
        "evaluation",
        "evaluation.statement",
        "formatting",
        "glossary",
        "graph",
        "groups",
        "nodes",
        "positions",
        "project",
        "project.metric_choice",
        "project.outcome",
        "studies",
        "studies.estimate",
        "studies.set_values",
        "tracing",
    )
    allowed = {"core", "core.tracing.meaning", "core.tracing.order", *(f"core.{name}" for name in data)}
    assert set(done.stdout.split()) <= allowed


def test_the_front_door_holds_names_of_core_alone() -> None:
    tree = ast.parse((ROOT / "wirescope.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= {"core", "__future__", "importlib", "typing"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_of_code_is_a_package(package: str) -> None:
    """Else the wheel, which takes packages alone, would leave it out."""
    folders = {file.parent for file in (ROOT / package).rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_packaging_is_no_package() -> None:
    """Else it would shadow the library of that name."""
    assert not (ROOT / "packaging" / "__init__.py").exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_has_outgrown_its_subject(package: str) -> None:
    lengths = {str(f.relative_to(ROOT)): len(f.read_bytes().splitlines()) for f in (ROOT / package).rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
