"""Few-shot tasks: pairs of words, and prompts that show some of them and ask for one more.

    hot: cold
    big: small
    fast:              -> " slow"

The tasks are files in resources/few_shot; a file of one's own has the same form. Answers are single tokens of the
model, so that they are right or wrong; pairs whose answer is split are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random

from core.errors import ArgumentError, InputError
from core.inputs.model_inputs import ModelInputs

KINDS = ("abstract", "extractive")
SHUFFLES = 20  # tries at showing no right answer


@dataclass(frozen=True)
class FewShotTask:
    """kind: whether the answer stands in what is asked (extractive) or not (abstract). rows: what is asked, and the
    answer."""

    name: str
    title: str
    kind: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FewShotPrompts:
    """Prompts of one task, and the token that answers each."""

    task: FewShotTask
    texts: tuple[str, ...]
    answers: tuple[int, ...]


@cache
def few_shot_tasks() -> dict[str, FewShotTask]:
    """The bundled tasks by name."""
    folder = resources.files("resources") / "few_shot"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".txt")), key=lambda entry: entry.name)
    tasks = [read_task(entry.name.removesuffix(".txt"), entry.read_text(encoding="utf-8")) for entry in files]
    return {task.name: task for task in tasks}


def read_task(name: str, text: str) -> FewShotTask:
    """A task from the text of its file. Raises InputError."""
    title, kind, *lines = [*(line for line in text.split("\n") if line.strip()), "", ""]
    kind = kind.removeprefix("#").strip()
    rows = tuple((asked, answer) for asked, _, answer in (line.partition("\t") for line in lines if line))
    if not title.startswith("#") or kind not in KINDS or not all(asked and answer for asked, answer in rows):
        raise InputError(
            f"The few-shot task {name} cannot be read.",
            f"Its lines are: # title, # {' or '.join(KINDS)}, and then pairs with a tab between.",
        )
    return FewShotTask(name, title.removeprefix("#").strip(), kind, rows)


def chosen_tasks(names: Sequence[str] | None) -> list[FewShotTask]:
    """The tasks of these names, or all. Raises ArgumentError."""
    tasks = few_shot_tasks()
    if names is None:
        return list(tasks.values())
    for name in names:
        if name not in tasks:
            raise ArgumentError(f"There is no few-shot task {name!r}.", f"There are: {', '.join(tasks)}.")
    return [tasks[name] for name in dict.fromkeys(names)]


def usable_rows(task: FewShotTask, model: ModelInputs) -> list[tuple[str, str, int]]:
    """What is asked, the answer and its token, of the pairs whose answer is one token."""
    rows = []
    for asked, answer in task.rows:
        ids = model.tokenizer(f" {answer}", add_special_tokens=False)["input_ids"]
        if len(ids) == 1:
            rows.append((asked, answer, int(ids[0])))
    return rows


def few_shot_prompts(
    task: FewShotTask, model: ModelInputs, count: int, shots: int, seed: int = 0, shuffled: bool = False
) -> FewShotPrompts:
    """Prompts that show `shots` pairs and ask for another; the same for the same seed, and the same pairs whether
    shuffled or not.

    shuffled: the answers shown change places, so that none is right where that is possible (Todd et al. 2024, "Function
    Vectors in Large Language Models", section 2.3). Raises InputError where too few answers are one token.
    """
    rows = usable_rows(task, model)
    if len(rows) <= shots + 1:
        raise InputError(
            f"{task.title}: {len(rows)} of {len(task.rows)} answers are one token of {model.title}, and "
            f"{shots + 2} are needed.",
            "Show fewer examples, or take tasks of words that its tokenizer does not split.",
        )
    rng = Random(f"{task.name}/{shots}/{seed}")
    texts: list[str] = []
    answers: list[int] = []
    for _ in range(count):
        *shown, asked = rng.sample(rows, shots + 1)
        given = [answer for _, answer, _ in shown]
        if shuffled:
            given = _shuffled(given, Random(f"{task.name}/{shots}/{seed}/{len(texts)}"))
        lines = [f"{question}: {answer}" for (question, _, _), answer in zip(shown, given, strict=True)]
        texts.append("\n".join([*lines, f"{asked[0]}:"]))
        answers.append(asked[2])
    return FewShotPrompts(task, tuple(texts), tuple(answers))


def _shuffled(given: Sequence[str], rng: Random) -> list[str]:
    """The same answers at other places, as few as possible at their own."""
    best, least = list(given), len(given)
    for _ in range(SHUFFLES):
        order = list(given)
        rng.shuffle(order)
        same = sum(one == other for one, other in zip(order, given, strict=True))
        if same < least:
            best, least = order, same
    return best


def chance(task: FewShotTask, model: ModelInputs) -> float:
    """How often the commonest answer is right."""
    answers = [token for _, _, token in usable_rows(task, model)]
    return max(map(answers.count, answers)) / len(answers)
