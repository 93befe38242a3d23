"""The speed that is asked of the engine, as ratios to the model's own passes: medians of processor time on one thread,
the two in turn, so that other work on the machine counts little."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator

import torch

import wirescope as ws
from core.engine.circuit_gradients import CircuitGradients
from core.models import packs
from tests.benchmarks.arithmetic import of_session, share
from tests.benchmarks.models import dinov2, forward, forward_and_backward, gpt2_small_shape, of_names
from tests.benchmarks.products import products
from tests.benchmarks.scan_parts import scan_parts
from tests.benchmarks.table import Table

EDGES = 40  # random edges toggled
MANY = 5000  # edges edited at once
ROUNDS = 3
Row = tuple[str, str, Callable[[], tuple[float, float]]]
Middle = Callable[[Iterable[float]], float]


def tables() -> Iterator[Table]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = []
        for what, asked, measure in asked_for():
            ran, baseline = measure()
            rows.append([what, f"{ran:.0f} ms", f"{baseline:.0f} ms", f"{ran / baseline:.2f}", asked])
        of_parts = [products()]
        if packs.is_installed("dinov2-small"):
            session = dinov2()
            of_parts.insert(0, scan_parts(session, to_scan(session)[::4]))
    finally:
        torch.set_num_threads(threads)
    title = "Speed, as ratios to the model's own forward (EAP: and backward); processor time, one thread"
    yield Table(title, ("what", "took", "own", "ratio", "asked"), rows)
    yield least()
    yield from of_parts


def least() -> Table:
    """What the edges above need, and all edges: medians of toggled ones, means of a scan."""
    rows = []
    for what, make, drawn, middle in of_edges():
        in_scan = drawn is to_scan
        session = make()
        counted, graph = of_session(session), session.graph
        chosen = drawn(session), [graph.edge(number) for number in range(graph.n_edges)]
        shares = [
            [f"{middle(values):.2f}" for values in zip(*(share(counted, e, in_scan) for e in edges), strict=True)]
            for edges in chosen
        ]
        rows.append([what, *shares[0], *shares[1]])
    heads = ("what", "multiplications", "weights", "all edges: multiplications", "weights")
    return Table("What an exact run of one edge needs at least, as shares of the own forward", heads, rows)


def of_edges() -> Iterator[tuple[str, Callable[[], ws.Session], Callable[[ws.Session], list[ws.Edge]], Middle]]:
    yield "toggled, GPT-2 small's shape, 16 tokens", lambda: gpt2_small_shape(16), to_toggle, statistics.median
    yield "the same, 128 tokens", lambda: gpt2_small_shape(128), to_toggle, statistics.median
    if packs.is_installed("smollm2"):
        yield "the same, SmolLM2, 14 tokens", lambda: of_names("pack:smollm2"), to_toggle, statistics.median
    if packs.is_installed("dinov2-small"):
        yield "scanned, DINOv2, 257 patches", dinov2, to_scan, statistics.fmean


def asked_for() -> Iterator[Row]:
    """What is measured, the ratio asked for, and how to measure it."""
    yield "one edge toggled, GPT-2 small's shape, 16 tokens", ".15", lambda: toggled(gpt2_small_shape(16))
    yield "the same, the first ones in a session", "", lambda: toggled(gpt2_small_shape(16), settled=False)
    yield "the same, 128 tokens", ".17", lambda: toggled(gpt2_small_shape(128))
    if packs.is_installed("smollm2"):
        yield "the same, SmolLM2, 14 tokens", ".18", lambda: toggled(of_names("pack:smollm2"))
    yield "EAP, 4 pairs of 16 tokens: again in a session", ".75", lambda: attributed(gpt2_small_shape(16, 4), warm=True)
    yield "the same in a new session", "1.2", lambda: attributed(gpt2_small_shape(16, 4), warm=False)
    yield "the same by a share of every edge", "", lambda: by_shares(gpt2_small_shape(16, 4))
    yield "ten-point curve, GPT-2 small's shape, 128 tokens", "7.2", lambda: curve(gpt2_small_shape(128))
    if packs.is_installed("dinov2-small"):
        yield "exact scan of an edge, DINOv2, 257 patches", ".14", lambda: scanned(dinov2())
    yield f"{MANY:,} edges edited at once, GPT-2 small's shape, 16 tokens", "1.6", lambda: many(gpt2_small_shape(16))


def in_turn(works: Iterable[Callable[[], object]], baseline: Callable[[], object]) -> tuple[float, float]:
    """Medians of milliseconds of processor time, of several pieces of work and of what they are compared with."""
    baseline()
    pairs = [(_milliseconds(work), _milliseconds(baseline)) for work in works]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def to_toggle(session: ws.Session) -> list[ws.Edge]:
    draw, graph = random.Random(0), session.graph
    return [graph.edge(draw.randrange(graph.n_edges)) for _ in range(EDGES)]


def settle(session: ws.Session) -> None:
    """Each run with edits packs the weights of one more layer (`core.engine.packing`): run until that is done."""
    for head in range(session.graph.layers):
        session.run([ws.Edit(f"a0.h{head % session.graph.heads}", "scale", value=head / 100)])


def toggled(session: ws.Session, settled: bool = True) -> tuple[float, float]:
    """settled: after the weights are packed, as all toggles of a session are but for the first ones."""
    edits = [[ws.Edit(edge, "patch")] for edge in to_toggle(session)]
    session.run([ws.Edit("input->logits", "patch")])
    if settled:
        settle(session)
    return in_turn(((lambda edit=edit: session.run(edit)) for edit in edits), lambda: forward(session))  # type: ignore[misc]


def many(session: ws.Session) -> tuple[float, float]:
    """Other edges each time; the edits are there before."""
    draw, graph = random.Random(0), session.graph
    drawn = [draw.sample(range(graph.n_edges), MANY) for _ in range(ROUNDS + 1)]
    first, *others = [[ws.Edit(graph.edge(number), "patch") for number in numbers] for numbers in drawn]
    session.run(first)
    settle(session)
    return in_turn(((lambda edits=edits: session.run(edits)) for edits in others), lambda: forward(session))  # type: ignore[misc]


def attributed(session: ws.Session, warm: bool) -> tuple[float, float]:
    """warm: in a session that has run over A and B before."""

    def work() -> None:
        subject = (
            session if warm else ws.Session(session.model, session.pair, session.metric.metric, parity=session.parity)
        )
        ws.trace(subject, "eap")

    work()
    return in_turn([work] * ROUNDS, lambda: forward_and_backward(session))


def by_shares(session: ws.Session) -> tuple[float, float]:
    """EAP's scores as gradients by the shares of a circuit that is whole: what `core.engine.gradients` spares."""
    graph, engine = session.graph, session.engine
    shares = torch.ones(len(graph.readers), graph.n_writers)
    metric, first = session.reading.slope(engine.batch), engine.first_patched_row

    def work() -> None:
        CircuitGradients(engine, shares, "patch", metric, first)

    work()
    return in_turn([work] * ROUNDS, lambda: forward_and_backward(session))


def curve(session: ws.Session) -> tuple[float, float]:
    scores = ws.trace(session, "eap")
    works = [lambda: ws.faithfulness(session, scores, random_circuits=0)] * ROUNDS
    works[0]()
    return in_turn(works, lambda: forward(session))


def to_scan(session: ws.Session, readers: int = 12, most: int = 400) -> list[ws.Edge]:
    """Edges into some readers, drawn by how many edges they have, as a full scan has them."""
    draw, graph = random.Random(0), session.graph
    weights = [graph.writers_before(reader) for reader in graph.readers]
    chosen = dict.fromkeys(draw.choices(graph.readers, weights, k=readers))  # in the same order in every process
    numbers = [index for reader in chosen for index in graph.edges_into(reader)]
    return [graph.edge(index) for index in draw.sample(numbers, min(most, len(numbers)))]


def scanned(session: ws.Session) -> tuple[float, float]:
    """One of these edges."""
    edges = to_scan(session)
    ws.Scan(session, edges[:8]).run()
    ran, baseline = in_turn([ws.Scan(session, edges).run], lambda: [forward(session) for _ in range(2 * ROUNDS)])
    return ran / len(edges), baseline / (2 * ROUNDS)
