"""Which version of Wirescope this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """As it is installed; empty of a clone that is not."""
    try:
        return version("wirescope")
    except PackageNotFoundError:
        return ""
