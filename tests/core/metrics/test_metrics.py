"""Metrics, each computed a second way from the output."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import wirescope as ws
from core.errors import ArgumentError, InputError, WirescopeError
from core.evaluation.measured import measure
from core.lens.positions import NodeGradients
from core.metrics import METRICS, Metric, bind
from core.tracing.method import METHODS
from tests.core.engine.cases import case
from tests.small_models import VOCABULARY, small_input, small_text_model
from tests.small_vision import CLASSES, save_encoder, vision_model

EDIT = ws.Edit("m0", "zero")


def read(family: str, metric: ws.Metric | None, batch: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The metric of an edited run, and the outputs: edited, clean, of B."""
    setup = case(family, batch=batch)
    session = ws.Session(setup.model, setup.pair, metric)
    result = session.run([EDIT])
    assert session.counterfactual is not None
    assert result.metric.shape == (batch,)
    return result.metric, result.answer, session.clean.answer, session.counterfactual.answer


def same(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() < 1e-12)


def test_logit_difference_is_target_minus_foil_row_by_row() -> None:
    metric, x, _, _ = read("gpt2", ws.logit_difference([3, 4], [5, 6]))
    assert same(metric, torch.stack([x[0, 3] - x[0, 5], x[1, 4] - x[1, 6]]))
    metric, x, _, _ = read("timm-vit", ws.logit_difference(1, 2))
    assert same(metric, x[:, 1] - x[:, 2])


def test_probabilities_are_of_the_softmax() -> None:
    metric, x, _, _ = read("gpt2", ws.probability(7))
    assert same(metric, x[:, 7].exp() / x.exp().sum(dim=1))
    metric, x, _, _ = read("gpt2", ws.log_probability([7, 8]))
    log_sums = x.exp().sum(dim=1).log()
    assert same(metric, torch.stack([x[0, 7] - log_sums[0], x[1, 8] - log_sums[1]]))


def test_the_logit_of_a_class() -> None:
    metric, x, _, _ = read("vit-classifier", ws.class_logit([6, 0]))
    assert same(metric, torch.stack([x[0, 6], x[1, 0]]))


def test_accuracy_is_one_where_the_target_is_the_top_answer() -> None:
    for family in ("gpt2", "timm-vit"):
        _, x, clean, _ = read(family, None)
        top, other = int(x[0].argmax()), int(x[1].argmin())
        metric, _, _, _ = read(family, ws.accuracy([top, other]))
        assert metric.tolist() == [1.0, 0.0]
        metric, _, _, _ = read(family, ws.accuracy())
        assert metric.tolist() == [float(x[row].argmax() == clean[row].argmax()) for row in range(2)]


def test_accuracy_has_no_slope_and_only_methods_that_make_edits_score_it() -> None:
    setup = case("gpt2", batch=3)
    session = ws.Session(setup.model, setup.pair, ws.accuracy())
    for name, method in METHODS.items():
        if method.slopes:
            with pytest.raises(ArgumentError, match=r"none: it jumps.*logit difference.*exact-scan") as caught:
                ws.trace(session, name)
            assert caught.value.message.startswith(method.title)
    with pytest.raises(ArgumentError, match="follows the slope"):
        NodeGradients(session)
    for edit in ("a0.h1", "m0", "m2"):
        run = session.run([ws.Edit(edit, "patch")])
        share = float((run.answer.argmax(dim=-1) == session.clean.answer.argmax(dim=-1)).double().mean())
        scan = ws.trace(session, "exact-scan", level="nodes")
        assert scan.of_node(session.graph.parse(edit)) == pytest.approx(1 - share)
    assert np.isfinite(ws.trace(session, "acdc", options=ws.Options(threshold=0.3)).values).all()
    circuit = ws.trace(setup.session(), "eap").top(40)
    found = measure(session, [circuit])
    assert found.circuits[0].mean() == found.accuracy[0], "evaluated by it, the metric is the accuracy"


def test_kl_is_from_the_clean_distribution_and_zero_at_it() -> None:
    metric, x, clean, _ = read("gpt2", ws.kl())
    p, q = clean.softmax(dim=1), x.softmax(dim=1)
    assert same(metric, (p * (p / q).log()).sum(dim=1))
    assert (metric > 0).all()
    setup = case("gpt2")
    assert float(ws.Session(setup.model, setup.pair, ws.kl()).clean.metric.abs().max()) < 1e-12


