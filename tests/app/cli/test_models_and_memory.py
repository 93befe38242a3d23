"""The command line with models that take ids, with every answer that `run` prints, and with less or more memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wirescope as ws
from core.datasets.metric_words import parse_metric
from core.tracing.over_pairs import sessions_over
from tests.app.command_line import code_of
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.small_models import small_model


def test_a_folder_without_a_tokenizer_is_run_and_traced_on_ids(tmp_path: Path, capsys) -> None:
    small_model("llama").float().save_pretrained(tmp_path)  # type: ignore[operator]
    pair = ("--model", str(tmp_path), "--clean", "4 11 7", "--counterfactual", "ids: 4 12 7")
    assert code_of("run", *pair, "--edit", "m0=patch", "--json") == 0
    out, err = capsys.readouterr()
    assert "takes token ids" in err
    first, second = (row["answer"] for row in json.loads(out)["predictions"][:2])
    assert first.startswith("#")
    assert code_of("run", *pair, "--metric", f"logit_difference:{first}:{second}") == 0
    assert f'logit("{first}") − logit("{second}")' in capsys.readouterr().out
    out = str(tmp_path / "scores.json")
    assert code_of("trace", *pair, "--metric", f"logit_difference:{first}:{second[1:]}", "--out", out) == 0
    assert code_of("run", *pair[:2], "--clean", "When Mary gave") == 3
    assert "464 3139 286" in capsys.readouterr().err


def test_every_answer_that_run_prints_can_be_given_back(models, capsys) -> None:
    given = ("--model", str(models.llama), "--clean", CLEAN, "--json")
    assert code_of("run", *given) == 0
    rows = json.loads(capsys.readouterr().out)["predictions"]
    for row in rows[:6]:
        assert code_of("run", *given, "--metric", f"probability:{row['answer']}") == 0
        assert json.loads(capsys.readouterr().out)["before"] == pytest.approx(row["before"], rel=1e-4)


def test_colons_and_numbers_are_answers() -> None:
    def answers(text: str) -> tuple[object, object]:
        metric = parse_metric(text)
        return metric.target, metric.foil

    assert answers("logit_difference: Mary: John") == (" Mary", " John")
    assert answers("logit_difference::: a") == (":", " a")
    assert answers("logit_difference: a::") == (" a", ":")
    assert answers("logit_difference:#5:id:7") == ("#5", "id:7")
    assert answers("logit_difference:id:7: a") == ("id:7", " a")
    assert answers("probability::") == (":", None)
    assert answers("kl") == (None, None)


@pytest.mark.parametrize("command", ["run", "export", "trace", "evaluate"])
def test_memory_is_handed_on(command: str, models, tmp_path: Path, capsys) -> None:
    """With less than a run needs each command says how much it needs; with more it goes on."""
    scores = str(tmp_path / "scores.json")
    pair = ("--model", str(models.gpt2), "--clean", CLEAN, "--counterfactual", COUNTERFACTUAL)
    assert code_of("trace", *pair, "--out", scores) == 0
    arguments = {
        "run": ("run", *pair),
        "export": ("export", *pair, "--format", "json", "--out", str(tmp_path / "circuit.json")),
        "trace": ("trace", *pair, "--out", scores),
        "evaluate": ("evaluate", scores),
    }[command]
    capsys.readouterr()
    assert code_of(*arguments, "--memory", "900") == 0
    assert code_of(*arguments, "--memory", "0") == 2
    assert "--memory" in capsys.readouterr().err


def test_too_little_memory_for_one_pair_is_told(models, tmp_path: Path, capsys) -> None:
    rows = tmp_path / "pairs.csv"
    clean, counterfactual = " ".join([CLEAN] * 10), " ".join([COUNTERFACTUAL] * 10)
    rows.write_text("clean,counterfactual\n" + f'"{clean}","{counterfactual}"\n' * 2)
    given = ("--model", "bundled:names", "--dataset", str(rows), "--out", str(tmp_path / "scores.json"))
    assert code_of("trace", *given, "--memory", "1") == 3
    assert "the budget is 1 MB" in capsys.readouterr().err


def test_batches_of_a_dataset_have_the_memory_of_their_session() -> None:
    model = ws.load_model((small_model("gpt2"), None))
    pairs = [model.pair("4 11 7", "4 12 7"), model.pair("4 11", "4 12")]
    session = ws.Session(model, pairs[0], memory_megabytes=8000)
    assert [each.engine.memory for each in sessions_over(session, ws.Dataset(pairs))] == [8000 * 2**20] * 2
