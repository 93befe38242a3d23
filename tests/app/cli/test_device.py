"""`--device` of the long commands: the model is loaded there, and workers have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ModelError
from core.models import loading
from tests.app.command_line import code_of

MODEL = ("--model", "bundled:names")
LONG = {
    "trace": ("trace", *MODEL, "--task", "ioi"),
    "trace in a folder": ("trace", *MODEL, "--task", "ioi", "--folder", "many"),
    "heads": ("heads", *MODEL),
    "study icl": ("study", "icl", *MODEL),
    "study heads": ("study", "heads", *MODEL, "--first", "induction"),
    "study modalities": ("study", "modalities", "--text", "bundled:names", "--image", "bundled:shapes"),
    "evaluate": ("evaluate", "scores.json", *MODEL),
}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices that models are to be loaded on; none of them is. In a folder with a file of scores."""
    devices: list[str] = []

    def load(_name: str, device: str, **_others: object) -> None:
        devices.append(device)
        raise ModelError("not loaded", "")

    assert code_of(*LONG["trace"], "--pairs", "1", "--method", "eap", "--out", str(tmp_path / "scores.json")) == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "load_model", load)
    return devices


def test_the_model_is_loaded_on_the_device(told: list[str]) -> None:
    for arguments in LONG.values():
        code_of(*arguments, "--device", "auto")
        code_of(*arguments)
    assert told == ["auto", "cpu"] * len(LONG)


@pytest.mark.parametrize("of_workers", [("--workers", "2"), ("--cluster", "auto")])
def test_workers_have_none(told: list[str], of_workers: tuple[str, str], capsys) -> None:
    for name in ("trace in a folder", "study icl", "study heads", "study modalities"):
        assert code_of(*LONG[name], *of_workers, "--device", "auto") == 2
        assert "Workers compute on processors.\n  Leave out --device" in capsys.readouterr().err
    assert code_of(*LONG["heads"], "--function-vectors", *of_workers, "--device", "auto") == 2
    assert told == []


def test_a_device_that_is_not_there_is_a_bad_argument(told: list[str], capsys) -> None:
    assert code_of(*LONG["heads"], "--device", "gpu") == 2
    assert "gpu" in capsys.readouterr().err
    assert told == []
