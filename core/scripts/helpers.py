"""The functions that scripts call, as text: how figures are printed, and how rows become a dataset. A script holds
those that it needs."""

from __future__ import annotations

from collections.abc import Iterable

IMPORTS = {
    "base64": "import base64",
    "load_scores": "from dataclasses import replace",
    "resources": "from importlib import resources",
}

HELPERS = {
    "dataset_of": '''
def dataset_of(model, rows, by_model=False):
    """Rows (A, B or None, target, foil) as a dataset; those that the model cannot take are left out. by_model: a row
    without answers has what the model itself goes on with."""
    pairs, answers = [], []
    for a, b, *answer in rows:
        try:
            pair = model.pair(a, b)
            both = [model.answer(each) for each in answer]
            if by_model and not both:
                both = [*ws.Session(model, pair).metric.target[:1]] * 2
        except ws.WirescopeError as error:
            print(f"left out: {error}")
            continue
        pairs.append(pair)
        answers.append(tuple(both))
    return ws.Dataset(pairs, answers if all(answers) else ())
''',
    "load_scores": '''
def load_scores(session, path):
    """The scores of a file. Where it does not say towards what they lead, that is what edges do to this metric."""
    scores = ws.Scores.load(path, session.graph)
    if scores.direction is None:
        empty = session.run_circuit(ws.circuit_of(session.graph, []), scores.replacement)
        gap = float(session.clean.metric.mean() - empty.metric.mean())
        scores = replace(scores, direction=(gap > 0) - (gap < 0))
    return scores
''',
    "fitting": '''
def fitting(edits, pair):
    """The edits whose positions the input has."""
    return [edit for edit in edits if all(-pair.length <= place < pair.length for place in edit.places)]
''',
    "show": '''
def show(session, edits, pinned=()):
    """The metric and the likeliest answers, without the edits and with them."""
    clean, result, model = session.clean, session.run(edits), session.model
    print(f"{session.metric.name}: {float(clean.metric.mean()):.7f} -> {float(result.metric.mean()):.7f}")
    if not model.has_head:
        return result
    before, after = (run.answer[0].double().softmax(dim=-1) for run in (clean, result))
    chosen = []
    for answer in pinned:
        try:
            chosen.append(model.answer(answer))
        except ws.WirescopeError:
            pass  # it is one of another model
    for index in dict.fromkeys([*chosen, *(best.index for best in result.top(5))]):
        print(f"  {model.label(index)!r}: {float(before[index]):.7f} -> {float(after[index]):.7f}")
    return result
''',
    "show_nodes": '''
def show_nodes(scores, count=10):
    """The nodes of the largest scores."""
    for index in abs(scores.values).sum(axis=tuple(range(1, scores.values.ndim))).argsort()[::-1][:count]:
        print(f"  {scores.graph.writers[index].name}: {scores.values[index].sum():.7f}")
''',
    "show_curve": '''
def show_curve(session, scores, dataset=None):
    """How well circuits of all sizes recover the metric."""
    curve = ws.faithfulness(session, scores, dataset=dataset)
    print(f"{scores.method}: CPR {curve.cpr:.7f}, CMD {curve.cmd:.7f}")
''',
    "show_circuit": '''
def show_circuit(session, scores, circuit, dataset=None):
    """What the circuit recovers of the metric, as many random edges beside it, and its first edges."""
    share = [len(circuit) / session.graph.n_edges]
    curve = ws.faithfulness(session, scores, fractions=share, dataset=dataset, random_circuits=1)
    random = curve.random_band[0, 0]
    print(f"{len(circuit)} edges: recovered {curve.recovered[0]:.7f}, by random ones {random:.7f}")
    for name, value in list(zip(circuit.names, circuit.values))[:10]:
        print(f"  {name}: {value:.7f}")
''',
}


def header(needs: Iterable[str]) -> list[str]:
    """What stands before the first passage: imports, then the helpers that are called, a text each."""
    wanted = set(needs)
    imports = [line for name, line in IMPORTS.items() if name in wanted]
    return [
        "\n".join([*imports, *([""] if imports else []), "import wirescope as ws"]),
        *(text.strip() for name, text in HELPERS.items() if name in wanted),
    ]
