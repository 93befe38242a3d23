"""What a window asks of a worker in another process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.sent.data_files import DataFile
from core.sent.sending import Receiver


class Link(Receiver, Protocol):
    """Calls of a worker elsewhere. Each raises LinkCut where it cannot be reached, WorkerDied where it is no more."""

    @property
    def place(self) -> str:
        """Where it is, in a few words."""
        ...

    def hello(self) -> dict[str, str]:
        """The versions of the other side (`app.messages.wire.versions`), and more of it."""
        ...

    def missing(self, digests: list[str]) -> list[str]:
        """Of the files of a request, by their SHA-256, those that are not there."""
        ...

    def put(self, digest: str, name: str, size: int, begin: int, data: bytes) -> None:
        """Bytes of a file of `size` bytes, from its start on one after the other."""
        ...

    def has_model(self, folder: str, sizes: dict[str, int]) -> bool:
        """Whether a model's folder lies there at the same path, with files of these sizes."""
        ...

    def model_folder(self, name: str, files: dict[str, DataFile]) -> str:
        """Where the folder of files that were sent is there."""
        ...

    def put_part(self, digest: str, data: bytes) -> None: ...

    def ask(self, data: bytes, files: dict[str, str], named: dict[str, str]) -> list[str]:
        """named: what texts of this machine, names of models, are called there. Returns the digests of the large values
        that the request names and that are not there."""
        ...

    def cancel(self, up_to: int) -> None: ...

    def give(self, name: str) -> None: ...

    def replies(
        self, life: str, after: int, seconds: float
    ) -> tuple[str, Sequence[tuple[int, bytes, dict[str, bytes]]]]: ...

    def parts(self, digests: list[str]) -> dict[str, bytes]:
        """Large values of replies that did not come with them."""
        ...

    def restart(self) -> None:
        """Start the worker again. Raises PlaceGone where its machine is not there either."""
        ...

    def reconnect(self) -> None:
        """Try the link again."""
        ...

    def close(self) -> None:
        """End the worker, where it can be reached."""
        ...
