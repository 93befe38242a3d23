"""A session with edits as a script in plain PyTorch: it needs transformers or timm alone, and puts the edits into the
model's own modules as hooks (`core.scripts.torch_text`). Values of other inputs are made by running those.

Where the parts of a model are is what its family states (`core.models.wiring`). What a script cannot say is refused,
with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from core.edit_kinds import KINDS
from core.edited.plan import layout_of
from core.edits import Edit, ResolvedEdit, resolve
from core.errors import EditError
from core.graph import Edge, Entries, Node, Reader
from core.scripts import literals as py
from core.scripts.torch_inputs import inputs_text
from core.scripts.torch_model import OTHER_WAY, answer, label, no_script, opening
from core.scripts.torch_text import (
    HOOKS,
    MEANS_BY_POSITION,
    MEANS_OVER_ALL,
    METRICS,
    NOISE,
    PROJECT,
    REPLACEMENTS,
    STATE,
)
from core.session import Session
from core.towers_graph import check_one_tower

Slots = list[ResolvedEdit]
Levels = list[Slots]  # of an edge: of all that its reader reads, then its own


def torch_script(session: Session, edits: Sequence[Edit]) -> str:
    """A script that prints the session's metric without and with edits, and the likeliest answers. Raises EditError
    for edits, and ArgumentError for sessions, that it cannot express."""
    check_one_tower(session.graph, "A script in plain PyTorch")
    return _Script(session, edits).text()


class _Script:
    def __init__(self, session: Session, edits: Sequence[Edit]) -> None:
        self.session, self.model, self.edits = session, session.model, tuple(edits)
        self.adapter, self.graph = session.model.adapter, session.model.graph
        self._check()
        result = session.run(edits)  # refuses what cannot be made
        self.figures = float(session.clean.metric.mean()), float(result.metric.mean())
        self.kinds = {edit.kind for edit in edits}
        self.nodes: dict[Node, Slots] = {}
        self.edges: dict[Reader, dict[Node, Levels]] = {}
        self._sort(edits)
        self.layout = layout_of(self.adapter)
        self.opened = opening(self.model)
        self.hooks: set[str] = set()  # functions that are called
        self.vectors: dict[tuple[float, ...], str] = {}
        self.donors: dict[int, str] = {}  # by seed, the name of the input
        self.others: dict[str, Tensor] = {}  # inputs of the population by name
        self.runs: list[str] = []  # lines that run them

    def _check(self) -> None:
        session = self.session
        kind = session.metric.metric.kind
        padded = any(length != session.pair.length for length in session.pair.clean.lengths)
        for why, holds in {
            f"there are {session.pair.batch} inputs at once, and a script takes one": session.pair.batch > 1,
            "its input is padded": padded,
            "the model computes in half precision, where no two programs agree": self.adapter.dtype
            not in (torch.float32, torch.float64),
            f"nobody has told it what the metric {kind} is": kind not in METRICS,
        }.items():
            if holds:
                raise no_script(why)

    # ---- edits ----

    def _sort(self, edits: Sequence[Edit]) -> None:
        of_readers: dict[Reader, Slots] = {}
        for edit in edits:
            if edit.kind not in REPLACEMENTS:
                raise EditError(f"No script in plain PyTorch can make an edit of the kind {edit.kind}.", OTHER_WAY)
            resolved = resolve(edit, self.graph, self.session.engine.extent, self.adapter.shape.width)
            if isinstance(resolved.target, Entries):
                words = f"No script in plain PyTorch can change weights of attention ({edit.name})."
                raise EditError(words, OTHER_WAY)
            if isinstance(resolved.target, Edge):
                levels = self.edges.setdefault(resolved.target.reader, {}).setdefault(resolved.target.writer, [[], []])
                levels[1].append(resolved)
            elif isinstance(resolved.target, Reader):
                if KINDS[edit.kind].adds:
                    words = f"No script in plain PyTorch can change the sum of all that {edit.name} reads."
                    raise EditError(words, OTHER_WAY)
                of_readers.setdefault(resolved.target, []).append(resolved)
            elif resolved.target.is_unit:
                words = f"No script in plain PyTorch can edit {edit.name}, a part of {resolved.target.whole.name}."
                raise EditError(words, "Take Copy as Python, which needs Wirescope.")
            else:
                self.nodes.setdefault(resolved.target, []).append(resolved)
        for reader, slots in of_readers.items():
            for writer in self.graph.writers[: self.graph.writers_before(reader)]:
                self.edges.setdefault(reader, {}).setdefault(writer, [[], []])[0] += slots

    def _edit(self, edit: ResolvedEdit) -> str:
        value: str | None = None
        if KINDS[edit.kind].others:
            value = py.quoted(self._donor(edit.seed))
        elif not isinstance(edit.value, float):
            value = self._vector(edit.value)
        elif KINDS[edit.kind].takes == "number":
            value = repr(edit.value)
        return py.call(
            "edit",
            py.quoted(edit.kind),
            *([value] if value is not None else []),
            positions=None if edit.positions is None else repr(list(edit.positions[0])),
            strength=None if edit.strength == 1 else repr(edit.strength),
            seed=repr(edit.seed) if KINDS[edit.kind].adds and KINDS[edit.kind].seeded else None,
        )

    def _vector(self, value: tuple[float, ...]) -> str:
        return self.vectors.setdefault(value, f"DIRECTION_{len(self.vectors) + 1}")

    def _donor(self, seed: int) -> str:
        """The name of the input that a seed draws."""
        if seed not in self.donors:
            pair = self.session.pair
            references = self.session.engine.references
            row = references.population.donors(pair.clean.tensor, pair.clean.lengths, seed)[0]
            self.donors[seed] = self._other(row)
        return self.donors[seed]

    def _other(self, row: int) -> str:
        """The name of a row of the population."""
        population = self.session.engine.references.population
        name = f"row {row}"
        self.others[name] = population.inputs[row][: population.lengths[row]] if self.model.is_text else (
            population.inputs[row])  # fmt: skip
        return name

    # ---- the text ----

    def text(self) -> str:
        tables, means, hooks = self._tables(), self._means(), list(self._hook_lines())
        pair = self.session.pair
        named = {"A": pair.clean.tensor[0]}
        words = {"A": pair.clean.text}
        if pair.counterfactual is not None:
            named["B"], words["B"] = pair.counterfactual.tensor[0], pair.counterfactual.text
        inputs, imports = inputs_text(self.model, named | self.others, words)
        vectors = [f"{name} = {py.numbers(value)}" for value, name in self.vectors.items()]
        blocks = [
            self._head(imports),
            *inputs,
            f'HEAD_WIDTH = {self.adapter.shape.head_width}\nBLOCKS = "{self._blocks}"',
            STATE.strip(),
            self._replacement(),
            *([NOISE.strip()] if "noise" in self.kinds else []),
            *([PROJECT.strip()] if "project" in self.kinds else []),
            *(text.strip() for name, text in HOOKS.items() if name in self.hooks),
            "\n".join([*vectors, *tables]),
            "\n".join(["# Where the edits act", *hooks]),
            f"def answer(x):\n    return {answer(self.model, pair.clean.tensor, self.opened.library)}",
            *means,
            self._end(),
        ]
        return "\n\n\n".join(blocks) + "\n"

    def _head(self, imports: set[str]) -> str:
        before, after = self.figures
        name, count = type(self.adapter.module).__name__, len(self.edits)
        words = py.comment(
            f"{self.model.title} ({name}) with {count} edits. "
            f"In Wirescope {self.session.metric.name} is {before:.6f} without them and {after:.6f} with them."
        )
        imports |= {"import zlib"} if "noise" in self.kinds else set()
        imports |= {f"import {self.opened.library}", "import torch", "import torch.nn.functional as F"}
        standard = sorted(line for line in imports if line in ("import base64", "import io", "import zlib"))
        others = sorted(imports.difference(standard), key=lambda line: (line.startswith("from"), line))
        settings = [f'model.get_submodule("{path}").{name} = {value}' for path, name, value in self.layout["settings"]]
        wide = ["torch.set_default_dtype(torch.float64)", "model.double()"]
        return "\n".join(
            [
                words,
                *standard,
                *([""] if standard else []),
                *others,
                "",
                "torch.set_grad_enabled(False)",
                *self.opened.lines,
                "model.eval()",
                *(wide if self.adapter.dtype == torch.float64 else []),
                *settings,
            ]
        )

    @cached_property
    def _blocks(self) -> str:
        """Where the blocks are, by their path."""
        return str(self.layout["layers"][0]["block"]).rpartition(".")[0]

    # ---- what is edited ----

    def _tables(self) -> list[str]:
        nodes = [f"{py.quoted(node.name)}: {py.listed([self._edit(edit) for edit in edits])}"
                 for node, edits in self.nodes.items()]  # fmt: skip
        readers = []
        for reader, writers in self.edges.items():
            items = []
            for writer, levels in writers.items():
                told = [py.listed([self._edit(edit) for edit in edits]) for edits in levels if edits]
                items.append(f"{py.quoted(writer.name)}: {py.listed(told)}")
            readers.append(f"{py.quoted(reader.name)}: {py.table(items)}")
        return [
            "# The edits of nodes, and of edges by their readers: those of all that the reader reads, then its own.",
            "# Change them and run this again.",
            f"NODES = {py.table(nodes)}",
            f"EDGES = {py.table(readers)}",
        ]

    def _replacement(self) -> str:
        lines = [f'    if kind == "{kind}":\n        return {REPLACEMENTS[kind]}' for kind in REPLACEMENTS
                 if kind in self.kinds | {"zero", "scale"}]  # fmt: skip
        head = (
            'def replacement(name, out, kind, value, seed):\n    """What an edit puts in place of a node\'s output."""'
        )
        return "\n".join([head, *lines, '    raise ValueError(f"This script has no edits of the kind {kind}.")'])

    def _means(self) -> list[str]:
        """The lines that run other inputs, before the edits need them."""
        runs = ["A"] if "noise" in self.kinds else []
        runs += ["B"] if "patch" in self.kinds else []
        blocks, lines = [], ["RUNS = {}"]
        donors = sorted(set(self.donors.values()))
        for name in [*runs, *donors]:
            lines += [f"run({py.quoted(name)})", f"RUNS[{py.quoted(name)}] = dict(WRITTEN)"]
        if "mean" in self.kinds:
            references = self.session.engine.references
            rows = range(len(references.population.lengths))
            names = [self._other(row) for row in rows]
            if references.over_positions:
                blocks.append(MEANS_OVER_ALL.strip())
                lines.append(f"MEANS = means_over({py.listed([py.quoted(name) for name in names])})")
            else:
                index, real = references.population.alignment.sources(list(rows))
                columns = references._places[0].cpu()
                places = torch.where(real, index, -1)[:, columns].tolist()
                told = [f"{py.quoted(name)}: {[None if at < 0 else at for at in row]}"
                        for name, row in zip(names, places, strict=True)]  # fmt: skip
                blocks.append(MEANS_BY_POSITION.strip())
                lines.append(f"MEANS = means_over({py.table(told)})")
        self.runs = lines if len(lines) > 1 else []
        return blocks

    def _hook_lines(self) -> Iterator[str]:
        written = {*self.nodes, *(writer for writers in self.edges.values() for writer in writers)}
        for number, layer in enumerate(self.layout["layers"]):
            ports = [reader for reader in self.edges if reader.kind in ("q", "k", "v") and reader.layer == number]
            mlp_reader = Reader("mlp", number) in self.edges
            heads = sorted(node.head for node in written if node.kind == "head" and node.layer == number)
            parallel = bool(self.layout["parallel"])
            if ports or (mlp_reader and parallel) or (number == 0 and any(node.kind == "input" for node in written)):
                yield self._hook("hook_stream", repr(number))
            for path, holds in layer["projections"]:
                chosen = [(port.name, rows) for port in ports if (rows := self._rows(port, holds)) is not None]
                if chosen:
                    table = "{" + ", ".join(f"{py.quoted(name)}: {rows}" for name, rows in chosen) + "}"
                    yield self._hook("hook_ports", repr(number), py.quoted(path), _name(layer["attention_norm"]), table)
            if heads:
                yield self._heads(number, layer, heads)
            if mlp_reader:
                norm = layer["mlp_norm"]
                if parallel:
                    yield self._hook("hook_parallel_mlp_reader", repr(number), py.quoted(layer["mlp"]), _name(norm))
                else:
                    yield self._hook("hook_mlp_reader", repr(number), py.quoted(norm or layer["mlp"]))
            if Node("mlp", number) in written:
                scale = _scale(layer["mlp_scale"], number)
                yield self._hook("hook_mlp", repr(number), py.quoted(layer["after_mlp"] or layer["mlp"]), scale=scale)
        if Reader("logits") in self.edges:
            yield self._hook("hook_output", repr(len(self.layout["layers"]) - 1))

    def _hook(self, name: str, *arguments: str, **named: str | None) -> str:
        self.hooks.add(name)
        return py.call(name, *arguments, **named)

    def _heads(self, number: int, layer: dict[str, Any], heads: list[int]) -> str:
        inner = layer["inner"]
        if inner is not None:
            self.hooks.add("part_in_norm")
        lands, scale, factor = layer["output"], layer["scale"], None
        if isinstance(scale, str) and "." in scale:
            lands = scale.rpartition(".")[0]
        if layer["joint"] is not None:
            path, more = layer["joint"]
            lands = path
            self.hooks.add("norm_factor")
            factor = f"norm_factor({number}, {py.quoted(path)}, {more!r})"
        return self._hook(
            "hook_heads",
            repr(number),
            repr(heads),
            py.quoted(layer["output"]),
            py.quoted(lands),
            scale=_scale(scale, number),
            factor=factor,
            inner=None if inner is None else py.quoted(inner),
        )

    def _rows(self, port: Reader, holds: str) -> str | None:
        """The rows of a projection that are a port's."""
        heads, kv_heads, size = (self.layout[name] for name in ("heads", "kv_heads", "head_width"))
        at = {
            "by head": 3 * port.head + "qkv".index(port.kind),
            "qkv": port.head + {"q": 0, "k": heads, "v": heads + kv_heads}[port.kind],
            port.kind: port.head,
        }.get(holds)
        return None if at is None else f"slice({at * size}, {(at + 1) * size})"

    def _end(self) -> str:
        bound = self.session.metric
        read = METRICS[bound.metric.kind]
        lines = []
        for name, ids in (("TARGET", bound.target), ("FOIL", bound.foil)):
            lines += [f"{name} = {ids[0]}  {py.comment(self.model.label(ids[0]))}"] if ids else []
        lines += ["", "", f"def metric(out):\n    return {read}", "", ""]
        lines += [*self.runs, 'clean = run("A")', *(['of_b = run("B")'] if "of_b" in read else [])]
        lines.append('edited = run("A", editing=True)')
        lines.append(f'print({py.quoted(bound.name + ":")}, f"{{metric(clean)[0]:.7f}} -> {{metric(edited)[0]:.7f}}")')
        if not self.model.has_head:
            return "\n".join(lines)
        lines += [
            *label(self.model, self.opened),
            "for index in edited[0].topk(min(5, edited.shape[-1])).indices.tolist():",
            "    before, after = (out[0].softmax(-1)[index] for out in (clean, edited))",
            '    print(f"  {label(index)!r}: {before:.7f} -> {after:.7f}")',
        ]
        return "\n".join(lines)


def _name(path: str | None) -> str:
    return "None" if path is None else py.quoted(path)


def _scale(scale: float | str | None, number: int) -> str | None:
    if scale is None or isinstance(scale, float | int):
        return None if scale is None else repr(float(scale))
    owner, _, leaf = scale.rpartition(".")
    return f"layer({number}).{owner}.{leaf}" if owner else f"layer({number}).{leaf}"
