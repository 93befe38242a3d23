"""Pictures dropped, pasted, fetched and broken, and what the window says of them."""

from __future__ import annotations

import io
import struct
import threading
import urllib.error
import zlib
from email.message import Message
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QPushButton

from tests.app.cases import each
from tests.app.conftest import picture
from tests.app.models import SIDE
from tests.app.person import Person

TOLERANCE = 12.0  # of 255, on average: JPEG, and the processor's own resize


def shows(person: Person, letter: str, original: Image.Image) -> bool:
    """Whether a card shows this picture as the model sees it."""
    card = person.card(letter)
    seen = card.card().image
    if seen is None or not card.picture.isVisible():
        return False
    expected = np.asarray(original.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=float)
    return bool(np.abs(seen - expected).mean() < TOLERANCE)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def address(words: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(words)])
    mime.setText(words)
    return mime


def settled(person: Person) -> None:
    person.wait(lambda: not person.window.jobs)
    person.rest()


@each("name", ["c.png", "c.jpg", "c.webp", "c.tiff", "C.PNG"])
def test_a_dropped_picture_is_shown_as_the_model_sees_it(viewer: Person, pictures, name: str) -> None:
    before = viewer.predictions()
    assert viewer.drop(viewer.card("A"), files(pictures(name)))
    assert shows(viewer, "A", Image.open(pictures(name)))
    assert not shows(viewer, "A", Image.open(pictures("b.png")))
    assert viewer.problem("A") == ""
    assert viewer.card("A").name.text() == name
    assert viewer.card("A").words.text() == "clean · 4 × 4 patches"
    assert viewer.predictions() != before
    metric, _ = viewer.expected([])
    assert viewer.workbench.ran.before == pytest.approx(metric, abs=1e-5)


def test_picture_data_of_a_browser_is_taken_without_a_network(viewer: Person, monkeypatch) -> None:
    monkeypatch.setattr("urllib.request.urlopen", _no_network)
    mime = address("https://example.invalid/cat.png")
    mime.setImageData(QImage.fromData(encoded(picture(7), "PNG")))
    assert viewer.drop(viewer.card("B"), mime)
    assert shows(viewer, "B", picture(7))
    assert not viewer.dialogs()


def test_a_pasted_picture(viewer: Person) -> None:
    QApplication.clipboard().setImage(QImage.fromData(encoded(picture(8), "PNG")))
    viewer.click(viewer.card("B").paste_button)
    viewer.rest()
    assert shows(viewer, "B", picture(8))
    assert viewer.card("B").name.text() == "pasted picture"


def test_a_pasted_file(viewer: Person, pictures) -> None:
    QApplication.clipboard().setMimeData(files(pictures("d.png")))
    viewer.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier, widget=viewer.card("A").open_button)
    assert shows(viewer, "A", Image.open(pictures("d.png")))


def test_pasting_nothing_says_so(viewer: Person) -> None:
    QApplication.clipboard().clear()
    viewer.click(viewer.card("A").paste_button)
    assert viewer.message() == "The clipboard holds no picture and no text."


class Response(io.BytesIO):
    def __init__(self, content: bytes, length: int | None = None) -> None:
        super().__init__(content)
        self.headers = Message()
        self.headers["Content-Length"] = str(len(content) if length is None else length)


def _no_network(*_arguments: Any, **_options: Any) -> Any:
    raise urllib.error.URLError("Temporary failure in name resolution")


def test_a_dropped_address_is_fetched_beside_the_window(viewer: Person, monkeypatch) -> None:
    asked, taken_in = [], []

    def answer(request: Any, timeout: float) -> Response:
        asked.append((request.full_url, threading.current_thread()))
        return Response(encoded(picture(9), "JPEG", quality=95))

    set_source = viewer.workbench.question.set_source
    monkeypatch.setattr("urllib.request.urlopen", answer)
    monkeypatch.setattr(
        viewer.workbench.question,
        "set_source",
        lambda *a: taken_in.append(threading.current_thread()) or set_source(*a),
    )
    assert viewer.drop(viewer.card("A"), address("https://example.invalid/pictures/cat.jpg"))
    settled(viewer)
    assert shows(viewer, "A", picture(9))
    assert viewer.card("A").name.text() == "cat.jpg"
    ((url, thread),) = asked
    assert url == "https://example.invalid/pictures/cat.jpg"
    assert thread is not threading.main_thread()
    assert taken_in == [threading.main_thread()]
    assert not viewer.panel("status").work.isVisible()


def test_an_address_is_asked_for_as_it_was_dropped(viewer: Person, monkeypatch) -> None:
    asked = []
    answer = encoded(picture(9), "PNG")
    monkeypatch.setattr(
        "urllib.request.urlopen", lambda request, **_o: asked.append(request.full_url) or Response(answer)
    )
    viewer.drop(viewer.card("A"), address("https://example.invalid/a%20b/caf%C3%A9%20cat.png?w=200&h=10%25"))
    settled(viewer)
    assert asked == ["https://example.invalid/a%20b/caf%C3%A9%20cat.png?w=200&h=10%25"]
    assert viewer.card("A").name.text() == "café cat.png"
    assert shows(viewer, "A", picture(9))


