"""Examples of a fault, what the model answers to them, and the repair. Runs in the worker's thread, the search beside
it; imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from app.features.repair.queries import (
    Answered,
    AnswersQuery,
    AnswersReply,
    Example,
    ExamplesQuery,
    ExamplesReply,
    ExportRepairQuery,
    ExportRepairReply,
    Figures,
    KeptRepair,
    RepairProgress,
    RepairQuery,
    RepairReply,
    Share,
)
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.background_work import BackgroundWork, Stopped, Told
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.edits import KINDS
from core.errors import Cancelled, InputError, WirescopeError
from core.formatting import counted
from core.inputs.file_kinds import PICTURES
from core.inputs.real_files import check_real_file
from core.models.model import Model
from core.project.document import PairSource, Source
from core.repair import examples as made
from core.repair import proof
from core.repair.find import Search
from core.repair.repair import HELD_OUT, Repair, repair

AT_ONCE = 64  # examples that are asked together
MOST = 20_000  # examples of the window
WAIT = 0.05  # seconds between two looks at a search
PHASES = {"find": "Finding the cuts", "cut": "Cutting", "prove": "Proving the repair"}


def handle_examples(query: ExamplesQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Read them. Raises InputError."""
    path, model = Path(query.path), cache.session.model
    send(ProgressReply(request.number, f"Reading {path.name}"))
    given = _by_class(path, model) if path.is_dir() else _of_file(path, model)
    if not given:
        raise InputError(f"{path.name} has no examples.", made.FORM)
    if len(given) > MOST:
        raise InputError(f"{path.name} has {len(given):,} examples, and {MOST:,} are the most.", "Take a part of it.")
    triggered = sum(each.triggered for each in given)
    words = f"{counted(len(given), 'example')} of {path.name}, {triggered:,} of them triggered."
    send(ExamplesReply(request.number, query, tuple(given), words))


def _of_file(path: Path, model: Model) -> list[Example]:
    check_real_file(str(path))
    read = made.read_examples(path)
    if not model.is_text:
        read = made.with_pictures(read, path.parent)
    return [Example(str(each.input), each.answer, each.triggered) for each in read]


def _by_class(folder: Path, model: Model) -> list[Example]:
    """A picture in a folder of its class each."""
    if model.is_text:
        raise InputError(f"{folder.name} is a folder, and {model.title} reads text.", "Drop a file of JSON lines.")
    try:
        places = sorted(place for place in folder.iterdir() if place.is_dir())
        pictures = [
            Example(str(picture), place.name)
            for place in places
            for picture in sorted(place.iterdir())
            if picture.suffix.lower() in PICTURES and picture.is_file()
        ]
    except OSError as error:
        raise InputError(f"{folder.name} cannot be read: {error.strerror}.") from None
    if not pictures:
        raise InputError(
            f"{folder.name} has no pictures in folders of their classes.", "Put each picture into a folder CLASS/."
        )
    return pictures


