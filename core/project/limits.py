"""What a project's file may hold: the names of its parts, the most bytes of each, and the most edges of a
graph."""

from __future__ import annotations

import re
from dataclasses import replace

from core.errors import InputError
from core.project import schema, schema_types
from core.project.project import Project
from core.towers_graph import Sizes

MOST_JSON = 32 << 20
MOST_PICTURE = 64 << 20
MOST_PICTURES = 256 << 20  # of all pictures that a save takes along by their paths
MOST_NUMBERS = 128 << 20  # of one part of numbers
MOST_EDGES = 20_000_000  # of the graph of a model
MOST_PROBE = 64 << 20
_PROBE = re.compile(r"probes/([0-9a-f]{64})", re.ASCII)
_PICTURE = re.compile(r"pictures/([0-9a-f]{64})", re.ASCII)
_NUMBERS = re.compile(r"vectors\.safetensors|(?:traces|circuits|runs)/(?:0|[1-9]\d{0,4})\.safetensors", re.ASCII)


# What of a project is in a part, by how the part's name begins, and what to do where that is too much.
CONTENTS = {
    "project.json": ("steps, inputs and datasets", "Begin another project, with fewer rows in its dataset."),
    "vectors": ("vectors of its edits", "Begin another project, with fewer edits that add a direction."),
    "traces/": ("scores of one trace", "Begin another project, and trace over fewer positions there."),
    "circuits/": ("edges of one circuit", "Keep fewer edges."),
    "runs/": ("edges of one run's circuit", "Keep fewer edges."),
    "probes/": ("numbers of one probe", "Fit a probe of fewer classes."),
    "pictures/": ("bytes of one picture", "Give a smaller picture, or this one by its file."),
}


def picture_name(sha256: str) -> str:
    return f"pictures/{sha256}"


def picture_hash(name: str) -> str:
    """The hash that the name of a part says; empty of what is no picture."""
    match = _PICTURE.fullmatch(name)
    return match[1] if match else ""


def probe_name(digest: str) -> str:
    """digest: of the bytes of a probe, as `core.models.probe` has them."""
    return f"probes/{digest}"


def probe_digest(name: str) -> str:
    """The hash that the name of a part says; empty of what is no probe."""
    match = _PROBE.fullmatch(name)
    return match[1] if match else ""


def check_size(name: str, size: int) -> None:
    """Raise InputError for a part with more bytes than are read again."""
    most = limit(name)
    if most is None or size <= most:
        return
    what, hint = next(words for start, words in CONTENTS.items() if name.startswith(start))
    raise InputError(
        f"The project is too large for one file: the {what} take {size / 2**20:,.1f} MB, of at most {most >> 20:,} MB.",
        hint,
    )


def limit(name: str) -> int | None:
    """The most bytes of a part; None of a name that no part has."""
    if name == "project.json":
        return MOST_JSON
    if _NUMBERS.fullmatch(name):
        return MOST_NUMBERS
    if probe_digest(name):
        return MOST_PROBE
    return MOST_PICTURE if picture_hash(name) else None


def edge_count(sizes: Sizes) -> int:
    """How many edges a graph has. Nothing of its size is made."""
    if len(sizes) > 5:  # edges of two towers are those of each
        return edge_count(sizes[:5]) + edge_count(sizes[5])
    layers, heads, kv_heads, parallel = map(int, sizes[:4])
    before = [1 + layer * (heads + 1) for layer in range(layers)]  # writers before each layer
    mlp = 0 if parallel else heads  # more of them, that its MLP reads
    return sum(count * (heads + 2 * kv_heads + 1) + mlp for count in before) + 1 + layers * (heads + 1)


def kept(project: Project) -> Project:
    """A project without what would not be read again: what is of graphs of more than MOST_EDGES, and curves without
    figures."""
    traces = tuple(each for each in project.traces if edge_count(each.graph) <= MOST_EDGES)
    circuits = tuple(each for each in project.circuits if edge_count(each.graph) <= MOST_EDGES)
    runs = tuple(
        each
        if each.graph is None or edge_count(each.graph) <= MOST_EDGES
        else replace(each, graph=None, edges=None, values=None)
        for each in project.runs
    )
    curves = tuple(each for each in project.curves if each.is_finite)
    return replace(project, traces=traces, circuits=circuits, runs=runs, curves=curves)


def check_counts(data: schema.ProjectData) -> None:
    """Raise InputError for more than a file is read with again."""
    for what, count, most in (
        ("steps", len(data.steps), schema_types.MOST_STEPS),
        ("edits", max(len(data.edits), *(len(each.edits) for each in data.documents)), schema_types.MOST_EDITS),
        ("inputs", max(len(data.sources), *map(len, data.datasets)), schema_types.MOST_INPUTS),
        ("datasets", len(data.datasets), schema_types.MOST_LISTED),
        ("runs", len(data.runs), schema_types.MOST_LISTED),
        ("curves", len(data.curves), schema_types.MOST_LISTED),
        ("groups", len(data.groups), schema_types.MOST_LISTED),
        ("examples", 0 if data.repair is None else len(data.repair.examples), schema_types.MOST_INPUTS),
    ):
        if count > most:
            raise InputError(f"The project has {count:,} {what}, and a file holds {most:,}.", "Begin another project.")
