"""What the menu of tracing shows: the methods, what each can be told, and what it goes over."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = {
    "edges": "Edges, which make a circuit",
    "edge-spans": "Edges at every position, which make a circuit that keeps each where it matters",
    "nodes": "Nodes, which are coloured",
    "positions": "Nodes at every position, coloured in Tokens or Patches",
}
NAMES = {  # in steps of the history
    "edges": "edges",
    "edge-spans": "edges at positions",
    "nodes": "nodes",
    "positions": "nodes at positions",
}


@dataclass(frozen=True)
class OptionData:
    """A number that a method can be told. usual: where nobody says otherwise. digits: behind the point."""

    name: str
    title: str
    value: float
    usual: float
    least: float
    most: float
    digits: int = 0


@dataclass(frozen=True)
class MethodData:
    """problem: why it cannot be used now; empty where it can. cost: "about 4 min", where that is worth saying.
    levels: what it can score, of LEVELS."""

    name: str
    title: str
    words: str
    options: tuple[OptionData, ...] = ()
    problem: str = ""
    cost: str = ""
    levels: tuple[str, ...] = ("edges",)


@dataclass(frozen=True)
class TraceData:
    """The menu. method: the chosen one. over_problem: why the dataset cannot be traced; empty where it can."""

    methods: tuple[MethodData, ...] = ()
    method: str = ""
    over_dataset: bool = False
    pairs: int = 0  # of the dataset
    over_problem: str = ""
    level: str = "edges"

    @property
    def chosen(self) -> MethodData | None:
        return next((method for method in self.methods if method.name == self.method), None)
