"""Films as pictures. A frame of a film is called `film.mp4#frame=120`, and may so be given wherever a picture's path
is; `film.mp4#every=25` is every 25th frame, wherever a dataset's path is.

OpenCV decodes them, imported when the first film is opened. The last film stays open, so that frames in their order are
read one after the other; what lies far ahead, or before, is sought. Nothing else is kept.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from core.errors import InputError, UnreadableFileError

if TYPE_CHECKING:
    from PIL import Image

FILMS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")
LONGEST = 2**31 - 1  # frames; of a number that is far too large OpenCV gives the first one
MOST_FRAMES = 200_000  # of a film that are taken
NEAR = 64  # frames ahead: read up to there rather than sought
_NAMED = re.compile(r"(.+)#(frame|every)=(\d+)", re.DOTALL)


@dataclass(frozen=True)
class Film:
    """frames: as it says of itself; a film that is cut short has fewer. per_second: frames; 0 where it does not say."""

    path: str
    frames: int
    per_second: float


def is_film(path: str | Path) -> bool:
    """Whether a path is of a film, with or without `#every=`, by its ending."""
    named = _NAMED.fullmatch(str(path))
    whole = named[1] if named is not None and named[2] == "every" else str(path)
    return os.path.splitext(whole)[1].lower() in FILMS


def file_of_film(path: str | Path) -> str:
    """The file of a film's path, which may have `#every=` behind it; any other path as it is."""
    named = _NAMED.fullmatch(str(path))
    return named[1] if named is not None and named[2] == "every" and is_film(path) else str(path)


def frame_of(path: str | Path) -> tuple[str, int] | None:
    """The film and the number that a frame's path names; None for any other path, and for a file that is called so."""
    named = _NAMED.fullmatch(str(path))
    if named is None or named[2] != "frame" or os.path.exists(path):
        return None
    return os.path.expanduser(named[1]), int(named[3])


def frames_of(path: str | Path) -> tuple[list[str], str]:
    """The paths of a film's frames, and what was taken, in words. path: with `#every=N` every Nth frame, without one a
    frame a second. Raises InputError for a film that cannot be opened, or of no frame."""
    named = _NAMED.fullmatch(str(path))
    place = os.path.abspath(named[1] if named is not None else path)
    film = open_film(place)
    every = int(named[3]) if named is not None else max(1, round(film.per_second)) if film.per_second else 1
    if every < 1:
        raise InputError("Every 0th frame is none.", "Write #every=1 or more behind the film's name.")
    numbers = range(0, film.frames, every)
    name = os.path.basename(place)
    if len(numbers) > MOST_FRAMES:
        raise InputError(f"{name} has {len(numbers):,} such frames.", f"Take fewer: {name}#every={every * 10}.")
    which = "every frame" if every == 1 else f"one frame of every {every:,}"
    return [f"{place}#frame={number}" for number in numbers], f"{name}: {which} of {film.frames:,}."


def open_film(path: str) -> Film:
    """What a film says of itself. Raises InputError."""
    with _reader.lock:
        capture, cv2 = _reader.opened(path)
        frames, per_second = (capture.get(each) for each in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS))
        if not 0 < frames <= LONGEST:  # a stream does not know its length
            frames = _reader.counted()
    if frames < 1:
        raise InputError(f"{os.path.basename(path)} has no frame that can be read.", "Get the file again.")
    return Film(path, int(frames), per_second if 0 < per_second < 1000 else 0.0)


def read_frame(path: str, number: int) -> Image.Image:
    """A frame in mode RGB. Raises InputError where the film has no such frame, or it cannot be decoded."""
    from PIL import Image

    with _reader.lock:
        frame = _reader.frame(path, number)
    if frame is None:
        raise InputError(
            f"Frame {number:,} of {os.path.basename(path)} cannot be read: the film is shorter, or damaged there.",
            "Take another frame, or get the file again.",
        )
    return Image.fromarray(frame[:, :, ::-1].copy())


class _Reader:
    """The film that was read last, by its path and when it was written."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._key: tuple[str, int, int] | None = None
        self._capture: Any = None
        self._next = 0

    def opened(self, path: str) -> tuple[Any, Any]:
        """The film, and OpenCV. Raises InputError."""
        cv2 = _opencv()
        name = os.path.basename(path)
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            raise UnreadableFileError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
                                      "Check the path and its rights.") from None  # fmt: skip
        key = (path, status.st_mtime_ns, status.st_size)
        if key != self._key:
            self.close()
            capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
            if not capture.isOpened():
                capture.release()
                raise InputError(f"{name} is no film that can be read, or is damaged.",
                                 f"The endings are {', '.join(FILMS)}.")  # fmt: skip
            self._key, self._capture, self._next = key, capture, 0
        return self._capture, cv2

    def frame(self, path: str, number: int) -> Any:
        """A frame in OpenCV's order of colours; None where there is none."""
        capture, cv2 = self.opened(path)
        if number > LONGEST:
            return None
        if not 0 <= number - self._next <= NEAR:
            capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            self._next = number
        while self._next < number:
            if not capture.grab():
                return self._lost()
            self._next += 1
        read, frame = capture.read()
        if not read:
            return self._lost()
        self._next += 1
        return frame

    def counted(self) -> int:
        """Frames by going through the film."""
        frames = 0
        while frames < MOST_FRAMES and self._capture.grab():
            frames += 1
        self.close()
        return frames

    def _lost(self) -> None:
        """Where the film stands is not known any more."""
        self.close()

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
        self._key, self._capture, self._next = None, None, 0


_reader = _Reader()


def _opencv() -> Any:
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what is wrong with a film is said here, once
    import cv2

    return cv2
