"""Why a call of Ray failed, in a line: what its errors say is often a heading, and below it a traceback or what gRPC
knows of a call."""

from __future__ import annotations

import re

LONGEST = 200  # characters
DETAILS = re.compile(r"^\s*details\s*=\s*\"(.+)\"\s*$", re.MULTILINE)  # of an error of gRPC, which ends with a bracket


def reason(error: BaseException) -> str:
    """A sentence: the first line of what an error says; where that only announces why ("Initialization
    failure from server:"), the last line that has words."""
    words = getattr(error, "strerror", None) or str(error)
    lines = [line.strip() for line in words.splitlines() if re.search(r"\w", line)]
    if not lines:
        return f"{type(error).__name__}."
    if not lines[0].endswith(":") or len(lines) == 1:
        return sentence(lines[0].rstrip(":"))
    details = DETAILS.findall(words)
    return sentence(details[-1] if details else lines[-1])


def sentence(words: str) -> str:
    """With a full stop: what to do is said after it."""
    short = words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
    return short if short.endswith((".", "!", "?", "…")) else f"{short}."
