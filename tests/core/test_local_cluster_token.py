"""The token of a cluster of this machine: asked for, and readable for this user alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from core import local_cluster
from core.errors import WirescopeError
from core.local_cluster import keep_token, set_environment, start_cluster


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The token's, in a home of its own, with nothing in the environment."""
    file = tmp_path / ".ray" / "auth_token"
    monkeypatch.setattr(local_cluster, "TOKEN_FILE", file)
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    monkeypatch.setattr(os, "environ", {})
    return file


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_token_is_made_that_no_other_user_can_read_and_it_stays_the_same(file: Path) -> None:
    before = os.umask(0)
    try:
        keep_token()
    finally:
        os.umask(before)
    token = file.read_text()
    assert len(token) == 64
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    keep_token()
    assert file.read_text() == token


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_token_that_ray_has_written_for_all_to_read_is_closed_to_others_and_that_is_said(file: Path, caplog) -> None:
    file.parent.mkdir()
    file.write_text("a token")
    file.chmod(0o644)
    keep_token()
    assert (file.read_text(), mode(file)) == ("a token", 0o600)
    assert "could be read by other users" in caplog.text


@pytest.mark.parametrize(
    "environment",
    [{"RAY_AUTH_MODE": "disabled"}, {"RAY_AUTH_TOKEN": "a token"}, {"RAY_AUTH_TOKEN_PATH": "/a/token"}],
    ids=str,
)
def test_what_the_user_has_said_of_tokens_holds(environment: dict[str, str], file: Path, monkeypatch) -> None:
    monkeypatch.setattr(os, "environ", dict(environment))
    set_environment()
    keep_token()
    assert not file.exists()
    assert environment.items() <= os.environ.items()


def test_a_cluster_that_is_started_asks_for_a_token_and_one_that_is_joined_is_not_told_so(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    set_environment("ray://localhost:1")
    assert "RAY_AUTH_MODE" not in os.environ
    set_environment()
    assert os.environ["RAY_AUTH_MODE"] == "token"


def test_a_home_that_takes_no_token_is_said_before_anything_starts(file: Path, monkeypatch) -> None:
    file.parent.write_text("no folder")
    monkeypatch.setattr(local_cluster, "import_ray", lambda: None)
    with pytest.raises(WirescopeError, match="cannot be kept for you alone"):
        start_cluster()
