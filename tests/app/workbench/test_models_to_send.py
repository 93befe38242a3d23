"""A model's folder that a worker on another machine does not have: it is sent once, goes on where it was, is asked
about where it is large, and the answers are those of this process. Without a cluster."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.messages.links import LinkCut
from app.messages.replies import ModelReply, RunReply
from app.messages.request import FailureReply, ProgressReply, Reply, Request, RequestDone
from app.messages.room import ALL_WORK, RoomReply
from app.workbench import models_to_send
from app.workbench.remote_worker import RemoteWorker
from app.worker import remote_side
from app.worker.remote_side import make_service
from core.project.document import Document, Source
from core.sent import sending
from core.sent.data_files import sizes_of
from tests.app.models import CLEAN
from tests.app.workbench.remote_stand_ins import Reader, TestLink, working
from tests.app.workbench.test_worker_thread import Server

PART = 10_000


@pytest.fixture
def folder(models, tmp_path: Path) -> Path:
    """Of a model, with what is not sent beside it."""
    folder = tmp_path / "here" / "small"
    shutil.copytree(models.gpt2, folder)
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x02}.")
    (folder / "modeling.py").write_text("raise SystemExit")
    return folder


@pytest.fixture
def server() -> Reader:
    return Reader()


@pytest.fixture
def link(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestLink:
    """To a machine with a cache of its own, which sees no folder of this one."""
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "there"))
    monkeypatch.setattr(remote_side, "has_files", lambda _folder, _sizes: False)
    monkeypatch.setattr(sending, "PART", PART)
    return TestLink(server)


@pytest.fixture
def worker(qapp, link: TestLink) -> Iterator[RemoteWorker]:
    with working(link) as worker:
        yield worker


def ask(worker: RemoteWorker, asked: Request, qtbot) -> list[Reply]:
    worker.ask(asked)
    qtbot.waitUntil(lambda: worker.answers[-1:] == [RequestDone(asked.number)], timeout=60_000)
    return [reply for reply in worker.answers if reply.number == asked.number]


def test_its_data_is_sent_in_parts_once_and_answers_under_its_name_here(worker, link, server, folder, qtbot) -> None:
    document = Document(str(folder), Source("image", path="x.png"))
    replies = ask(worker, Request(1, document), qtbot)
    there = Path(server.documents[-1].model)
    assert there != folder
    assert there.name == "small"
    sizes = sizes_of(folder)
    assert {path.name: path.stat().st_size for path in there.iterdir()} == sizes
    assert all((there / name).read_bytes() == (folder / name).read_bytes() for name in sizes)
    assert max(size for _, size in link.model_parts) == PART
    said = [reply for reply in replies if isinstance(reply, ProgressReply) and reply.fraction is not None]
    assert {reply.words.partition(":")[0] for reply in said} == {"Reading small", "Sending small to node-7"}
    assert 0 <= min(reply.fraction for reply in said) <= max(reply.fraction for reply in said) <= 1
    link.model_parts.clear()

    ask(worker, Request(2, document), qtbot)
    link.die()
    qtbot.waitUntil(lambda: link.lives == 2, timeout=30_000)
    ask(worker, Request(3, Document(f"vision:{folder}?class=a&class=b", document.clean)), qtbot)
    assert server.documents[-1].model == f"vision:{there}?class=a&class=b"
    shutil.copytree(folder, folder.parent / "again")  # another folder of the same files
    ask(worker, Request(4, Document(str(folder.parent / "again"), document.clean)), qtbot)
    assert server.documents[-1].model != str(there)
    assert Path(server.documents[-1].model).name == "again"
    assert link.model_parts == []


def test_a_folder_that_lies_there_is_read_where_it_lies(worker, link, server, folder, monkeypatch, qtbot) -> None:
    asked: list[tuple[object, object]] = []
    monkeypatch.setattr(remote_side, "has_files", lambda *told: asked.append(told) is None)
    document = Document(str(folder), Source("image", path="x.png"))
    for number in (1, 2):
        ask(worker, Request(number, document), qtbot)
    assert server.documents[-1].model == str(folder)
    before = list(asked)
    assert before
    assert all(each == (folder, sizes_of(folder)) for each in before)  # once, or again where the life was not known yet
    ask(worker, Request(3, Document("/only/there", document.clean)), qtbot)  # left to the other side
    assert server.documents[-1].model == "/only/there"
    assert asked == before


def test_what_is_large_is_asked_about_once(worker, link, server, folder, monkeypatch, qtbot) -> None:
    monkeypatch.setattr(models_to_send, "UNASKED", 1000)
    document = Document(str(folder), Source("image", path="x.png"))
    question, done = [
        reply
        for reply in ask(worker, Request(1, document, asks=ALL_WORK), qtbot)
        if not isinstance(reply, ProgressReply)
    ]
    assert isinstance(question, RoomReply)
    assert (question.work, question.needed) == ("send", sum(sizes_of(folder).values()))
    assert done == RequestDone(1)
    assert (link.model_parts, server.documents) == ([], [])
    ask(worker, Request(2, document, asks=ALL_WORK - {"send"}), qtbot)
    assert Path(server.documents[-1].model).name == "small"
    ask(worker, Request(3, Document("m", document.clean)), qtbot)
    replies = ask(worker, Request(4, document, asks=ALL_WORK), qtbot)  # it is there
    assert not [reply for reply in replies if isinstance(reply, RoomReply)]


def test_it_is_given_up_between_two_parts_and_goes_on_there(worker, link, server, folder, monkeypatch, qtbot) -> None:
    document = Document(str(folder), Source("image", path="x.png"))
    put = link.put_model_part

    def put_and_cancel(*told: object) -> int:
        there = put(*told)
        if len(link.model_parts) == 3:
            worker.cancel()
        return there

    monkeypatch.setattr(link, "put_model_part", put_and_cancel)
    worker.ask(Request(1, document))
    qtbot.waitUntil(lambda: len(link.model_parts) == 3, timeout=30_000)
    monkeypatch.setattr(link, "put_model_part", put)
    ask(worker, Request(2, document), qtbot)
    assert RequestDone(1) not in worker.answers
    (other,) = server.documents
    assert sum(size for _, size in link.model_parts) == sum(sizes_of(folder).values())  # no byte of it twice
    assert (Path(other.model) / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_a_link_that_is_cut_in_the_middle_goes_on_where_it_was(
    worker, link, server, folder, monkeypatch, qtbot
) -> None:
    put, left = link.put_model_part, [1]

    def put_or_cut(*told: object) -> int:
        there = put(*told)
        if left and len(link.model_parts) == 3:
            left.clear()
            raise LinkCut("It is cut.")  # the part has come, and nobody hears of it
        return there

    monkeypatch.setattr(link, "put_model_part", put_or_cut)
    ask(worker, Request(1, Document(str(folder), Source("image", path="x.png"))), qtbot)
    assert sum(size for _, size in link.model_parts) == sum(sizes_of(folder).values())
    assert len(server.documents) == 1


def write_another(folder: Path) -> None:
    """Of the same size, so that it is seen by what is in it alone."""
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "pytorch_model.bin is a pickle checkpoint"),
        (lambda folder: (folder / "config.json").write_text("{"), "The config.json in "),
    ],
)
def test_what_cannot_be_sent_is_said_of_the_model(
    spoil: Callable[[Path], object], words: str, worker, link, server, folder, qtbot
) -> None:
    spoil(folder)
    failure = ask(worker, Request(1, Document(str(folder), Source("image", path="x.png"))), qtbot)[-2]
    assert isinstance(failure, FailureReply)
    assert failure.where == "model"  # so that the window goes back to the one before
    assert failure.message.startswith(words)
    assert (link.model_parts, server.documents) == ([], [])


def test_a_file_that_changes_while_it_is_sent_is_refused_there(worker, link, folder, monkeypatch, qtbot) -> None:
    put = link.put_model_part

    def put_and_write(*told: object) -> int:
        if len(link.model_parts) == 1:
            write_another(folder)
        return put(*told)

    monkeypatch.setattr(link, "put_model_part", put_and_write)
    document = Document(str(folder), Source("image", path="x.png"))
    failure = ask(worker, Request(1, document), qtbot)[-2]
    assert failure.message == "A file of the model came with other bytes than it was sent with."
    monkeypatch.setattr(link, "put_model_part", put)
    ask(worker, Request(2, document), qtbot)
    assert (Path(link.server.documents[-1].model) / "model.safetensors").read_bytes() == (
        folder / "model.safetensors"
    ).read_bytes()


def test_a_disk_without_room_is_said_before_anything_is_sent(worker, link, folder, monkeypatch, qtbot) -> None:
    monkeypatch.setattr(link, "begun", lambda files: ({file.digest: 0 for file in files.values()}, 3 << 20))
    with (folder / "tokenizer.model").open("wb") as file:
        file.truncate(5 << 20)
    failure = ask(worker, Request(1, Document(str(folder))), qtbot)[-2]
    assert failure.message.startswith("The files of small that are not on node-7 have 5 MB, ")
    assert failure.message.endswith(" and 3 MB of disk may be taken there.")
    assert link.model_parts == []


def test_the_model_that_was_sent_answers_as_in_this_process(qapp, link, server, folder, qtbot) -> None:
    asked = Request(1, Document(str(folder), Source("text", CLEAN)))
    here: list[Reply] = []
    make_service().serve(asked, here.append, lambda: False)
    link.die()
    link.server = make_service()
    link.restart()
    worker = RemoteWorker(link, sends_files=True)
    worker.answers = []
    worker.replied.connect(worker.answers.append)
    worker.start()
    there = ask(worker, asked, qtbot)
    assert worker.stop()
    for kind in (ModelReply, RunReply):
        (one,), (other,) = ([reply for reply in replies if isinstance(reply, kind)] for replies in (here, there))
        if kind is ModelReply:
            assert (other.name, other.title, other.details) == (one.name, one.title, one.details)
        else:
            assert (other.before, other.rows) == (one.before, one.rows)
    assert len(link.model_parts) > 10
