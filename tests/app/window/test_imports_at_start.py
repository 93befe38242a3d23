"""What is imported on the way to the first circuit of each bundled model, and what is not."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import main
from app.window import application

ROOT = Path(__file__).resolve().parents[3]

# Opens the window as `wirescope` does, and then one model after the other.
WATCHED = """
import gc, json, linecache, os, sys, time
from app.window.plain_imports import import_plainly
import_plainly()
collects = gc.isenabled()
from PySide6.QtWidgets import QApplication
from app.__main__ import make_worker_service
from app.window.application import make_window
app = QApplication(sys.argv[:1])
window = make_window(make_worker_service)
window.show()
app.processEvents()
facts = {"first frame": sorted(sys.modules), "collects": ["while it imports"] if collects else []}
for model in sys.argv[1:]:
    window.workbench.models.start(model)
    while window.workbench.scored is None or window.workbench.busy:
        app.processEvents()
        time.sleep(0.005)
    facts[model] = sorted(sys.modules)
facts["read"] = sorted(linecache.cache)
print(json.dumps(facts))
sys.stdout.flush()
os._exit(0)
"""

MODELS = ("bundled:names", "bundled:shapes")
OF_MODELS = (
    *(
        "accelerate",
        "gguf",
        "huggingface_hub",
        "networkx",
        "onnx",
        "pandas",
        "peft",
        "pyarrow",
        "scipy",
        "sympy",
        "timm",
    ),
    *("torch._dynamo", "torch._inductor", "torchvision", "transformers", "triton"),
)
LATER = (
    *("PIL", "asyncio", "filelock", "http.client", "pyqtgraph", "safetensors", "ssl", "tokenizers", "torch", "tqdm"),
    "urllib.request",
    *("app.features.jobs.presenter.kinds", "app.features.programs.controller.host", "app.workbench.remote_worker"),
    *("core.interchange.exporters", "psutil", "views.figures.paper"),
)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    home = str(tmp_path_factory.mktemp("imports"))
    environment = {**os.environ, "XDG_CONFIG_HOME": home, "WIRESCOPE_DATA": home}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *MODELS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_first_frame_needs_no_torch_and_nothing_for_what_comes_later(facts: dict[str, list[str]]) -> None:
    assert {*LATER, *OF_MODELS} & set(facts["first frame"]) == set()


def test_the_first_circuit_of_a_bundled_model_needs_no_library_of_models_and_no_compiler(
    facts: dict[str, list[str]],
) -> None:
    for model in MODELS:
        assert "torch" in facts[model]
        assert set(OF_MODELS) & set(facts[model]) == set()


def test_the_source_text_of_what_is_imported_is_not_read(facts: dict[str, list[str]]) -> None:
    modules = [name for name in facts[MODELS[0]] if name.startswith("torch.")]
    read = [path for path in facts["read"] if "/torch/" in path.replace("\\", "/")]
    assert len(read) < len(modules) / 10, "torch itself reads a few"


def test_the_window_opens_with_pythons_own_import(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(builtins, "__import__", builtins.__feature_import__)  # type: ignore[attr-defined]
    monkeypatch.setattr(application, "run", lambda _model, _service: seen.append(builtins.__import__) or 0)
    assert main([]) == 0
    assert seen == [builtins.__orig_import__]  # type: ignore[attr-defined]
