"""What goes wrong is said once, can be copied, is in the log, and leaves the program running."""

from __future__ import annotations

import errno
import logging
import sys
import threading

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from app.messages.request import FailureReply
from app.services import log_records
from tests.app.models import COUNTERFACTUAL
from tests.app.person import Person


def button(box, words: str) -> QPushButton:
    return next(b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == words)


@pytest.fixture
def caught(reader: Person, monkeypatch) -> Person:
    """As `run` starts the window: exceptions that reach the event loop are the window's."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards
    reader.window.problems.catch()
    return reader


def test_an_exception_in_a_real_slot_is_shown_logged_and_the_program_goes_on(caught: Person) -> None:
    window = caught.window

    def broken() -> None:
        raise ValueError("the slot is broken")

    window.top_bar.find_command.clicked.connect(broken)
    caught.click(window.top_bar.find_command)
    (box,) = caught.dialogs()
    assert box.text() == "Something went wrong: the slot is broken"
    assert "in broken" in box.detailedText()
    copy = button(box, "Copy Details")
    caught.click(copy)
    assert box.isVisible()
    assert "ValueError: the slot is broken" in QApplication.clipboard().text()
    caught.dismiss()
    window.palette_commands.palette.dismiss()
    last = log_records.log_book().entries[-1]
    assert last.level == logging.ERROR
    assert "ValueError: the slot is broken" in last.details
    caught.type_prompt("A", COUNTERFACTUAL)
    assert caught.card("A").chips.chip_texts() == COUNTERFACTUAL.split()


def test_one_that_comes_again_and_again_is_counted_and_not_said_again_once_read(caught: Person) -> None:
    def broken() -> None:
        raise ValueError("again")

    timer = QTimer(caught.window)
    timer.timeout.connect(broken)
    before = len(log_records.log_book().entries)
    timer.start(1)
    try:
        caught.wait(lambda: len(log_records.log_book().entries) > before + 3)
        (box,) = caught.dialogs()
        assert "times" in box.informativeText()
        box.accept()
        so_far = len(log_records.log_book().entries)
        caught.wait(lambda: len(log_records.log_book().entries) > so_far + 3)
        assert caught.dialogs() == []
        assert "again" in caught.message()
    finally:
        timer.stop()


def test_problems_come_one_after_the_other(person: Person) -> None:
    for name in ("first", "second", "second", "first", "third", "fourth", "fifth"):
        person.window.problems.show(FailureReply(0, "run", f"The {name}.", "Do something."))
    assert [box.text() for box in person.dialogs()] == ["The first."]
    assert "Help > Log" in person.message()  # too many to say
    said = [person.dismiss().split(".")[0] for _ in range(4)]
    assert said == ["The first", "The second", "The third", "The fourth"]
    assert person.dialogs() == []
    assert any("The fifth." in entry.words for entry in log_records.log_book().entries)


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_log_viewer_lists_filters_copies_saves(person: Person, tmp_path, monkeypatch) -> None:
    log = logging.getLogger("app.test")
    log.info("a model was opened")
    log.warning("something is odd")
    try:
        raise KeyError("lost")
    except KeyError:
        log.exception("it failed")
    person.choose("Help", "Log")
    view = person.window.controllers["help"].log.view
    assert view is not None
    text = view.text.toPlainText()
    assert text.index("a model was opened") < text.index("something is odd") < text.index("KeyError: 'lost'")
    view.level.setCurrentIndex(1)
    assert "a model was opened" not in view.text.toPlainText()
    assert "something is odd" in view.text.toPlainText()
    view.level.setCurrentIndex(2)
    assert "something is odd" not in view.text.toPlainText()
    assert "KeyError: 'lost'" in view.text.toPlainText()
    log.error("this came while it was open")
    assert view.text.toPlainText().endswith("this came while it was open")
    person.click(view.copy)
    assert QApplication.clipboard().text() == view.text.toPlainText()
    path = tmp_path / "log.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    person.click(view.save)
    assert path.read_text(encoding="utf-8").strip() == view.text.toPlainText()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "log.txt"), ""))
    person.click(view.save)
    assert "The log is not saved" in person.dismiss()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    before = path.read_text(encoding="utf-8")
    log.error("this came later")
    with monkeypatch.context() as full:
        full.setattr("core.saving._rename", no_room)
        person.click(view.save)
    assert "No space left" in person.dismiss()
    assert path.read_text(encoding="utf-8") == before, "a file is written whole or not at all"
    view.reject()


def test_records_of_other_threads_reach_an_open_viewer(person: Person) -> None:
    person.choose("Help", "Log")
    view = person.window.controllers["help"].log.view
    assert view is not None
    thread = threading.Thread(target=lambda: logging.getLogger("core.test").warning("from elsewhere"))
    thread.start()
    thread.join()
    person.wait(lambda: "from elsewhere" in view.text.toPlainText())
    view.reject()


def test_the_log_file_starts_anew_when_it_is_full(qapp, monkeypatch) -> None:
    monkeypatch.setattr(log_records, "FILE_BYTES", 2000)
    log_records.log_book()
    before = list(logging.getLogger().handlers)
    file = log_records.keep_file()
    assert file is not None
    (handler,) = (each for each in logging.getLogger().handlers if each not in before)
    try:
        for number in range(60):
            logging.getLogger("app.test").info("record %d is some words long, to fill the file", number)
        assert file.stat().st_size <= 2000
        assert "record 59" in file.read_text(encoding="utf-8")
        assert file.with_name("wirescope.log.1").exists()
        assert len(list(file.parent.glob("wirescope.log*"))) <= 1 + log_records.OLD_FILES
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def test_a_place_that_cannot_be_written_is_no_trouble(qapp, monkeypatch, tmp_path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setattr(log_records, "log_folder", lambda: tmp_path / "file" / "logs")
    assert log_records.keep_file() is None