@pytest.fixture
def slow_web(monkeypatch):
    """Addresses that answer when the test says so."""
    begun, go_on = threading.Event(), threading.Event()

    def answer(_request: Any, timeout: float) -> Response:
        begun.set()
        assert go_on.wait(20)
        return Response(encoded(picture(9), "PNG"))

    monkeypatch.setattr("urllib.request.urlopen", answer)
    yield begun, go_on
    go_on.set()


def test_a_fetch_is_cancelled(viewer: Person, slow_web) -> None:
    begun, go_on = slow_web
    before = viewer.figures()
    viewer.drop(viewer.card("A"), address("https://example.invalid/cat.jpg"))
    viewer.wait(begun.is_set)
    assert viewer.panel("status").work.text() == "Fetching cat.jpg"
    viewer.click(viewer.panel("status").cancel)
    go_on.set()
    settled(viewer)
    assert viewer.card("A").name.text() == "a.png"
    assert viewer.figures() == before
    assert not viewer.panel("status").work.isVisible()
    assert not viewer.dialogs()


def test_what_came_later_is_not_overwritten_by_a_slow_fetch(viewer: Person, pictures, slow_web) -> None:
    begun, go_on = slow_web
    viewer.drop(viewer.card("A"), address("https://example.invalid/cat.jpg"))
    viewer.wait(begun.is_set)
    viewer.drop(viewer.card("A"), files(pictures("c.png")))
    go_on.set()
    settled(viewer)
    assert viewer.card("A").name.text() == "c.png"


@each(
    ("answer", "words"),
    [
        (_no_network, "https://example.invalid/cat.jpg could not be fetched: Temporary failure in name resolution"),
        (lambda *_a, **_o: Response(b""), "https://example.invalid/cat.jpg gave nothing."),
        (lambda *_a, **_o: Response(b"x" * 100, 60 * 2**20), "The picture at this address is larger than 50 MB."),
    ],
)
def test_an_address_that_cannot_be_fetched_changes_nothing(viewer: Person, monkeypatch, answer, words: str) -> None:
    before = viewer.figures()
    monkeypatch.setattr("urllib.request.urlopen", answer)
    viewer.drop(viewer.card("A"), address("https://example.invalid/cat.jpg"))
    settled(viewer)
    assert words in viewer.dismiss()
    assert viewer.figures() == before
    assert viewer.card("A").name.text() == "a.png"
    assert not viewer.panel("status").work.isVisible()


def test_a_page_instead_of_a_picture_is_said_on_the_card(viewer: Person, monkeypatch) -> None:
    monkeypatch.setattr("urllib.request.urlopen", lambda *_a, **_o: Response(b"<html>no</html>"))
    viewer.drop(viewer.card("A"), address("https://example.invalid/cat.jpg"))
    settled(viewer)
    assert "not an image" in viewer.problem("A")
    assert not viewer.dialogs()


