"""Every image a user may bring is opened as what they see elsewhere, or refused in words they can act on."""

from __future__ import annotations

import errno
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import InputError, UnreadableFileError
from core.inputs.images import MAX_PIXELS, check_file, model_view, open_image

RED, BLUE, BLACK, WHITE, GREY = (255, 0, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255), (128, 128, 128)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def half_red_half_blue(mode: str = "RGB", size: tuple[int, int] = (16, 8)) -> Image.Image:
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image.convert(mode)


def near(found: Any, expected: tuple[int, int, int], tolerance: int = 3) -> bool:
    return bool(np.abs(np.asarray(found, dtype=int) - expected).max() <= tolerance)


def png(width: int, height: int, bits: int, rows: bytes) -> bytes:
    """A colour PNG file, byte by byte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_the_common_formats_open_from_a_path_and_from_bytes(kind: str, tmp_path: Path) -> None:
    data = encoded(half_red_half_blue(), kind)
    path = tmp_path / f"picture.{kind.lower()}"
    path.write_bytes(data)
    for source in (path, str(path), data):
        opened = open_image(source)
        assert (opened.image.mode, opened.image.size, opened.notes) == ("RGB", (16, 8), ())
        assert near(opened.image.getpixel((1, 4)), RED, 12)
        assert near(opened.image.getpixel((14, 4)), BLUE, 12)
    assert open_image(path).name == path.name


# What a camera's sensor saw when the world is upright, by the EXIF orientation it then writes (EXIF 2.32, 4.6.4).
SEEN_BY_THE_SENSOR = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[::-1],  # row 0 is the right side, column 0 the top
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[:, ::-1],  # row 0 is the left side, column 0 the bottom
}


@pytest.mark.parametrize("orientation", SEEN_BY_THE_SENSOR)
def test_an_exif_orientation_is_applied(orientation: int) -> None:
    upright = Image.new("RGB", (24, 16), BLACK)
    upright.paste(RED, (0, 0, 8, 8))  # the top left corner
    stored = Image.fromarray(np.ascontiguousarray(SEEN_BY_THE_SENSOR[orientation](np.asarray(upright))))
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_image(encoded(stored, "PNG", exif=exif))
    assert np.array_equal(np.asarray(opened.image), np.asarray(upright))
    assert bool(opened.notes) == (orientation != 1)
    assert opened.image.getexif().get(0x0112, 1) == 1  # or the next program turns it again


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_transparency_is_put_on_mid_grey(kind: str) -> None:
    image = Image.new("RGBA", (12, 4), (*RED, 255))
    image.paste((*RED, 0), (4, 0, 8, 4))
    image.paste((*WHITE, 128), (8, 0, 12, 4))
    opened = open_image(encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {})))
    row = [opened.image.getpixel((x, 2)) for x in (1, 5, 9)]
    assert near(row[0], RED)
    assert near(row[1], GREY)
    assert near(row[2], (192, 192, 192))
    assert opened.notes == ("transparent parts are put on mid grey",)


def test_an_alpha_channel_that_hides_nothing_is_not_worth_a_note() -> None:
    assert open_image(encoded(half_red_half_blue("RGBA"), "PNG")).notes == ()


def test_a_palette_is_resolved_with_its_transparent_colour() -> None:
    image = half_red_half_blue().quantize(4)
    plain = open_image(encoded(image, "PNG"))
    assert near(plain.image.getpixel((1, 1)), RED)
    assert plain.notes == ()
    clear = open_image(encoded(image, "PNG", transparency=image.getpixel((1, 1))))
    assert near(clear.image.getpixel((1, 1)), GREY)
    assert near(clear.image.getpixel((14, 1)), BLUE)
    assert clear.notes == ("transparent parts are put on mid grey",)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_becomes_three_equal_channels(mode: str) -> None:
    image = Image.new("L", (8, 8), 255)
    image.paste(0, (0, 0, 4, 8))
    opened = open_image(encoded(image.convert(mode), "PNG"))
    assert opened.image.getpixel((1, 1)) == BLACK
    assert opened.image.getpixel((6, 6)) == WHITE
    assert opened.notes == ()


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I;16B"), ("TIFF", "I")])
def test_16_bit_grey_is_scaled_not_clipped(kind: str, mode: str) -> None:
    ramp = np.linspace(0, 65535, 256, dtype={"I;16": "<u2", "I;16B": ">u2", "I": "<i4"}[mode])
    image = Image.frombytes(mode, (16, 16), ramp.tobytes())
    opened = open_image(encoded(image, kind))
    assert np.array_equal(np.asarray(opened.image)[:, :, 1].ravel(), np.arange(256))
    assert opened.notes == ("16-bit: scaled to 8 bits",)


def test_16_bit_colour_keeps_its_range() -> None:
    pixels = np.array([[[0, 32768, 65535], [65535, 16384, 0]]], dtype=">u2")
    image = open_image(png(2, 1, 16, b"\0" + pixels.tobytes())).image
    assert near(image.getpixel((0, 0)), (0, 128, 255), 1)
    assert near(image.getpixel((1, 0)), (255, 64, 0), 1)


def test_floating_point_images_are_scaled_or_stretched_and_say_so() -> None:
    unit = open_image(encoded(Image.fromarray(np.array([[0, 0.5, 1]], dtype=np.float32)), "TIFF"))
    assert [unit.image.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]
    wide = open_image(encoded(Image.fromarray(np.array([[-5, 0, 5]], dtype=np.float32)), "TIFF"))
    assert [wide.image.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]
    assert wide.notes == ("its values, -5 to 5, are stretched to black to white",)
    flat = open_image(encoded(Image.fromarray(np.full((2, 2), 7, dtype=np.float32)), "TIFF"))
    assert flat.image.getpixel((0, 0)) == BLACK
    with pytest.raises(InputError, match="no numbers"):
        open_image(encoded(Image.fromarray(np.array([[0, np.nan]], dtype=np.float32)), "TIFF"))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_has_the_right_colours(kind: str) -> None:
    opened = open_image(encoded(half_red_half_blue("CMYK"), kind))
    assert near(opened.image.getpixel((1, 4)), RED, 12)
    assert near(opened.image.getpixel((14, 4)), BLUE, 12)
    assert opened.notes == ("CMYK: converted to RGB without its colour profile",)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_only_the_first_frame_of_an_animation_is_used(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), (0, 20 * i, 255 - 20 * i)) for i in range(12)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    opened = open_image(data)
    assert near(opened.image.getpixel((4, 4)), (0, 0, 255))
    expected = "has several pages: the first of 12 pages" if kind == "TIFF" else "animated: the first of 12 frames"
    assert opened.notes == (f"{expected} is used",)


def test_a_phone_photograph_with_a_preview_is_not_called_animated() -> None:
    data = encoded(half_red_half_blue(), "MPO", save_all=True, append_images=[half_red_half_blue()])
    assert open_image(data).notes == ()


def test_a_pil_image_is_copied_and_keeps_its_frame() -> None:
    mine = half_red_half_blue("RGBA")
    mine.putalpha(0)
    before = mine.copy()
    opened = open_image(mine)
    assert near(opened.image.getpixel((1, 1)), GREY)
    assert opened.name == "image"
    assert mine.mode == "RGBA"
    assert np.array_equal(np.asarray(mine), np.asarray(before))
    film = Image.open(
        io.BytesIO(encoded(Image.new("L", (4, 4)), "GIF", save_all=True, append_images=[Image.new("L", (4, 4), 255)]))
    )
    film.seek(1)
    opened = open_image(film)
    assert near(opened.image.getpixel((1, 1)), WHITE)
    assert opened.notes == ("animated: number 2 of 2 frames is used",)
    same = half_red_half_blue()
    assert open_image(same).image is not same


@pytest.mark.parametrize(
    ("array", "corner"),
    [
        (np.full((4, 6), 200, dtype=np.uint8), (200, 200, 200)),
        (np.full((4, 6, 1), 200, dtype=np.uint8), (200, 200, 200)),
        (np.full((4, 6, 3), (10, 20, 30), dtype=np.uint8), (10, 20, 30)),
        (np.full((4, 6, 4), (10, 20, 30, 0), dtype=np.uint8), GREY),
        (np.full((4, 6), 65535, dtype=np.uint16), WHITE),
        (np.full((4, 6, 3), (0, 32768, 65535), dtype=np.uint16), (0, 128, 255)),
        (np.full((4, 6, 3), (0.0, 0.5, 1.0), dtype=np.float32), (0, 128, 255)),
        (np.ones((4, 6), dtype=bool), WHITE),
        (np.full((8, 12, 3), (10, 20, 30), dtype=np.uint8)[::2, ::-2], (10, 20, 30)),  # not contiguous
    ],
)
def test_arrays_are_opened_by_their_type(array: np.ndarray, corner: tuple[int, int, int]) -> None:
    opened = open_image(array)
    assert (opened.image.mode, opened.image.size) == ("RGB", (6, 4))
    assert near(opened.image.getpixel((0, 0)), corner, 0)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((3, 8, 8), dtype=np.uint8), r"shape \[3, 8, 8\]"),
        (np.zeros((8,), dtype=np.uint8), "shape"),
        (np.zeros((0, 8), dtype=np.uint8), "shape"),
        (np.full((8, 8, 3), 200.0), "from 200.0 to 200.0"),
        (np.full((8, 8), np.nan), "nan"),
        (np.zeros((8, 8), dtype=np.int64), "int64"),
    ],
)
def test_arrays_that_are_no_images_are_refused(array: np.ndarray, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        open_image(array)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_a_truncated_file_is_refused_wherever_it_ends(kind: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    whole = encoded(Image.fromarray(noise), kind)
    for part in (9, 20, len(whole) // 4, len(whole) // 2, len(whole) * 9 // 10):
        path = tmp_path / f"cut{part}"
        path.write_bytes(whole[:part])
        with pytest.raises(InputError, match="damaged or cut short") as caught:
            open_image(path)
        assert caught.value.hint


def test_damage_anywhere_is_an_input_error_or_an_image() -> None:
    random = np.random.default_rng(0)
    modes: set[str] = set()
    hints: list[str] = []
    for kind in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"):
        whole = np.frombuffer(encoded(half_red_half_blue(), kind), dtype=np.uint8)
        for _ in range(60):
            broken = whole.copy()
            broken[random.integers(0, len(broken), 6)] = random.integers(0, 256, 6)
            try:
                modes.add(open_image(broken.tobytes()).image.mode)
            except InputError as error:
                hints.append(error.hint)
    assert modes == {"RGB"}
    assert len(hints) > 50
    assert all(hints)


@pytest.mark.parametrize("side", [9_500, 30_000])
def test_a_huge_image_is_refused_before_it_is_decoded(side: int) -> None:
    # 9,500 squared is in the range where Pillow warns, 30,000 squared where it raises.
    with pytest.raises(
        InputError, match=f"{side * side / 1e6:,.0f} megapixels, and the limit is {MAX_PIXELS / 1e6:.0f}"
    ):
        open_image(png(side, side, 8, b"\0" * 99))
    with pytest.raises(InputError, match="limit"):
        open_image(np.broadcast_to(np.uint8(0), (side, side)))


def test_an_image_as_thin_as_a_line_is_refused() -> None:
    with pytest.raises(InputError, match="over 100 times the other"):
        open_image(Image.new("L", (2, 5_000)))


def test_what_is_no_image_is_refused_with_the_reason(tmp_path: Path) -> None:
    empty, text, link = tmp_path / "empty.png", tmp_path / "notes.png", tmp_path / "link.png"
    empty.write_bytes(b"")
    text.write_text("not an image at all")
    link.symlink_to(tmp_path / "gone.png")
    cases: list[tuple[Any, str, str]] = [
        (empty, "empty.png is empty", "again"),
        (text, "notes.png is not an image", "JPEG"),
        (tmp_path, "is a folder", "file"),
        (tmp_path / "missing.png", "no file .*missing.png", "path"),
        (link, "no file .*link.png", "path"),
        ("x" * 5_000, "cannot be read", "path"),
        ("a\0b", "no file|cannot be read", "path"),
        ("~nobody-of-this-name/a.png", "cannot be read|no file", "path"),
        (b"", "empty", "again"),
        (b"%PDF-1.7 a document", "not an image", "PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image", "PNG"),
        (7, "int is not an image", "path"),
    ]
    for source, message, hint in cases:
        with pytest.raises(InputError, match=message) as caught:
            open_image(source)
        assert hint in caught.value.hint


def test_the_model_view_undoes_the_normalisation() -> None:
    torch = pytest.importorskip("torch")
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    seen = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    shift, scale = (torch.tensor(v).reshape(3, 1, 1) for v in (mean, std))
    pixels = (torch.tensor(seen).permute(2, 0, 1) / 255 - shift) / scale
    assert np.array_equal(np.asarray(model_view(pixels, mean, std)), seen)
    grey = model_view(torch.tensor([[[-1.0, 1.0, 9.0]]]), [0.5], [0.5])
    assert [grey.getpixel((x, 0)) for x in range(3)] == [BLACK, WHITE, WHITE]
    assert model_view(torch.zeros(3, 1, 1, requires_grad=True), mean, std).size == (1, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="not a regular file"):
        open_image(tmp_path / "pipe.png")


def test_a_file_that_the_system_does_not_give_is_told_from_one_that_is_no_picture(tmp_path: Path, monkeypatch) -> None:
    """The one may be read later, or on another machine."""
    path = tmp_path / "a.png"
    path.write_bytes(encoded(half_red_half_blue(), "PNG")[:-30])
    check_file(path)
    with pytest.raises(InputError) as damaged:
        open_image(path)
    assert type(damaged.value) is InputError
    for read in (open_image, check_file):
        for missing in (tmp_path / "none.png", f"{tmp_path}/none.mp4#frame=3"):
            with pytest.raises(UnreadableFileError, match=r"There is no file|No such file"):
                read(missing)

    def fail(*_given: object, **_options: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(UnreadableFileError, match=r"a\.png cannot be read: Input/output error\."):
        open_image(path)
