"""A project leaves as a script, from the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wirescope as ws
from core.project.project import Project, records_of
from core.project.wire_file import save_project
from tests.app.command_line import code_of
from tests.app.features.code.scripts import figures, names, printed
from tests.app.features.code.test_scripts import history


def test_a_project_becomes_a_script_in_each_form(tmp_path: Path, capsys) -> None:
    tree = history()
    tree.push("All edits", names())
    file = tmp_path / "work.wire"
    save_project(file, Project(*records_of(tree)))
    lines = {}
    for form, ending in (("python", ".py"), ("torch", ".py"), ("notebook", ".ipynb")):
        path = tmp_path / f"{form}{ending}"
        assert code_of("export", str(file), "--format", form, "--part", "step", "--out", str(path)) == 0
        assert capsys.readouterr().out.strip() == str(path)
        text = path.read_text(encoding="utf-8")
        if form == "notebook":
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        lines[form] = figures(printed(text).splitlines()[0])
    assert lines["python"] == lines["notebook"]
    assert lines["torch"] == pytest.approx(lines["python"], abs=1e-4)
    assert ws.to_python(file, part="all").count("show(session") > 8
    assert code_of("export", str(file), "--format", "torch", "--out", "work.txt") == 2
    assert code_of("export", "--format", "python") == 2
    assert code_of("export", "work.json", "--format", "python") == 2
    assert "no project" in capsys.readouterr().err
