"""Tables of rows with the pictures beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.features.dataset.handlers.save import save_table
from core.errors import InputError
from core.inputs.corruption_kinds import ImageCorruption
from core.inputs.dataset_files import read_dataset_file
from core.project.document import PairSource, Source
from core.project.row_cells import made_from, rows_with_b


def test_a_new_picture_does_not_take_the_place_of_one_that_another_row_is(tmp_path: Path) -> None:
    """The table was saved, opened again, and has got a row more."""
    table = tmp_path / "rows.csv"
    first = PairSource(Source("image", data=b"first", name="pasted picture"))
    save_table(str(table), [first])
    (saved,) = (tmp_path / "rows-pictures").iterdir()
    again = PairSource(Source("image", path=str(saved), name=saved.name))
    second = PairSource(Source("image", data=b"second", name="pasted picture"))
    words = save_table(str(table), [second, again])
    assert saved.read_bytes() == b"first"
    assert sorted(file.read_bytes() for file in saved.parent.iterdir()) == [b"first", b"second"]
    assert words == "Wrote 2 rows to rows.csv, and 1 picture to rows-pictures."


def test_a_b_that_is_made_from_a_is_saved_as_how_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a picture")
    clean = Source("image", path=str(tmp_path / "a.png"), name="a.png")
    (row,) = rows_with_b([PairSource(clean)], ImageCorruption("word", text="a dog", size=0.3))
    assert row.counterfactual.name == "a.png, “a dog” on a sticker"
    save_table(str(tmp_path / "rows.csv"), [row])
    (read,) = read_dataset_file(tmp_path / "rows.csv").rows
    assert read.counterfactual == "make:word 'text=a dog' size=0.3"
    assert made_from(clean, read.counterfactual) == row.counterfactual
    pasted = rows_with_b([PairSource(clean)], ImageCorruption("mean", mask=b"a mask"))
    with pytest.raises(InputError, match="no picture file can hold it"):
        save_table(str(tmp_path / "rows.csv"), pasted)