def huge() -> bytes:
    """A PNG that says that it has 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


BROKEN = {
    "cut.png": (lambda: encoded(picture(1), "PNG")[:400], "cut.png is damaged or cut short"),
    "cut.jpg": (lambda: encoded(picture(1), "JPEG")[:400], "cut.jpg is damaged or cut short"),
    "huge.png": (huge, "huge.png is too large: it has 900 megapixels"),
    "notes.png": (lambda: b"these are words, not a picture", "notes.png is not an image that can be read"),
    "empty.png": (lambda: b"", "empty.png is empty"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_good_picture_says_so_on_its_card(
    viewer: Person, pictures, tmp_path: Path, name: str
) -> None:
    make, words = BROKEN[name]
    (tmp_path / name).write_bytes(make())
    (index,) = viewer.strong_edges()
    viewer.click_edge(index)
    viewer.press(Qt.Key.Key_X)
    after, edits, effects = viewer.figures(), viewer.edits(), viewer.effects()
    viewer.drop(viewer.card("A"), files(tmp_path / name))
    assert words in viewer.problem("A")
    assert not viewer.dialogs()
    assert viewer.edits() == edits
    assert shows(viewer, "A", Image.open(pictures("a.png")))  # what was there stays, and so do its numbers
    assert viewer.card("A").name.text() == "a.png"
    assert shows(viewer, "B", Image.open(pictures("b.png")))
    assert viewer.figures() == after
    assert viewer.effects() == effects
    viewer.press(Qt.Key.Key_X, widget=viewer.window.canvas)
    assert words in viewer.problem("A")  # until another picture comes
    viewer.drop(viewer.card("A"), files(pictures("a.png")))
    assert viewer.problem("A") == ""
    viewer.drop(viewer.card("A"), files(tmp_path / name))
    viewer.drop(viewer.card("A"), files(pictures("c.png")))
    assert viewer.problem("A") == ""
    assert shows(viewer, "A", Image.open(pictures("c.png")))


def test_a_broken_b_leaves_the_good_one_at_work(viewer: Person, pictures, tmp_path: Path) -> None:
    (index,) = viewer.strong_edges()
    viewer.click_edge(index)
    viewer.press(Qt.Key.Key_P)
    after, edits = viewer.figures(), viewer.edits()
    (tmp_path / "cut.png").write_bytes(encoded(picture(1), "PNG")[:400])
    viewer.drop(viewer.card("B"), files(tmp_path / "cut.png"))
    assert "cut.png is damaged" in viewer.problem("B")
    assert viewer.problem("A") == ""
    assert shows(viewer, "B", Image.open(pictures("b.png")))
    assert (viewer.figures(), viewer.edits()) == (after, edits)
    assert viewer.window.top_bar.tools["patch"].isEnabled()


def test_a_broken_b_where_there_was_none_leaves_a_at_work(viewer: Person, tmp_path: Path) -> None:
    viewer.click(viewer.panel("inputs").remove)
    viewer.rest()
    (tmp_path / "cut.png").write_bytes(encoded(picture(1), "PNG")[:400])
    viewer.drop(viewer.card("B"), files(tmp_path / "cut.png"))
    assert "cut.png is damaged" in viewer.problem("B")
    assert viewer.predictions()
    assert viewer.problem("A") == ""
    assert not viewer.window.top_bar.tools["patch"].isEnabled()


def test_a_folder_or_a_missing_file_is_said_on_the_card(viewer: Person, tmp_path: Path) -> None:
    viewer.drop(viewer.card("B"), files(tmp_path))
    settled(viewer)
    said = [box.text() for box in viewer.dialogs()]
    assert any("is no model: it has no config.json" in words for words in said), said
    for box in viewer.dialogs():
        box.close()
    viewer.drop(viewer.card("B"), files(tmp_path / "gone.png"))
    assert "There is no file" in viewer.problem("B")


def _animated() -> bytes:
    frames = [picture(20), picture(21)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def _deep() -> bytes:
    values = np.asarray(picture(22).convert("L"), dtype=np.uint16) * 257
    return encoded(Image.fromarray(values), "PNG")


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # upright when turned right by a quarter
    return encoded(picture(23).rotate(90), "JPEG", exif=exif, quality=95)


UNUSUAL = {
    "animated.gif": (_animated, lambda: picture(20), "frame"),
    "print.jpg": (lambda: encoded(picture(24).convert("CMYK"), "JPEG", quality=95), lambda: picture(24), ""),
    "deep.png": (_deep, lambda: picture(22).convert("L"), "16-bit"),
    "turned.jpg": (_turned, lambda: picture(23), "EXIF"),
}


@each("name", UNUSUAL)
def test_an_unusual_picture_is_shown_right_with_a_note(viewer: Person, tmp_path: Path, name: str) -> None:
    make, upright, words = UNUSUAL[name]
    (tmp_path / name).write_bytes(make())
    viewer.drop(viewer.card("A"), files(tmp_path / name))
    assert viewer.problem("A") == ""
    assert shows(viewer, "A", upright())
    assert words in viewer.notes("A")


def test_text_for_a_vision_model_is_refused_on_the_card(viewer: Person) -> None:
    before = viewer.figures()
    mime = QMimeData()
    mime.setText("a cat")
    viewer.drop(viewer.card("A"), mime)
    assert "vit reads pictures; this is text" in viewer.problem("A")
    assert viewer.card("A").picture.isVisible()
    assert viewer.figures() == before
    assert not viewer.dialogs()


def test_two_pictures_fill_a_and_b_and_swap(viewer: Person, pictures) -> None:
    c, d = pictures("c.png"), pictures("d.png")
    viewer.drop(viewer.panel("inputs"), files(c, d))
    assert (viewer.card("A").name.text(), viewer.card("B").name.text()) == ("c.png", "d.png")
    viewer.click(viewer.panel("inputs").swap)
    viewer.rest()
    assert (viewer.card("A").name.text(), viewer.card("B").name.text()) == ("d.png", "c.png")
    assert shows(viewer, "A", Image.open(d))


def test_b_is_removed_and_invited_again(viewer: Person, pictures) -> None:
    viewer.click(viewer.panel("inputs").remove)
    viewer.rest()
    assert viewer.card("B").invitation.isVisible()
    assert viewer.predictions()
    assert not viewer.window.top_bar.tools["patch"].isEnabled()
    asked = viewer.card("B").invitation.findChildren(QPushButton)
    assert [button.text() for button in asked] == ["Open…", "Paste"]
    viewer.drop(viewer.card("B"), files(pictures("b.png")))
    assert viewer.window.top_bar.tools["patch"].isEnabled()


def test_the_patch_grid_is_shown_and_hidden(viewer: Person) -> None:
    card = viewer.card("A")
    shown = card.picture.grab().toImage()
    viewer.click(card.grid_button)
    assert card.picture.grab().toImage() != shown
    viewer.click(card.grid_button)
    assert card.picture.grab().toImage() == shown
