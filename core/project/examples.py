"""The built-in examples: inputs for each bundled model and pack, from resources/samples."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from core.project.document import Document, Source
from core.project.metric_choice import MetricChoice

WORDS, PHOTOGRAPHS = "names/0", "dinov2-small/0"  # what models of text and of pictures get that come without any


@dataclass(frozen=True)
class Example:
    """One example. key: how menus name it."""

    key: str
    title: str
    behaviour: str
    document: Document


@cache
def all_examples() -> tuple[Example, ...]:
    """Every example, those of `names` first."""
    folder = Path(str(resources.files("resources") / "samples"))
    first = ("names.json", "shapes.json", "captions.json")
    files = [folder / name for name in first]
    files += sorted(file for file in folder.glob("*.json") if file.name not in first)
    return tuple(example for file in files for example in _read(file))


def _read(file: Path) -> list[Example]:
    index = json.loads(file.read_text(encoding="utf-8"))
    kind = index["kind"]

    def source(value: str | None) -> Source | None:
        if value is None:
            return None
        if kind == "text":
            return Source("text", text=value)
        path = file.parent / value
        return Source("image", path=str(path), name=path.name)

    examples = []
    for number, entry in enumerate(index["examples"]):
        metric = MetricChoice(entry["metric"], entry.get("target") or "", entry.get("foil") or "")
        document = Document(index["model"], source(entry["clean"]), source(entry["counterfactual"]), metric)
        examples.append(Example(f"{file.stem}/{number}", entry["title"], entry["behaviour"], document))
    return examples


def examples_for(model: str) -> tuple[Example, ...]:
    """The examples made for a model."""
    return tuple(example for example in all_examples() if example.document.model == model)


def example(key: str) -> Example:
    return next(example for example in all_examples() if example.key == key)