def handle_answers(query: AnswersQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Ask the model, some examples at a time; what is known of them by now goes out as it comes."""
    model, examples = cache.session.model, query.examples
    others = _contradictions(examples)
    known = cache.kept.setdefault(("repair answers", examples), [])
    while len(known) < len(examples):
        if cancelled():
            raise Cancelled
        part = examples[len(known) : len(known) + AT_ONCE]
        known.extend(_ask(model, part))
        send(ProgressReply(request.number, "Asking the model", len(known) / len(examples)))
        if len(known) < len(examples):
            send(AnswersReply(request.number, query, _with(known, others), done=False))
    send(AnswersReply(request.number, query, _with(known, others), done=True))


def _with(known: Sequence[Answered], problems: dict[int, str]) -> tuple[Answered, ...]:
    return tuple(replace(each, problem=each.problem or problems.get(place, "")) for place, each in enumerate(known))


def _contradictions(examples: Sequence[Example]) -> dict[int, str]:
    """What is wrong with examples beside others, by their place."""
    first: dict[str, tuple[int, Example]] = {}
    wrong = {}
    for place, example in enumerate(examples):
        before, same = first.setdefault(example.input, (place, example))
        if str(same.answer) != str(example.answer):
            words = f"This input has two right answers: {same.answer} in row {before + 1}, {example.answer} in row "
            wrong[before] = wrong[place] = f"{words}{place + 1}. Correct one of them, or delete it."
        elif same.triggered != example.triggered:
            words = f"Row {before + 1} and row {place + 1} are the same input, once triggered and once not."
            wrong[before] = wrong[place] = f"{words} Say once whether the fault is expected there."
    return wrong


def _ask(model: Model, examples: Sequence[Example]) -> list[Answered]:
    """Some examples together, or, where one does not fit, each alone."""
    try:
        unanswered = [each for each in examples if each.answer == "" and not each.triggered]
        if unanswered:
            raise InputError("It has no right answer.", "Write one (F2), or mark it: its input is then suspicious.")
        asked = [replace(each, answer=0) if each.answer == "" else each for each in _first_of_each(examples)]
        batch = made.batch_of(model, _plain(asked))
        ids = proof.answers(model, batch).argmax(dim=-1).tolist()
    except Cancelled:
        raise
    except WirescopeError as error:
        if len(examples) == 1:
            return [Answered(problem=str(error))]
        return [answered for example in examples for answered in _ask(model, [example])]
    labels = dict(zip((each.input for each in _first_of_each(examples)), ids, strict=True))
    return [
        Answered(
            model.label(labels[each.input]),
            None if each.answer == "" else labels[each.input] == model.checked_answer(each.answer),
        )
        for each in examples
    ]


def _first_of_each(examples: Sequence[Example]) -> list[Example]:
    """One of each input: two right answers are no reason not to ask."""
    return list({each.input: each for each in reversed(examples)}.values())


def _plain(examples: Sequence[Example]) -> list[made.Example]:
    return [made.Example(each.input, each.answer, each.triggered) for each in examples]


def handle_repair(query: RepairQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Begin the search, or join it, and wait for its end. Raises Cancelled for this request alone: the search goes on
    until the query says that it is to stop. Raises InputError."""
    model, name = cache.session.model, ("repair work", query.stop.name)
    if name not in cache.of_model:
        cache.of_model[name] = BackgroundWork(query.stop.is_set)
    work: BackgroundWork = cache.of_model[name]
    work.begin(lambda told, stopped: _repair(model, query, told, stopped))
    while not work.over.wait(WAIT):
        if cancelled():
            raise Cancelled
        words = PHASES.get(work.phase, "Reading the examples")
        send(ProgressReply(request.number, words, work.share if work.phase else None))
        send(RepairProgress(request.number, query, work.phase, work.share))
    made_repair: Repair = work.result()
    kept = _kept(made_repair, model, query)
    cache.of_model["repair", kept] = made_repair  # which is written as it is, where it is to be
    send(RepairReply(request.number, query, kept))


def _parts(query: RepairQuery) -> tuple[int, list[made.Example], list[made.Example]]:
    """How many examples there are, and of those that differ the triggered and the clean ones."""
    examples = [each for each in _plain(query.examples) if query.knowledge != "clean" or not each.triggered]
    bad, good = (made.distinct([each for each in examples if each.triggered == side]) for side in (True, False))
    return len(examples), bad, good


def _repair(model: Model, query: RepairQuery, told: Told, stopped: Stopped) -> Repair:
    _, bad, good = _parts(query)
    use_good, proof_good = made.split(good, HELD_OUT, 0)
    use_bad, proof_bad = (bad, []) if query.knowledge == "suspicious" else made.split(bad, HELD_OUT, 0)
    return repair(
        model,
        use_bad,
        use_good,
        budget=query.budget,
        level=query.level,  # type: ignore[arg-type]
        held_out=(proof_bad, proof_good),
        knowledge=query.knowledge,  # type: ignore[arg-type]
        progress=told,
        cancelled=stopped,
    )


def _kept(made_repair: Repair, model: Model, query: RepairQuery) -> KeptRepair:
    """What of a repair is shown, and kept by a project."""
    count, bad, good = _parts(query)
    use_good, _ = made.split(good, HELD_OUT, 0)
    kind: Literal["text", "image"] = "text" if model.is_text else "image"
    return KeptRepair(
        edits=made_repair.edits,
        level=made_repair.level,
        kind=made_repair.kind,
        knowledge=made_repair.knowledge,
        budget=made_repair.budget,
        used=(_figures(made_repair.used), _figures(made_repair.used_after)),
        held_out=(_figures(made_repair.before), _figures(made_repair.after)),
        edges_cut=made_repair.cut,
        edges=made_repair.edges,
        made=made_repair.made,
        made_for_proof=made_repair.made_for_proof,
        runs=made_repair.runs,
        repeats=count - len(bad) - len(good),
        seconds=made_repair.seconds,
        means=tuple(PairSource(_source(kind, each)) for each in use_good),
        uneven=_uneven(made_repair),
    )


def repair_of(model: Model, kept: KeptRepair) -> Repair:
    """A repair that a project kept: its means are taken anew, over the same inputs. Raises InputError."""
    clean = made.batch_of(model, [made.Example(each.clean.text or each.clean.path, 0) for each in kept.means])
    search = Search(model, clean, clean, kept.kind, over_positions=kept.level == "nodes")
    used, used_after, before, after = (_proved(each) for each in (*kept.used, *kept.held_out))
    return Repair(
        model=model,
        edits=kept.edits,
        level=kept.level,  # type: ignore[arg-type]
        kind=kept.kind,
        knowledge=kept.knowledge,  # type: ignore[arg-type]
        budget=kept.budget,
        used=used,
        used_after=used_after,
        before=before,
        after=after,
        cut=kept.edges_cut,
        edges=kept.edges,
        made=kept.made,
        made_for_proof=kept.made_for_proof,
        runs=kept.runs,
        seconds=kept.seconds,
        repeats=kept.repeats,
        session=search.planning,
    )


def _proved(figures: Figures) -> proof.Figures:
    shares = (proof.Share(each.count, each.of) for each in (figures.misbehaviour, figures.accuracy))
    return proof.Figures(*shares, figures.divergence)


def _uneven(made_repair: Repair) -> bool:
    """Whether means are of each position, and the clean texts have not the same ones."""
    session = made_repair.session
    means = any(KINDS[edit.kind].inputs for edit in made_repair.edits)
    return means and not session.mean_over_positions and len(set(session.pair.clean.lengths)) > 1


def _source(kind: Literal["text", "image"], example: made.Example) -> Source:
    if kind == "text":
        return Source("text", text=example.input)
    return Source("image", path=str(example.input), name=Path(example.input).name)


def _figures(figures: proof.Figures) -> Figures:
    return Figures(_share(figures.misbehaviour), _share(figures.accuracy), figures.divergence)


def _share(share: proof.Share) -> Share:
    return Share(share.count, share.of, *share.interval)


def handle_export(
    query: ExportRepairQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Write it, once: the reply is kept where a newer request overtakes this one. Raises WirescopeError."""

    def write() -> ExportRepairReply:
        send(ProgressReply(request.number, "Writing the repaired model"))
        assert query.made is not None
        repaired = cache.of_model.get(("repair", query.made)) or repair_of(cache.session.model, query.made)
        exported = repaired.export(query.folder)
        return ExportRepairReply(request.number, query, exported.form, exported.reasons)

    send(replace(cache.answer(query, request, write), number=request.number))


HANDLERS: Handlers = {
    ExamplesQuery: Handler(handle_examples),
    AnswersQuery: Handler(handle_answers, after_scores=True),
    RepairQuery: Handler(handle_repair, after_scores=True, turn="last"),
    ExportRepairQuery: Handler(handle_export, turn="last"),
}
