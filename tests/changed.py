"""The tests of what is changed, for `make check`: prints their files.

Changed is what differs from the commit at which the branch left main, committed or not. A changed test stands for
itself. Of a module they are the tests that mirror it by place and name (`core/lens/heads.py`:
`tests/core/lens/test_heads*.py`), with those in the mirrored folder that import it; where there are none, the tests
anywhere that import it; where there are none either, those of the modules that do. At most `MOST` files, the changed
tests and the mirrors first: what a module that all import may break, `make test` says.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("app", "core", "views", "tests", "packaging")
FEATURES = ("app", "features")
MOST = 12


def main() -> int:
    files = changed_files()
    tests = list(Tree(ROOT).tests_of(files))
    left = f"; {len(tests) - MOST} more are left to `make test`" if len(tests) > MOST else ""
    print(f"{len(files)} changed files, {min(len(tests), MOST)} files of tests{left}", file=sys.stderr)
    print("\n".join(tests[:MOST]))
    return 0


def changed_files() -> list[str]:
    """Paths in the clone, deleted files among them."""
    since = "HEAD"
    for main_branch in ("main", "origin/main"):
        base = git("merge-base", "HEAD", main_branch)
        if base:
            since = base[0]
            break
    return sorted({*git("diff", "--name-only", since), *git("ls-files", "--others", "--exclude-standard")})


def git(*arguments: str) -> list[str]:
    """The lines that git says; none where it fails."""
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.splitlines() if run.returncode == 0 else []


class Tree:
    """The modules and tests under a folder, and what they import."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def imported(self) -> dict[PurePosixPath, set[str]]:
        """Names of the modules that each file imports, wherever in it; of `from a import b` both `a` and `a.b`."""
        files = (path for folder in SOURCES for path in sorted((self.root / folder).rglob("*.py")))
        return {PurePosixPath(path.relative_to(self.root).as_posix()): imports(path) for path in files}

    def tests_of(self, files: Iterable[str]) -> Iterator[str]:
        """The tests of changed files, each once: the nearest first."""
        paths = [PurePosixPath(file) for file in files]
        steps = [
            [path for path in paths if is_test(path) and (self.root / path).exists()],
            *zip(*(self.near_and_far(path) for path in paths if not is_test(path)), strict=True),
        ]
        seen: set[PurePosixPath] = set()
        for step in steps:
            for tests in step:
                for test in sorted([tests] if isinstance(tests, PurePosixPath) else tests):
                    if test not in seen:
                        seen.add(test)
                        yield str(test)

    def near_and_far(self, path: PurePosixPath) -> tuple[set[PurePosixPath], set[PurePosixPath]]:
        """The tests that mirror a file, and the others of it."""
        if path.suffix != ".py":
            folder = {"resources": "tests/resources", "packaging": "tests/packaging"}.get(path.parts[0])
            folder = "tests/packaging" if path.name in ("Makefile", "pyproject.toml") else folder
            return set(), {test for test in self.imported if is_test(test) and str(test.parent) == folder}
        package = path.name == "__init__.py"
        place, stem = (path.parent.parent, path.parent.name) if package else (path.parent, path.stem)
        mirror = PurePosixPath("tests", *(place.parts[1:] if place.parts[:1] == ("tests",) else place.parts))
        named = {test for test in self.imported if test.parent == mirror and test.match(f"test_{stem}*.py")}
        if (
            place.parts[:2] == FEATURES and len(place.parts) > 2
        ):  # tested in the window, which imports it by the registry
            folder = PurePosixPath("tests", *place.parts[:3])
            named |= {test for test in self.imported if test.parent == folder and is_test(test)}
        reached, level = {place / stem}, {place / stem}
        while level:  # further from the module with each round, until there are tests
            names = {".".join(module.parts) for module in level}
            users = {user for user, modules in self.imported.items() if modules & names}
            tests = {user for user in users if is_test(user)}
            if named or tests:
                beside = {test for test in tests if test.parent == mirror}
                return named, beside if named or beside else tests
            level = {user.with_suffix("") for user in users} - reached
            reached |= level
        # Nothing imports it: it is found by its folder, as tasks are.
        return self.near_and_far(place / "__init__.py") if len(place.parts) > 1 else (set(), set())


def is_test(path: PurePosixPath) -> bool:
    return path.name.startswith("test_") and path.suffix == ".py"


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


if __name__ == "__main__":
    sys.exit(main())
