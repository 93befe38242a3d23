"""Words printed in a picture: a typographic attack (Goh et al. 2021, "Multimodal neurons in artificial neural
networks"). The font is bundled, so that a word looks the same on every machine."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from core.errors import InputError
from core.inputs.corruption_kinds import Place

FONT = "Inter-Bold.otf"
PADDING = 0.2  # of the font's size, between them and the sticker's edge
LEAST = 5.0  # pixels: letters below it cannot be told
LONGEST = 60  # letters
DARK = 0.5  # mean of a picture below which letters on it are white

Box = tuple[int, int, int, int]  # left, top, right, bottom


def printed(pixels: Tensor, text: str, size: float, place: Place, sticker: bool, region: Box | None = None) -> Tensor:
    """A picture [channel, height, width], values 0 to 1, with a word printed on it.

    size: of its font as a share of the picture's height, about from the top of a `d` to the bottom of a `g` (a capital
    is 0.73 of it high); smaller where the word would not fit. region: where it is printed, in the middle; None: at the
    place. sticker: black on a white box; else the letters alone, black or white, whichever is further from what is
    under them. Raises InputError for no word, one with a letter that the font does not have, and one that does not fit.
    """
    text = " ".join(text.split())
    check_word(text)
    height, width = pixels.shape[-2:]
    room = region or (0, 0, width, height)
    font = _fitting(text, size * height, room[2] - room[0], room[3] - room[1])
    pad = round(PADDING * font.size)
    left, top, right, bottom = font.getbbox(text)
    across, down = round(right - left) + 2 * pad, round(bottom - top) + 2 * pad
    x, y = _corner(room, across, down, "centre" if region else place)
    stencil = Image.new("L", (width, height))
    ImageDraw.Draw(stencil).text((x + pad - left, y + pad - top), text, fill=255, font=font)
    letters = torch.from_numpy(np.asarray(stencil).copy()).to(pixels) / 255
    if sticker:
        paper = pixels.clone()
        paper[:, y : y + down, x : x + across] = 1
        ink = 0.0
    else:
        paper = pixels
        ink = 1.0 if float(pixels[:, y : y + down, x : x + across].mean()) < DARK else 0.0
    return paper * (1 - letters) + ink * letters


def check_word(text: str) -> None:
    """Raise InputError for what cannot be printed."""
    if not text.strip():
        raise InputError("There is no word to print.", "Write one.")
    if len(text) > LONGEST:
        raise InputError(f"{len(text)} letters are too many to print.", f"Write at most {LONGEST}.")
    font = _font(32.0)
    nothing = _drawn(font, "\U0010ffff")
    missing = next((letter for letter in text if not letter.isspace() and _drawn(font, letter) == nothing), None)
    if missing is not None:
        raise InputError(
            f"The font that words are printed in has no {missing!r}.", "It has Latin, Greek and Cyrillic letters."
        )


def _fitting(text: str, wanted: float, across: int, down: int) -> ImageFont.FreeTypeFont:
    """The font in the wanted size in pixels, or the largest one with which the word fits."""
    font = _font(round(wanted, 2))
    for _ in range(8):  # letters do not grow quite evenly with the size
        left, top, right, bottom = font.getbbox(text)
        pad = 2 * round(PADDING * font.size)
        over = max((right - left + pad + 1) / across, (bottom - top + pad + 1) / down)
        if over <= 1:
            break
        font = _font(round(font.size / over * 0.98, 2))
    if over > 1 or font.size < LEAST:
        raise InputError(
            f"“{text}” does not fit: its letters would be less than {LEAST:g} pixels high.",
            "Write a shorter word, or give it more room.",
        )
    return font


def _corner(room: Box, across: int, down: int, place: Place) -> tuple[int, int]:
    """Left and top of a box of this size at a place of the room."""
    left, top, right, bottom = room
    x = left if "left" in place else right - across if "right" in place else (left + right - across) // 2
    y = top if "top" in place else bottom - down if "bottom" in place else (top + bottom - down) // 2
    return x, y


def _drawn(font: ImageFont.FreeTypeFont, letter: str) -> bytes:
    return bytes(font.getmask(letter))


@lru_cache(maxsize=16)
def _font(pixels: float) -> ImageFont.FreeTypeFont:
    """Without Raqm, which not every machine has."""
    with resources.as_file(resources.files("resources") / "fonts" / FONT) as path:
        return ImageFont.truetype(str(path), max(pixels, 1.0), layout_engine=ImageFont.Layout.BASIC)
