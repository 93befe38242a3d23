"""Circuits: what they are, which of their edges lie on a path, and the forms in which they leave the program."""

from __future__ import annotations

from core.circuit.circuit import AT, Circuit, circuit_of
from core.circuit.exporters import EXPORTERS, Exporter
from core.circuit.reach import connected, kept_matrix, reachable, reachable_at

__all__ = [
    "AT",
    "EXPORTERS",
    "Circuit",
    "Exporter",
    "circuit_of",
    "connected",
    "kept_matrix",
    "reachable",
    "reachable_at",
]
