"""Outcomes of ways, kept as JSON lines in the user's cache: a run that is broken off goes on where it was. Those behind
the tables that are written lie in `tests/benchmarks/outcomes/` too, so that a run on another machine can go on from
there, and whoever doubts a table has what it was made of.

An outcome has a key: a hash of the files of the model and its clean twin, of the examples that the way sees and that
it is judged by, of the settings, and of the source of the way and of what measures it. Of a source, comments,
docstrings and what errors say are left out. Where one of these is another, the way runs again. A rival does not depend
on the search of the repair. The engine beneath is in no key: where it gives other results, the folder must go.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock

from core.repair.examples import Batch

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "tests" / "benchmarks" / "outcomes"
DIGITS = 5  # of a number in the record
LONGEST = 200  # characters of a setting in the record: that of a repair from clean inputs names a thousand edges
REPAIR = "repair"
Outcome = dict[str, Any]


def folder(part: str = REPAIR) -> Path:
    """Of a part of the benchmarks."""
    root = os.environ.get("WIRESCOPE_CACHE") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / f"bench-{part}"


def kept(name: str, part: str = REPAIR) -> dict[str, Outcome]:
    """The outcomes of a model by key, recorded ones and those of this machine. A line that was broken off is none."""
    return {each["key"]: each for at in (RECORD / part, folder(part)) for each in _lines(at / f"{name}.jsonl")}


def _lines(path: Path) -> Iterator[Outcome]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            outcome = json.loads(line)
        except ValueError:
            continue
        if isinstance(outcome, dict) and "key" in outcome:
            yield outcome


def record(outcomes: Sequence[Outcome], part: str = REPAIR) -> None:
    """Put outcomes into the record, in place of all of the same models and the same knowledge."""
    (RECORD / part).mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(outcome["model"] for outcome in outcomes):
        path, fresh = RECORD / part / f"{name}.jsonl", [each for each in outcomes if each["model"] == name]
        known = {_knowledge(each) for each in fresh}
        others = [each for each in _lines(path) if _knowledge(each) not in known]
        lines = [json.dumps(_brief(each), ensure_ascii=False) for each in sorted([*others, *fresh], key=_place)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _knowledge(outcome: Outcome) -> tuple[str, int]:
    return outcome["knowledge"], outcome["triggered"]


def _place(outcome: Outcome) -> tuple[object, ...]:
    return *_knowledge(outcome), outcome["seed"], outcome["way"]


def _brief(outcome: Outcome) -> Outcome:
    def brief(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, DIGITS)
        return [brief(each) for each in value] if isinstance(value, list) else value

    setting = outcome["setting"]
    if len(setting) > LONGEST:
        setting = setting[:LONGEST] + "…"
    return {name: brief(value) for name, value in outcome.items()} | {"setting": setting}


def keep(name: str, outcome: Outcome, part: str = REPAIR) -> None:
    folder(part).mkdir(parents=True, exist_ok=True)
    path = folder(part) / f"{name}.jsonl"
    with FileLock(f"{path}.lock"), path.open("a", encoding="utf-8") as file:
        # in a line of its own, whatever a run that was ended left behind
        file.write("\n" + json.dumps(outcome, ensure_ascii=False) + "\n")


def digest(*parts: object) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part if isinstance(part, bytes) else repr(part).encode())
        whole.update(b"\0")
    return whole.hexdigest()[:24]


def of_batches(batches: Iterable[Batch]) -> str:
    return digest(
        *(
            part
            for batch in batches
            for part in (batch.pair.clean.tensor.numpy().tobytes(), batch.pair.clean.lengths, batch.targets.tolist())
        )
    )


@cache
def version(module: str, inside: tuple[str, ...], outside: tuple[str, ...] = ()) -> str:
    """Of a module's source, and that of all it imports inside some packages. Names are by how they begin."""
    seen: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name in seen or not path.exists():
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        waiting += [each for each in imported(tree) if each.startswith(inside) and not each.startswith(outside)]
        seen[name] = bare(tree)
    return digest(*(f"{name}\n{source}" for name, source in sorted(seen.items())))


def imported(tree: ast.AST) -> list[str]:
    """Modules that a source imports, and names that may be modules."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def bare(tree: ast.AST) -> str:
    """The source without comments, docstrings and what errors say."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            body[0] = ast.Pass()
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
    return ast.unparse(tree)
