"""Folders of Hugging Face's `datasets` as datasets of pairs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from core.errors import InputError, WirescopeError
from core.inputs.dataset_files import read_dataset_file

ROWS = [{"clean": f"clean {n}", "corrupted": f"other {n}"} for n in range(3)]
LINES = "\n".join(json.dumps(row) for row in ROWS)


def texts(folder: Path) -> list[tuple[str, str]]:
    return [(row.clean, row.counterfactual) for row in read_dataset_file(folder).rows]


def test_data_files_of_a_repository_are_read_train_first(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").write_text("---\n", encoding="utf-8")
    (tmp_path / "data" / "test-00000-of-00001.jsonl").write_text('{"clean": "x"}', encoding="utf-8")
    for part in (0, 1):
        (tmp_path / "data" / f"train-0000{part}-of-00002.jsonl").write_text(LINES, encoding="utf-8")
    assert texts(tmp_path) == 2 * [(row["clean"], row["corrupted"]) for row in ROWS]
    assert read_dataset_file(tmp_path).notes == ("Of the splits test, train it is train.",)


def saved(folder: Path, names: list[str]) -> Path:
    """As `save_to_disk` names its files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": n} for n in names]}), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["../pairs.arrow", "/etc/passwd", "..", "a\\b", ""])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no name of a file"):
        read_dataset_file(saved(tmp_path / "set", [name]))


def test_what_is_no_dataset_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="without a dataset"):
        read_dataset_file(tmp_path)
    (tmp_path / "state.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="no object"):
        read_dataset_file(tmp_path)
    with pytest.raises(InputError, match="names no data files"):
        read_dataset_file(saved(tmp_path, []))
    (tmp_path / "dataset_dict.json").write_text('{"splits": 3}', encoding="utf-8")
    with pytest.raises(InputError, match="lists no splits"):
        read_dataset_file(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(WirescopeError, match="needs pyarrow"):
        read_dataset_file(saved(tmp_path / "other", ["data.arrow"]))


def test_what_save_to_disk_wrote_is_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs pyarrow: the extra `parquet`")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.Table.from_pylist(ROWS)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["validation", "train"]}', encoding="utf-8")
    folder = saved(tmp_path / "train", ["data-00000-of-00001.arrow"])
    with pyarrow.ipc.new_stream(str(folder / "data-00000-of-00001.arrow"), table.schema) as stream:
        stream.write_table(table)
    pairs = [(row["clean"], row["corrupted"]) for row in ROWS]
    assert texts(tmp_path) == texts(folder) == pairs
    (tmp_path / "files").mkdir()
    parquet.write_table(table, tmp_path / "files" / "train-00000-of-00001.parquet")
    assert texts(tmp_path / "files") == pairs
    (folder / "data-00000-of-00001.arrow").write_bytes(b"no arrow")
    with pytest.raises(InputError, match="cannot be read"):
        read_dataset_file(folder)
