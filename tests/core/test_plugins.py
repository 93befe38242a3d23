"""Rows of other packages: the page that tells how to write them, followed to the letter, and what fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ArceeConfig, ArceeForCausalLM

import wirescope as ws
from core import plugins
from core.circuit import EXPORTERS
from core.errors import ArgumentError, ModelError
from core.inputs.tasks import TASKS, make_task
from core.metrics import METRICS
from core.models import packs
from core.models.family import FAMILIES
from core.tracing.method import METHODS
from core.tracing.told_options import Options
from tests.example_plugin import install, installed, page_files

ROOT = Path(ws.__file__).parent

ROW = """
from core.circuit import Exporter
API = 1
ROW = Exporter("one", "One", "", ".txt", len)
TWO = (ROW, Exporter("two", "Two", "", ".txt", len))
AGAIN = Exporter("dot", "Dot", "", ".txt", len)
NAMELESS = Exporter("", "", "", ".txt", len)
OTHER = "a text"
"""
BROKEN = {
    "aa_one": ("good:ROW", ""),
    "gone": ("good:NOTHING", "AttributeError"),
    "old": ("old:ROW", "was made for API 0, and this is API 1"),
    "silent": ("silent:ROW", "does not say for which API"),
    "raises": ("raises:ROW", "ZeroDivisionError: division by zero"),
    "leaves": ("leaves:ROW", "SystemExit: 3"),
    "missing": ("not_there:ROW", "ModuleNotFoundError"),
    "another": ("good:OTHER", "is no Exporter, but str"),
    "taken": ("good:AGAIN", "Exporter 'dot' is there already"),
    "twice": ("good:TWO", "Exporter 'one' is there already"),
    "nameless": ("good:NAMELESS", "needs a name"),
}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Path]:
    install(tmp_path, page_files())
    with installed(tmp_path):
        yield tmp_path


def test_the_page_names_every_group(page: Path) -> None:
    *found, feature = plugins.plugins()
    assert [plugin.group for plugin in found] == list(plugins.TABLES)
    assert {(plugin.package, plugin.error) for plugin in (*found, feature)} == {("wirescope-example 1.0", "")}
    assert [plugin.rows for plugin in found] == [
        ("short-edges",), ("lead",), ("Arcee",), ("greetings",), ("example",), ("list",)
    ]  # fmt: skip
    assert feature.group == "features"  # the window's test builds it


def test_its_method_metric_task_and_form_work_together(page: Path) -> None:
    model = ws.load_model("bundled:names")
    made = make_task("greetings", model, pairs=4)
    assert len(made.pairs) == 4
    (clean, counterfactual), (target, _) = made.pairs[0], made.answers[0]
    session = ws.Session(model, model.pair(clean, counterfactual), ws.Metric("lead", target))
    answers = session.clean.answer[0]
    others = torch.cat([answers[: model.answer(target)], answers[model.answer(target) + 1 :]])
    assert float(session.clean.metric) == pytest.approx(float(answers[model.answer(target)] - others.max()), abs=1e-5)
    scores = ws.trace(session, "short-edges", options=ws.Options(base=3.0))
    index = session.graph.index
    assert scores.values[index("input->logits")] == pytest.approx(3.0 ** -(session.graph.layers + 1))
    assert scores.values[index("m1->m2")] == pytest.approx(1 / 3)
    assert scores.top(3).export("list") == "\n".join(scores.top(3).names) + "\n"
    with pytest.raises(ArgumentError, match="at least 1 base"):
        Options(base=0.5)


def test_a_model_of_its_family_opens_and_is_the_models_own(page: Path) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    module = ArceeForCausalLM(ArceeConfig(vocab_size=64, num_key_value_heads=2, **sizes)).eval()
    model = ws.load_model((module, None))
    assert model.adapter.family == "Arcee"
    ids = torch.tensor([[3, 5, 7, 9]])
    session = ws.Session(model, model.pair(ids, ids.flip(1)))
    with torch.no_grad():
        own = module(ids).logits[:, -1]
    assert np.allclose(session.clean.answer.numpy(), own.numpy(), atol=1e-5)


def test_a_list_of_names_in_an_error_has_what_was_added(page: Path) -> None:
    session_model = ws.load_model("bundled:names")
    pair = session_model.pair("A and B", "B and A")
    with pytest.raises(ArgumentError, match="short-edges"):
        ws.trace(ws.Session(session_model, pair), "nothing")
    with pytest.raises(ArgumentError, match="lead"):
        ws.Session(session_model, pair, ws.Metric("nothing"))
    with pytest.raises(ArgumentError, match="greetings"):
        make_task("nothing", session_model)
    with pytest.raises(ArgumentError, match="list"):
        ws.circuit_of(session_model.graph, []).export("nothing")
    with pytest.raises(ArgumentError, match="example"):
        ws.load_model("pack:nothing")
    with pytest.raises(ModelError, match="wirescope models get example"):
        ws.load_model("pack:example")
    assert not packs.is_installed("example")


def test_what_fails_is_left_out_with_its_reason(tmp_path: Path) -> None:
    lines = "\n".join(f'{name} = "{value}"' for name, (value, _) in BROKEN.items())
    toml = f'[project]\nname = "broken"\nversion = "2"\n[project.entry-points."wirescope.exporters"]\n{lines}\n'
    modules = {"good": ROW, "old": ROW.replace("API = 1", "API = 0"), "silent": ROW.replace("API = 1", "")}
    modules |= {"raises": "API = 1\n1 / 0", "leaves": "raise SystemExit(3)"}
    install(tmp_path, {"pyproject.toml": toml, **{f"{name}.py": text for name, text in modules.items()}})
    with installed(tmp_path):
        assert list(EXPORTERS) == ["json", "graphml", "gexf", "dot", "tikz", "csv", "html", "report", "one"]
        found = {plugin.name: plugin for plugin in EXPORTERS.plugins()}
        assert list(found) == sorted(BROKEN)
        for name, (_, words) in BROKEN.items():
            assert words in found[name].error
            assert bool(found[name].error) == (name != "aa_one") == ("Traceback" in found[name].traceback), name
        assert EXPORTERS["dot"].title == "DOT"


def test_none_is_loaded_where_that_is_wanted_and_later_where_a_window_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, page_files())
    with installed(tmp_path):
        monkeypatch.setattr(plugins._STATE, "when", "first use")
        plugins.wait()
        assert "short-edges" not in METHODS
        plugins.load()
        assert "short-edges" in METHODS
        assert list(METHODS)[-1] == "short-edges"
    with installed(tmp_path):
        plugins.load_none()
        assert "list" not in EXPORTERS
        plugins.load()
        assert "list" not in EXPORTERS
        assert "wirescope_example.exporter" not in sys.modules


def test_a_table_costs_no_plugin_of_another_and_the_variable_turns_them_off(tmp_path: Path) -> None:
    install(tmp_path, page_files())
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        "from core.tracing.method import METHODS\n"
        "print(len(METHODS), *(m for m in sys.modules if m.startswith('wirescope_example.')), 'torch' in sys.modules)"
    )
    for off, said in (({}, [str(len(METHODS) + 1), "wirescope_example.method", "False"]),
                      ({plugins.OFF: "1"}, [str(len(METHODS)), "False"])):  # fmt: skip
        env = {**os.environ, **off}
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=env)
        assert run.stdout.split() == said


def test_the_tables_hold_what_they_held(page: Path) -> None:
    """Built-in rows come first, under their own names."""
    for table in (METHODS, METRICS, FAMILIES, TASKS, packs.PACKS, EXPORTERS):
        assert all(row.name == name for name, row in table.items())
        assert len(table) == len({*table})
    assert (next(iter(METHODS)), next(iter(FAMILIES)), next(iter(EXPORTERS))) == ("eap-ig", "GPT-2", "json")


def test_names_for_menus_cost_no_model_library() -> None:
    """Families alone do: a row holds its adapter."""
    modules = ", ".join(module for group, module in plugins.TABLES.items() if group != "families")
    code = f"import sys, {modules}\nfrom core.plugins import _STATE\nfor table in _STATE.tables.values(): list(table)\n"
    code += "print(len(_STATE.tables), {'torch', 'transformers', 'timm'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == f"{len(plugins.TABLES) - 1} set()"
