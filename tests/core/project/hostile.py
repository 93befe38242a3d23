"""Opens files that are made to do harm, each in turn, and prints as JSON what became of each, how long the longest
took, and by how much the process grew: python -m tests.core.project.hostile FOLDER"""

from __future__ import annotations

import io
import json
import random
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.project.curves import CurveRecord
from core.project.runs import RunRecord
from core.project.wire_file import load_project, project_bytes
from tests.process_memory import forget_peak, peak_since

SAVED = Path(__file__).parent / "files" / "version-1.wire"


def with_more(path: Path) -> bytes:
    """The file with what later ones have beside it."""
    project = load_project(path)
    document, circuit = project.document, project.circuits[0]
    told = (
        "EAP-IG",
        "logit",
        2,
        0.5,
        3,
        0.75,
        0.25,
        7,
        0.5,
        circuit.graph,
        circuit.edges,
        circuit.values,
        {"model": "names"},
    )
    rows = np.array([[0.0, 0.25], [0.5, 1.0]])
    curve = CurveRecord(document, "patch", "EAP-IG", (3, 46), (0.25, 1.0), rows, 0.75, 0.25, rows, 2, "greedy")
    runs = (RunRecord("trace", 1e9, document, "patch", *told),)
    return project_bytes(replace(project, runs=runs, curves=(curve,)))


GOOD = with_more(SAVED)
OTHER_VALUES = (None, "x", "", -5, 0, 2**70, 1e308, True, [], [[]], {}, {"a": 1})


def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_json(change: Callable[[dict[str, Any]], None]) -> bytes:
    contents = parts()
    document = json.loads(contents["project.json"])
    change(document)
    return zipped(contents | {"project.json": json.dumps(document).encode()})


def with_part(name: str, content: bytes) -> bytes:
    return zipped(parts() | {name: content})


def safetensors(header: str, data: bytes = b"", length: int | None = None) -> bytes:
    text = header.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def patched_size(content: bytes, size: int) -> bytes:
    """The first part is said to be of another size, in the directory and before its data."""
    place = content.index(b"PK\1\2")
    found = bytearray(content)
    found[place + 24 : place + 28] = struct.pack("<L", size)
    found[22:26] = struct.pack("<L", size)
    return bytes(found)


def huge_by_zip64() -> bytes:
    """A part of 100 GB, as its directory says in the way of Zip64."""
    name, data = b"project.json", zlib.compress(b" " * 1000)[2:-4]
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 8, 0, 33, 0, len(data), 0xFFFFFFFF, len(name), 0) + name + data
    extra = struct.pack("<2HQ", 1, 8, 100 * 2**30)
    sizes = len(data), 0xFFFFFFFF, len(name), len(extra), 0
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 45, 45, 0, 8, 0, 33, 0, *sizes, 0, 0, 0, 0)
    directory = entry + name + extra
    return local + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(local), 0)


