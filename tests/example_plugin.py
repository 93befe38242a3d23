"""The package that resources/docs/extending.md tells to write, written as it is told and installed from a folder."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core import plugins

PAGE = Path(__file__).resolve().parents[1] / "resources" / "docs" / "extending.md"
FILE = re.compile(r"^`([\w/]+\.\w+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page_files() -> dict[str, str]:
    """The files of the page by their paths, as a reader would copy them."""
    return dict(FILE.findall(PAGE.read_text(encoding="utf-8")))


def install(folder: Path, files: Mapping[str, str]) -> None:
    """What installing a package leaves in a folder: its modules, and its entry points beside its name and version."""
    project = tomllib.loads(files["pyproject.toml"])["project"]
    about = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [[f"[{group}]", *(f"{n} = {v}" for n, v in of.items())] for group, of in project["entry-points"].items()]
    (about / "entry_points.txt").write_text("\n".join(line for group in groups for line in group) + "\n")
    for path, text in files.items():
        if path.endswith(".py"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """This process, as if it had started with a folder among its packages."""
    for module in plugins.TABLES.values():
        importlib.import_module(module)
    tables = tuple(plugins._STATE.tables.values())
    before, modules = [(table._rows, table._plugins) for table in tables], set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    for table in tables:
        table._rows = table._plugins = None
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for table, (rows, loaded) in zip(tables, before, strict=True):
            table._rows, table._plugins = rows, loaded
        tops = {path.name.removesuffix(".py") for path in folder.iterdir()}
        for name in set(sys.modules) - modules:
            if name.partition(".")[0] in tops:
                del sys.modules[name]
