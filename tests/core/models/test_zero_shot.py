"""CLIP and SigLIP whose classes are texts: what the library's own class gives for the same pictures and texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from PIL import Image
from torch.nn import functional

import wirescope as ws
from core.errors import ArgumentError, ModelError
from core.models.class_texts import ClassTexts, base_name, class_texts, texts_in, with_texts
from core.models.zero_shot import NO_CLASSES, SHARES, with_class_texts
from tests.core.engine.cases import TOLERANCE
from tests.small_models import keep_precision, save_pair
from tests.small_vision import IMAGE

CLASSES = ("Mary", "a drink", "the store")
TEMPLATE = "{}, gave"


class Both:
    """As the library's processor of pictures and texts."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.image_processor = transformers.AutoImageProcessor.from_pretrained(folder)


def pixels(seed: int, batch: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 3, IMAGE, IMAGE, generator=generator, dtype=torch.float64)


def ids(folder: Path, kind: str) -> torch.Tensor:
    """The three sentences as the library's example has them, padded on the right."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    sentences = [TEMPLATE.replace("{}", name) for name in CLASSES]
    sentences = [sentence.lower() for sentence in sentences] if kind == "Siglip" else sentences
    options = {"padding": "max_length", "max_length": 9} if kind == "Siglip" else {"padding": True}
    return tokenizer(sentences, return_tensors="pt", **options)["input_ids"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["CLIP", "Siglip"])
def test_logits_are_the_librarys_logits_per_image(kind: str, tmp_path: Path) -> None:
    pair: Any = keep_precision(save_pair(kind, tmp_path).double())
    before = {name: part.clone() for name, part in pair.state_dict().items()}
    model = ws.load_model((pair, Both(tmp_path)), classes=CLASSES, templates=[TEMPLATE])
    x = pixels(0, batch=2)
    with torch.no_grad():
        expected = pair(input_ids=ids(tmp_path, kind), pixel_values=x).logits_per_image
    session = ws.Session(model, model.pair(x, pixels(1, batch=2)), ws.class_logit("a drink"))
    assert (session.clean.answer - expected).abs().max() <= TOLERANCE
    assert session.parity.difference <= TOLERANCE
    assert model.class_names == CLASSES
    assert (SHARES in model.notes) == (kind == "Siglip")
    assert session.clean.metric.tolist() == pytest.approx(expected[:, 1].tolist(), abs=1e-9)
    assert pair.state_dict().keys() == before.keys()  # the user's model is as it was
    assert all(torch.equal(part, before[name]) for name, part in pair.state_dict().items())


@pytest.mark.parametrize("kind", ["CLIP", "Siglip"])
def test_a_class_is_the_mean_over_its_templates(kind: str, tmp_path: Path) -> None:
    pair: Any = keep_precision(save_pair(kind, tmp_path).double())
    templates = ("{}", "{} gave", "a {}")
    model = ws.load_model((pair, Both(tmp_path)), classes="Mary, a drink", templates=templates)
    tokenizer = Both(tmp_path).tokenizer
    vectors = []
    with torch.no_grad():
        for name in ("Mary", "a drink"):
            rows = []
            for template in templates:
                sentence = template.replace("{}", name)
                options = {"padding": "max_length", "max_length": 9} if kind == "Siglip" else {}
                sentence = sentence.lower() if kind == "Siglip" else sentence
                read = tokenizer(sentence, return_tensors="pt", **options)["input_ids"]  # SigLIP reads padding too
                found = pair.get_text_features(input_ids=read).pooler_output
                rows.append(functional.normalize(found[0], dim=0))
            vectors.append(functional.normalize(torch.stack(rows).mean(0), dim=0))
        image = functional.normalize(pair.get_image_features(pixels(0)).pooler_output, dim=-1)
        expected = image @ torch.stack(vectors).T * pair.logit_scale.exp()
        expected = expected + pair.logit_bias if kind == "Siglip" else expected
    assert (ws.Session(model, model.pair(pixels(0))).clean.answer - expected).abs().max() <= TOLERANCE


def test_a_folder_opens_as_an_embedding_until_it_has_class_texts(tmp_path: Path) -> None:
    pair: Any = save_pair("CLIP", tmp_path)
    bare = ws.load_model(tmp_path)
    assert NO_CLASSES in bare.notes
    assert not bare.has_head
    with torch.no_grad():
        expected = pair.get_image_features(pixels(0).float()).pooler_output
    assert (ws.Session(bare, bare.pair(pixels(0).float())).clean.answer - expected).abs().max() < 1e-5
    model = with_class_texts(bare, ClassTexts(CLASSES, ("{}",)))
    assert NO_CLASSES not in model.notes
    assert model.adapter.blocks[0] is bare.adapter.blocks[0]
    again = ws.load_model(model.name)  # the classes are in the name
    assert (again.name, again.class_names) == (model.name, CLASSES)
    assert torch.equal(again.adapter.module.class_vectors, model.adapter.module.class_vectors)
    assert with_class_texts(model, None).name == bare.name


def test_everything_runs_with_class_texts_and_the_whole_pair_is_exported(tmp_path: Path) -> None:
    save_pair("Siglip", tmp_path / "pair")
    model = ws.load_model(tmp_path / "pair", classes=CLASSES, templates=TEMPLATE)
    a, b = (Image.new("RGB", (IMAGE, IMAGE), colour) for colour in ("red", "navy"))
    session = ws.Session(model, model.pair(a, b), ws.logit_difference("Mary", "a drink"))
    scores = ws.trace(session, "eap-ig")
    assert ws.faithfulness(session, scores).recovered[-1] == pytest.approx(1, abs=1e-3)
    edits = [ws.Edit("a0.h1", "zero")]
    edited = session.run(edits)
    assert edited.metric.item() != session.clean.metric.item()
    with torch.no_grad():
        applied = ws.apply(model, edits, session)(pixel_values=session.pair.clean.tensor).logits
        assert (applied - edited.answer).abs().max() < 1e-5
    assert ws.export_model(model, edits, tmp_path / "out", session).form == "weights"
    opened = ws.load_model(tmp_path / "out")  # its config.json says which classes it had
    assert opened.class_names == CLASSES
    assert (ws.Session(opened, opened.pair(a)).clean.answer - edited.answer).abs().max() < 1e-5
    whole = transformers.SiglipModel.from_pretrained(tmp_path / "out")
    with torch.no_grad():
        own = whole(input_ids=ids(tmp_path / "out", "Siglip"), pixel_values=session.pair.clean.tensor).logits_per_image
    assert (own - edited.answer).abs().max() < 1e-5


def test_what_nodes_write_adds_up_to_the_logits(tmp_path: Path) -> None:
    pair = keep_precision(save_pair("CLIP", tmp_path).double())
    model = ws.load_model((pair, Both(tmp_path)), classes=CLASSES, templates="{}")
    session = ws.Session(model, model.pair(pixels(0)), ws.class_logit("Mary"))
    found = ws.direct_attribution(session, session.clean)
    assert found.values.sum() + found.biases == pytest.approx(found.total, abs=1e-9)
    assert found.total == pytest.approx(session.clean.metric.item(), abs=1e-9)


def test_a_name_with_classes_reads_back() -> None:
    texts = class_texts(["50 % off & more", "a/b: c?", "naïve 猫"], ["a {}, = x"])
    name = with_texts("/models/clip", texts)
    assert base_name(name) == "/models/clip"
    assert texts_in(name) == texts
    assert "/" not in name.removeprefix("/models/clip")
    assert with_texts(name, None) == "/models/clip"
    assert texts_in("bundled:names") is None


@pytest.mark.parametrize(
    ("classes", "templates", "said"),
    [
        ("red circle", None, "at least two"),
        (["Mary", "mary "], None, "twice"),
        ("Mary, a drink", "a picture", "does not have {} once"),
        ("Mary, a drink", ["{} and {}"], "does not have {} once"),
        ([f"c{number}" for number in range(1001)], None, "1000 is the most"),
        (["Mary", 3], None, "not int"),
        ("Mary, " + "a drink to the store " * 4, "{}", "tokens"),
        ("Mary, 猫", "{}", "does not know the word 猫"),
    ],
)
def test_bad_class_texts_are_refused_with_the_reason(classes: Any, templates: Any, said: str, tmp_path: Path) -> None:
    save_pair("CLIP", tmp_path)
    with pytest.raises(ArgumentError) as caught:
        ws.load_model(tmp_path, classes=classes, templates=templates)
    assert said in caught.value.message
    assert caught.value.hint


def test_models_whose_classes_are_no_texts_refuse_them() -> None:
    with pytest.raises(ArgumentError, match="are no texts"):
        ws.load_model("bundled:shapes", classes="red, blue")
    with pytest.raises(ModelError, match=r"Siglip2Model.*SiglipModel"):
        ws.load_model((transformers.Siglip2Model(transformers.Siglip2Config(
            text_config={"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 11},
            vision_config={"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
        )), None))  # fmt: skip
