"""A kind of replacement is a file and a row of words: nothing else lists the kinds."""

from __future__ import annotations

import ast
from pathlib import Path

import core
from core.edit_kinds import ABLATIONS, KINDS
from core.engine.replacement import REPLACEMENTS, Ablation

ROOT = Path(core.__file__).parent.parent


def test_every_kind_has_a_file_and_its_words() -> None:
    assert set(REPLACEMENTS) == set(KINDS)
    assert {kind for kind, row in REPLACEMENTS.items() if isinstance(row, Ablation)} == set(ABLATIONS)
    for kind, row in KINDS.items():
        assert row.button, kind
        assert row.tip, kind
        assert bool(row.carries) == bool(row.choice) == bool(row.puts), kind
        assert row.without_b or not row.from_b, kind
        assert row.inputs or not row.others, kind
        assert row.amount.least <= row.amount.first <= row.amount.most, kind
        assert row.against in ABLATIONS, kind
        assert row.against != kind, kind


def test_no_question_is_asked_of_the_name_of_a_kind() -> None:
    """`kind == "patch"` would be asked of every further kind; the table has what such questions mean: `from_b`,
    `turns_value`, `repeats`, `sign`. The window steers along A minus B, which it makes itself."""
    for folder in ("core", "app", "views"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Compare) or not ast.unparse(node.left).endswith(("kind", "replacement")):
                    continue
                names = {each.value for each in node.comparators if isinstance(each, ast.Constant)}
                theirs = path.parent.name == "interchange"  # of files: names that other programs gave
                corrupted = ast.unparse(node.left) == "corruption.kind"  # of pictures: other kinds of these names
                steered = {"steer"} if folder == "app" else set()
                assert corrupted or theirs or not names & (set(KINDS) - steered), f"{path.name}:{node.lineno}"
