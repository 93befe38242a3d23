"""Packages that are not installed with Wirescope, imported where they are first needed: without them it is said what to
install."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from core.errors import WirescopeError


@cache
def is_installed(name: str) -> bool:
    """Whether a package could be imported; it is not. Looked up once a process: a window wants to know after each
    change, and an answer takes a millisecond."""
    return find_spec(name) is not None


def version_of(package: str) -> str:
    """Of an installed package, or "a clone" where none says it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "a clone"


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