def test_cosines_of_a_model_without_a_head() -> None:
    metric, x, clean, b = read("dinov2", ws.cosine())
    assert same(metric, F.cosine_similarity(x, clean) - F.cosine_similarity(x, b))
    assert same(metric, read("dinov2", None)[0]), "it is the one by default"
    reference = torch.arange(16, dtype=torch.float64)
    metric, x, _, _ = read("dinov2", ws.cosine(reference))
    assert same(metric, F.cosine_similarity(x, reference[None]))
    metric, x, _, b = read("dinov2", Metric("cosine_b"))
    assert same(metric, F.cosine_similarity(x, b))
    setup = case("dinov2")
    alone = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    assert same(alone.clean.metric, torch.ones(1, dtype=torch.float64))
    assert same(alone.run([EDIT]).metric, F.cosine_similarity(alone.run([EDIT]).answer, alone.clean.answer))


def test_the_cosine_to_a_picture_is_to_its_own_embedding() -> None:
    setup = case("dinov2")
    picture = small_input("dinov2", 9)
    session = ws.Session(setup.model, setup.pair, ws.cosine(picture))
    with torch.no_grad():
        embedding = setup.module(picture).last_hidden_state[:, 0]
    assert same(session.clean.metric, F.cosine_similarity(session.clean.answer, embedding))
    seen = Image.effect_noise((40, 30), 80.0).convert("RGB")
    assert ws.cosine(seen, box=(5, 0, 25, 20)).reference.tobytes() == seen.crop((5, 0, 25, 20)).tobytes()
    with pytest.raises(InputError, match="does not lie in a picture of 40 x 30"):
        ws.cosine(seen, box=(5, 0, 50, 20))


@pytest.mark.parametrize("family", ["gpt2", "timm-vit"])
def test_by_default_it_is_the_log_probability_of_the_clean_top(family: str) -> None:
    metric, x, clean, _ = read(family, None)
    top = clean.argmax(dim=1)
    assert same(metric, x.log_softmax(dim=1)[torch.arange(2), top])


def test_of_two_classes_it_is_the_difference_of_their_logits() -> None:
    model = ws.load_model((vision_model("ViTForImageClassification", num_labels=2).double().eval(), None))
    session = ws.Session(model, model.pair(small_input("timm-vit", 1, 2), small_input("timm-vit", 2, 2)))
    clean, edited = session.clean.answer, session.run([EDIT])
    top = clean.argmax(dim=1)
    both = torch.arange(2)
    assert same(edited.metric, edited.answer[both, top] - edited.answer[both, 1 - top])
    session.with_metric(ws.kl())
    session.with_metric(None)
    assert session.metric.metric.kind == "logit_difference"


def test_answers_may_be_text() -> None:
    model = ws.load_model(small_text_model())
    pair = model.pair("When Mary gave a drink to", "When Tom gave a drink to")
    session = ws.Session(model, pair, ws.logit_difference(" Mary", " Tom"))
    clean = session.clean
    assert clean.metric.item() == pytest.approx(float(clean.logits[0, -1, 4] - clean.logits[0, -1, 6]))
    assert session.metric.name == 'logit(" Mary") − logit(" Tom")'
    assert (session.metric.target, session.metric.foil) == ((4,), (6,))


def test_another_metric_reads_the_same_runs() -> None:
    setup = case("gpt2")
    session = ws.Session(setup.model, setup.pair, ws.probability(3))
    session.with_metric(ws.class_logit(3))
    assert same(session.clean.metric, session.clean.answer[:, 3])
    with pytest.raises(InputError):
        session.with_metric(ws.class_logit(VOCABULARY))
    assert same(session.clean.metric, session.clean.answer[:, 3]), "a refused metric changes nothing"


@pytest.mark.parametrize(
    ("family", "metric", "words"),
    [
        ("gpt2", ws.class_logit(VOCABULARY), "no answer number 23"),
        ("gpt2", ws.class_logit(-1), "no answer number -1"),
        ("gpt2", ws.logit_difference(1, 1), "same answer"),
        ("gpt2", ws.logit_difference([1, 2, 3], 4), "3 answers for 1 inputs"),
        ("gpt2", Metric("probability"), "needs a target"),
        ("gpt2", Metric("logit_difference", 3), "needs a foil"),
        ("gpt2", ws.probability(" Mary"), "tokenizer"),
        ("timm-vit", ws.class_logit("cat"), "no class called 'cat'"),
    ],
)
def test_answers_that_do_not_fit_are_refused(family: str, metric: ws.Metric, words: str) -> None:
    setup = case(family)
    with pytest.raises(InputError, match=words):
        ws.Session(setup.model, setup.pair, metric)


