"""The forms of a circuit as text, in the order of menus. `core.circuit` holds the table that they are rows of."""

from __future__ import annotations

from core.circuit import Exporter
from core.interchange import circuit_json
from core.interchange.exporters import dot, graphml, table, tikz
from core.interchange.html import page, story

ROWS: tuple[Exporter, ...] = (
    circuit_json.EXPORTER,
    graphml.EXPORTER,
    graphml.GEXF,
    dot.EXPORTER,
    tikz.EXPORTER,
    table.EXPORTER,
    page.EXPORTER,
    story.EXPORTER,
)
