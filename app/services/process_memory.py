"""How much memory the program has in use."""

from __future__ import annotations


def resident_megabytes() -> float | None:
    """Memory of this process that is in RAM. None where the system does not say."""
    import psutil  # here: a window's first frame does not wait for it

    try:
        return float(psutil.Process().memory_info().rss) / 2**20
    except (psutil.Error, OSError):
        return None


def memory_words(megabytes: float) -> str:
    """ "1.2 GB", "21 MB" """
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
