"""The pages of resources/docs and README: what they show is what the commands wrote, and their links and code work."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks import measured
from tests.benchmarks.measured import (
    MEASURED,
    README,
    ROOT,
    filled,
    has_place,
    summary,
    with_head_sets,
    with_printed_words,
    with_summary,
    with_tables,
)
from tests.benchmarks.table import Table
from tests.doc_tables import PLACES
from tests.screenshots.gallery import FOLDER, GALLERY

PAGES = sorted((ROOT / "resources" / "docs").glob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("page", [README, FOLDER / "README.md", *PAGES], ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path):
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert missing == []


def test_the_gallery_shows_what_make_figures_makes():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    made = {f"{shown.name}.png" for shown in GALLERY}
    assert set(re.findall(r"\]\(([\w-]+\.png)\)", page)) == made == {path.name for path in FOLDER.glob("*.png")}


def test_readme_is_short_and_has_one_picture():
    text = README.read_text(encoding="utf-8")
    words = re.sub(r"<!-- (?!end).*?-->.*?<!-- end -->", "", text, flags=re.DOTALL)  # without the measured tables
    assert len(words.splitlines()) <= 76
    assert len(text.splitlines()) <= 140
    assert text.count("![") == 1


def test_the_summary_in_readme_is_that_of_the_measured_tables():
    readme = README.read_text(encoding="utf-8")
    assert with_summary(readme, MEASURED.read_text(encoding="utf-8")) == readme


def test_readmes_table_of_printed_words_is_that_of_its_page():
    readme, page = README.read_text(encoding="utf-8"), MEASURED.with_name("typographic.md").read_text(encoding="utf-8")
    assert with_printed_words(readme, page) == readme
    assert with_printed_words(readme, page.replace("| nothing | 6", "| nothing | 5", 1)) != readme


def test_readmes_table_of_sets_of_heads_is_that_of_its_page():
    readme, page = README.read_text(encoding="utf-8"), MEASURED.with_name("icl.md").read_text(encoding="utf-8")
    assert with_head_sets(readme, page) == readme
    smollm2 = page.index("account for in pack:smollm2")
    changed = page[:smollm2] + page[smollm2:].replace("| random | 27 |", "| random | 28 |", 1)
    assert with_head_sets(readme, changed) != readme
    assert with_head_sets(readme, page.replace("| random | 3 |", "| random | 4 |", 1)) != readme


def test_new_tables_take_the_place_of_those_before_and_change_the_summary():
    text = MEASURED.read_text(encoding="utf-8")
    median = summary(text).rows[0][1]
    changed = text.replace(f"| eap-ig | {median} |", "| eap-ig | 0.25 |")
    assert summary(changed).rows[0][1] == "0.25"
    table = Table("Another", ("method", "figure"), [("eap", "1")])
    anew = with_tables(text, "tracing", [table])
    assert table.as_markdown() in anew
    assert "Known circuits" not in anew
    with pytest.raises(ValueError, match="begins with 'Known circuits"):
        summary(anew)
    assert not has_place("nowhere", text)


def test_a_page_of_tables_that_each_have_a_place_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = tmp_path / "long.md"
    page.write_text("<!-- measured: long graph -->\nbefore\n<!-- end -->\n", encoding="utf-8")
    monkeypatch.setitem(measured.PAGES, "long", page)
    table = Table("A graph", ("step", "seconds"), [("opened", "1")], place="graph")
    measured.write("long", [table])
    assert table.as_markdown() in page.read_text(encoding="utf-8")
    assert "before" not in page.read_text(encoding="utf-8")


def test_the_notebook_page_runs_as_it_stands(capsys: pytest.CaptureFixture[str]):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "resources" / "docs" / "notebook.md").read_text(), re.DOTALL)
    exec(compile(code, "notebook.md", "exec"), {})
    assert "Mary" in capsys.readouterr().out


def test_the_ten_tasks_run_as_they_stand_and_show_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = (ROOT / "resources" / "docs" / "tasks.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+)\. ", page, re.MULTILINE) == [str(number) for number in range(1, 11)]
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    pictures = []
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        cell = ast.parse(code)
        last = cell.body.pop() if isinstance(cell.body[-1], ast.Expr) else None
        exec(compile(cell, "tasks.md", "exec"), names)
        if last is not None:  # as a notebook shows it
            shown = eval(compile(ast.Expression(last.value), "tasks.md", "eval"), names)
            pictures.append(shown._repr_svg_())
    assert [picture[:5] for picture in pictures] == ["<svg "] * 6
    assert names["before"] != names["after"]
    assert names["again"][0].names == names["circuit"].names
    assert names["neurons"].shape == (1, 14, 1024)
    assert names["effect"] < -0.1
    assert {path.name for path in tmp_path.iterdir()} == {"circuit.json", "scores.json", "names-cut"}


@pytest.mark.parametrize(("page", "name", "made"), PLACES, ids=lambda value: value if isinstance(value, str) else "")
def test_lists_are_those_of_the_tables(page: str, name: str, made: Callable[[], str]):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert filled(text, name, made()) == text, "run `make tables`"
