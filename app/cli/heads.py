"""`wirescope heads`: what the heads of a model are, as far as tests tell."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import MODEL_HELP, add_device_option, seed_number
from app.cli.open_model import add_weights_option, open_model
from app.cli.output import say, say_json
from app.cli.pairs import PAIRS
from app.cli.progress import Progress
from app.cli.sharded import add_shard_options, check_shard_options, in_shards, repeats, repeats_words
from app.cli.tables import aligned
from app.cli.workers import STOPPED, study_workers
from core.errors import ArgumentError
from core.formatting import number, percent, visible_token

if TYPE_CHECKING:
    from torch import Tensor

    from core.heads.evidence import Evidence
    from core.heads.identity import HeadIdentities, HeadLabel
    from core.heads.scores import Best
    from core.models.model import Model

WORDS = "test what each head does: previous token, induction, copying, neighbours, registers ..."
EXAMPLES = """
wirescope heads --model bundled:names
wirescope heads --model pack:smollm2 --corpus book.txt
wirescope heads --model bundled:shapes
wirescope heads --model pack:smollm2 --head a18.h6
wirescope heads --model bundled:names --task ioi --pairs 10000 --folder heads
wirescope heads --model pack:smollm2 --function-vectors --workers 2
"""

BEFORE = 6  # tokens that are shown before a query


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument(
        "--corpus", metavar="PATH", help="a text, or a folder of texts or of pictures (Wirescope's guides, its samples)"
    )
    parser.add_argument("--pieces", type=int, help="of the corpus (12)")
    parser.add_argument(
        "--head", metavar="HEAD", help="one head, a5.h1: all its scores, and where in the corpus it shows"
    )
    parser.add_argument(
        "--function-vectors", action="store_true", help="also score heads over few-shot tasks, which takes minutes"
    )
    parser.add_argument("--seed", type=seed_number, default=0, help="draws the generated inputs (0)")
    parser.add_argument("--precision", help="what the model computes in: fp32, bf16 or fp64 (fp32)")
    add_weights_option(parser)
    parser.add_argument("--task", help="with --folder: the A of a built-in task's pairs is the corpus")
    parser.add_argument("--dataset", metavar="FILE", help="with --folder: so is that of the pairs of a file")
    parser.add_argument("--pairs", type=int, help=f"how many of a task ({PAIRS})")
    add_shard_options(parser)
    add_device_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(do=heads_command, clean=None, region=[], make_b=None)


def heads_command(options: argparse.Namespace) -> int:
    _check(options)
    from core.heads.evidence import evidence
    from core.heads.report import identities_report
    from core.progress import watched
    from core.studies.head_corpus import PIECES, corpus_of, identities_over, tasks_of_vectors
    from core.studies.head_sets import head_names

    pieces = PIECES if options.pieces is None else options.pieces
    if pieces < 1:
        raise ArgumentError("The corpus has at least 1 piece.")
    model = open_model(options.model, options.precision, options.device, options.weights)
    if options.head is not None and options.head not in head_names(model.graph):
        raise ArgumentError(f"There is no head {options.head!r}.", "Name one as a5.h1.")
    if options.function_vectors and not model.is_text:
        raise ArgumentError(f"{model.title} does no few-shot tasks.", "Leave out --function-vectors.")
    if options.folder is not None:
        return _in_shards(options, model)
    corpus, what = corpus_of(model, options.corpus, pieces)
    shown: list[Evidence] = []
    with (
        Progress() as progress,
        study_workers(options, progress) as workers,
        watched(lambda share: progress("Tests of heads", share)),
    ):
        identities = identities_over(
            model, corpus, options.seed, function_vectors=options.function_vectors, workers=workers
        )
    if options.head is not None:
        kinds = [label.test.name for label in identities.labels(options.head) if label.test.attends]
        shown = [evidence(identities, kind, options.head) for kind in kinds]
    if options.json:
        say_json(identities_report(identities, shown, options.head))
    elif options.head is not None:
        _tell_head(identities, shown, options.head, model, corpus)
    else:
        _tell(identities, model.title, what)
    if options.function_vectors and not options.json and (tasks := tasks_of_vectors(model, corpus, options.seed)):
        _tell_tasks(*tasks)
    return 0


def _check(options: argparse.Namespace) -> None:
    """Raise ArgumentError for what does not go together, before a model is opened."""
    check_shard_options(options, options.function_vectors)
    given = options.task is not None, options.dataset is not None
    if options.folder is None and any(given):
        raise ArgumentError("The A of many pairs is read in shards.", "Give --folder too, or a --corpus.")
    if options.folder is None:
        return
    if sum(given) != 1:
        raise ArgumentError("Which pairs the folder is for is not said.", "Give --task or --dataset.")
    if options.pairs is not None and (options.task is None or options.pairs < 1):
        raise ArgumentError("--pairs is the number of a task's pairs, at least 1.", "Give --task too.")
    wrong = [f"--{name}" for name in ("corpus", "pieces") if getattr(options, name)]
    if wrong:
        raise ArgumentError(f"{wrong[0]} is not of a run in shards.", "Leave it out, or leave out --folder.")


def _in_shards(options: argparse.Namespace, model: Model) -> int:
    """`wirescope heads --folder`."""
    from core.heads.evidence import evidence
    from core.heads.report import identities_report
    from core.sharded.heads import HeadsWork
    from core.sharded.heads_over_pairs import heads_over_pairs, tasks_in

    work = HeadsWork(options.seed, sees=not model.is_text, vectors=options.function_vectors)
    run = in_shards(options, model, work, heads_over_pairs)
    if run is None:
        return STOPPED
    identities, what = run
    head = options.head
    shown = (
        []
        if head is None
        else [evidence(identities, label.test.name, head) for label in identities.labels(head) if label.test.attends]
    )
    if options.json:
        say_json(identities_report(identities, shown, head))
    elif head is not None:
        _tell_head(identities, shown, head, model, None)
    else:
        _tell(identities, model.title, what)
        for line in repeats_words({**repeats(options, model), "pairs": identities.rows}):
            say(line)
    if work.vectors and not options.json and (tasks := tasks_in(model, Path(options.folder), work)):
        _tell_tasks(*tasks)
    return 0


def _tell_tasks(done: tuple[str, ...], left_out: tuple[str, ...]) -> None:
    """Which few-shot tasks the function vector scores are over."""
    say(f"function vectors: over {', '.join(done)}." if done else "function vectors: the model does none of the tasks.")
    if left_out:
        say(f"left out, no better than chance: {'; '.join(left_out)}.")


def _tell(identities: HeadIdentities, title: str, what: str) -> None:
    labelled = [(head, labels) for head in identities.heads if (labels := identities.labels(head))]
    passed = f"{len(labelled)} of {len(identities.heads)} heads pass a test; the others: none found"
    say(f"{title}: {passed}. Corpus: {what}.\n")
    rows = [["head", "is", "generated", "corpus", "covers"]]
    rows += [
        [head if place == 0 else "", *_cells(label)] for head, labels in labelled for place, label in enumerate(labels)
    ]
    if len(rows) > 1:
        for line in aligned(rows):
            say(line)
        say()
    for place, test in enumerate(identities.tests):
        rare = identities.rare[place]
        beside = "" if rare != rare else f", and more than 99 % of random heads ({number(float(rare))})"
        beside = "; no head passes, for there are no random ones to compare with" if math.isinf(rare) else beside
        say(f"{test.name}: {test.words} ({test.source}); at least {number(test.threshold)}{beside}.")
    say(
        "covers: of the attention over the corpus (of text, that not to the first position), the share the label tells."
    )


def _cells(label: HeadLabel) -> list[str]:
    corpus = "-" if label.corpus != label.corpus else number(label.corpus)
    covers = "-" if label.covers != label.covers else percent(label.covers)
    return [label.test.name, number(label.generated), corpus, covers]


def _tell_head(
    identities: HeadIdentities, shown: list[Evidence], head: str, model: Model, corpus: Tensor | None
) -> None:
    """corpus: that the places with most attention are in; None where these are not kept."""
    labels = identities.labels(head)
    say(f"{head}: {', '.join(label.test.name for label in labels) or 'none identities'}\n")
    place = identities.heads.index(head)
    rows = [["test", "generated", "at least", "corpus", "covers"]]
    for number_of, test in enumerate(identities.tests):
        tables = identities.generated, identities.corpus, identities.covers
        generated, read, covers = (float(table[number_of, place]) for table in tables)
        rarest = float(identities.rare[number_of])
        least = "-" if math.isinf(rarest) else number(max(test.threshold, rarest) if rarest > 0 else test.threshold)
        rows.append(
            [
                test.name,
                number(generated),
                least,
                "-" if read != read else number(read),
                "-" if covers != covers else percent(covers),
            ]
        )
    for line in aligned(rows):
        say(line)
    for each in shown:
        places = "tokens" if model.is_text else "queries"
        say(f"\n{each.kind}, over {each.queries:,} {places} of the corpus; deciles of the attention there:")
        say("  " + " ".join(number(decile) for decile in each.deciles))
        if corpus is None:
            continue
        for best in each.best:
            say(f"  {number(best.weight)}  {_where(model, corpus, best)}")


def _where(model: Model, corpus: Tensor, best: Best) -> str:
    """Which query it is, and what it reads most."""
    from core.inputs.text import token_texts

    if not model.is_text:
        grid, prefix = model.adapter.image_grid(corpus), model.adapter.prefix_labels
        assert grid is not None
        names = [*prefix, *(f"{down},{across}" for down in range(grid[0]) for across in range(grid[1]))]
        return f"picture {best.row + 1}, {names[best.query]} → {names[best.keys[0]]}"
    ids = corpus[best.row].tolist()
    some = [*ids[max(0, best.query - BEFORE) : best.query + 1], ids[best.keys[0]]]
    *before, key = token_texts(model.tokenizer, some)
    told = "".join(visible_token(sign) if sign == "\n" else sign for sign in "".join(before))
    return f"…{told} → {visible_token(key)}"
