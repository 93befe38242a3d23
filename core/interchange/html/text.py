"""Text within HTML: nothing that was typed becomes markup."""

from __future__ import annotations

import html

from core.text_files import visible


def escaped(text: str) -> str:
    """Text as an element or a quoted attribute can hold it. Control characters become their pictures."""
    return html.escape(visible(text), quote=True)


def figure(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")
