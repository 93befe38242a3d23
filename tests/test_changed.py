"""Which tests `make check` runs: those that mirror a changed file, else those of what uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.changed import Tree

FILES = {
    "core/lens/heads.py": "",
    "core/lens/rows.py": "",
    "core/tasks/__init__.py": "",
    "core/tasks/capitals.py": "",
    "app/presenters/edits.py": "from core.lens.rows import row",
    "app/panel.py": "import app.presenters.edits",
    "app/features/trust/controller/ask.py": "",
    "tests/app/features/trust/test_in_window.py": "",
    "tests/oracle.py": "",
    "tests/app/test_panel.py": "def test_it():\n    from app import panel",
    "tests/app/test_heads.py": "from core.lens import heads",
    "tests/core/test_tasks.py": "from core import tasks",
    "tests/core/lens/test_heads.py": "",
    "tests/core/lens/test_heads_of_groups.py": "",
    "tests/core/lens/test_both.py": "from tests import oracle\nfrom core.lens.heads import head",
    "tests/packaging/test_prepare.py": "",
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("core/lens/heads.py", ["core/lens/test_heads", "core/lens/test_heads_of_groups", "core/lens/test_both"]),
        ("core/lens/rows.py", ["app/test_panel"]),  # by way of two modules
        ("app/panel.py", ["app/test_panel"]),
        ("app/features/trust/controller/ask.py", ["app/features/trust/test_in_window"]),
        ("core/tasks/capitals.py", ["core/test_tasks"]),  # which nothing imports
        ("tests/oracle.py", ["core/lens/test_both"]),
        ("tests/app/test_heads.py", ["app/test_heads"]),
        ("tests/app/test_deleted.py", []),
        ("Makefile", ["packaging/test_prepare"]),
        ("README.md", []),
    ],
)
def test_tests_of_a_changed_file(tree: Tree, changed: str, tests: list[str]) -> None:
    assert list(tree.tests_of([changed])) == [f"tests/{test}.py" for test in tests]


def test_changed_tests_come_first_then_mirrors_and_each_once(tree: Tree) -> None:
    tests = list(tree.tests_of(["core/lens/heads.py", "app/panel.py", "tests/core/lens/test_both.py"]))
    assert tests[0] == "tests/core/lens/test_both.py"
    assert len(tests) == len(set(tests)) == 4
