"""A model over several devices, by a stand-in for them: who goes where, and that nothing changes but where it lies."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from accelerate import dispatch_model
from torch import Tensor, nn

import wirescope as ws
from core.errors import ArgumentError, ModelError
from core.generation import generate
from core.models.mapped_files import on_disk
from core.models.rounded import of_whole
from core.models.spread import block_places, devices_of, name_of_devices, places_of, spread
from core.models.weights_place import WeightsPlace
from tests.core.engine.cases import TOLERANCE, case
from tests.core.test_device_precision import JOBS
from tests.core.towers.test_both_towers import CLASSES, METRIC, TEMPLATES, pixels
from tests.several_devices import CPU, GPUS, lies_on, room_for, several_devices
from tests.small_models import ALL, language_model, save_pair, small_input, small_model

FIRST, SECOND = GPUS
PLENTY = dict.fromkeys((*GPUS, CPU), 10**9)
Figures = list[Tensor]


def figures(session: ws.Session, edits: list[list[ws.Edit]]) -> Figures:
    """What a session says of its pair: with and without edits, traced, scanned, as a circuit."""
    scores = ws.trace(session, method="eap-ig")
    exact = ws.trace(session, method="exact-scan")
    outputs = [session.run(each).logits for each in ([], *edits)]
    outputs.append(session.run_circuit(scores.top(12)).logits)
    tables = [torch.from_numpy(each.values.copy()) for each in (scores, exact)]
    return [each.cpu() for each in outputs] + tables


def assert_alike(here: Figures, there: Figures, tolerance: float = TOLERANCE) -> None:
    assert len(here) == len(there) > 3
    for one, other in zip(here, there, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=tolerance * max(1.0, float(one.abs().max())))


# ---- the same numbers ----


def names(device: str, **options: Any) -> ws.Model:
    return ws.load_model("bundled:names", device=device, dtype="fp64", **options)


def of_names(model: ws.Model) -> Figures:
    pair = model.pair("When Mary gave a drink to", "When Tom gave a drink to")
    edits = [ws.Edit("a1.h1->m2", "patch"), ws.Edit("m1", "zero"), ws.Edit("a0.h0", "mean"), ws.Edit("m3", "noise")]
    session = ws.Session(model, pair, metric=ws.logit_difference(" Mary", " Tom"))
    return figures(session, [edits[:1], edits])


def toggled(model: ws.Model) -> None:
    """The runs that a user waits for."""
    pair = model.pair("When Mary gave a drink to", "When Tom gave a drink to")
    session = ws.Session(model, pair)
    for edge in ("a1.h1->m2", "a0.h0->a2.h3<k>", "input->logits"):
        session.run([ws.Edit(edge, "patch")])
    ws.trace(session, method="eap")


def test_a_model_over_three_devices_says_what_it_says_on_one() -> None:
    one = names("cpu")
    here = of_names(one)
    with several_devices(room_for(one, 1, 1)) as devices:
        model = names("auto")
        assert places_of(model.adapter) == [FIRST, SECOND, CPU, CPU]
        assert "1 on cuda:0, 1 on cuda:1, 2 on cpu" in model.notes[0]
        there = of_names(model)
        devices.moved.clear()
        toggled(model)
    assert_alike(here, there)
    assert 0 < max(devices.moved) < 256 * 256  # streams go, the large weights stay


@pytest.mark.parametrize("family", ALL)
def test_models_of_all_kinds_do(family: str) -> None:
    """Mixtures, norms after attention, sinks, tables and scales in blocks, a tower beside them."""
    setup = case(family)
    edges = random.Random(1).sample(setup.model.graph.edges, 6)
    edits = [ws.Edit(edge.name, kind) for edge, kind in zip(edges, ("patch", "zero", "noise") * 2, strict=True)]
    edits += [ws.Edit("m0", "zero"), ws.Edit("a1.h0", "scale", value=0.5)]

    def said(model: ws.Model) -> Figures:
        session = ws.Session(model, model.pair(*(small_input(family, seed) for seed in (1, 2))))
        scores = ws.trace(session, method="eap")
        outputs = [session.clean.logits, session.run(edits).logits, session.run_circuit(scores.top(9)).logits]
        return [*(each.cpu() for each in outputs), torch.from_numpy(scores.values.copy())]

    here = said(setup.model)
    with several_devices(PLENTY) as devices:
        module = copy.deepcopy(setup.module)
        blocks = ws.load_model((module, None)).adapter.blocks
        spread(module, blocks, [(SECOND, CPU, FIRST)[layer % 3] for layer in range(len(blocks))], FIRST)
        there = said(ws.load_model((module, None)))
    assert_alike(here, there)
    assert devices.moved


def test_a_module_of_the_users_that_accelerate_put_there_stays_as_it_is() -> None:
    setup = case("gpt2")
    parts = {"transformer.wte": 0, "transformer.wpe": 0, "transformer.drop": 0, "transformer.h.0": 0}
    parts |= {"transformer.h.1": 1, "transformer.h.2": 1, "transformer.ln_f": 1, "lm_head": 1}
    with several_devices(PLENTY):
        module: Any = copy.deepcopy(setup.module)
        module.lm_head.weight = nn.Parameter(module.lm_head.weight.detach().clone())
        dispatch_model(module, {name: GPUS[place] for name, place in parts.items()})
        model = ws.load_model((module, None))
        assert places_of(model.adapter) == [FIRST, SECOND, SECOND]
        assert lies_on(module.lm_head.weight) == SECOND
        assert lies_on(model.adapter.module.lm_head.weight) == FIRST
        there = ws.Session(model, model.pair(setup.pair.clean.tensor)).clean.logits.cpu()
        with torch.no_grad():
            module.transformer.h[2].mlp.c_proj.weight.zero_()  # shared
        changed = ws.Session(model, model.pair(setup.pair.clean.tensor)).clean.logits.cpu()
    here = ws.Session(setup.model, setup.pair).clean.logits
    assert torch.allclose(here, there, rtol=0, atol=TOLERANCE)
    assert not torch.allclose(changed, there)


def test_weights_in_8_bits_do_and_stay_there_when_the_model_changes(tmp_path: Path) -> None:
    module = language_model("Llama", num_hidden_layers=3)
    module.save_pretrained(tmp_path)
    ids = small_input("llama", 1), small_input("llama", 2)

    def said(model: ws.Model) -> Figures:
        return figures(ws.Session(model, model.pair(*ids)), [[ws.Edit("a1.h0->m2", "patch")]])

    whole = ws.load_model(tmp_path, dtype="fp64", weights="8bit")
    with several_devices(room_for(whole, 1, 2)) as devices:
        model = ws.load_model(tmp_path, dtype="fp64", weights="8bit", device="cuda:0,cuda:1")
        assert places_of(model.adapter) == [FIRST, SECOND, SECOND]
        devices.moved.clear()
        there = said(model)
        assert devices.moved
        again = of_whole(model, lambda same: same)
        assert places_of(again.adapter) == places_of(model.adapter)
    here = said(whole)
    assert_alike(here, there)


@pytest.mark.parametrize("name", JOBS)
def test_lenses_methods_and_monitors_run(name: str, over_two: ws.Session) -> None:
    with several_devices(PLENTY):
        JOBS[name](over_two)


@pytest.fixture(scope="module")
def over_two() -> ws.Session:
    with several_devices(PLENTY):
        module = small_model("gpt2").float()
        blocks = ws.load_model((module, None)).adapter.blocks
        spread(module, blocks, [SECOND, CPU, FIRST], FIRST)
        model = ws.load_model((module, None))
        pair = model.pair(torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 5, 3, 4]]))
        return ws.Session(model, pair, ws.logit_difference(6, 7))


def test_edits_inside_the_module_and_text_that_it_goes_on_with_are_the_same() -> None:
    edits = [ws.Edit("a1.h1->m2", "zero"), ws.Edit("a0.h0->a3.h1<v>", "patch"), ws.Edit("m1", "zero")]
    edits += [ws.Edit("a2.h1", "scale", value=0.5), ws.Edit("m2.n5", "zero")]

    def said(model: ws.Model) -> tuple[Tensor, Tensor, list[int]]:
        session = ws.Session(model, model.pair("When Mary gave a drink to", "When Tom gave a drink to"))
        with ws.apply(model, edits, session) as edited:
            logits = edited(session.pair.clean.tensor).logits
        text = [each.index for each in generate(session, session.pair.clean, 3, edits=edits[3:])]
        return logits.detach().cpu()[:, -1], session.run(edits).logits.cpu()[:, -1], text

    here = names("cpu")
    with several_devices(room_for(here, 1, 1)):
        inside, run, text = said(names("auto"))
    assert torch.allclose(inside, run, rtol=0, atol=1e-6)
    assert torch.allclose(inside, said(here)[0], rtol=0, atol=1e-6)
    assert text == said(here)[2]


def test_both_towers_do_the_text_tower_on_the_first_device(tmp_path: Path) -> None:
    save_pair("CLIP", tmp_path)

    def said(device: str) -> tuple[ws.Model, Figures]:
        model = ws.load_model(f"towers:{tmp_path}", classes=CLASSES, templates=TEMPLATES, device=device, dtype="fp64")
        session = ws.Session(model, model.pair(pixels(0, 2), pixels(1, 2)), METRIC)
        scores = ws.trace(session, method="eap")
        edited = [session.run([ws.Edit(name, "zero")]).answer for name in ("m0", "t.a0.h1")]
        return model, [
            *(each.cpu() for each in (session.clean.answer, *edited)),
            torch.from_numpy(scores.values.copy()),
        ]

    model, here = said("cpu")
    with several_devices(room_for(model, 0, 1)):
        opened, there = said("auto")
        assert places_of(opened.adapter) == [SECOND, CPU]
    assert_alike(here, there)


def test_weights_stay_on_disk_for_the_cpu_alone(tmp_path: Path) -> None:
    language_model("Llama").save_pretrained(tmp_path)
    with pytest.raises(ArgumentError, match="not for a model on cpu, cuda:0"):
        WeightsPlace("disk", torch.float32, (CPU, FIRST))
    with several_devices(PLENTY), patch("core.models.weights_place.free_bytes", lambda: 1000):
        with pytest.raises(ArgumentError, match="not for a model on cuda:0, cpu"):
            ws.load_model(tmp_path, weights="disk", device="cuda:0,cpu")
        for device in ("cpu", "cuda:0,cpu", "auto"):
            model = ws.load_model(tmp_path, device=device)
            stay = [on_disk(weight) for weight in model.adapter.module.parameters()]
            assert set(stay) == {device == "cpu"}
            assert any("stay on disk" in note for note in model.notes) is (device == "cpu")


# ---- who goes where ----


class Block(nn.Linear):
    """Of 1 GB, on paper."""

    def __init__(self) -> None:
        super().__init__(2**14, 2**14, bias=False, device="meta")


BLOCKS = [Block() for _ in range(8)]
ON_PAPER = nn.Sequential(nn.Embedding(2**13, 2**14, device="meta"), *BLOCKS)  # half a GB, and eight


@pytest.mark.parametrize(
    ("free", "places"),
    [
        ((9.5, 0, 0), "00000000"),  # it fits on one
        ((9.4, 9, 9), "00001111"),  # evenly, what is in no block on the first
        ((8, 4, 9), "00000111"),  # the last GPU has no room for half of them
        ((8, 3, 9), "00000112"),
        ((3, 3, 12), "01122222"),
        ((1, 0, 12), "22222222"),
    ],
)
def test_who_goes_where(free: tuple[float, ...], places: str) -> None:
    """free: GB on two GPUs and the CPU. The first keeps room for one block more than it has, each device a tenth."""
    with several_devices(gigabytes(free)):
        assert block_places(ON_PAPER, BLOCKS, (*GPUS, CPU)) == [(*GPUS, CPU)[int(each)] for each in places]


@pytest.mark.parametrize("free", [(0.5, 9, 9), (3, 3, 3)])
def test_what_does_not_fit_is_refused_with_what_is_free(free: tuple[float, ...]) -> None:
    said = ", ".join(f"{each} GB on {device}" for each, device in zip(free, (*GPUS, CPU), strict=True))
    with (
        several_devices(gigabytes(free)),
        pytest.raises(ModelError, match=f"take 8.5 GB, .* do not fit: {said} are free"),
    ):
        block_places(ON_PAPER, BLOCKS, (*GPUS, CPU))


def gigabytes(free: tuple[float, ...]) -> dict[torch.device, float]:
    return {device: 2**30 * each for device, each in zip((*GPUS, CPU), free, strict=True)}


def test_names_of_devices() -> None:
    assert devices_of("auto", "fp32") == devices_of("cpu", "fp32") == (CPU,)
    with pytest.raises(ModelError, match="no cuda device"):
        devices_of("cuda:0,cpu", "fp32")
    with pytest.raises(ArgumentError, match="no device 'gpu'"):
        devices_of("cpu,gpu", "fp32")
    for names in ("auto,cpu", "cuda:0, auto", "auto,auto"):
        with pytest.raises(ArgumentError, match=f"In '{names}', auto is one of several"):
            devices_of(names, "fp32")
    with several_devices({FIRST: 1, SECOND: 2, CPU: 0}):
        assert devices_of("auto", "fp32") == (SECOND, FIRST, CPU)
        assert devices_of("cuda:0, cpu", "bf16") == (FIRST, CPU)
        with pytest.raises(ArgumentError, match="named twice"):
            devices_of("cuda:0,cpu,cuda", "fp32")


def test_a_device_has_one_name() -> None:
    assert devices_of("cpu:3", "fp32") == (CPU,)
    with pytest.raises(ArgumentError, match="named twice"):
        devices_of("cpu:0,cpu", "fp32")
    with several_devices(PLENTY), patch.object(torch.cuda, "current_device", lambda: 1):
        assert devices_of("cuda", "fp32") == devices_of(torch.device("cuda"), "fp32") == (SECOND,)
        assert devices_of("cuda,cuda:0", "fp32") == (SECOND, FIRST)
        with pytest.raises(ArgumentError, match="named twice"):
            devices_of("cuda,cuda:1", "fp32")


def test_the_cpu_is_refused_before_a_gpu() -> None:
    with several_devices(PLENTY):
        for names, order in (("cpu,cuda", "cuda:0,cpu"), ("cuda:1,cpu,cuda:0", "cuda:1,cuda:0,cpu")):
            with pytest.raises(ArgumentError, match=f"CPU is named before a GPU in '{names}'") as refused:
                devices_of(names, "fp32")
            assert refused.value.hint == f"Name it last: {order}"
        module = small_model("gpt2")
        blocks = ws.load_model((module, None)).adapter.blocks
        spread(module, blocks, [SECOND, CPU, FIRST], CPU)
        named = name_of_devices(ws.load_model((module, None)).adapter)  # which a user may have chosen by accelerate
        assert devices_of(named, "fp32") == (SECOND, FIRST, CPU)


# ---- the stand-in ----


def test_the_stand_in_would_notice() -> None:
    with several_devices(PLENTY) as devices:
        here, there, beside = torch.ones(2, 2), torch.ones(2, 2, device=FIRST), torch.ones(2, 2, device="cuda:1")
        mixed: list[Callable[[], Any]] = [
            lambda: here + there,
            lambda: there @ beside,
            lambda: here[torch.zeros(1, dtype=torch.long, device=FIRST)],
            lambda: torch.cat([there.view(4), beside.T.flatten()]),
            lambda: nn.Linear(2, 2)(there),
            lambda: there.add_(beside.sum()),
        ]
        for mix in mixed:
            with pytest.raises(RuntimeError, match="at least two devices"):
                mix()
        with pytest.raises(TypeError, match="can't convert cuda:1"):
            beside.numpy()
        assert [each.device for each in (here, there, beside)] == [CPU, FIRST, SECOND]
        assert (there + here.sum() + here.to(FIRST)[here.long()[0]]).device == FIRST
        moved = there.to(beside).requires_grad_()
        (slope,) = torch.autograd.grad((moved.to("cpu") * here).sum(), moved)
        assert moved.device == slope.device == SECOND
        assert moved.detach().view(4).data_ptr() != there.data_ptr()
        assert devices.moved == [4, 4, 4]
