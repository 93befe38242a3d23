"""A file that came out of a run is opened with its model, and with no other one."""

from __future__ import annotations

from pathlib import Path

from app.services.result_files import ResultFiles
from core.project.document import Document
from tests.app.person import Person


def test_a_file_is_sent_to_its_own_model_alone(reader: Person, models, tmp_path: Path) -> None:
    workbench, sent, said = reader.workbench, [], []
    workbench.heads_wanted.connect(lambda path: sent.append((workbench.opened.name, path)))
    workbench.message.connect(said.append)  # the strip drops it at the next step
    files, path = ResultFiles(workbench, reader.window), str(tmp_path / "heads.json")
    llama = str(models.llama)
    for leave in (
        workbench.history.undo,
        workbench.cancel,  # as is done where memory is short, too
        lambda: workbench.models.open(Document("bundled:names")),
    ):
        assert files.show("heads", path, Document(llama))
        assert workbench.document.model == llama
        leave()
        reader.wait(lambda: workbench.opened is not None and not workbench.busy)
        assert workbench.document.model != llama
        assert sent == []
    assert "heads.json was not opened: it is of llama in fp32." in said
    assert files.show("heads", path, Document(llama))
    reader.wait(lambda: workbench.opened is not None and not workbench.busy)
    assert sent == [(llama, path)]
    assert files.show("heads", path, Document(llama)), "it is open already"
    assert sent == [(llama, path)] * 2


def test_a_file_goes_along_where_its_model_is_opened_in_another_precision_instead(
    reader: Person, models, tmp_path: Path
) -> None:
    """As is answered where memory is short; the file's own reader then says that it is of another precision."""
    workbench, sent = reader.workbench, []
    workbench.heads_wanted.connect(lambda path: sent.append((workbench.opened.precision, path)))
    files, path = ResultFiles(workbench, reader.window), str(tmp_path / "heads.json")
    assert files.show("heads", path, Document(str(models.llama)))
    workbench.models.open_in("fp32+8bit")
    reader.wait(lambda: workbench.opened is not None and not workbench.busy)
    assert sent == [("fp32+8bit", path)]
