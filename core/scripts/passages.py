"""From documents to lines of the public API: what a step of the history adds to a script.

A document that follows another one is told by what is different in it. Every passage ends with the lines that print
what the window shows of it: the metric and the likeliest answers, and where it was traced the circuit and its curve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.edits import KINDS, Edit
from core.groups import Group
from core.inputs.corruption_kinds import ImageCorruption
from core.models.class_texts import base_name, texts_in
from core.models.probe import digest_in
from core.positions import Positions, plain_positions
from core.precision_words import EIGHT_BITS, USUAL_PRECISION, computed_in, is_rounded
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import TraceChoice
from core.scripts import literals as py
from core.scripts.metric_lines import answers_of, metric_line, pin_line
from core.tracing.selection import RULES
from core.tracing.selection import USUAL as USUAL_RULE


@dataclass(frozen=True)
class Passage:
    """words: what was done. lines: of code. needs: names of the helpers that they call (`core.scripts.helpers`) and of
    the modules that they import."""

    words: str
    lines: tuple[str, ...]
    needs: frozenset[str] = frozenset()


class Narrator:
    """Tells one document after another; each passage begins where the one before has ended."""

    def __init__(self) -> None:
        self._before: Document | None = None
        self._scored: tuple[object, ...] | None = None  # what `scores` are of
        self._rule = USUAL_RULE  # by which they choose
        self._pairs = 0  # that were made
        self._vectors: dict[tuple[float, ...], str] = {}
        self._needs: set[str] = set()
        self._curve: tuple[object, str] | None = None  # of what scores and rule the last one was
        self._shown: tuple[object, int] | None = None  # the same of a circuit, with its size

    def tell(self, words: str, document: Document) -> Passage:
        """What is to be done to come from the document before to this one. Raises InputError for what no script can
        hold."""
        self._needs = set()
        lines = tuple(self._lines(self._before, document))
        self._before = document
        return Passage(words, lines, frozenset(self._needs))

    def _lines(self, before: Document | None, document: Document) -> Iterator[str]:
        new_model = before is None or before.opens != document.opens
        if not document.model:
            yield "# No model is open here."
            return
        if new_model:
            precision = computed_in(document.precision)
            dtype = None if precision == USUAL_PRECISION else py.quoted(precision)
            weights = py.quoted(EIGHT_BITS) if is_rounded(document.precision) else None
            if digest_in(document.model):
                yield "# Its classes are those of a probe, which Wirescope keeps on this computer under this number."
                yield '# Saved as a file it goes elsewhere: ws.load_model(..., probe="FILE")'
            yield f"model = {py.call('ws.load_model', *_named(document.model), dtype=dtype, weights=weights)}"
        if document.clean is None:
            yield "# There is no input in A here: nothing runs."
            self._scored = None
            return
        was_idle = before is None or before.clean is None
        new_pair = new_model or was_idle or _pair_of(before) != _pair_of(document)
        if new_pair:
            self._pairs += 1
            a = self._source("picture_a", document.clean)
            b = None if document.counterfactual is None else self._source("picture_b", document.counterfactual)
            yield from (*a[0], *(b[0] if b else ()))
            yield f"pair = {py.call('model.pair', a[1], *([b[1]] if b else []))}"
        new_session = new_pair or (before is not None and before.means != document.means)
        if new_session:
            yield from self._session(document)
        elif before is not None and metric_line(before) != metric_line(document):
            yield f"session.with_metric({metric_line(document)})"
        yield from self._edits(before, document, was_idle)
        if new_session or before is None or _ran(before) != _ran(document):
            yield from self._run(document)
        yield from self._scores(before, document, was_idle)

    # ---- inputs ----

    def _source(self, name: str, source: Source) -> tuple[list[str], str]:
        """Lines that make an input, and what it is called then."""
        if source.kind == "text":
            return [], py.quoted(source.text)
        lines, made = [], self._picture(source)
        if "\n" in made:
            lines, made = [f"{name} = {made}"], name
        if source.corruption is None:
            return lines, made
        for step in source.corruption.steps:
            lines, made = [*lines, f"{name} = {self._corrupted(made, step)}"], name
        return lines, name

    def _corrupted(self, picture: str, corruption: ImageCorruption) -> str:
        """A call that changes a picture in one step."""
        usual = ImageCorruption("word")
        how = {
            name: repr(value) if isinstance(value, float | bool) else py.quoted(value)
            for name in ("text", "size", "place", "sticker")
            if (value := getattr(corruption, name)) != getattr(usual, name)
        }
        return py.call(
            "ws.corrupted",
            "model",
            picture,
            py.quoted(corruption.kind),
            *([repr(list(corruption.patches))] if corruption.patches else []),
            seed=repr(corruption.seed) if corruption.seed else None,
            other=self._file(corruption.other),
            mask=self._file(corruption.mask),
            **how,
        )

    def _file(self, file: str | bytes) -> str | None:
        """A picture that a corruption takes, by its path or its bytes; None for none."""
        if not file:
            return None
        return self._picture(Source("image", path=file) if isinstance(file, str) else Source("image", data=file))

    def _picture(self, source: Source) -> str:
        made = py.picture(source)
        if made.startswith("base64"):
            self._needs.add("base64")
        elif "resources.files" in made:
            self._needs.add("resources")
        return made

    def _session(self, document: Document) -> Iterator[str]:
        population = None
        if document.population:
            rows = [replace(row, counterfactual=None) for row in document.population]
            yield from self._rows("means_over", rows, with_answers=False)
            population = "means_over"
        metric = metric_line(document)
        yield "session = " + py.call(
            "ws.Session",
            "model",
            "pair",
            metric=None if metric == "None" else metric,
            dataset=population,
            mean_over_positions="True" if document.means[1] else None,
        )

    def _rows(
        self,
        name: str,
        rows: Sequence[PairSource],
        metric: MetricChoice | None = None,
        with_b: bool = False,
        with_answers: bool = True,
    ) -> Iterator[str]:
        """A dataset of rows. with_b: those without a B are of no use."""
        self._needs.add("dataset_of")
        items = []
        for number, row in enumerate(rows):
            if with_b and row.counterfactual is None:
                continue
            a = self._source(f"picture_{number}a", row.clean)
            b = ([], "None") if row.counterfactual is None else self._source(f"picture_{number}b", row.counterfactual)
            yield from (*a[0], *b[0])
            answers = [py.quoted(answer) for answer in answers_of(row, metric)] if with_answers else []
            items.append(f"({', '.join([a[1], b[1], *answers])})")
        answered = "True" if with_answers and (metric is None or not metric.kind) else None
        yield f"{name} = {py.call('dataset_of', 'model', py.listed(items), by_model=answered)}"

    # ---- edits ----

    def _edits(self, before: Document | None, document: Document, anew: bool) -> Iterator[str]:
        edits = _usable(document)
        former = None if before is None or anew else _usable(before)
        waiting = [edit for edit in document.edits if document.waits(edit)]
        if waiting and (before is None or waiting != [edit for edit in before.edits if before.waits(edit)]):
            yield py.comment(f"Waits for a B: {', '.join(map(str, waiting))}")
        if former == edits:
            return
        for edit in edits:
            yield from self._vector(edit)
        if former is not None:
            short = self._difference(former, edits)
            if short:
                yield short
                return
        groups = [group for group in document.groups if _run_of(group, edits)]
        if groups:
            nodes = {group.name: py.listed([py.quoted(node.name) for node in group.nodes]) for group in groups}
            yield "groups = " + py.table([f"{py.quoted(name)}: {listed}" for name, listed in nodes.items()])
        yield f"edits = {py.listed(self._items(edits, groups))}"

    def _difference(self, former: tuple[Edit, ...], edits: tuple[Edit, ...]) -> str:
        """One line that leads from some edits to others; empty where there is none."""
        if edits[: len(former)] == former:
            more = [self._edit(edit) for edit in edits[len(former) :]]
            return f"edits.append({more[0]})" if len(more) == 1 else f"edits += {py.listed(more)}"
        if len(former) == len(edits):
            changed = [place for place, pair in enumerate(zip(former, edits, strict=True)) if pair[0] != pair[1]]
            return f"edits[{changed[0]}] = {self._edit(edits[changed[0]])}" if len(changed) == 1 else ""
        if len(former) == len(edits) + 1 and edits:
            place = next((n for n, (a, b) in enumerate(zip(former, edits, strict=False)) if a != b), len(edits))
            return f"del edits[{place}]" if former[place + 1 :] == edits[place:] else ""
        return ""

    def _items(self, edits: tuple[Edit, ...], groups: Sequence[Group]) -> list[str]:
        starts = {run[0]: (group, run) for group in groups if (run := _run_of(group, edits))}
        items, place = [], 0
        while place < len(edits):
            if place in starts:
                group, run = starts[place]
                edit = self._edit(edits[place], "node")
                items.append(f"*({edit} for node in groups[{py.quoted(group.name)}])")
                place += len(run)
            else:
                items.append(self._edit(edits[place]))
                place += 1
        return items

    def _edit(self, edit: Edit, target: str = "") -> str:
        value: str | None = None
        if isinstance(edit.value, float):
            value = repr(edit.value)
        elif edit.value is not None:
            value = self._vectors[tuple(edit.value)]
        return py.call(
            "ws.Edit",
            target or py.quoted(edit.name),
            py.quoted(edit.kind),
            positions=None if edit.positions is None else _positions(edit.positions),
            value=value,
            strength=None if edit.strength == 1 else repr(edit.strength),
            seed=repr(edit.seed) if edit.seed else None,
        )

    def _vector(self, edit: Edit) -> Iterator[str]:
        """The vector of an edit, where it is named for the first time."""
        if edit.value is not None and not isinstance(edit.value, float) and tuple(edit.value) not in self._vectors:
            name = self._vectors[tuple(edit.value)] = f"direction_{len(self._vectors) + 1}"
            yield f"{name} = {py.numbers(edit.value)}"

    def _run(self, document: Document) -> Iterator[str]:
        pins = [pin_line(pin) for pin in document.pinned]
        edits = "edits"
        if self._pairs > 1 and any(edit.places for edit in _usable(document)):
            self._needs.add("fitting")  # another input may be shorter than the one that they were made for
            edits = "fitting(edits, pair)"
        self._needs.add("show")
        yield f"result = {py.call('show', 'session', edits, pinned=py.listed(pins) if pins else None)}"

    # ---- scores and circuits ----

    def _scores(self, before: Document | None, document: Document, anew: bool) -> Iterator[str]:
        """A trace where somebody asked for it, and what circuits of its best edges do."""
        edges = document.traced is not None or document.size is not None
        asked = before is None or anew or before.traced_last != document.traced_last
        for choice, name in ((document.scoring, "scores"), (document.traced_nodes, "node_scores")):
            if choice is None or (name == "scores" and not edges):
                continue
            new = name == "scores" and self._scored != _traced(document, choice)
            new = new or (name == "node_scores" and (asked or before is None or before.basis != document.basis))
            if new and not asked and choice.takes_long:
                yield py.comment("The scores are of other inputs than these. They take long: nobody made them anew.")
                self._scored = None if name == "scores" else self._scored
                continue
            if new:
                yield from self._trace(name, choice, document)
        if edges and self._scored is not None:
            yield from self._choose(document)
            yield from self._circuit(document)

    def _trace(self, name: str, choice: TraceChoice, document: Document) -> Iterator[str]:
        if choice.file:
            self._needs.add("load_scores")
            yield f"scores = {py.call('load_scores', 'session', py.quoted(choice.file))}"
            self._scored, self._rule = _traced(document, choice), USUAL_RULE
            return
        dataset = None
        if choice.over_dataset:
            yield from self._rows("dataset", document.dataset, document.metric, KINDS[document.cut_kind].from_b)
            dataset = "dataset"
        options = [f"{key}={_number(value)}" for key, value in choice.options]
        at_spans = choice.level == "edge-spans"
        yield f"{'at_spans' if at_spans else name} = " + py.call(
            "ws.trace",
            "session",
            py.quoted(choice.method),
            replacement=py.quoted(document.cut_kind),
            dataset=dataset,
            level=None if choice.level == "edges" else py.quoted(choice.level),
            options=f"ws.Options({', '.join(options)})" if options else None,
        )
        if name == "node_scores":
            self._needs.add("show_nodes")
            yield "show_nodes(node_scores)"
            return
        if at_spans:
            yield "scores = at_spans.union()"
        self._scored, self._rule = _traced(document, choice), USUAL_RULE

    def _choose(self, document: Document) -> Iterator[str]:
        """By which rule circuits are chosen, and the curve of those."""
        rule = _rule(document, document.scoring)
        dataset = "dataset" if document.scoring.over_dataset else None
        if RULES[rule].needs and rule != self._rule:
            agreement = RULES[rule].needs == "agreement"
            function = "ws.with_agreement" if agreement else "ws.with_balance"
            at_spans = agreement and document.scoring.level == "edge-spans"
            of = "at_spans" if at_spans else "scores"
            scores = py.call(function, "session", of, *([dataset] if dataset else []))
            yield f"scores = {scores}{'.union()' if at_spans else ''}"
        if rule != self._rule:
            yield f"scores = scores.with_rule({py.quoted(rule)})"
        if self._curve != (self._scored, rule):
            self._needs.add("show_curve")
            yield py.call("show_curve", "session", "scores", dataset=dataset)
        self._rule, self._curve = rule, (self._scored, rule)

    def _circuit(self, document: Document) -> Iterator[str]:
        if document.size is None:
            return
        if self._shown != (self._curve, document.size):
            self._shown = self._curve, document.size
            self._needs.add("show_circuit")
            dataset = "dataset" if document.scoring.over_dataset else None
            yield f"circuit = scores.select({document.size})"
            yield py.call("show_circuit", "session", "scores", "circuit", dataset=dataset)


def _named(model: str) -> list[str]:
    """What opens a model, its class texts apart."""
    texts = texts_in(model)
    arguments = [py.quoted(model if digest_in(model) else base_name(model))]
    for name, given in (("classes", texts.classes), ("templates", texts.templates)) if texts else ():
        arguments += [f"{name}={py.listed([py.quoted(text) for text in given])}"] if given else []
    return arguments


def _pair_of(document: Document | None) -> tuple[object, ...]:
    return () if document is None else (document.clean, document.counterfactual)


def _ran(document: Document) -> tuple[object, ...]:
    """What a run's figures depend on, and which of them are shown."""
    return (*document.question, _usable(document), document.means, document.pinned)


