"""What one of several processes holds that share work on a model, reckoned from the model that is open here."""

from __future__ import annotations

from core.models.mapped_files import on_disk
from core.models.model import Model
from core.planning.memory import trace_bytes
from core.session import Session
from core.tracing.method import method_named
from core.tracing.over_pairs import usual_positions
from core.tracing.told_options import Options

PROCESS = 5 * 2**26  # bytes, about: of its own, Python, PyTorch, Transformers and Ray
METHOD = "eap-ig"  # of the traces that are usual; others hold about as much


def worker_bytes(session: Session) -> int:
    """Of a process that works on pairs as long as those of a session: itself, the weights, a batch that is traced."""
    return process_bytes(session.model) + sum(map(_batch_bytes, session.towers or (session,)))


def process_bytes(model: Model) -> int:
    """Of a process that has a model open, without work: weights on disk take none."""
    weights = model.adapter.module.parameters()
    held: int = sum(weight.nbytes for weight in weights if not on_disk(weight))
    return PROCESS + held


def _batch_bytes(session: Session) -> int:
    """Of the pairs that are traced together."""
    adapter, length = session.model.adapter, session.pair.length
    method = method_named(METHOD)
    options = Options().of(method.takes)
    held, forwards = method.held(options), method.forwards(session.graph.n_edges, options)
    pairs = max(1, usual_positions(session, forwards, held) // length)
    reads = 1 if session.model.is_text else length
    return trace_bytes(adapter, pairs, length, length, reads, held)
