"""Tables of ten million scores as files: the seconds that writing and reading take, and the size of the file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.graph import Graph
from core.interchange.eap_ig_files import MarkedScores
from core.interchange.eap_ig_pt import eap_ig_pt
from core.interchange.html.page import to_html
from core.interchange.parquet import scores_to_parquet
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.saving import save_bytes, save_text
from core.tracing.scores import Scores
from tests.benchmarks.table import Table, milliseconds

GRAPH = Graph(layers=80, heads=32, kv_heads=32)
PAGE = Graph(layers=12, heads=12, kv_heads=12)


def tables() -> Iterator[Table]:
    values = np.random.default_rng(0).normal(size=GRAPH.n_edges)
    scores = Scores(GRAPH, values, "eap", "patch", {"model": "none"}, direction=1)
    best = scores.top(200)
    forms: dict[str, Callable[[Path], None]] = {
        "scores.json": lambda path: save_text(path, scores_to_json(scores)),
        "scores.pt": lambda path: save_bytes(path, eap_ig_pt(MarkedScores(scores, best, 8192))),
    }
    if find_spec("pyarrow") is not None:
        forms["scores.parquet"] = lambda path: save_bytes(path, scores_to_parquet(scores))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, write in forms.items():
            path = Path(folder) / name
            written = milliseconds(lambda write=write, path=path: write(path)) / 1000  # type: ignore[misc]
            read = milliseconds(lambda path=path: read_scores(path, GRAPH)) / 1000  # type: ignore[misc]
            rows.append((name, f"{written:.1f} s", f"{read:.1f} s", f"{path.stat().st_size / 2**20:.0f} MB"))
    yield Table(f"{GRAPH.n_edges:,} scores of edges", ("file", "written", "read", "size"), rows)
    few = np.random.default_rng(0).normal(size=PAGE.n_edges)
    circuit = Scores(PAGE, few, "eap", "patch", {}, direction=1).top(1000)
    text: list[str] = []
    made = milliseconds(lambda: text.append(to_html(circuit))) / 1000
    rows = [("1,000", f"{made:.2f} s", f"{len(text[0].encode()) / 2**20:.2f} MB")]
    yield Table("A circuit as one HTML file", ("edges", "made", "size"), rows)
