"""What is looked for is where its kind says: each feature, and each panel, has the same few names of files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from app.features.registry import FEATURES

ROOT = Path(__file__).resolve().parent.parent
FILES = {"feature", "controller", "presenter", "queries", "handlers"}
BY_OTHERS = {"figure", "palette"}  # the canvas and the window show these


def folders(under: str) -> list[Path]:
    return sorted(path.parent for path in (ROOT / under).glob("*/__init__.py"))


def names(folder: Path) -> set[str]:
    """Of its modules; a name that needs several is a folder."""
    return {path.stem for path in folder.iterdir()} - {"__init__", "__pycache__"}


def trees(folder: Path) -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(folder.rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_a_feature_says_what_it_is_in_one_file_and_does_it_in_another() -> None:
    for folder in folders("app/features"):
        held = names(folder)
        assert held <= FILES, folder.name
        assert held >= {"feature", "controller"}, folder.name
        assert "queries" in held or "handlers" not in held, folder.name
        controller = f"app.features.{folder.name}.controller"
        assert any(module.startswith(controller) for module in imported(folder / "feature.py")), folder.name


def test_a_feature_and_its_panel_are_found_by_its_name() -> None:
    assert {folder.name for folder in folders("app/features")} == {feature.key for feature in FEATURES}
    for feature in FEATURES:
        handled = "handlers" in names(ROOT / "app" / "features" / feature.key)
        assert feature.handlers == (f"app.features.{feature.key}.handlers" if handled else "")
        if feature.panel is not None and feature.key != "canvas":
            assert feature.panel.__module__ == f"views.panels.{feature.key}.panel"


def test_a_panel_is_in_the_file_of_that_name() -> None:
    panels = folders("views/panels")
    assert [folder.name for folder in panels if "panel" not in names(folder)] == []
    assert {folder.name for folder in panels} <= {feature.key for feature in FEATURES} | BY_OTHERS


def test_only_the_actions_record_says_what_can_be_done() -> None:
    """Elsewhere in app nothing is enabled by hand; a panel greys its widgets by the data that it is given."""
    enabling = [
        name
        for name, tree in trees(ROOT / "app")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"setEnabled", "setDisabled"}
    ]
    assert enabling == ["app/services/actions.py"]
