"""Built-in tasks: every row runs on the model that it was made for, and says what its task promises."""

from __future__ import annotations

import re
from random import Random

import pytest

from core.errors import ArgumentError, InputError
from core.inputs.tasks import TASKS, make_task, match_task, tasks_for
from core.inputs.tasks.greater_than import by_decade
from core.inputs.tasks.task import Row, Task, draw
from core.models.loading import load_model
from core.models.model import Model
from core.positions import parse_roles
from core.session import Session
from tests.app.models import save_dinov2
from tests.small_models import small_text_model

TEXT_TASKS = [task.name for task in TASKS.values() if task.kind == "text"]


WRITTEN = {
    "induction": 5,
    "docstring": 5,
}  # one repeated word alone is no sign of the first; some of the second are prose


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("bundled:names")


@pytest.fixture(scope="module")
def models_that_see(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("models") / "dinov2"
    save_dinov2(folder)
    return {"shapes": load_model("bundled:shapes"), "dinov2": load_model(str(folder))}


@pytest.mark.parametrize("name", TEXT_TASKS)
def test_rows_fit_the_model_and_follow_the_seed(model: Model, name: str) -> None:
    made = make_task(name, model, pairs=12, seed=3)
    assert made == make_task(name, model, pairs=12, seed=3)
    assert made.pairs != make_task(name, model, pairs=12, seed=4).pairs
    assert len(made.pairs) == len(made.answers) == len(set(made.pairs)) == 12
    for (clean, counterfactual), (target, foil) in zip(made.pairs, made.answers, strict=True):
        pair = model.pair(clean, counterfactual)  # aligned, or it raises
        assert not bool((pair.clean.tensor == pair.counterfactual.tensor).all())  # type: ignore[union-attr]
        assert model.answer(target) != model.answer(foil)  # one token each, or it raises


@pytest.mark.parametrize(
    ("name", "least"), [("ioi", 0.9), ("agreement", 0.8), ("capitals", 0.9), ("greater-than", 0.8)]
)
def test_the_model_that_was_trained_on_it_prefers_the_target_on_a(model: Model, name: str, least: float) -> None:
    from core.metrics import logit_difference

    made = make_task(name, model, pairs=20)
    right = 0
    for (clean, counterfactual), answers in zip(made.pairs, made.answers, strict=True):
        session = Session(model, model.pair(clean, counterfactual), logit_difference(*answers))
        assert session.counterfactual is not None
        right += float(session.clean.metric[0]) > max(0.0, float(session.counterfactual.metric[0]))
    assert right >= least * 20


@pytest.mark.parametrize("name", TEXT_TASKS)
def test_a_tasks_own_sentences_get_a_counterfactual(model: Model, name: str) -> None:
    found = [match_task(model, str(clean), seed) for seed, (clean, _) in enumerate(make_task(name, model, 10).pairs)]
    mine = [match[1] for match in found if match is not None and match[0].name == name]
    assert len(mine) >= WRITTEN.get(name, 10)
    for row in mine:
        model.pair(row.clean, row.counterfactual)
        assert row.clean != row.counterfactual


def test_known_sentences_are_matched_as_the_field_would(model: Model) -> None:
    def matched(text: str):
        found = match_task(model, text)
        return None if found is None else (found[0].name, found[1].target, found[1].foil)

    assert matched("When Mary and John went to the store, John gave a drink to") == ("ioi", " Mary", " John")
    assert matched("The keys to the cabinet") == ("agreement", " are", " is")
    assert matched("Yesterday the guard behind the doors") == ("agreement", " was", " were")
    task, row = match_task(model, "The war lasted from 1732 to 17") or (None, None)
    assert task is TASKS["greater-than"]
    assert row is not None
    assert row.counterfactual == "The war lasted from 1701 to 17"
    assert int(row.foil) < 32 < int(row.target)
    assert matched("The store is full") is None


def test_rows_that_do_not_fit_are_dropped_with_the_reason() -> None:
    module, tokenizer = small_text_model()
    other = load_model((module, tokenizer))
    with pytest.raises(
        InputError,
        match=r"No pair of the task Agreement fits .*: 16 did not fit .*: (A has|The prompt has|The answer) ",
    ):
        make_task("agreement", other)


def test_one_digit_tokens_ask_for_the_decade() -> None:
    for seed in range(50):
        row = by_decade(Random(seed))
        found = re.search(r"\d\d(\d)\d", str(row.clean))
        assert found is not None
        assert int(row.foil) < int(found[1]) < int(row.target)


def test_shapes_are_pictures_with_class_names(model: Model) -> None:
    vision = load_model("bundled:shapes")
    made = make_task("shapes", vision, pairs=6)
    assert [task.name for task in tasks_for(vision)] == ["shapes"]
    assert all(task.kind == "text" for task in tasks_for(model))
    right = 0
    for (clean, counterfactual), (target, foil) in zip(made.pairs, made.answers, strict=True):
        session = Session(vision, vision.pair(clean, counterfactual))
        assert session.counterfactual is not None
        right += [result.top(1)[0].label for result in (session.clean, session.counterfactual)] == [target, foil]
    assert right >= 5


def test_indirect_objects_come_in_both_orders_and_b_names_a_third(model: Model) -> None:
    orders = set()
    for (clean, counterfactual), (target, foil) in zip(*_rows("ioi", model, 40), strict=True):
        first = min((target.strip(), foil.strip()), key=clean.index)
        orders.add(first == foil.strip())  # BABA where the giver is named first, else ABBA
        assert (clean.count(foil.strip()), clean.count(target.strip())) == (2, 1)
        changed = [(a, b) for a, b in zip(clean.split(), counterfactual.split(), strict=True) if a != b]
        ((was, third),) = changed
        assert was == foil.strip()
        assert third not in clean
    assert orders == {True, False}


def _rows(name: str, model: Model, pairs: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    made = make_task(name, model, pairs)
    return [(str(a), str(b)) for a, b in made.pairs], list(made.answers)


def test_fewer_pairs_than_asked_for_are_told_and_none_comes_twice(model: Model) -> None:
    """A task of which only three sentences can be made, and one of them has an answer of two tokens."""
    countries = [("France", "Paris"), ("Spain", "Madrid"), ("Chile", "Santiago of Chile")]

    def sample(rng: Random) -> Row:
        country, city = rng.choice(countries)
        return Row(f"The capital of {country} is", "The capital of Peru is", f" {city}", " Lima")

    made = draw(Task("few", "Few", "", lambda model: (sample,)), model, pairs=10, seed=0)
    assert sorted(answers[0] for answers in made.answers) == [" Madrid", " Paris"]
    assert made.words().startswith(
        "Only 2 different pairs of 10 could be made; 1 did not fit this model (1: an answer that is not one token)"
    )


def test_printed_words_are_for_models_that_read_and_see() -> None:
    reader = load_model("bundled:captions")
    assert [task.name for task in tasks_for(reader)] == ["printed-words", "shapes"]
    made = make_task("printed-words", reader, pairs=6)
    assert len(made.pairs) == len(set(made.names)) == 6
    misled = 0
    for (attacked, plain), (word, shape) in zip(made.pairs, made.answers, strict=True):
        session = Session(reader, reader.pair(attacked, plain))
        assert session.counterfactual is not None
        misled += [result.top(1)[0].label for result in (session.clean, session.counterfactual)] == [word, shape]
    assert misled >= 4


def test_photographs_are_for_models_that_see_and_know_no_shapes(models_that_see: dict[str, Model]) -> None:
    for name, model in models_that_see.items():
        fitting = [task.name for task in tasks_for(model)]
        assert fitting == {"shapes": ["shapes"], "dinov2": ["shapes", "photographs", "blurred"]}[name]
    model = models_that_see["dinov2"]
    for task in ("photographs", "blurred"):
        made = make_task(task, model, pairs=6, seed=1)
        assert len(set(made.names)) == 6
        again = make_task(task, model, pairs=6, seed=1)
        for (a, b), (same_a, same_b) in zip(made.pairs, again.pairs, strict=True):
            assert (a.tobytes(), b.tobytes()) == (same_a.tobytes(), same_b.tobytes())  # type: ignore[union-attr]
            pair = model.pair(a, b)
            session = Session(model, pair)
            assert float(session.clean.metric[0]) > 0.01  # B is seen as something else
            model.check_aligned(pair.clean, pair.counterfactual)  # type: ignore[arg-type]


def test_what_cannot_be_made_is_said(model: Model) -> None:
    with pytest.raises(ArgumentError, match="ioi"):
        make_task("indirect", model)
    with pytest.raises(InputError, match="Shape swap"):
        make_task("shapes", model)
    with pytest.raises(InputError, match="at least one"):
        make_task("ioi", model, pairs=0)


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("ioi", {"first", "second", "repeated", "end"}),
        ("agreement", {"subject", "p", "other", "end"}),
        ("capitals", {"country", "end"}),
        ("greater-than", {"year", "century", "end"}),
        ("induction", {"told", "end"}),
    ],
)
def test_rows_say_what_their_template_names(model: Model, name: str, roles: set[str]) -> None:
    made = make_task(name, model, pairs=8, seed=1)
    for (clean, counterfactual), text in zip(made.pairs, made.roles, strict=True):
        pair = model.pair(clean, counterfactual)
        spans = parse_roles(text, pair.length)
        assert roles <= {*spans}
        assert spans["end"] == ((pair.length - 1, pair.length),)
        assert pair.counterfactual is not None
        (changed,) = (pair.clean.tensor != pair.counterfactual.tensor).nonzero()[:, 1].unique().split(10**6)
        (start, stop), *_ = spans[{"ioi": "repeated", "agreement": "subject", "capitals": "country",
                                   "greater-than": "year", "induction": "told"}[name]]  # fmt: skip
        assert all(start <= int(position) < stop for position in changed), "what differs in B has a name"
