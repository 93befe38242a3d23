"""Packages that are not installed with Wirescope, imported where they are first needed: without them it is said what to
install."""

from __future__ import annotations

from typing import Any

from core.errors import WirescopeError


def arrow() -> tuple[Any, Any]:
    """pyarrow and its Parquet. Raises WirescopeError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise WirescopeError("Parquet and Arrow files need pyarrow.", 'pip install "wirescope[parquet]"') from None
    return pyarrow, pyarrow.parquet


def ray() -> Any:
    """Raises WirescopeError where it is not installed."""
    try:
        import ray
    except ImportError:
        raise WirescopeError("Workers of a cluster need Ray.", 'pip install "wirescope[cluster]"') from None
    return ray


def duckdb() -> Any:
    """Raises WirescopeError where it is not installed."""
    try:
        import duckdb
    except ImportError:
        raise WirescopeError("Queries need DuckDB.", 'pip install "wirescope[query]"') from None
    return duckdb
