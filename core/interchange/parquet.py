"""Scores of edges as Parquet, a row an edge in the graph's order, for data frames and databases, and back.

Columns: writer, reader (names, as dictionaries), span (of edges at spans), score (fp64; null where there is none). What
else a file of scores says stands as JSON in the file's metadata, under `wirescope`. It needs pyarrow, which is not
installed with Wirescope (80 MB): `pip install "wirescope[parquet]"`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from core.errors import ArgumentError, InputError
from core.inputs.dataset_columns import FileRow
from core.interchange.scores_files import ScoresFile, scores_from_json, scores_head
from core.optional_packages import arrow as arrow
from core.text_files import parse_json
from core.tracing.options import CIRCUITS
from core.tracing.scores import Scores

KEY = b"wirescope"
MOST_ROWS = 10**8
HINT = "Give a .parquet file of scores that Wirescope wrote."


def scores_to_parquet(scores: Scores, rows: Sequence[FileRow] = ()) -> bytes:
    """The content of the file. Raises ArgumentError for scores of no edges, WirescopeError without pyarrow."""
    pa, parquet = arrow()
    if scores.level not in CIRCUITS:
        raise ArgumentError(f"A Parquet file holds scores of edges, not of {scores.level}.", "Trace edges.")
    graph, spans = scores.graph, max(1, len(scores.spans))
    names = [reader.name for reader in graph.readers]
    writers = pa.array([node.name for node in graph.writers])
    columns = {
        "writer": pa.DictionaryArray.from_arrays(pa.array(np.repeat(graph.edge_writers, spans)), writers),
        "reader": pa.DictionaryArray.from_arrays(pa.array(np.repeat(graph.edge_readers, spans)), pa.array(names)),
    }
    if scores.spans:
        numbers = np.tile(np.arange(spans, dtype=np.int32), graph.n_edges)
        columns["span"] = pa.DictionaryArray.from_arrays(pa.array(numbers), pa.array(scores.spans))
    columns["score"] = pa.array(scores.values.ravel(), from_pandas=True)  # NaN is null
    table = pa.table(columns).replace_schema_metadata({KEY: json.dumps(scores_head(scores, rows)).encode()})
    buffer = BytesIO()
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def read_parquet_scores(path: str | Path) -> ScoresFile:
    """Raises InputError for a file that holds none, WirescopeError without pyarrow."""
    pa, parquet = arrow()
    file = Path(path)
    try:
        with parquet.ParquetFile(file) as opened:
            head, count = (opened.schema_arrow.metadata or {}).get(KEY), opened.metadata.num_rows
            if head is None:
                raise InputError(f"{file.name} does not say of what its numbers are.", HINT)
            if count > MOST_ROWS:
                raise InputError(f"{file.name} has {count:,} rows, and {MOST_ROWS:,} are the most.", HINT)
            column = opened.read(columns=["score"]).column("score")
        document = parse_json(head.decode("utf-8", "replace"), f"What {file.name} says of its scores", HINT)
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return scores_from_json(document | {"scores": values})
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error}.", HINT) from None
    except InputError as error:
        raise InputError(error.message, error.hint or HINT) from None
    except (pa.ArrowException, KeyError, ValueError, TypeError, AttributeError, ArgumentError) as error:
        raise InputError(f"{file.name} holds no scores: {str(error)[:160]}", HINT) from None
