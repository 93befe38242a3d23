"""Films and folders of pictures as datasets: which frames and pictures, in which order; what is said of bad ones."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import InputError
from core.inputs.dataset_files import read_dataset, read_dataset_file
from core.inputs.film import frame_of, is_film, read_frame
from core.inputs.images import open_image
from core.inputs.picture_folder import classes_of, holds_pictures

FRAMES = 24


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten frames a second; each as bright as its number says, and blue."""
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "-8")  # as `core.inputs.film` does
    path = tmp_path / "walk 1.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for number in range(FRAMES):
        frame = np.zeros((48, 64, 3), dtype=np.uint8)
        frame[:, :, 0] = 10 * number  # OpenCV's blue
        writer.write(frame)
    writer.release()
    return path


def number_of(image: Image.Image) -> float:
    red, _, blue = np.asarray(image).reshape(-1, 3).mean(axis=0)
    assert red <= 12
    return float(blue) / 10


def test_a_film_is_a_row_a_frame_and_each_is_that_frame(film: Path) -> None:
    read = read_dataset_file(film)
    assert [frame_of(row.clean) for row in read.rows] == [(str(film), number) for number in (0, 10, 20)]  # one a second
    assert read.notes == ("walk 1.avi: one frame of every 10 of 24.",)
    every = read_dataset(f"{film}#every=5")
    assert [number_of(open_image(row.clean).image) for row in every] == pytest.approx([0, 5, 10, 15, 20], abs=0.7)
    assert open_image(every[1].clean).name == "walk 1.avi#frame=5"
    for number in (23, 3, 4, 4, 17):  # in no order
        assert number_of(read_frame(str(film), number)) == pytest.approx(number, abs=0.7)
    assert not is_film(every[1].clean)
    assert frame_of("~/walk.mp4#frame=3") == (os.path.expanduser("~/walk.mp4"), 3)


def test_what_is_wrong_with_a_film_is_said_and_the_rest_is_read(film: Path) -> None:
    with pytest.raises(InputError, match=r"Frame 24 of walk 1.avi cannot be read: the film is shorter"):
        open_image(f"{film}#frame=24")
    with pytest.raises(InputError, match=r"of walk 1.avi cannot be read"):
        open_image(f"{film}#frame={10**30}")
    film.write_bytes(film.read_bytes()[: film.stat().st_size * 3 // 4])
    told = []
    for row in read_dataset(f"{film}#every=1"):
        try:
            open_image(row.clean)
        except InputError as error:
            told.append(error.message)
    assert 5 < len(told) < 18
    assert all("the film is shorter, or damaged there" in words for words in told)
    assert number_of(read_frame(str(film), 2)) == pytest.approx(2, abs=0.7)
    film.write_bytes(b"no film")
    with pytest.raises(InputError, match=r"walk 1.avi is no film that can be read, or is damaged"):
        read_dataset(film)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_dataset(film.with_name("none.mp4"))


def test_the_nearest_folder_that_is_called_as_a_class_is_the_class() -> None:
    paths = [f"shots/{name}" for name in ("red/1.png", "red/two_Words/2.png", "red/more/3.png", "4.png", "none/5.png")]
    classes = ("Red", "two words", "shots above")
    assert classes_of(paths, "shots", classes) == ["Red", "two words", "Red", "", ""]
    assert classes_of(["red/blue/1.png"], "red/blue", ("red",)) == [""]  # what is around the folder says nothing
    assert classes_of(["red/1.png"], "red", ("red",)) == ["red"]


def test_a_folder_of_pictures_is_a_row_each_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(folder / "10.png")
    for name in ("2.png", "1.PNG", "more/3.png", ".hidden.png"):
        os.link(folder / "10.png", folder / name)
    (folder / "notes.txt").write_text("", encoding="utf-8")
    assert holds_pictures(folder)
    read = read_dataset_file(folder)
    assert [Path(row.clean).relative_to(folder).as_posix() for row in read.rows] == [
        "1.PNG", "2.png", "10.png", "more/3.png",
    ]  # fmt: skip
    assert read.notes == ("1 other file in pictures is left aside.",)
    (folder / "pairs.jsonl").write_text('{"clean": "1.PNG"', encoding="utf-8")
    read = read_dataset_file(folder)
    assert len(read.rows) == 4
    assert read.notes[0].startswith("Each picture is a row, as the table beside them is no dataset: ")
    assert "pairs.jsonl" in read.notes[0]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert not holds_pictures(empty)
    with pytest.raises(InputError, match="empty is a folder without a dataset"):
        read_dataset_file(empty)
