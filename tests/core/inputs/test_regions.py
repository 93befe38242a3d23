"""Regions of pictures: edits, edges at spans and sums at named patches are those at their positions."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from core.edits import Edit
from core.errors import EditError, InputError
from core.inputs.generators import shapes
from core.inputs.image_corruption import corrupted
from core.inputs.pair import Dataset, Pair
from core.inputs.regions import joined_regions, named_tokens, parse_region, split_regions
from core.models.loading import load_model
from core.session import Session
from core.spans import by_region
from core.tracing.trace import trace

EYE, EDGE = (27, 28, 35, 36), (0, 63)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    path = str(tmp_path_factory.mktemp("pictures") / "a.png")
    shapes.draw(shapes.sample_scene(Random(5)), 64).save(path)
    model = load_model("bundled:shapes")
    return model.pair(path, corrupted(model, path, "noise"))


@pytest.fixture(scope="module")
def session(pair: Pair) -> Session:
    return Session(load_model("bundled:shapes"), pair.with_regions({"eye": EYE, "edge": EDGE}))


def test_an_edit_at_a_region_is_the_edit_at_its_positions(session: Session, pair: Pair) -> None:
    def metric(*positions: int | str) -> float:
        return float(session.run([Edit("m1", "patch", positions)]).metric[0])

    places = tuple(patch + pair.prefix for patch in (*EYE, *EDGE))
    assert metric("eye", "edge") == metric(*places)
    assert metric("CLS") == metric("cls") == metric(0)
    assert metric("CLS", "patches") == float(session.run([Edit("m1", "patch")]).metric[0])
    assert len({metric("eye"), metric("edge"), metric("CLS")}) == 3
    with pytest.raises(EditError, match=r"No region is called 'nose'. There are: eye, edge, CLS, patches"):
        metric("nose")


def test_sums_and_edges_at_regions_are_those_of_their_positions(session: Session, pair: Pair) -> None:
    values = np.random.default_rng(0).normal(size=(3, pair.length))
    sums = by_region(values, session.pair)
    assert list(sums) == ["eye", "edge", "CLS", "other positions"]
    assert np.allclose(sums["eye"], values[:, [patch + pair.prefix for patch in EYE]].sum(axis=1))
    assert np.allclose(sum(sums.values()), values.sum(axis=1))
    edges = trace(session, "eap", level="edge-spans")
    assert edges.spans == tuple(sums)
    single = trace(session, "eap", level="edge-spans", spans=list(range(pair.length)))
    at = np.stack(list(by_region(single.values, session.pair).values()), axis=-1)
    assert np.allclose(edges.values, at, atol=1e-5)
    with pytest.raises(InputError, match="of 3 positions"):
        by_region(np.zeros((2, 3)), session.pair)


def test_regions_of_several_pictures_may_lie_elsewhere_in_each(session: Session, pair: Pair) -> None:
    one, two = pair.with_regions({"eye": EYE}), pair.with_regions({"eye": EDGE})
    model = session.model
    both = Pair(
        *(
            model.side(torch.cat([side.tensor, side.tensor]))
            for side in (pair.clean, pair.counterfactual)
            if side is not None
        ),
        pair.grid,
        pair.prefix,
    ).with_regions({"eye": [EYE, EDGE]})
    metric = session.metric.metric
    edit = Edit("m1", "patch", ("eye",))
    batch = Session(model, both, metric).run([edit]).metric
    alone = [Session(model, each, metric).run([edit]).metric[0] for each in (one, two)]
    assert torch.allclose(batch, torch.stack(alone), atol=1e-4)
    dataset = Dataset([one, two])
    spread = trace(Session(model, one, metric), "eap", level="edge-spans", dataset=dataset, spans=["eye"])
    assert spread.spans == ("eye", "other positions")
    assert np.isfinite(spread.values).all()


def test_registers_are_named_and_what_is_no_region_is_said(pair: Pair) -> None:
    tokens = named_tokens(("CLS", "reg1", "reg2", "0,0", "0,1"), 3, 1)
    assert tokens["registers"] == ((1, 2),)
    assert tokens["reg2"] == ((2,),)
    assert tokens["patches"] == ((3, 4),)
    for regions, words in (
        ({"CLS": (1,)}, "what other positions"),
        ({"an eye": (1,)}, "cannot be the name"),
        ({"eye": ()}, "holds no patch"),
        ({"eye": (64,)}, "patches 0 to 63"),
        ({"eye": ((1,), (2,))}, "2 lists for 1 rows"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            pair.with_regions(regions)  # type: ignore[arg-type]
        assert caught.value.hint
    text = load_model("bundled:names").pair("The dog")
    with pytest.raises(InputError, match="Regions are of pictures"):
        text.with_regions({"dog": (1,)})
    assert parse_region("eye=27-28,35") == ("eye", (27, 28, 35))
    assert parse_region("eye=mask:m.png") == ("eye", Path("m.png"))
    for words in ("eye", "eye=", "eye=a-b", "eye=5-3", "1=2", "eye=0-99999999999"):
        with pytest.raises(InputError):
            parse_region(words)


def test_regions_of_a_cell_are_read_as_they_were_written() -> None:
    given = ["eye=27-30", "nose=mask:my nose.png", "ear=mask:C:\\Ann's\\ear.png", 'mouth=mask:a "b".png']
    assert split_regions(joined_regions(given)) == given
    assert joined_regions(given[:1]) == given[0]
    with pytest.raises(InputError, match="names no regions: No closing quotation"):
        split_regions('eye="1')
