"""Tables of what can be added to, and what other packages add to them.

A method, a metric, a family of models, a task, a pack, an exporter and a feature of the window are a row of a table
each. The built-in rows are the `ROWS` of a package of this program; a row of another package comes by an entry point:

    [project.entry-points."wirescope.methods"]
    example = "my_package.my_method:METHOD"

where the module says `API = 1`, for which of the tables it was written, and the object is a row of that table, or a
tuple of rows. A table loads both when it is first looked into, so a menu costs no model library, and what no one asks
for is never imported. A plugin that fails is left out, and `plugins()` has what it failed of; nothing else is the worse
for it.
"""

from __future__ import annotations

import importlib
import os
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from core.errors import ArgumentError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

API = 1  # what rows of all tables look like; a number higher where older rows no longer fit
PREFIX = "wirescope."
OFF = "WIRESCOPE_NO_PLUGINS"  # an environment variable: set to anything, no plugin is loaded

# Where the tables of this package are made, for who asks for the plugins of all of them.
TABLES = {
    "methods": "core.tracing.method",
    "metrics": "core.metrics",
    "families": "core.models.family",
    "tasks": "core.inputs.tasks.task",
    "packs": "core.models.pack",
    "exporters": "core.circuit",
}
OF_WINDOW = "features"  # whose table the window makes

Row = TypeVar("Row")


@dataclass(frozen=True)
class Plugin:
    """An entry point of another package. group: the table, as `methods`. value: what it names. package: its
    distribution, with the version. rows: the names that it added; none of one that failed. error: in a line, why it
    did, or what went wrong since; traceback: all of it."""

    group: str
    name: str
    value: str
    package: str
    rows: tuple[str, ...] = ()
    error: str = ""
    traceback: str = ""


class _State:
    """when: whether tables load plugins when they are looked into, wait for `load`, or never do."""

    def __init__(self) -> None:
        self.when: Literal["first use", "wait", "never"] = "never" if os.environ.get(OFF) else "first use"
        self.tables: dict[str, Table] = {}  # type: ignore[type-arg]
        self.loading = threading.RLock()  # one thread at a time; a plugin may look into a table while it is imported
        self.adding = threading.Lock()


_STATE = _State()


