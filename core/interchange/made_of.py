"""What a file of the window says that it was made of, under "made of": the inputs, the metric and the edits, exact
enough to take the work up again; and the pairs that its edges were ranked on.

    "inputs":  {"clean": {"kind": "text", "text"} or {"kind": "image", "path", "sha256", "name", "corruption"},
                "counterfactual": the same}
    "metric":  {"kind", "target", "foil"}
    "edits":   [{"target", "kind", "positions", "value", "strength", "seed"}]
    "rows":    [[clean, counterfactual, target, foil]]

Pictures are held by path and hash, so that another picture of the same name is told from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.edits import Edit
from core.errors import EditError, InputError
from core.inputs.dataset_files import FileRow

KEY = "made of"
KEYS = ("clean", "counterfactual")


@dataclass(frozen=True)
class FileInput:
    """An input as a file holds it. text: the prompt. path, sha256: of a picture; without a path it is named only.
    corruption: what was done to it, [(name, value)]."""

    kind: Literal["text", "image"]
    text: str = ""
    path: str = ""
    sha256: str = ""
    name: str = ""
    corruption: tuple[tuple[str, Any], ...] = ()  # plain values


@dataclass(frozen=True)
class MadeOf:
    """clean: None where the file does not say its inputs. metric: kind, target, foil; None: the model's default. rows:
    none of pictures without a path."""

    clean: FileInput | None = None
    counterfactual: FileInput | None = None
    metric: tuple[str, str, str] | None = None
    edits: tuple[Edit, ...] = ()
    rows: tuple[FileRow, ...] = ()

    def entries(self) -> dict[str, Any]:
        """As entries of a JSON document."""
        sides = {key: _written(getattr(self, key)) for key in KEYS if getattr(self, key) is not None}
        entries: dict[str, Any] = {"inputs": sides, "edits": [_edit_written(edit) for edit in self.edits]}
        if self.metric is not None:
            entries["metric"] = dict(zip(("kind", "target", "foil"), self.metric, strict=True))
        return entries | {"rows": [row.cells() for row in self.rows]}


def made_of(document: dict[str, Any]) -> MadeOf:
    """What a document was made of; nothing for one that does not say. Raises InputError."""
    document = document.get(KEY, {})
    if not isinstance(document, dict):
        raise InputError("What the file was made of cannot be read: it is no object.")
    try:
        sides = {key: _read(document.get("inputs", {}).get(key)) for key in KEYS}
        metric = document.get("metric")
        edits = tuple(_edit_read(edit) for edit in document.get("edits", ()))
        rows = tuple(FileRow(*row) for row in document.get("rows", ()))
        metric_key = None if metric is None else (str(metric["kind"]), str(metric["target"]), str(metric["foil"]))
    except EditError as error:
        raise InputError(f"An edit that the file was made of cannot be read: {error.message}", error.hint) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"What the file was made of cannot be read: {error!r}.") from None
    return MadeOf(sides["clean"], sides["counterfactual"], metric_key, edits, rows)


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def hash_of_file(path: str | Path) -> str:
    """Of a picture's file; empty where it cannot be read."""
    try:
        return hash_of(Path(path).expanduser().read_bytes())
    except OSError:
        return ""


def changed_pictures(sides: Sequence[FileInput | None]) -> list[str]:
    """Of the pictures that a file names, those that are not there any more or are other ones, in words."""
    changes = []
    for side in sides:
        if side is None or side.kind != "image":
            continue
        if not side.path:
            changes.append(f"{side.name or 'a picture'} was pasted, and the file holds its name only")
        elif any(str(value).startswith("sha256:") for name, value in side.corruption if name in ("other", "mask")):
            changes.append(f"{side.name} is changed by a picture that was pasted, which the file does not hold")
        elif side.sha256 and hash_of_file(side.path) != side.sha256:
            there = Path(side.path).expanduser().exists()
            changes.append(f"{side.path} is {'another picture now' if there else 'not there any more'}")
    return changes


def _written(side: FileInput) -> dict[str, Any]:
    if side.kind == "text":
        return {"kind": "text", "text": side.text}
    entry: dict[str, Any] = {"kind": "image", "path": side.path, "sha256": side.sha256, "name": side.name}
    return entry | ({"corruption": dict(side.corruption)} if side.corruption else {})


def _read(side: dict[str, Any] | None) -> FileInput | None:
    if side is None:
        return None
    if side["kind"] == "text":
        return FileInput("text", text=str(side["text"]))
    if side["kind"] != "image":
        raise ValueError(f"there is no input of kind {side['kind']!r}")
    path, sha256, name = (str(side.get(key, "")) for key in ("path", "sha256", "name"))
    return FileInput("image", "", path, sha256, name, tuple(side.get("corruption", {}).items()))


def _edit_written(edit: Edit) -> dict[str, Any]:
    value = edit.value if edit.value is None or isinstance(edit.value, float) else list(edit.value)
    positions = None if edit.positions is None else list(edit.positions)  # type: ignore[arg-type]
    return {
        "target": edit.name,
        "kind": edit.kind,
        "positions": positions,
        "value": value,
        "strength": edit.strength,
        "seed": edit.seed,
    }


def _edit_read(edit: dict[str, Any]) -> Edit:
    return Edit(
        str(edit["target"]),
        edit["kind"],
        edit.get("positions"),
        edit.get("value"),
        float(edit.get("strength", 1.0)),
        int(edit.get("seed", 0)),
    )
