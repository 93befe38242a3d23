"""Few-shot tasks and their prompts."""

from __future__ import annotations

import pytest

import wirescope as ws
from core.errors import ArgumentError, InputError
from core.inputs.few_shot import chosen_tasks, few_shot_prompts, few_shot_tasks, read_task, usable_rows


def test_the_bundled_tasks() -> None:
    tasks = few_shot_tasks()
    assert len(tasks) >= 12
    assert {"antonym", "plural", "capital-city", "past-tense", "alphabetic-first", "list-second"} <= set(tasks)
    for task in tasks.values():
        assert len(task.rows) == len(set(task.rows)) > 20
        if task.kind == "extractive":
            assert all(answer in asked.split(", ") for asked, answer in task.rows)
    assert all(answer == min(asked.split(", ")) for asked, answer in tasks["alphabetic-first"].rows)
    assert [task.name for task in chosen_tasks(["plural", "plural"])] == ["plural"]
    with pytest.raises(ArgumentError, match="no few-shot task 'plurals'"):
        chosen_tasks(["plurals"])


def test_prompts_are_drawn_alike_and_shuffled() -> None:
    model, task = ws.load_model("bundled:names"), few_shot_tasks()["plural"]
    prompts, again, shuffled = (few_shot_prompts(task, model, 4, 3, shuffled=each) for each in (False, False, True))
    assert prompts == again
    assert prompts.answers == shuffled.answers
    rows = {(asked, answer): token for asked, answer, token in usable_rows(task, model)}
    for text, mixed, token in zip(prompts.texts, shuffled.texts, prompts.answers, strict=True):
        *shown, asked = text.split("\n")
        assert len(shown) == 3
        assert all(tuple(line.split(": ")) in rows for line in shown)
        assert token in {rows[row] for row in rows if row[0] == asked.removesuffix(":")}
        pairs = [tuple(line.split(": ")) for line in mixed.split("\n")[:-1]]
        assert sorted(answer for _, answer in pairs) == sorted(line.split(": ")[1] for line in shown)
        assert not any(pair in rows for pair in pairs)


def test_a_tokenizer_that_splits_every_answer_is_said() -> None:
    with pytest.raises(InputError, match="0 of 40 answers are one token of names, and 7 are needed"):
        few_shot_prompts(few_shot_tasks()["comparative"], ws.load_model("bundled:names"), 2, 5)


@pytest.mark.parametrize("text", ["", "hot\tcold\n", "# A\n# other\nhot\tcold\n", "# A\n# abstract\nhot cold\n"])
def test_files_that_are_no_tasks(text: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_task("mine", text)