@pytest.mark.parametrize(
    ("family", "metric"),
    [("dinov2", ws.probability(1)), ("dinov2", ws.kl()), ("gpt2", ws.cosine()), ("timm-vit", Metric("loudness"))],
)
def test_metrics_that_a_model_cannot_give_are_refused(family: str, metric: ws.Metric) -> None:
    setup = case(family)
    with pytest.raises(ArgumentError):
        ws.Session(setup.model, setup.pair, metric)


def test_every_metric_of_the_table_can_be_bound_to_a_model_that_gives_its_output() -> None:
    outputs = {"next token": "gpt2", "classes": "timm-vit", "embedding": "dinov2"}
    for row in METRICS.values():
        for output in row.outputs:
            setup = case(outputs[output])
            clean = setup.session().clean.answer
            reference = torch.ones(16, dtype=torch.float64) if output == "embedding" else None
            metric = Metric(row.name, 1 if output != "embedding" else None, 2, reference)
            value = bind(metric, setup.model, clean, clean.flip(1))(clean)
            assert value.shape == (1,)
            assert math.isfinite(float(value)), row.name
    assert CLASSES > 2


def test_answers_may_be_numbers_of_numpy() -> None:
    session = case("gpt2").session()
    for target, foil in ((np.int64(3), np.int32(5)), ([np.int64(3)], [np.int64(5)])):
        session.with_metric(ws.logit_difference(target, foil))
        assert session.metric.target == (3,)


@pytest.mark.parametrize("answer", [np.array(3), np.array([3]), torch.tensor(3), torch.tensor([3]), [torch.tensor(3)]])
def test_answers_may_be_arrays_and_tensors(answer: object) -> None:
    setup = case("gpt2")
    session = ws.Session(setup.model, setup.pair, ws.logit_difference(answer, np.int64(5)))  # type: ignore[arg-type]
    assert (session.metric.target, session.metric.foil) == ((3,), (5,))
    over = ws.trace(session, "eap", dataset=ws.Dataset([setup.pair]))
    np.testing.assert_allclose(over.values, ws.trace(session, "eap").values, atol=1e-9)


@pytest.mark.parametrize("answer", [3.0, np.float64(3), [3.5], float("nan"), True, {3: 4}])
def test_what_is_no_answer_is_refused_by_name(answer: object) -> None:
    setup = case("gpt2")
    with pytest.raises(InputError, match="is no answer"):
        ws.Session(setup.model, setup.pair, ws.logit_difference(answer, 5))  # type: ignore[arg-type]


def test_a_reference_is_written_as_a_picture_or_a_part_of_it(tmp_path: Path) -> None:
    save_encoder(tmp_path / "model")
    model = ws.load_model(str(tmp_path / "model"))
    seen = Image.effect_noise((24, 24), 80.0).convert("RGB")
    seen.save(tmp_path / "seen.png")
    Image.effect_noise((24, 24), 80.0).save(tmp_path / "other.png")
    path, pair = str(tmp_path / "seen.png"), model.pair(str(tmp_path / "other.png"))

    def cosine(target: str) -> float:
        return float(ws.Session(model, pair, Metric("cosine_reference", target)).clean.metric)

    def of_picture(picture: Image.Image) -> float:
        return float(ws.Session(model, pair, ws.cosine(picture)).clean.metric)

    assert cosine(path) == of_picture(seen)
    assert cosine(f"{path}@box=3,4,20,18") == of_picture(seen.crop((3, 4, 20, 18)))
    view = model.side(path).view  # twelve pixels, patches of four
    assert view is not None
    assert cosine(f"{path}@patches=4,8") == of_picture(Image.fromarray(view[4:12, 4:12]))
    assert cosine(f"{path}@patches=0-8") != cosine(f"{path}@patches=4,8")
    for target, said in (
        ("", "no reference yet"),
        (str(tmp_path / "none.png"), "none.png"),
        (f"{path}@box=0,0,90,4", "does not lie in a picture of 24 x 24"),
        (f"{path}@patches=4,77", "patches 0 to 8"),
        (f"{path}@patches=4-,-", "no patches"),
    ):
        with pytest.raises(WirescopeError, match=said):
            cosine(target)
