"""A large folder of pictures in the dataset: there at once, and only what is in view is opened, measured and kept."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl

from app.worker.dataset_rows import DatasetRows, ReadRow
from core.project.document import PairSource
from tests.app.person import Person

COUNT = 5_000


@pytest.fixture
def folder(tmp_path: Path, pictures) -> Path:
    """One picture under many names, a broken one among those that are seen first, and a file that is none."""
    made = tmp_path / "many"
    made.mkdir()
    (made / "0.png").write_bytes(Path(pictures("a.png")).read_bytes())
    for number in range(2, COUNT):
        os.link(made / "0.png", made / f"{number}.png")
    (made / "1.png").write_bytes((made / "0.png").read_bytes()[:60])
    (made / "notes.txt").write_text("", encoding="utf-8")
    return made


def make_film(path: Path) -> Path:
    """Ten frames a second, 24 of them, each in another grey; the last ones are cut off."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 64))
    for number in range(24):
        writer.write(np.full((64, 64, 3), 10 * number, dtype=np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    return path


def drop(person: Person, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    assert person.drop(person.panel("dataset"), mime)


def test_a_folder_of_thousands_opens_at_once_and_only_what_is_in_view_is_read(
    viewer: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer.window.docks["dataset"].raise_()
    panel = viewer.panel("dataset")
    viewer.wait(panel.isVisible)
    read: list[str] = []
    held: list[int] = []
    plain = DatasetRows._read_row

    def counting(self: DatasetRows, row: PairSource) -> ReadRow:
        read.append(row.clean.path)
        held.append(self._bytes)
        return plain(self, row)

    monkeypatch.setattr(DatasetRows, "_read_row", counting)
    monkeypatch.setattr("app.worker.dataset_rows.MOST_KEPT", 40_000)
    drop(viewer, folder)
    viewer.wait(lambda: len(panel.rows()) == COUNT)
    assert panel.note.text() == "1 other file in many is left aside."
    viewer.wait(lambda: panel.rows()[0].before is not None and panel.rows()[1].problem)
    assert panel.rows()[0].pictures[0] is not None
    assert "1.png" in panel.rows()[1].problem
    assert panel.rows()[1].before is None
    assert panel.for_title.text().startswith("5,000 rows")
    assert panel.rows()[4_000].before is None

    panel.table.scrollToBottom()
    viewer.wait(lambda: panel.rows()[COUNT - 1].before is not None)
    assert panel.rows()[COUNT - 1].pictures[0] is not None
    assert panel.rows()[2_500].pictures[0] is None
    assert len(set(read)) < 500
    assert max(held) < 40_000 + 200_000  # one picture more than is kept
    assert "500 of these" in panel.means.text()
    document = viewer.workbench.document
    assert len(document.mean_rows) == 500  # every tenth

    # A film takes their place: a frame a second, and the one that is cut off says so.
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "-8")
    viewer.choose("Edit/Dataset", "Clear the Dataset")
    drop(viewer, make_film(folder.parent / "walk.avi"))
    viewer.wait(lambda: len(panel.rows()) == 3)
    viewer.wait(lambda: all(row.problem or row.before is not None for row in panel.rows()))
    assert [row.a for row in panel.rows()] == [f"walk.avi#frame={number}" for number in (0, 10, 20)]
    assert panel.note.text() == "walk.avi: one frame of every 10 of 24."
    assert "the film is shorter, or damaged there" in panel.rows()[2].problem
    first, second = (row.pictures[0] for row in panel.rows()[:2])
    assert first.mean() < 10 < second.mean()
