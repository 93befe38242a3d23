"""Which pairs of a run count does not depend on who does a shard, nor on when: a row that does not fit is left out
alone, and a file that cannot be read ends the run, which goes on once it is there again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from PIL import Image

import wirescope as ws
from core.datasets.row_pairs import row_pairs
from core.errors import InputError, UnreadableFileError
from core.inputs.dataset_columns import FileRow
from core.inputs.tasks import make_task
from core.sharded.executors import Workers
from core.sharded.job import LEFT_OUT, PAIRS, Sums
from core.sharded.many_pairs import ManyPairs
from core.sharded.progress import RunProgress, read_progress
from core.sharded.trace_many import trace_pairs
from core.sharded.tracing import TraceWork


@pytest.fixture(scope="module")
def shapes() -> ws.Model:
    return ws.load_model("bundled:shapes")


@pytest.fixture
def rows(shapes: ws.Model, tmp_path: Path) -> list[FileRow]:
    """Six pairs of pictures in files."""
    made, given = make_task("shapes", shapes, 6), []
    for number, (pair, answers) in enumerate(zip(made.pairs, made.answers, strict=True)):
        paths = [tmp_path / f"{number}{side}.png" for side in "ab"]
        for path, picture in zip(paths, pair, strict=True):
            Image.fromarray(np.asarray(picture)).save(path)
        given.append(FileRow(str(paths[0]), str(paths[1]), *answers))
    return given


def run(model: ws.Model, rows: list[FileRow], folder: Path, **options) -> Sums:
    pairs = ManyPairs(rows=rows, name="shapes.csv", shard=2)
    return trace_pairs(model, folder, pairs, TraceWork("eap"), Workers(), **options)[1]


def test_a_file_that_is_gone_ends_the_run_which_goes_on_once_it_is_back(shapes, rows, tmp_path: Path) -> None:
    whole = run(shapes, rows, tmp_path / "whole")
    picture, away = Path(rows[4].clean), tmp_path / "away.png"

    def unplug(said: RunProgress) -> None:
        if said.shards_done == 1 and picture.exists():
            picture.rename(away)

    with pytest.raises(UnreadableFileError) as refused:
        run(shapes, rows, tmp_path / "cut", listener=unplug)
    assert refused.value.message == f"Pair 5 of shapes.csv: There is no file {picture}."
    assert refused.value.hint.endswith("what is done stays, and the same command goes on.")
    said = read_progress(tmp_path / "cut")
    assert (said.state, said.shards_done, said.words) == ("failed", 2, str(refused.value))
    away.rename(picture)
    sums = run(shapes, rows, tmp_path / "cut")
    assert {name: each.tobytes() for name, each in sums.items()} == {
        name: each.tobytes() for name, each in whole.items()
    }


def test_a_picture_that_is_none_is_left_out_alone_and_the_others_keep_their_numbers(
    shapes, rows, tmp_path: Path
) -> None:
    for path in (rows[2].clean, rows[4].clean, rows[5].counterfactual):
        Path(path).write_bytes(b"no picture")
    sums = run(shapes, rows, tmp_path / "run")
    assert (sums[PAIRS], sums[LEFT_OUT]) == (3, 3)
    assert parquet.read_table(tmp_path / "run" / "pairs").column("pair").to_pylist() == [0, 1, 3]


def test_a_region_that_is_none_is_refused_as_without_a_folder(shapes, rows, tmp_path: Path) -> None:
    for roles, words in (("eye=9999", "9999"), (f"eye=mask:{tmp_path / 'none.png'}", "There is no file")):
        changed = [*rows[:3], FileRow(*rows[3].cells(), roles=roles), *rows[4:]]
        with pytest.raises(InputError, match=rf"^Pair 4 of shapes\.csv: .*{words}") as plain:
            row_pairs(shapes, changed, "of shapes.csv")
        with pytest.raises(type(plain.value)) as refused:
            run(shapes, changed, tmp_path / words)
        assert refused.value.message == plain.value.message
