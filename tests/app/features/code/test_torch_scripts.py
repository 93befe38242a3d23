"""Copy as Plain PyTorch: what a script without Wirescope computes is what the session does."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import wirescope as ws
from app.messages.request import Request
from app.worker.service import WorkerService
from core.edit_kinds import KINDS
from core.edited.apply import sharing_copy
from core.errors import WirescopeError
from core.metrics import Metric
from core.models.probed import Probed
from core.models.zero_shot import ZeroShot
from core.project.document import Document
from core.replacements import optimal
from core.scripts import torch_script as writer
from core.scripts.torch_model import Opened
from core.scripts.torch_script import torch_script
from tests.app.features.code.scripts import figures, names, printed, shapes, tower
from tests.core.engine.cases import case, random_edits, variant
from tests.small_models import ALL

EQUAL = 1e-4


@pytest.fixture(autouse=True)
def _torch_as_it_was() -> Iterator[None]:
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    yield
    torch.set_grad_enabled(grad)
    torch.set_default_dtype(dtype)


def session_of(document: Document) -> ws.Session:
    service = WorkerService()
    service.serve(Request(1, document), lambda _: None, lambda: False)
    return service.session


def test_scripts_alone_print_the_sessions_figures(tmp_path: Path) -> None:
    """In a process in which nothing of Wirescope can be imported; one for two, as libraries take long to come."""
    sessions = {}
    for name, document in {"names": names(), "shapes": shapes(), "tower": tower(tmp_path / "clip")}.items():
        sessions[name] = session_of(document), document.edits
        (tmp_path / f"{name}.py").write_text(torch_script(*sessions[name]), encoding="utf-8")
    guard = "import sys, runpy; sys.modules.update(dict.fromkeys(['core', 'app', 'views', 'wirescope']))"
    code = f"{guard}; [(print(f'== {{n}}'), runpy.run_path(f'{{n}}.py')) for n in ('names', 'tower')]"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    apart = printed(torch_script(*sessions["shapes"]))  # timm is here already, and takes long to come there
    for part in [*done.stdout.split("== ")[1:], f"shapes\n{apart}"]:
        name, first, *rows = part.splitlines()
        session, edits = sessions[name]
        result = session.run(edits)
        assert figures(first) == pytest.approx([float(session.clean.metric), float(result.metric)], abs=EQUAL)
        if name == "tower":
            assert not rows
            continue
        best, before = result.top(5), session.clean.answer[0].softmax(-1)
        expected = [figure for each in best for figure in (float(before[each.index]), each.probability)]
        assert figures("\n".join(rows)) == pytest.approx(expected, abs=EQUAL)
        assert [row.split("'")[1] for row in rows] == [each.label for each in best]


# What these make of other inputs depends on how long all are that run together.
ALONE = ("siglip-text", "siglip2-text", "phi3-longrope-short")


@pytest.mark.parametrize("family", ALL)
def test_every_family(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random edits of nodes, edges and readers, with the hooks on the small model of each family, in fp64."""
    setup = case(family)
    session = setup.session()
    rng = random.Random(family)
    opened = Opened("timm" if type(setup.module).__module__.startswith("timm") else "transformers", ("model = MODULE",))
    monkeypatch.setattr(writer, "opening", lambda _: opened)
    for _ in range(1 if variant(family) else 2):
        edits = [
            edit
            for edit in random_edits(rng, session.graph, session.engine.length)
            if not (edit.name.startswith("->") and KINDS[edit.kind].adds)
            and not (family in ALONE and edit.kind in ("mean", "resample"))
        ]
        script = torch_script(session, edits).replace(f"import {opened.library}\n", "")  # takes long
        module = sharing_copy(setup.module)
        found: dict[str, object] = {"MODULE": module}
        if isinstance(module, ZeroShot):  # the lines that open it make this of the class texts
            found["scores"] = lambda x, module=module: module(x).logits
        if isinstance(module, Probed):  # these of the probe's file
            found["scores"], found["class_and_mean"] = module.head, class_and_mean
        exec(compile(script, "script.py", "exec"), found)
        edited = found["edited"]
        assert isinstance(edited, torch.Tensor)
        worst = float((edited - session.run(edits).answer).abs().max())
        assert worst <= 1e-9, f"{', '.join(map(str, edits))}: {worst:.2e}"


def class_and_mean(tokens: torch.Tensor) -> torch.Tensor:
    """Of DINOv2 with four registers."""
    return torch.cat([tokens[:, 0], tokens[:, 5:].mean(1)], dim=1)


def test_what_a_script_cannot_say_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimal, "UPDATES", 2)  # what is learned is not looked at
    monkeypatch.setattr(optimal, "TRIED", 1)
    session = session_of(replace(names(), edits=()))
    for edits, words in (
        ([ws.Edit("->m1", "noise")], "change the sum of all that ->m1 reads"),  # a direction, too, is taken out of it
        ([ws.Edit("m1", "optimal")], "of the kind optimal"),
    ):
        with pytest.raises(WirescopeError, match=words) as caught:
            torch_script(session, edits)
        assert "Copy as Python" in caught.value.hint
    many = ws.Session(session.model, session.model.pair(["When Mary", "When John"]))
    with pytest.raises(WirescopeError, match="2 inputs at once"):
        torch_script(many, [])
    with pytest.raises(WirescopeError, match="by its name"):
        torch_script(case("llama").session(), [])
    halved = session_of(replace(names(), edits=(), precision="bf16"))
    with pytest.raises(WirescopeError, match="half precision"):
        torch_script(halved, [])


def test_every_metric() -> None:
    document = names()
    session = session_of(document)
    for kind in ("probability", "log_probability", "class_logit", "kl", "accuracy", "same_answer"):
        session.with_metric(Metric(kind, " Tom" if kind not in ("kl", "same_answer") else None))
        expected = [float(session.clean.metric), float(session.run(document.edits).metric)]
        first = printed(torch_script(session, document.edits)).splitlines()[0]
        assert figures(first) == pytest.approx(expected, abs=EQUAL), kind
