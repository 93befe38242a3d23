"""Watching a model: what carries more than usual is an alarm, by a threshold that holds, without Wirescope too."""

from __future__ import annotations

import importlib.abc
import sys
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

import wirescope as ws
from core.detection.statistics import Sums, whitened
from core.errors import ArgumentError, Cancelled, InputError, MemoryBudgetError
from resources.models.planted.make import FOLDER
from resources.models.planted.plants import PLANTS
from tests.core.repair.planted import MODEL, planted
from tests.small_vision import IMAGE, vision_model

EDGES = ["a0.h5->a2.h5<v>", "m1->m3", "m2", "input->a0.h5<k>"]


class NoWirescope(importlib.abc.MetaPathFinder):
    """An installation that has no Wirescope."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in ("wirescope", "core", "app", "views"):
            raise ModuleNotFoundError(name)


@cache
def texts() -> tuple[list[str], list[str], list[str]]:
    """Reference inputs, calm ones and triggered ones."""
    rng, plant = Random(7), PLANTS["trojan"]
    reference = [plant.innocent(rng).text for _ in range(120)]
    return reference, [plant.innocent(rng).text for _ in range(60)], [plant.pair(rng)[0].text for _ in range(60)]


@cache
def seen() -> ws.Watch:
    return ws.watch(planted(), texts()[0])


def test_triggered_inputs_are_alarms_and_calm_ones_seldom() -> None:
    watch, (_, calm, triggered) = seen(), texts()
    assert watch.parts == [node.name for node in planted().graph.writers]
    assert (watch.fitted, watch.calibrated) == (60, 60)
    of_calm, of_triggered = watch.verdicts(calm), watch.verdicts(triggered)
    assert int(of_calm.alarms.sum()) <= 9  # 5 % of 60 expected
    assert int(of_triggered.alarms.sum()) >= 54
    torch.testing.assert_close(watch.scores(triggered), of_triggered.scores)
    again = of_triggered.parts.clamp(min=0).square().mean(dim=1).sqrt()
    torch.testing.assert_close(again, of_triggered.scores)


def test_the_model_stays_as_it_was() -> None:
    seen()
    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in planted().adapter.module.modules())


def test_a_part_is_as_far_out_as_the_engine_says() -> None:
    """The distance of an edge, once more: from the engine's runs, by a plain inverse of the covariance."""
    model, (reference, calm, _) = planted(), texts()
    watch = ws.watch(model, reference, EDGES[:1])
    reference_rows = list(reference)
    Random(0).shuffle(reference_rows)
    fit = reference_rows[60:]
    head = model.adapter.shape.head_width
    w = model.adapter.attention[2].w_qkv[(2 * 8 + 5) * head : (2 * 8 + 6) * head].double()
    reads = torch.linalg.qr((w * model.adapter.norm_before(2, "attention").weight.double()).T).Q

    def carried(text: str) -> torch.Tensor:
        z = ws.Session(model, model.pair(text)).engine.clean(full=True).z[0][0, :, 5].double()
        return z @ model.adapter.attention[0].w_o[:, 5 * head : 6 * head].double().T @ reads

    vectors = torch.cat([carried(text) for text in fit])
    sums = Sums()
    sums.add(vectors)
    inverse = torch.linalg.inv(sums.covariance)

    def log_distance(text: str) -> float:
        x = carried(text) - vectors.mean(dim=0)
        return float((x @ inverse * x).sum(dim=1).max().sqrt().log())

    usual = np.array([log_distance(text) for text in fit])
    deviations = (log_distance(calm[0]) - usual.mean()) / usual.std(ddof=1)
    assert float(watch.verdicts(calm[0]).parts[0, 0]) == pytest.approx(deviations, abs=2e-3)


