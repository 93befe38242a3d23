"""The table of forms in which a circuit leaves the program. The built-in ones are files of
`core.interchange.exporters`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from core.plugins import Table


class HasCircuit(Protocol):
    """A report (`core.interchange.report`)."""

    @property
    def circuit(self) -> Any: ...


@dataclass(frozen=True)
class Exporter:
    """A form of a circuit as text. name: in code and on the command line. title: for menus. words: what it is for, in a
    line. ending: of its files, with the point. write: the text of a `Circuit`. read: one of such a text, where it
    holds all of it. tell: the text of a report, for a form that has more than the circuit to say."""

    name: str
    title: str
    words: str
    ending: str
    write: Callable[[Any], str]
    read: Callable[[str], Any] | None = None
    tell: Callable[[Any], str] | None = None

    def text(self, report: HasCircuit) -> str:
        """A report in this form, as far as it can hold it."""
        return self.write(report.circuit) if self.tell is None else self.tell(report)


EXPORTERS = Table("exporters", Exporter, "core.interchange.exporters")
