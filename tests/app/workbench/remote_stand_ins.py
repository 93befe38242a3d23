"""Stand-ins for a worker elsewhere: the link to it, and one that reads files; and what it has answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.messages.links import LinkCut, PlaceGone, WorkerDied
from app.messages.request import ProgressReply, Reply, Request, RequestDone
from app.messages.request_loop import LOADING
from app.workbench.remote_worker import RemoteWorker
from app.worker.remote_side import RemoteSide
from core.project.document import Document
from core.sent.data_files import DataFile
from tests.app.workbench.test_worker_thread import Server


class TestLink:
    """To a worker in this process. cut: nothing passes. gone: no worker can be started. The end of a worker is told to
    who calls it."""

    __test__ = False
    place = "node-7"

    def __init__(self, server: Server) -> None:
        self.server, self.cut, self.gone, self.lives = server, False, False, 0
        self.side: RemoteSide | None = None
        self.sent: list[str] = []  # names of files
        self.model_parts: list[tuple[int, int]] = []  # of files of models, where each begins and its bytes
        self.parts_sent: list[int] = []  # bytes of each large value of a request, as of each request and each reply:
        self.bytes_asked: list[int] = []
        self.bytes_replied: list[int] = []
        self.parts_fetched: list[str] = []
        self.restart()

    def restart(self) -> None:
        self._pass()
        if self.gone:
            raise PlaceGone("It is off.")
        self.side = RemoteSide(lambda: self.server)
        self.lives += 1

    def die(self) -> None:
        side, self.side = self.side, None
        side.close(0.0)

    def reconnect(self) -> None:
        self._pass()

    def close(self) -> None:
        self._there().close()

    def hello(self) -> dict[str, str]:
        return self._there().hello()

    def missing(self, digests: list[str]) -> list[str]:
        return self._there().missing(digests)

    def put(self, digest: str, name: str, size: int, begin: int, data: bytes) -> None:
        self.sent += [] if begin else [name]
        self._there().put(digest, name, size, begin, data)

    def put_part(self, digest: str, data: bytes) -> None:
        self.parts_sent.append(len(data))
        self._there().put_part(digest, data)

    def has_model(self, folder: str, sizes: dict[str, int]) -> bool:
        return self._there().has_model(folder, sizes)

    def begun(self, files: dict[str, DataFile]) -> tuple[dict[str, int], int]:
        return self._there().begun(files)

    def put_model_part(self, file: DataFile, begin: int, data: bytes) -> int:
        self._there()
        self.model_parts.append((begin, len(data)))
        return self._there().put_model_part(file, begin, data)

    def model_folder(self, name: str, files: dict[str, DataFile]) -> str:
        return self._there().model_folder(name, files)

    def ask(self, data: bytes, files: dict[str, str], named: dict[str, str]) -> list[str]:
        self.bytes_asked.append(len(data))
        missing = self._there().ask(data, files, named)
        self._pass()  # it has come, and nobody hears of it
        return missing

    def cancel(self, up_to: int) -> None:
        self._there().cancel(up_to)

    def give(self, name: str) -> None:
        self._there().give(name)

    def replies(
        self, life: str, after: int, seconds: float
    ) -> tuple[str, Sequence[tuple[int, bytes, dict[str, bytes]]]]:
        told = self._there().replies(life, after, min(seconds, 0.02))
        self._there()
        self.bytes_replied += [len(data) + sum(map(len, parts.values())) for _, data, parts in told[1]]
        return told

    def parts(self, digests: list[str]) -> dict[str, bytes]:
        self.parts_fetched += digests
        return self._there().parts(digests)

    def _there(self) -> RemoteSide:
        self._pass()
        if self.side is None:
            raise WorkerDied("It is no more.")
        return self.side

    def _pass(self) -> None:
        if self.cut:
            raise LinkCut("It is cut.")


class Reader(Server):
    """Notes what it is asked and where its picture lies, and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[Document] = []

    def serve(self, request: Request, send: Callable[[Reply], None], cancelled: Callable[[], bool]) -> None:
        self.documents.append(request.document)
        send(ProgressReply(request.number, request.document.clean.path))


def is_loading(reply: Reply) -> bool:
    return isinstance(reply, ProgressReply) and reply.words == LOADING


def heard(worker: RemoteWorker) -> list[tuple[int, str]]:
    return [(answer.number, answer.words) for answer in worker.answers if isinstance(answer, ProgressReply)]


def wait_for(qtbot, worker: RemoteWorker, number: int) -> None:
    qtbot.waitUntil(lambda: worker.answers[-1:] == [RequestDone(number)], timeout=30_000)


@contextmanager
def working(link: TestLink, sends_files: bool = True) -> Iterator[RemoteWorker]:
    """A worker over a link, which keeps all that is answered."""
    worker = RemoteWorker(link, sends_files=sends_files)
    worker.answers = []
    worker.replied.connect(worker.answers.append)
    worker.start()
    yield worker
    link.cut = False
    assert worker.stop()
