"""Tables of rows with the pictures beside them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from app.features.dataset.handlers.save import save_table
from core.project.document import PairSource, Source

MODEL = SimpleNamespace(answer=str)


def test_a_new_picture_does_not_take_the_place_of_one_that_another_row_is(tmp_path: Path) -> None:
    """The table was saved, opened again, and has got a row more."""
    table = tmp_path / "rows.csv"
    first = PairSource(Source("image", data=b"first", name="pasted picture"))
    save_table(str(table), [first], MODEL, ids=False)  # type: ignore[arg-type]
    (saved,) = (tmp_path / "rows-pictures").iterdir()
    again = PairSource(Source("image", path=str(saved), name=saved.name))
    second = PairSource(Source("image", data=b"second", name="pasted picture"))
    words = save_table(str(table), [second, again], MODEL, ids=False)  # type: ignore[arg-type]
    assert saved.read_bytes() == b"first"
    assert sorted(file.read_bytes() for file in saved.parent.iterdir()) == [b"first", b"second"]
    assert words == "Wrote 2 rows to rows.csv, and 1 picture to rows-pictures."