class Table(MutableMapping[str, Row], Generic[Row]):
    """Rows by name: those of this program first, in their order, then those of plugins.

    group: what entry points call it; empty for a table that is not for others. row: what a row is. home: the module
    with the built-in `ROWS`, imported when they are first asked for: it may import what imports this table."""

    def __init__(self, group: str, row: type[Row], home: str) -> None:
        self._group, self._row, self._home = group, row, home
        self._rows: dict[str, Row] | None = None
        self._plugins: list[Plugin] | None = None
        if group:
            _STATE.tables[group] = self

    def plugins(self) -> tuple[Plugin, ...]:
        """What other packages have added here, or failed to."""
        self._all()
        return tuple(self._plugins or ())

    def load(self) -> None:
        """Load the rows of plugins, where that is not done and not forbidden."""
        with _STATE.loading:
            if self._plugins is not None or _STATE.when == "never":
                return
            self._plugins = []  # from here on, who looks into the table sees the rows so far, and waits for nothing
            for entry in _entries(self._group) if self._group else ():
                about = (self._group, entry.name, entry.value, _package(entry))
                try:
                    rows = self._rows_of(entry)
                except (Exception, SystemExit) as error:  # whatever somebody else's code raises
                    self._plugins.append(Plugin(*about, error=_in_a_line(error), traceback=_whole(error)))
                else:
                    built_in = self._built_in()
                    with _STATE.adding:
                        self._rows = {**built_in, **rows}
                    self._plugins.append(Plugin(*about, rows=tuple(rows)))

    def leave_out(self, name: str, error: Exception) -> None:
        """A plugin's row turned out not to work when it was first used: it goes, and its plugin has what it failed
        of."""
        with _STATE.loading:
            plugins = self._plugins or []
            for place, plugin in enumerate(plugins):
                if name in plugin.rows:
                    rows = tuple(row for row in plugin.rows if row != name)
                    plugins[place] = replace(plugin, rows=rows, error=_in_a_line(error), traceback=_whole(error))
                    del self[name]

    def note_error(self, name: str, error: str, whole: str) -> None:
        """A plugin's row stays, and its plugin has what went wrong with it. error: in a line; whole: the traceback."""
        with _STATE.loading:
            plugins = self._plugins or []
            for place, plugin in enumerate(plugins):
                if name in plugin.rows:
                    plugins[place] = replace(plugin, error=error, traceback=whole)

    def named(self, name: str, what: str) -> Row:
        """A row. what: it is, in words. Raises ArgumentError."""
        row = self.get(name)
        if row is None:
            raise ArgumentError(f"There is no {what} {name!r}.", f"There are: {', '.join(self)}.")
        return row

    def _rows_of(self, entry: EntryPoint) -> dict[str, Row]:
        """Raises whatever the plugin raises, and ArgumentError for what is no row of this table."""
        module = importlib.import_module(entry.module)
        api = getattr(module, "API", None)
        if api != API:
            made = "does not say for which API it was made" if api is None else f"was made for API {api}"
            raise ArgumentError(f"{entry.module} {made}, and this is API {API}.", f"Write API = {API} in it.")
        value = reduce(getattr, filter(None, (entry.attr or "").split(".")), module)
        rows: dict[str, Row] = {}
        for row in value if isinstance(value, list | tuple) else (value,):
            if not isinstance(row, self._row):
                raise ArgumentError(f"{entry.value} is no {self._row.__name__}, but {type(row).__name__}.")
            name = _name(row)
            if name in self._built_in() or name in rows:
                raise ArgumentError(f"{self._row.__name__} {name!r} is there already.", "Give it another name.")
            rows[name] = row
        return rows

    def _built_in(self) -> dict[str, Row]:
        """The rows so far, with the built-in ones."""
        if self._rows is None:
            rows = {_name(row): row for row in importlib.import_module(self._home).ROWS}
            with _STATE.adding:
                self._rows = rows if self._rows is None else self._rows
        return self._rows

    def _all(self) -> dict[str, Row]:
        if self._plugins is None and _STATE.when == "first use":
            self.load()
        return self._built_in()

    # Each change makes a new dict: who goes over the rows meanwhile goes on over those of before.

    def __getitem__(self, name: str) -> Row:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __setitem__(self, name: str, row: Row) -> None:
        self._rows = {**self._all(), name: row}

    def __delitem__(self, name: str) -> None:
        rows = dict(self._all())
        del rows[name]
        self._rows = rows


def load() -> None:
    """Load the plugins of all tables. Who looks into one meanwhile, in another thread, sees the rows so far."""
    _make_tables()
    for table in tuple(_STATE.tables.values()):
        table.load()
    if _STATE.when == "wait":
        _STATE.when = "first use"


def wait() -> None:
    """Show the built-in rows alone until `load` is called: a window has its first frame before that."""
    if _STATE.when == "first use":
        _STATE.when = "wait"


def load_none() -> None:
    """Load no plugin from now on, in this process."""
    _STATE.when = "never"


def forbidden() -> bool:
    """Whether no plugin is loaded in this process, because that was asked for."""
    return _STATE.when == "never"


def plugins() -> tuple[Plugin, ...]:
    """The plugins of all tables, table by table: those that work and those that do not."""
    _make_tables()
    groups = dict.fromkeys((*TABLES, *_STATE.tables))
    listed = [plugin for group in groups for plugin in _STATE.tables[group].plugins()]
    if OF_WINDOW not in _STATE.tables and not forbidden():
        for entry in _entries(OF_WINDOW):
            listed.append(Plugin(OF_WINDOW, entry.name, entry.value, _package(entry), ("loaded by the window",)))
    return tuple(listed)


def _make_tables() -> None:
    for module in TABLES.values():
        importlib.import_module(module)


def _entries(group: str) -> list[EntryPoint]:
    from importlib.metadata import entry_points  # here: a window's first frame does not wait for it

    return sorted(entry_points(group=PREFIX + group), key=lambda entry: (_package(entry), entry.name))


def _in_a_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _whole(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _name(row: object) -> str:
    name = getattr(row, "name", "")
    if not isinstance(name, str) or not name:
        raise ArgumentError(f"A row of a table needs a name, and {row!r} has none.")
    return name


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else ""
