"""Going on with a text: what transformers' `generate` writes, and with edits what a whole run for each token gives."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.errors import Cancelled
from core.models.bundled import bundled_folder
from core.models.loading import _from_folder
from tests.core.engine.cases import case
from tests.small_models import small_text_model

PROMPT = "When Mary and John went to the store, John gave a drink to"


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma3", "cohere2", "gpt-oss", "qwen2-moe"])
def test_the_greedy_text_is_the_librarys(family: str) -> None:
    setup = case(family)
    ids = setup.pair.clean.tensor[:, :3]
    session = ws.Session(setup.model, setup.model.pair(ids))
    found = list(session.generate(8))
    own = setup.module.generate(ids, max_new_tokens=8, do_sample=False)  # type: ignore[operator]
    assert [token.index for token in found] == own[0, 3:].tolist()
    assert [token.position for token in found] == list(range(3, 3 + len(found)))


def test_edits_act_on_each_token_as_in_whole_runs() -> None:
    setup = case("llama-grouped", batch=2)
    ids = setup.pair.clean.tensor[:, :4]
    session = ws.Session(setup.model, setup.model.pair(ids))
    edits = [
        ws.Edit("m0->a1.h2<q>", "zero"),
        ws.Edit("a2.h1", "scale", value=-1.0),
        ws.Edit("m1", "zero", positions=[2]),
    ]
    for row in range(2):
        written = ids[row : row + 1]
        for token in session.generate(6, edits=edits, row=row):
            whole = ws.Session(setup.model, setup.model.pair(written)).run(edits).answer[0]
            assert token.index == int(whole.argmax())
            assert token.probability == pytest.approx(float(whole.softmax(-1)[token.index]), abs=1e-6)
            written = torch.cat([written, torch.tensor([[token.index]])], dim=1)
        assert written.shape[1] == 10


def test_the_bundled_model_writes_what_the_library_writes() -> None:
    """It has a key cache of its own."""
    model, library = ws.load_model("bundled:names"), _from_folder(bundled_folder("names"), "names", "names")
    session = ws.Session(model, model.pair(PROMPT))
    found = list(session.generate(8))
    module = library.adapter.module
    ids = session.pair.clean.tensor
    own = module.generate(ids, max_new_tokens=8, do_sample=False)[0, ids.shape[1] :].tolist()
    assert [token.index for token in found] == own
    assert found[0].label == session.clean.top(1)[0].label
    assert found[-1].ends == (own[-1] == module.generation_config.eos_token_id)
    cut = [ws.Edit("m0", "zero")]
    assert [token.index for token in session.generate(8, edits=cut)] != own
    with torch.no_grad():
        first = model.adapter.module(ids[:, :5], use_cache=True)
        rest = model.adapter.module(ids[:, 5:], use_cache=True, cache=first.cache)
        assert (rest.logits - model.adapter.module(ids).logits[:, 5:]).abs().max() < 1e-4


def test_what_is_drawn_is_drawn_by_the_seed_and_can_be_stopped() -> None:
    model = ws.load_model(small_text_model())
    session = ws.Session(model, model.pair("When Mary gave"))
    drawn = [[token.index for token in session.generate(6, temperature=1.5, seed=seed)] for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len({tuple(each) for each in drawn}) > 1
    asked = iter([False, False, True])
    found = session.generate(6, cancelled=lambda: next(asked))
    assert len([next(found), next(found)]) == 2
    with pytest.raises(Cancelled):
        next(found)
    assert len(list(session.generate(500))) <= 16 - session.pair.length  # the context is full
    coldest = [token.index for token in session.generate(6, temperature=1e-40)]
    assert coldest == [token.index for token in session.generate(6)]
    for options in ({"tokens": 0}, {"temperature": -1.0}, {"temperature": float("nan")}, {"seed": 10**20}):
        with pytest.raises(ws.WirescopeError):
            session.generate(**options)  # type: ignore[arg-type]


def test_a_model_that_writes_no_text_says_so() -> None:
    with pytest.raises(ws.WirescopeError, match="writes no text"):
        case("vit-classifier").session().generate()
