"""Pictures and masks that are none, or none that can be used: a file of each, and what is said of it wherever it is
given."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

from PIL import Image

WIDE, TALL = 96, 48  # of a picture of which models see the square in the middle
GROUND, SHAPE = (10, 60, 200), (250, 220, 10)


def bomb(side: int = 30_000) -> bytes:
    """A PNG of a few hundred bytes that says that it has side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def cut_short() -> bytes:
    file = io.BytesIO()
    picture().save(file, "PNG")
    return file.getvalue()[:100]


def picture() -> Image.Image:
    """A shape in the middle of a wide ground."""
    made = Image.new("RGB", (WIDE, TALL), GROUND)
    made.paste(SHAPE, (40, 10, 60, 30))
    return made


# What is no picture: its bytes, and words of what is said.
NONE = {
    "words.png": (b"these are words", "words.png is not an image that can be read"),
    "empty.png": (b"", "empty.png is empty: it has 0 bytes"),
    "cut.png": (cut_short(), "cut.png is damaged or cut short"),
    "bomb.png": (bomb(), "bomb.png is too large: it has 900 megapixels"),
}
# Masks of `picture` that hold nothing: mode, size, what is painted where, and words of what is said.
MASKS = {
    "mask-small": ("L", (20, 20), 255, (0, 0, 20, 20), "has 20 x 20 pixels, and the picture has 96 x 48"),
    "mask-dark": ("L", (WIDE, TALL), 90, (0, 0, 96, 48), "is empty: no part of it is light"),
    "mask-outside": ("L", (WIDE, TALL), 255, (0, 0, 12, 48), "is outside of what the model sees"),
    "mask-in-colour": ("RGB", (WIDE, TALL), (200, 0, 0), (40, 10, 60, 30), "is in colour, and no part of it is light"),
}


def write_bad(folder: Path) -> None:
    """Files of all of these, a good picture and unusual ones."""
    picture().save(folder / "good.png")
    for name, (content, _) in NONE.items():
        (folder / name).write_bytes(content)
    for name, (mode, size, value, box, _) in MASKS.items():
        mask = Image.new(mode, size)
        mask.paste(value, box)
        mask.save(folder / f"{name}.png")
    Image.new("RGB", (1, 1), SHAPE).save(folder / "dot.png")
    Image.new("I;16", (TALL, TALL), 30_000).save(folder / "deep.png")
    picture().convert("CMYK").save(folder / "print.jpg")
    frames = [picture(), picture().rotate(90)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])


# What is a picture all the same: words of the note beside it.
UNUSUAL = {"dot.png": "", "deep.png": "16-bit", "print.jpg": "CMYK", "moving.gif": "the first of 2 frames"}
