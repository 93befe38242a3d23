"""What the terminal takes: code pages without a minus sign, a full disk, a reader that goes, folders that cannot be
written, and text that is none. No traceback, and the exit codes of the documentation."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import main
from app.cli.output import make_ready, say, say_json
from core.errors import WirescopeError
from tests.app.command_line import METRIC, ROOT, code_of

TEXT = "When Mary and John went to the café 😀 store, John gave a drink to"
RUN = ("run", "--model", "bundled:names", "--clean", TEXT, "--metric", METRIC)


class Full(io.RawIOBase):
    """A disk without room."""

    def writable(self) -> bool:
        return True

    def write(self, content) -> int:
        raise OSError(28, "No space left on device")


@pytest.fixture
def stdout(monkeypatch):
    """Put a stream of an encoding in standard output's place; gives its bytes."""

    def put(encoding: str, raw: io.IOBase | None = None) -> io.BytesIO:
        content = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw or content, encoding=encoding))
        make_ready()
        return content

    return put


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "cp850", "gbk", "shift_jis", "ascii", "latin-1", "utf-8"])
def test_every_code_page_takes_tables_and_json(stdout, encoding: str) -> None:
    report = {"metric": 'logit(" Mary") − logit(" John")', "clean": TEXT, "path": "caf\udce9"}
    content = stdout(encoding)
    say(report["metric"] + " 😀 \udce9")
    table = content.getvalue().decode(encoding)
    assert table.replace("−", "-").startswith('logit(" Mary") - logit(" John")')
    content = stdout(encoding)
    say_json(report)
    assert json.loads(content.getvalue().decode(encoding)) == report


def test_a_run_is_printed_in_a_code_page(stdout) -> None:
    content = stdout("cp437")
    assert main(list(RUN)) == 0
    assert 'logit(" Mary") - logit(" John")' in content.getvalue().decode("cp437")
    content = stdout("ascii")
    assert main([*RUN, "--json"]) == 0
    assert json.loads(content.getvalue())["clean"] == TEXT


def test_a_full_disk_is_said(stdout, capsys) -> None:
    for arguments in (["methods"], ["families"], ["--help"]):
        stdout("utf-8", Full())
        with pytest.raises(WirescopeError, match="No space left"):
            say("words")
        assert code_of(*arguments) in (3, 0)  # the parser of arguments keeps silent about its help
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
@pytest.mark.parametrize("arguments", [("methods",), ("--help",), ("methods", "eap")])
def test_a_real_process_ends_with_3_on_a_full_disk(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "app", *arguments], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False,
            timeout=110, env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
        )  # fmt: skip
    assert (done.returncode, done.stderr.count(b"No space left")) == (3, 1), done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_reader_that_goes_is_no_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "app", "methods"], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False,
        timeout=110,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--clean", "caf\udce9 is"),
        ("--clean", "half of \ud83d"),
        ("--clean", "The capital", "--counterfactual", "The \udc9f"),
        ("--clean", "The capital", "--metric", "probability:\udce9"),
    ],
)
def test_text_that_is_none_is_refused_with_its_place(arguments: tuple[str, ...], capsys) -> None:
    assert code_of("run", "--model", "bundled:names", *arguments) == 3
    told = capsys.readouterr().err
    assert "is no text: sign" in told
    assert "half of a character" in told


def test_without_a_display_a_folder_that_cannot_be_made_is_said_after_the_table(models, monkeypatch, tmp_path, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.chdir(tmp_path)
    Path("wirescope-out").write_text("a file of the user's")
    assert main([]) == 3
    told = capsys.readouterr()
    assert "CPR" in told.out
    assert "The folder wirescope-out cannot be made here" in told.err
    assert Path("wirescope-out").read_text() == "a file of the user's"
