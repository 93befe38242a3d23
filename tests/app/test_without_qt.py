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
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6"):
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, NoQt())
import app
names = [module.name for module in pkgutil.walk_packages(app.__path__, "app.")]
plain = re.compile(r"app\\.(messages|presenters|worker|cli)\\b|app\\.features\\.\\w+\\.(queries|handlers)\\b")
for name in names:
    if plain.match(name):
        importlib.import_module(name)
from app.__main__ import main
prompt, folder = sys.argv[1:]
asked = ["--model", "bundled:names", "--clean", prompt, "--edit", "m0=zero"]
traced = ["--model", "bundled:names", "--clean", prompt, "--method", "eap", "--ablation", "zero"]
scores = f"{folder}/scores.json"
codes = [main(line) for line in (
    ["methods"], ["families"], ["models"], ["run", *asked], ["trace", *traced, "--out", scores],
    ["compare", scores, scores], ["export", *asked, "--format", "json", "--out", f"{folder}/circuit.json"],
)]
print(codes, len([name for name in names if plain.match(name)]))
"""


def test_worker_and_commands_need_no_qt(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "When Mary and John met, John gave a book to", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    codes, count = done.stdout.splitlines()[-1].rsplit(" ", 1)
    assert codes == str([0] * 7), done.stderr
    assert int(count) > 50
