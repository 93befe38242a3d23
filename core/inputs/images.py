"""Open any image that a user may bring, as 8-bit RGB, and say what was done to it.

1. Find out what it is, and refuse what is none or is too large, before a pixel is decoded.
2. Decode the first frame; turn it as its EXIF orientation says.
3. Bring it to 8-bit RGB: 16-bit values are scaled (Pillow would clip them), transparency is put on mid grey.

Every step that changes what the user sees in another program leaves a sentence in `notes`, which the window
shows. A path may name a frame of a film (`core.inputs.film`).
"""

from __future__ import annotations

import errno
import io
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import InputError, UnreadableFileError
from core.inputs.film import frame_of, read_frame

if TYPE_CHECKING:
    from torch import Tensor

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP")
FORMATS_TEXT = "PNG, JPEG, WebP, TIFF, GIF and BMP"
MAX_PIXELS = 80_000_000  # a vision model sees some 50,000 of them; below the count from which Pillow warns
MAX_ASPECT = 100  # a processor that resizes the shorter edge would make a huge image of a thin one
MID_GREY = 128
ORIENTATION = 0x0112  # EXIF tag
RIGHTS = "Check the path and its rights."

# How files of these formats begin: tells a damaged image from a file that is none.
SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\x00", b"MM\x00*", b"GIF8", b"BM")


