"""Sources of the document as the model takes them."""

from __future__ import annotations

from pathlib import Path

import wirescope as ws
from app.worker.pair_sources import rows_of
from app.worker.read_inputs import read_source
from core.inputs.tasks import make_task
from core.project.document import Source


def test_a_picture_is_called_as_the_document_calls_it(tmp_path: Path) -> None:
    """A statement names an input, and the window finds its row by that name."""
    model = ws.load_model("bundled:shapes")
    made = make_task("shapes", model, 2, 0)
    rows = rows_of(made.pairs, made.answers, ("shapes 1", "shapes 2"))
    sides = [read_source(model, row.clean)[0] for row in rows]
    assert (
        [side.text for side in sides if side is not None]
        == [row.clean.words for row in rows]
        == [
            "shapes 1",
            "shapes 2",
        ]
    )
    file = tmp_path / "one.png"
    file.write_bytes(rows[0].clean.data)
    side, _ = read_source(model, Source("image", path=str(file), name="one.png"))
    assert side is not None
    assert side.text == "one.png"