def test_padding_changes_no_score() -> None:
    calm = texts()[1]
    together = seen().scores(calm[:12])
    alone = torch.cat([seen().scores(text) for text in calm[:12]])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_it_works_without_wirescope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, (reference, _, triggered) = planted(), texts()
    watch = ws.watch(model, reference, EDGES, false_alarms=0.1)
    folder = watch.export(tmp_path / "monitor")
    assert "`a0.h5->a2.h5<v>`" in (folder / "README.md").read_text(encoding="utf-8")
    some = [text for text in triggered if len(text.split()) == len(triggered[0].split())][:5]
    ids = model.pair(some).clean.tensor
    scores, alarms = watch.scores(some), watch.verdicts(some).alarms
    other = GPT2LMHeadModel.from_pretrained(FOLDER / MODEL, dtype=torch.float32).eval()
    with torch.no_grad(), monkeypatch.context() as without:
        for name in [each for each in sys.modules if each.partition(".")[0] in ("wirescope", "core", "app", "views")]:
            without.delitem(sys.modules, name)
        without.setattr(sys, "meta_path", [NoWirescope(), *sys.meta_path])
        without.syspath_prepend(folder)
        for name in ("monitor", "model_hooks"):
            without.setitem(sys.modules, name, None)  # so that it is taken away afterwards
            del sys.modules[name]
        before = other(ids).logits
        monitor = importlib.import_module("monitor").load(folder, other)
        assert torch.equal(other(ids).logits, before)
        torch.testing.assert_close(monitor(ids), scores, atol=1e-4, rtol=0)
        assert torch.equal(monitor.alarms(ids), alarms)
        assert monitor.threshold == watch.threshold
        monitor.remove()
        assert not any(part._forward_hooks or part._forward_pre_hooks for part in other.modules())
    assert "monitor" not in sys.modules


def test_pictures_are_watched_too() -> None:
    torch.manual_seed(0)
    model = ws.load_model((vision_model("Dinov2ForImageClassification").eval(), None))
    ordinary = [torch.randn(1, 3, IMAGE, IMAGE) * 0.1 for _ in range(40)]
    watch = ws.watch(model, ordinary)
    verdicts = watch.verdicts([ordinary[0], torch.randn(1, 3, IMAGE, IMAGE) * 5])
    assert verdicts.alarms.tolist() == [False, True]


def test_a_wide_part_keeps_its_strongest_axes_and_one_number_for_the_rest() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(4000, 6).double() * torch.tensor([8.0, 4, 2, 1, 1, 1]).double()
    sums = Sums()
    for part in vectors.split(900):
        sums.add(part)
    torch.testing.assert_close(sums.mean, vectors.mean(dim=0))
    torch.testing.assert_close(sums.covariance, torch.cov(vectors.T, correction=0), rtol=0.05, atol=0.2)
    axes, scaled, rest = whitened(sums.covariance, most=3)
    assert rest == pytest.approx(1.0, rel=0.1)
    assert (vectors @ scaled).var(dim=0).tolist() == pytest.approx([1, 1, 1], rel=0.05)
    assert whitened(sums.covariance)[2] is None
    assert axes.shape == (6, 3)


def test_what_cannot_be_watched_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    model, reference = planted(), texts()[0]
    with pytest.raises(InputError, match=r"30 reference inputs; .* needs 38"):
        ws.watch(model, reference[:30])
    with pytest.raises(ArgumentError, match="no share of false alarms"):
        ws.watch(model, reference, false_alarms=0.0)
    with pytest.raises(ArgumentError, match="writes nothing"):
        ws.watch(model, reference, ["->m1"])
    with pytest.raises(ArgumentError, match="nothing to watch"):
        ws.watch(model, reference, [])
    with pytest.raises(InputError, match="no input"):
        ws.watch(model, [])
    with pytest.raises(Cancelled):
        ws.watch(model, reference, cancelled=lambda: True)
    monkeypatch.setattr("core.detection.watch.MEGABYTES", 1)
    with pytest.raises(MemoryBudgetError, match="37 parts need 1 MB"):
        ws.watch(model, reference)


def test_a_batch_is_as_many_inputs_as_it_has_rows() -> None:
    model, some = planted(), texts()[0][:40]
    pair = model.pair(some)
    single, *batches = (ws.watch(model, each, EDGES) for each in (some, pair.clean.tensor[:, :8], ws.Dataset([pair])))
    assert [(batch.fitted, batch.calibrated) for batch in batches] == [(20, 20), (20, 20)]
    assert batches[1].threshold == pytest.approx(single.threshold, rel=1e-4)


def test_progress_is_told_to_its_end() -> None:
    shares: list[float] = []
    ws.watch(planted(), texts()[0][:60], EDGES, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] > 0.7