@dataclass(frozen=True)
class ImageProcessing:
    """From a picture to pixels [channel, height, width], and the mean and deviation it normalises with (to
    undo it for show)."""

    to_pixels: Callable[[Image.Image], Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class OpenedImage:
    """An image in mode RGB, its name, and the sentences about what was done to it."""

    image: Image.Image
    name: str
    notes: tuple[str, ...] = ()


def open_image(source: str | Path | bytes | Image.Image | NDArray[Any]) -> OpenedImage:
    """Open a path, the bytes of a file, a PIL image, or an array.

    An array is [height, width], [height, width, 1], [height, width, 3 (RGB)] or [height, width, 4 (RGBA)], of
    uint8, uint16, bool, or floats from 0 to 1. Raises InputError when the source is no image, damaged, or too
    large.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        name = Path(str(getattr(source, "filename", "") or "image")).name
        with _readable_failures(name):
            return _finish(source, name)
    if isinstance(source, bytes):
        if not source:
            raise InputError("The image is empty: it has 0 bytes.", "Copy or drop it again.")
        return _decode(source, "image")
    if isinstance(source, (str, Path)):
        return _from_file(source)
    raise InputError(
        f"A {type(source).__name__} is not an image.",
        "Give a path, the bytes of a file, a PIL image or an array.",
    )


def check_file(source: str | Path) -> None:
    """Raise UnreadableFileError where the file of a picture, or the film of a frame, is not there. It is not opened."""
    frame = frame_of(source)
    path = Path(source if frame is None else frame[0])
    try:
        os.stat(path.expanduser())
    except FileNotFoundError:
        raise UnreadableFileError(f"There is no file {path}.", "Check the path.") from None
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror or error}.", RIGHTS) from None
    except (ValueError, RuntimeError):  # what is wrong with such a path is said when it is read
        return


def model_view(pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Image.Image:
    """The picture that a model really sees: `pixels` [channel, height, width] with the normalisation undone.

    `mean` and `std` are those of the processor, one per channel, for values from 0 to 1. One or three
    channels.
    """
    values = pixels.detach().cpu().float().numpy()
    scale, shift = (np.asarray(v, dtype=np.float32).reshape(-1, 1, 1) for v in (std, mean))
    shown = _to_bytes(values * scale + shift).transpose(1, 2, 0)
    return Image.fromarray(shown[:, :, 0] if shown.shape[2] == 1 else shown).convert("RGB")


def _from_file(source: str | Path) -> OpenedImage:
    if not str(source).strip():
        raise InputError("No picture is given: its path is empty.", "Give the path of an image file.")
    path = Path(source)
    frame = frame_of(source)
    if frame is not None:
        return _finish(read_frame(*frame), path.name)
    try:
        path = path.expanduser()
        if path.is_dir():
            raise InputError(f"{path} is a folder, not an image.", "Choose one image file.")
        if not path.exists():
            raise UnreadableFileError(f"There is no file {path}.", "Check the path.")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file.", "Choose an image file.")
        if path.stat().st_size == 0:
            raise InputError(f"{path.name} is empty: it has 0 bytes.", "Get the file again.")
        with path.open("rb") as file:
            start = file.read(8)
        # Pillow gets the path, not the bytes: nobody wants a film of gigabytes read to learn that it is none.
        return _decode(path, path.name, start)
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror or error}.", RIGHTS) from error
    except (ValueError, RuntimeError) as error:  # no such ~user, a path with a null byte
        raise InputError(f"{path} cannot be read: {error}.", RIGHTS) from error


def _decode(source: Path | bytes, name: str, start: bytes | None = None) -> OpenedImage:
    start = source[:8] if isinstance(source, bytes) else start or b""
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with _readable_failures(name), Image.open(file, formats=FORMATS) as image:
            return _finish(image, name)
    except UnidentifiedImageError as error:
        if start.startswith(SIGNATURES):
            raise InputError(f"{name} is damaged or cut short.", "Get the file again.") from error
        raise InputError(f"{name} is not an image that can be read.", f"The formats are {FORMATS_TEXT}.") from error


@contextmanager
def _readable_failures(name: str) -> Iterator[None]:
    """Turn what Pillow raises into an InputError, and keep its warnings away: each case is handled here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (InputError, UnidentifiedImageError):
        raise
    except Image.DecompressionBombError as error:
        count = re.search(r"\d+", str(error))
        raise _too_large(name, int(count[0]) if count else 2 * MAX_PIXELS) from error
    except MemoryError as error:
        raise InputError(f"There is not enough memory for {name}.", "Make the image smaller.") from error
    except Exception as error:  # decoders raise whatever a broken file leads them to, from OSError to IndexError
        # The system's, as where a mount is gone; to look for a place before the file's start is the decoder's fault.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise UnreadableFileError(f"{name} cannot be read: {error.strerror or error}.", RIGHTS) from error
        raise InputError(f"{name} is damaged or cut short ({error}).", "Get the file again.") from error


def _finish(image: Image.Image, name: str) -> OpenedImage:
    """Steps 2 and 3, on an image that may not be decoded yet."""
    _check_size(name, *image.size)
    notes = list(_frame_notes(image))
    image.load()
    if image.getexif().get(ORIENTATION, 1) in range(2, 9):
        notes.append("turned upright, as its EXIF orientation says")
    turned = ImageOps.exif_transpose(image)
    return OpenedImage(_to_rgb(turned, name, notes), name, tuple(notes))


def _check_size(name: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(name, width * height, f"{width:,} x {height:,} pixels, ")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InputError(
            f"{name} has {width:,} x {height:,} pixels: one side is over {MAX_ASPECT} times the other.",
            "Cut out the part that matters.",
        )


def _too_large(name: str, pixels: int, size: str = "") -> InputError:
    limit = MAX_PIXELS // 1_000_000
    return InputError(
        f"{name} is too large: it has {size}{pixels / 1e6:,.0f} megapixels, and the limit is {limit}.",
        "Make it smaller; a vision model sees far fewer pixels anyway.",
    )


def _frame_notes(image: Image.Image) -> Iterator[str]:
    # A photograph of a phone (MPO) has further pictures too, but they are previews of the same.
    frames = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
    if frames > 1:
        current = image.tell() + 1  # a PIL image may stand at another frame
        frame = "the first" if current == 1 else f"number {current}"
        kind, part = ("has several pages", "pages") if image.format == "TIFF" else ("animated", "frames")
        yield f"{kind}: {frame} of {frames} {part} is used"


def _to_rgb(image: Image.Image, name: str, notes: list[str]) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_high_depth(image, name, notes)
    if image.mode == "CMYK":
        notes.append("CMYK: converted to RGB without its colour profile")
    if image.mode in ("RGBA", "LA", "La", "RGBa", "PA") or "transparency" in image.info:
        layers = image.convert("RGBA")
        if layers.getchannel("A").getextrema()[0] != 255:
            notes.append("transparent parts are put on mid grey")
            ground = Image.new("RGBA", layers.size, (MID_GREY, MID_GREY, MID_GREY, 255))
            layers = Image.alpha_composite(ground, layers)
        return layers.convert("RGB")
    return image.convert("RGB")


def _from_high_depth(image: Image.Image, name: str, notes: list[str]) -> Image.Image:
    """Grey with more than 8 bits: I;16 and its kin, I (32-bit integers) and F (floats)."""
    values = np.asarray(image).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise InputError(f"{name} holds values that are no numbers (NaN or infinite).", "Export it again.")
    if image.mode != "F" and low >= 0 and high <= 65535:
        notes.append("16-bit: scaled to 8 bits")
        scaled = values / 65535
    elif image.mode == "F" and low >= 0 and high <= 1:
        notes.append("floating point: scaled from 0-1 to 8 bits")
        scaled = values
    else:
        notes.append(f"its values, {low:,.6g} to {high:,.6g}, are stretched to black to white")
        scaled = (values - low) / ((high - low) or 1.0)
    return Image.fromarray(_to_bytes(scaled)).convert("RGB")


def _from_array(values: NDArray[Any]) -> OpenedImage:
    name = "array"
    channels = values.shape[2] if values.ndim == 3 else 1
    if values.ndim not in (2, 3) or channels not in (1, 3, 4) or values.size == 0:
        raise InputError(
            f"An array of shape {list(values.shape)} is not an image.",
            "It has to be [height, width] or [height, width, channels] with 1, 3 (RGB) or 4 (RGBA) channels.",
        )
    _check_size(name, values.shape[1], values.shape[0])
    notes: list[str] = []
    if values.dtype == np.uint8:
        pixels = values
    elif values.dtype == np.uint16:
        notes.append("16-bit: scaled to 8 bits")
        pixels = _to_bytes(values / 65535)
    elif values.dtype == np.bool_ or (
        np.issubdtype(values.dtype, np.floating) and values.min() >= 0 and values.max() <= 1
    ):
        pixels = _to_bytes(values)
    else:
        raise InputError(
            f"An array of {values.dtype} from {values.min()} to {values.max()} is not an image.",
            "Its values have to be uint8, uint16, bool, or floats from 0 to 1.",
        )
    if channels == 1:
        pixels = pixels.reshape(values.shape[:2])
    image = _to_rgb(Image.fromarray(np.ascontiguousarray(pixels)), name, notes)
    return OpenedImage(image, name, tuple(notes))


def _to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """From 0-1 to 0-255, rounded; values outside are clipped."""
    rounded: NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255.0).astype(np.uint8)
    return rounded
