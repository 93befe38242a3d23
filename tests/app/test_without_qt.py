"""What computes and what prints runs where Qt cannot even be imported: the worker, the presenters and the commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import importlib, pkgutil, re, sys

class NoQt:
    away = "PySide6", "shiboken6"
    def find_spec(self, name, path=None, target=None):
        if name.startswith(self.away):
            raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory", name=name)

no_qt = NoQt()
sys.meta_path.insert(0, no_qt)
import app
names = [module.name for module in pkgutil.walk_packages(app.__path__, "app.")]
plain = re.compile(r"app\\.(messages|presenters|worker|cli)\\b|app\\.features\\.\\w+\\.(queries|handlers)\\b")
for name in names:
    if plain.match(name):
        importlib.import_module(name)
from app.__main__ import main
prompt, folder = sys.argv[1:]
asked = ["--model", "bundled:names", "--clean", prompt, "--edit", "m0=zero"]
pair = ["--clean", "Mary and John met. John spoke to", "--counterfactual", "Mary and John met. Tom spoke to"]
traced = ["--model", "bundled:names", "--clean", prompt, "--method", "eap", "--ablation", "zero"]
scores = f"{folder}/scores.json"
codes = [main(line) for line in (
    ["methods"], ["families"], ["models"], ["run", *asked], ["trace", *traced, "--out", scores],
    ["compare", scores, scores], ["export", *asked, "--format", "json", "--out", f"{folder}/circuit.json"],
    ["evaluate", scores, *pair],
)]
no_qt.away = "PySide6.QtGui", "PySide6.QtWidgets"  # Qt is installed, and a library of the system is not
codes += [main(["export", *asked, "--format", "svg", "--out", f"{folder}/circuit.svg"]), main(["bundled:names"])]
print(codes, len([name for name in names if plain.match(name)]))
"""


def test_worker_and_commands_need_no_qt(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "When Mary and John met, John gave a book to", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    codes, count = done.stdout.splitlines()[-1].rsplit(" ", 1)
    assert codes == str([0] * 8 + [3, 3]), done.stderr
    for what in ("figure can be drawn", "window can open"):
        assert f"No {what} here, for Qt cannot be loaded: libEGL.so.1" in done.stderr
    assert int(count) > 50
