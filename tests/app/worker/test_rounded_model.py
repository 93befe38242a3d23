"""A worker's model with whole weights and with weights in 8 bits: each is opened where a document asks for it, once."""

from __future__ import annotations

import json
import weakref
from pathlib import Path

import pytest
import torch
from transformers import Dinov2Config, Dinov2Model

from app.messages.replies import ModelReply
from app.messages.request import Reply, Request
from app.messages.room import RoomReply
from app.worker import room, service
from app.worker.service import WorkerService
from core.models.checkpoint import stored_weights
from core.models.loading import load_model
from core.models.model import Model
from core.models.weights_place import bytes_in_memory
from core.project.document import Document
from core.scripts.passages import Narrator

PROCESSOR = {
    "image_processor_type": "BitImageProcessor",
    "size": {"shortest_edge": 28},
    "crop_size": {"height": 28, "width": 28},
    "image_mean": [0.5] * 3,
    "image_std": [0.5] * 3,
}


@pytest.fixture
def probed(tmp_path: Path) -> str:
    """A folder of a model that takes a probe: other classes of it are made of the model that is open."""
    torch.manual_seed(0)
    config = Dinov2Config(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14)
    Dinov2Model(config).eval().save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PROCESSOR), encoding="utf-8")
    return str(tmp_path)


def test_each_is_opened_once_where_it_is_asked_for(probed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    words = service.opened_words

    def opened_words(*told: object) -> object:
        opened.append(told)
        return words(*told)

    monkeypatch.setattr(service, "opened_words", opened_words)
    worker, replies = WorkerService(), []
    asked = ("fp32", "fp32", "fp32+8bit", "fp32+8bit", "fp32")
    rounded = []
    for number, precision in enumerate(asked):
        heard: list[Reply] = []
        worker.serve(Request(number, Document(probed, precision=precision)), heard.append, lambda: False)
        replies.append(heard)
        assert worker._model is not None
        rounded.append(worker._model.unrounded is not None)
    assert rounded == [False, False, True, True, False]
    assert len(opened) == 3


def test_a_model_that_is_left_makes_room_for_the_next(probed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both do not fit, but one does, nobody is asked, and the first is gone before the second is read."""
    worker, replies = WorkerService(), []
    modules: list[weakref.ref[torch.nn.Module]] = []

    def alive() -> bool:
        return any(module() is not None for module in modules)

    def load(*told: object, **more: object) -> Model:
        assert not alive()
        model = load_model(*told, **more)  # type: ignore[arg-type]
        modules.append(weakref.ref(model.adapter.module))
        return model

    def ask(precision: str) -> list[Reply]:
        heard: list[Reply] = []
        document = Document(probed, precision=precision)
        worker.serve(Request(1, document, asks=frozenset({"model"})), heard.append, lambda: False)
        return heard

    monkeypatch.setattr(service, "load_model", load)
    size = bytes_in_memory(stored_weights(Path(probed)), torch.float32)
    monkeypatch.setattr(room, "free_bytes", lambda: int(size * (0.9 if alive() else 1.2)))
    for precision in ("fp32", "bf16", "fp32"):
        replies = ask(precision)
        assert [each.precision for each in replies if isinstance(each, ModelReply)] == [precision]
    monkeypatch.setattr(room, "free_bytes", lambda: 1000)  # where it would not fit even so, it stays
    assert any(isinstance(each, RoomReply) for each in ask("fp64"))
    assert alive()


def test_a_script_opens_it_so() -> None:
    (line,) = Narrator().tell("", Document("pack:smollm2", precision="bf16+8bit")).lines[:1]
    assert line == 'model = ws.load_model("pack:smollm2", dtype="bf16", weights="8bit")'
