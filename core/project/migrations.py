"""From `project.json` of an older version to that of the present one, a step of one version each.

A row takes the decoded JSON of a version and returns that of the next one. Files of every version that was ever
published lie in tests/core/project/files, and have to open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.project.schema import VERSION

# By the version that it takes. 2 has a repair beside all that 1 has; 3 has further ways of making B from a picture,
# regions, and graphs of two towers; 4 has edits of single weights of attention; 5 edits of a mixture's router;
# 6 runs of cards of heads and of studies.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda document: document,
    2: lambda document: document,
    3: lambda document: document,
    4: lambda document: document,
    5: lambda document: document,
}


def migrate(document: dict[str, Any], version: int) -> dict[str, Any]:
    """The document as the present version has it. version: of the document, an older one."""
    while version < VERSION:
        document = MIGRATIONS[version](document)
        version += 1
        document["version"] = version
    return document