@cache
def spaces(megabytes: int) -> bytes:
    """So many, deflated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b" " * (1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(megabytes)), packer.flush()])


def bomb(declared: int) -> bytes:
    """A gigabyte of spaces in a megabyte, which says that it is smaller."""
    data, name = spaces(1024), b"project.json"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, 0, len(data), declared, len(name), 0) + name + data
    sizes = len(data), declared, len(name), 0, 0
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, 0, *sizes, 0, 0, 0, 0)
    directory = entry + name
    return local + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(local), 0)


def _cycle(document: dict[str, Any]) -> None:
    document["steps"][1]["parent"], document["steps"][2]["parent"] = 2, 1


def _loop(document: dict[str, Any]) -> None:
    document["steps"][2]["latest"] = 1


def _many(name: str, one: Any, count: int = 1_000_000) -> bytes:
    contents = parts()
    document = json.loads(contents["project.json"])
    document[name] = []
    rest = json.dumps(document)
    row = json.dumps(one)
    text = rest.replace(f'"{name}": []', f'"{name}": [{",".join([row] * count)}]')
    return zipped(contents | {"project.json": text.encode()})


def cases() -> Iterator[tuple[str, bytes]]:
    for name in ("../evil", "/tmp/evil", "C:\\evil", "pictures/../../evil", "..\\evil", "evil\0.json", "traces/1/2"):
        yield f"path {name!r}", with_part(name, b"x")
    yield "empty", b""
    yield "no zip", b"PK" + b"x" * 5000
    yield "a part twice", _twice()
    yield "encrypted", GOOD.replace(b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0")
    yield "bzip2", zipped(parts(), zipfile.ZIP_BZIP2)
    yield "100 GB", huge_by_zip64()
    yield "a bomb that says 4 GB", bomb(0xFFFFFFF0)
    yield "a bomb that says 30 MB", bomb(30 << 20)
    yield "a bomb that says 100 bytes", bomb(100)
    yield "blanks up to the limit", zipped({"project.json": b" " * (32 << 20)})
    yield "a size that is too small", patched_size(GOOD, 10)
    yield "a size that is too large", patched_size(GOOD, 30 << 20)
    yield "20,000 parts", zipped({f"traces/{n}.safetensors": b"" for n in range(20_500)})
    yield "deep nesting", with_part("project.json", b'{"format":' + b"[" * 1_000_000)
    yield (
        "deep nesting under a key",
        with_part("project.json", b'{"format":"wirescope project","x":' + b"[" * 1_000_000),
    )
    yield "no UTF-8", with_part("project.json", b'{"format":"\xff\xfe"}')
    yield "NaN", with_part("project.json", parts()["project.json"].replace(b"0.25", b"NaN"))
    yield "1e999", with_part("project.json", parts()["project.json"].replace(b"0.25", b"1e999"))
    yield "steps in a circle", with_json(_cycle)
    yield "redo in a circle", with_json(_loop)
    yield "another version", with_json(lambda document: document.update(version=99))
    yield "version 0", with_json(lambda document: document.update(version=0))
    yield "another format", with_json(lambda document: document.update(format="zip"))
    yield "a million edits", _many("edits", {"target": "a0.h1->m1", "kind": "zero"}, 700_000)
    yield "a million inputs", _many("sources", {"kind": "text", "text": "A"})
    yield (
        "a million edits of one step",
        with_json(lambda document: document["documents"][2].update(edits=[0] * 10_000_000)),
    )
    yield "a million steps", _many("steps", {"words": "", "document": 0, "parent": 0}, 800_000)
    yield "a picture of another hash", _other_picture()
    yield "a picture that is missing", zipped({n: c for n, c in parts().items() if not n.startswith("pictures/")})
    yield "numbers that are missing", zipped({n: c for n, c in parts().items() if not n.startswith("traces/")})
    yield from _lying_arrays()
    huge = {"layers": 10_000, "heads": 10_000, "kv_heads": 10_000}
    yield "a graph without end", with_json(lambda document: document["traces"][0]["graph"].update(huge))
    yield from figures_of_nothing()
    for percent in range(100):
        yield f"cut off at {percent} %", GOOD[: len(GOOD) * percent // 100]
    document = json.loads(parts()["project.json"])
    alike = {tuple("#" if isinstance(key, int) else key for key in path): path for path in _paths(document)}
    for path in alike.values():
        for value in OTHER_VALUES:
            yield f"{path} = {value!r}", with_json(lambda found, path=path, value=value: _set(found, path, value))
    draws = random.Random(0)
    for number in range(200):
        content = bytearray(GOOD)
        content[draws.randrange(len(content))] ^= 1 << draws.randrange(8)
        yield f"a bit turned, {number}", bytes(content)


def figures_of_nothing() -> Iterator[tuple[str, bytes]]:
    """Runs, curves and circuits with figures that nothing can have."""
    for key, value in (("cpr", "nan"), ("cmd", "inf"), ("stability", "-inf"), ("seconds", "nan"), ("seconds", -1.0)):
        yield f"{key} {value}", with_json(lambda found, key=key, value=value: found["runs"][0].update({key: value}))
    for key, value in (
        ("sizes", [46, 3]),
        ("sizes", []),
        ("sizes", [1] * 1_001),
        ("recovered", [0.25]),
        ("low", ["nan", 0.5]),
        ("sure", [[0.0, 0.5]]),
        ("cpr", "inf"),
        ("rule", "none"),
    ):
        yield (
            f"a curve of {key} {value}",
            with_json(lambda found, key=key, value=value: found["curves"][0].update({key: value})),
        )
    large = {"layers": 100, "heads": 100, "kv_heads": 100}
    for table in ("circuits", "runs"):
        yield f"large {table}", with_json(lambda found, table=table: found[table][0]["graph"].update(large))
    keys = "dtype", "shape", "data_offsets"
    for words, edges, values in (
        ("twice", (3, 5, 3), (0.0, 0.0, 0.0)),
        ("endless", (3, 5, 7), (0.0, float("inf"), 0.0)),
    ):
        arrays = {"edges": ("I64", [3], [0, 24]), "values": ("F64", [3], [24, 48])}
        header = json.dumps({name: dict(zip(keys, array, strict=True)) for name, array in arrays.items()})
        part = safetensors(header, struct.pack("<3q3d", *edges, *values))
        for table in ("circuits", "runs"):
            yield f"{words} in {table}", with_part(f"{table}/0.safetensors", part)


def _lying_arrays() -> Iterator[tuple[str, bytes]]:
    def arrays(data: bytes, **each: tuple[str, list[int], list[int]]) -> bytes:
        keys = "dtype", "shape", "data_offsets"
        header = {name: dict(zip(keys, array, strict=True)) for name, array in each.items()}
        return safetensors(json.dumps(header), data)

    true, part = b"\0" * 368, "traces/0.safetensors"
    endless = struct.pack("<d", float("inf")) * 46
    overlapping = {"values": ("F64", [46], [0, 368]), "kept": ("BOOL", [46], [100, 146])}
    for words, content in (
        ("a tensor of 100 GB", arrays(b"", values=("F64", [100 * 2**27], [0, 100 * 2**30]))),
        ("a tensor that says more", arrays(true, values=("F64", [46], [0, 800]))),
        ("a shape that says more", arrays(true, values=("F64", [4_600_000], [0, 368]))),
        ("tensors that overlap", arrays(true, **overlapping)),
        ("a tensor of another kind", arrays(true[:184], values=("F32", [46], [0, 184]))),
        ("a tensor of another shape", arrays(true, values=("F64", [23, 2], [0, 368]))),
        ("scores without end", arrays(endless, values=("F64", [46], [0, 368]))),
        ("a million edges", arrays(b"\0" * 8_000_000, values=("F64", [1_000_000], [0, 8_000_000]))),
        ("a header without end", safetensors("{}", b"", 2**63)),
    ):
        yield words, with_part(part, content)
    for words, edges in (("edges outside the graph", (0, -1, 9)), ("edges after the last", (0, 46, 9))):
        content = arrays(struct.pack("<3q", *edges), edges=("I64", [3], [0, 24]))
        yield words, with_part("circuits/0.safetensors", content)
        yield f"{words} of a run", with_part("runs/0.safetensors", content)


def _twice() -> bytes:
    return zipped(parts() | {"project.jsom": b"{}"}).replace(b"project.jsom", b"project.json")


def _other_picture() -> bytes:
    contents = parts()
    name = next(name for name in contents if name.startswith("pictures/"))
    return zipped(contents | {name: b"another picture"})


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from _paths(below, (*path, key))


def _set(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


def main(folder: Path) -> None:
    path = folder / "hostile.wire"
    messages = []
    made = list(cases())
    path.write_bytes(GOOD)
    load_project(path)
    forget_peak()
    before = peak_since()
    slowest = ("", 0.0)
    opened, refused, wrong = [], 0, []
    for words, content in made:
        path.write_bytes(content)
        started = time.perf_counter()
        try:
            load_project(path)
            opened.append(words)
        except InputError as error:
            refused += 1
            messages.append(error.message)
        except Exception as error:
            wrong.append(f"{words}: {error!r}")
        slowest = max(slowest, (words, time.perf_counter() - started), key=lambda item: item[1])
    others = sorted(each.name for each in folder.iterdir() if each != path)
    print(
        json.dumps(
            {
                "opened": opened,
                "refused": refused,
                "wrong": wrong,
                "slowest": slowest,
                "megabytes": (peak_since() - before) / 2**20,
                "others": others,
                "longest message": max(messages, key=len),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
