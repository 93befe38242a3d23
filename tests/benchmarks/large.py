"""The window with a model of the shape of Llama-3 70B: what its 16.7 million edges take, step by step, beside what the
model's own work takes.

The model is a Llama of 80 layers with 64 heads, 8 of them with keys and values, that is 128 wide and has random
weights; it is opened from its folder as a user opens one, and traced by EAP. A small one of the family is opened
before, so that the libraries are loaded when the measuring begins. Seconds are the processor's, on one thread: those of
the model are what opening it, its runs and the trace take, those of the window all others.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks.long import run
from tests.benchmarks.table import Table
from tests.process_memory import forget_peak, peak_since, resident

SHAPE = (80, 64, 8)  # layers, heads, heads with keys and values
SMALL = (2, 4, 2)
PROMPTS = (" Mary gave a drink to John", " Tom gave a drink to John")
PROGRAM = "import sys; from tests.benchmarks.large import walk; walk(*sys.argv[1:])"
QUIET = 10  # looks at a window that does nothing: what comes back a moment later belongs to the step


def tables() -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / name for name in ("large", "small")]
        for each, shape in zip(folders, (SHAPE, SMALL), strict=True):
            save_model(each, *shape)
        lines = [line.split("|") for line in run(PROGRAM, *map(str, folders)) if line.count("|") == 4]
    *steps, (_, edges, base, *_) = lines
    rows = [[name, f"{float(model):.2f}", f"{float(window):.2f}", f"{float(over):.2f}", f"{float(most):.2f}"]
            for name, model, window, over, most in steps]  # fmt: skip
    layers, heads, kv_heads = SHAPE
    title = (
        f"The window with {layers} layers of {heads} heads with {kv_heads} K/V heads, {int(edges):,} edges: seconds of "
        f"the processor, gigabytes at most in the step: more than the {float(base):.2f} that the process had at the "
        "start, and of the whole process"
    )
    yield Table(title, ("step", "the model's work", "the window's", "more than at the start", "of the process"), rows)


def save_model(folder: Path, layers: int, heads: int, kv_heads: int) -> None:
    """A Llama with random weights and its tokenizer, as a folder that the window opens."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.small_models import small_tokenizer

    torch.manual_seed(0)
    tokenizer = small_tokenizer()
    sizes: dict[str, Any] = {"hidden_size": 128, "intermediate_size": 128, "head_dim": 4}
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        **sizes,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


class Steps:
    """What each step takes: of the processor in the model's work, and in all other; and of memory."""

    def __init__(self) -> None:
        self._in_model = 0.0
        self._within = False  # work of the model that other work of it calls counts once
        self.base = resident() / 2**30

    def time(self, owner: Any, name: str) -> None:
        """Count what a function or method takes as the model's work. It runs in the worker's thread alone."""
        work = getattr(owner, name)

        def timed(*arguments: Any, **words: Any) -> Any:
            if self._within:
                return work(*arguments, **words)
            self._within, begun = True, time.thread_time()
            try:
                return work(*arguments, **words)
            finally:
                self._within = False
                self._in_model += time.thread_time() - begun

        setattr(owner, name, timed)

    def show(self, name: str, act: Callable[[], object], rest: Callable[[], None]) -> None:
        """Do something to the window, wait until it rests, and print what that took."""
        self._in_model, begun = 0.0, time.process_time()
        forget_peak()
        act()
        rest()
        took, most = time.process_time() - begun, peak_since() / 2**30
        print(name, self._in_model, took - self._in_model, most - self.base, most, sep="|", flush=True)


def walk(large: str, small: str) -> None:
    """Open a window with a small model, then with a large one, and do what a user does with it. Prints a line a step,
    and does not come back: what is left of the window at the end is not measured."""
    import os

    import torch

    from app.window.plain_imports import import_plainly

    torch.set_num_threads(1)
    import_plainly()
    from PySide6.QtWidgets import QApplication

    from app.__main__ import make_worker_service
    from app.window.application import make_window
    from app.window.garbage_collector import Collector
    from app.worker import runs, service
    from core.edits import Edit
    from core.project.document import Document, Source
    from core.session import Session
    from views import theme

    app = QApplication([])
    theme.apply(app)
    window = make_window(make_worker_service)
    bench, table = window.workbench, window.panels["table"]
    Collector(bench)
    window.show()
    bench.failed.connect(lambda reply: (print(reply, file=sys.stderr), os._exit(1)))

    def rest() -> None:
        quiet = 0
        while quiet < QUIET:
            app.processEvents()
            time.sleep(0.02)
            quiet = quiet + 1 if not bench.busy and bench.scored is not None and window.canvas.is_settled() else 0

    def opened(folder: str) -> None:
        bench.models.open(Document(folder, *(Source("text", prompt) for prompt in PROMPTS)))

    def filtered(words: str) -> None:
        table.filter.setText(words)
        table.filter.returnPressed.emit()

    def best_cut() -> None:
        edge = bench.opened.graph.edge(int(bench.scored.ranking.kept(1)[0]))
        bench.commit("Cut", replace(bench.document, edits=(Edit(edge, "patch"),)))

    def show(name: str, act: Callable[[], object]) -> None:
        steps.show(name, act, rest)

    opened(small)
    rest()
    steps = Steps()
    for owner, name in (
        (service, "load_model"),
        (service, "new_cache"),
        (runs, "trace"),
        (Session, "run"),
        (Session, "run_circuits"),
    ):
        steps.time(owner, name)
    show("opened and traced, the 48 strongest edges drawn", lambda: opened(large))
    show("a circuit of 500 edges drawn and run", lambda: bench.commit("500", replace(bench.document, size=500)))
    show("the table of edges, open", lambda: (window.docks["table"].show(), window.docks["table"].raise_()))
    assert table.isVisible()
    show("the table filtered: layer 40", lambda: filtered("layer 40"))
    show("the table filtered: out of one head", lambda: filtered("a9.h6->"))
    show("the table filtered: what raises the metric", lambda: filtered("raises"))
    show("the table of all edges again", lambda: filtered(""))
    show("the table sorted by reader", lambda: table.view.sort_by(1))
    show("the table sorted by size", lambda: table.view.sort_by(2))
    show("the best edge cut", best_cut)
    head = bench.opened.graph.writers[2600]
    show("a head selected, the table's nodes with what each head does", lambda: bench.select((head,)))
    print("edges", bench.opened.graph.n_edges, steps.base, "", "", sep="|", flush=True)
    os._exit(0)