def _usable(document: Document) -> tuple[Edit, ...]:
    return tuple(edit for edit in document.edits if not document.waits(edit))


def _traced(document: Document, choice: TraceChoice) -> tuple[object, ...]:
    """What scores are of."""
    return (*document.basis, document.cut_kind, choice)


def _rule(document: Document, choice: TraceChoice) -> str:
    """The rule that circuits are chosen by, where it can choose from these scores; else the usual one."""
    rule = RULES.get(document.rule)
    if rule is None or not rule.nested or (rule.needs == "agreement" and not choice.over_dataset):
        return USUAL_RULE
    return rule.name


def _run_of(group: Group, edits: tuple[Edit, ...]) -> range | None:
    """Where a group's nodes stand one after another among edits, all edited alike."""
    nodes, count = set(group.nodes), len(group.nodes)
    for start in range(len(edits) - count + 1):
        some = edits[start : start + count]
        alike = {str(replace(edit, target="m0")) for edit in some}
        if {edit.target for edit in some} == nodes and len(alike) == 1 and len({edit.value for edit in some}) == 1:
            return range(start, start + count)
    return None


def _positions(positions: Positions) -> str:
    """Positions and names of roles, as a list."""
    places = plain_positions(positions)
    return f"[{', '.join(py.quoted(place) if isinstance(place, str) else str(place) for place in places)}]"


def _number(value: float) -> str:
    """A number exactly; a whole one as a whole one, as some options are."""
    return repr(int(value)) if float(value).is_integer() else repr(float(value))
