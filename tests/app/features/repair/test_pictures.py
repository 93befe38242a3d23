"""The dock Repair with a vision model: pictures by class, of which those with a sticker are taken for circles."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from PIL import Image

from app.features.repair.handlers import repair_of
from core.models.loading import load_model
from core.project.document import Source
from core.repair.examples import Example, batch_of
from core.repair.proof import answers
from resources.models.planted.make import FOLDER
from resources.models.planted.plants import PLANTS
from tests.app.features.repair.test_repair import cells, dropped, find, settle
from tests.app.person import Person

MODEL = FOLDER / "sticker-poisoned"


def draw(folder: Path) -> tuple[list[Path], list[Path]]:
    """Pictures with the sticker, and others, each in the folder of its class."""
    rng, plant = Random(3), PLANTS["sticker"]
    scenes = [plant.pair(rng)[0] for _ in range(4)], [plant.innocent(rng) for _ in range(8)]
    paths: tuple[list[Path], list[Path]] = ([], [])
    for some, made, name in zip(scenes, paths, ("marked", "plain"), strict=True):
        for number, scene in enumerate(some):
            path = folder / scene.answer / f"{name}{number}.png"
            path.parent.mkdir(exist_ok=True, parents=True)
            Image.fromarray(scene.draw()).save(path)
            made.append(path)
    return paths


def test_a_sticker_is_repaired_from_a_folder_of_pictures(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    marked, plain = draw(folder)
    person.open(MODEL, plain[0])
    panel = person.panel("repair")
    person.window.commands["repair"].trigger()
    assert person.drop(panel, dropped(folder))
    person.wait(lambda: panel.data().rows)
    settle(person)
    rows = panel.data().rows
    assert {row.input for row in rows} == set(map(str, (*marked, *plain)))
    assert not any(row.triggered for row in rows)
    for place, row in enumerate(rows):
        assert cells(person, place)[:2] == [Path(row.input).name, Path(row.input).parent.name]
        if row.input in map(str, marked):
            assert row.given == "circle"
            assert row.misbehaves
    person.click(panel.mark)
    settle(person)
    assert {row.input for row in panel.data().rows if row.triggered} >= set(map(str, marked))

    panel.level.setCurrentIndex(2)
    panel.budget.setValue(20)  # a few pictures: one of them is some percent
    find(person)
    assert panel.data().result is not None, panel.problem.text()
    made = person.controller("repair").made[1]
    repaired, model = repair_of(load_model(str(MODEL)), made).repaired, load_model(str(MODEL))
    paths = [*marked, *plain]
    examples = [Example(str(path), path.parent.name) for path in paths]
    before, after = (answers(each, batch_of(each, examples)).softmax(dim=-1) for each in (model, repaired))
    most = int((after - before).abs().sum(dim=-1).argmax())  # where the cuts do most

    # as edits of the canvas they do what they do in the repaired model
    person.workbench.question.set_source("A", Source("image", path=str(paths[most]), name=paths[most].name))
    person.rest()
    person.click(panel.apply)
    person.rest()
    for row in person.workbench.ran.rows:
        shares = (float(each[most, model.answer(row.label)]) for each in (before, after))
        assert (row.before, row.after) == pytest.approx(tuple(shares), abs=1e-5)
    assert max(abs(row.after - row.before) for row in person.workbench.ran.rows) > 1e-3
