"""A folder as Hugging Face's `datasets` makes it, as a dataset of pairs: what `save_to_disk` writes (Arrow files and
their JSON), or a repository of data files (JSON lines, CSV or Parquet, perhaps under `data/`). Of several splits
`train` is taken, else the first by name. Its columns are those of other files of pairs (`dataset_files`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import InputError, WirescopeError
from core.text_files import parse_json, read_text

ARROW, PARQUET = ".arrow", ".parquet"
TEXT = (".jsonl", ".ndjson", ".csv", ".tsv")
SPLIT = "train"
LARGEST = 64 * 2**20  # bytes of one file
FORM = (
    "Give one with pictures, with files that end in .jsonl, .csv or .parquet, or one that `Dataset.save_to_disk` wrote."
)


def files_of(folder: Path) -> tuple[list[Path], str]:
    """The data files of one split, and what should be told of it. Raises InputError for a folder without any."""
    if (folder / "dataset_dict.json").is_file():
        listed = _json(folder / "dataset_dict.json").get("splits")
        splits = sorted(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else []
        if not splits:
            raise InputError(f"{folder.name} lists no splits.", FORM)
        split = SPLIT if SPLIT in splits else splits[0]
        return _saved(folder / _plain(split)), _told(split, splits)
    if (folder / "state.json").is_file():
        return _saved(folder), ""
    by_split: dict[str, list[Path]] = {}
    for path in tables_in(folder):
        by_split.setdefault(path.name.split(".")[0].split("-")[0], []).append(path)
    if not by_split:
        raise InputError(f"{folder.name} is a folder without a dataset.", FORM)
    split = SPLIT if SPLIT in by_split else sorted(by_split)[0]
    return by_split[split], _told(split, sorted(by_split))


def tables_in(folder: Path) -> list[Path]:
    """Files of rows that lie in a folder, or in `data` within it."""
    places = [place for place in (folder, folder / "data") if place.is_dir()]
    paths = [path for place in places for path in sorted(place.iterdir())]
    return [path for path in paths if path.suffix.lower() in (*TEXT, PARQUET) and path.is_file()]


def text_of(path: Path) -> str:
    """Rows of an Arrow or a Parquet file as JSON lines. Raises InputError, WirescopeError without pyarrow."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise WirescopeError(
            f"{path.name} needs pyarrow to be read.",
            'pip install "wirescope[parquet]", or save it by `dataset.to_json("pairs.jsonl")`.',
        ) from None
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"{path.name} is larger than {LARGEST // 2**20} MB.", "Take a part of it: select(range(n))."
            )
        if path.suffix.lower() == PARQUET:
            table = pyarrow.parquet.read_table(path)
        else:
            with pyarrow.memory_map(str(path)) as source:
                table = _stream_or_file(pyarrow, source)
        rows = table.to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{path.name} cannot be read: {str(error)[:160]}", FORM) from None
    return "\n".join(json.dumps(row, default=_as_text) for row in rows)


def _stream_or_file(pyarrow: Any, source: Any) -> Any:
    """`datasets` writes streams; other programs the form with an index."""
    try:
        return pyarrow.ipc.open_stream(source).read_all()
    except pyarrow.ArrowInvalid:
        source.seek(0)
        return pyarrow.ipc.open_file(source).read_all()


def read_folder(folder: Path, read: Callable[[str, Path], Any]) -> tuple[list[Any], str]:
    """What `read` makes of each file's text and path, and what should be told."""
    files, note = files_of(folder)
    datasets = []
    for path in files:
        text = read_text(path, LARGEST) if path.suffix.lower() in TEXT else text_of(path)
        datasets.append(read(text, path))
    return datasets, note


def _saved(folder: Path) -> list[Path]:
    """The Arrow files that `state.json` names, in its order."""
    listed = _json(folder / "state.json").get("_data_files")
    names = [each.get("filename") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{folder.name} names no data files.", FORM)
    return [folder / _plain(str(name)) for name in names]


def _plain(name: str) -> str:
    """A name within the folder. Raises InputError for a path that leads elsewhere."""
    if not name or name in (".", "..") or any(sign in name for sign in "/\\:\0"):
        raise InputError(f"{name!r:.60} is no name of a file in the folder.", FORM)
    return name


def _json(path: Path) -> dict[str, Any]:
    document = parse_json(read_text(path, LARGEST), path.name, FORM)
    if not isinstance(document, dict):
        raise InputError(f"{path.name} is no object.", FORM)
    return document


def _told(split: str, splits: list[str]) -> str:
    return f"Of the splits {', '.join(splits)} it is {split}." if len(splits) > 1 else ""


def _as_text(value: Any) -> str:
    """What JSON does not have, such as bytes and dates: columns that no pair has."""
    return repr(value)
