"""The functions of scripts in plain PyTorch, as text: hooks on a model's own modules. A script holds those that it
calls.

1. A node writes: what a head adds is its part of the product of the output projection, an MLP's what comes out of it.
   What its edits change is added where it joins the stream.
2. A reader with edited edges reads the stream with  replacement - what the writer carries  added for each of them: the
   model's own norm, and projection, run once more on that.
"""

from __future__ import annotations

STATE = '''
EDITING = False  # whether the edits are made in the run that goes on
STREAM = {}  # by layer: what it has read [1, position, width]
WRITTEN = {}  # by node: what it has written
CHANGES = {}  # by node: what its edits add to that


def edit(kind, value=None, positions=None, strength=1.0, seed=0):
    """One edit. positions: None for all. strength: 0 leaves what is there, 1 is the whole edit."""
    return kind, value, positions, strength, seed


def mixed(edits, name, current, out):
    """What a node's output becomes by edits; at each position the last of them counts."""
    free = torch.ones(out.shape[1], 1, dtype=torch.bool)
    for kind, value, positions, strength, seed in reversed(edits):
        here = free.clone()
        if positions is not None:
            here[[place for place in range(len(here)) if place not in positions]] = False
        free &= ~here
        new = replacement(name, out, kind, value, seed)
        current = torch.where(here, current + strength * (new - current), current)
    return current


def write(name, out):
    """A node writes: what its edits add to that."""
    WRITTEN[name] = out
    CHANGES[name] = (mixed(NODES.get(name, []), name, out, out) if EDITING else out) - out
    return CHANGES[name]


def read(reader, x):
    """What a reader reads: the stream, with what edits put in place of what came along its edges."""
    for writer, levels in EDGES.get(reader, {}).items() if EDITING else ():
        carried = new = WRITTEN[writer] + CHANGES[writer]
        for edits in levels:
            new = mixed(edits, writer, new, WRITTEN[writer])
        x = x + (new - carried)
    return x


def layer(number):
    return model.get_submodule(f"{BLOCKS}.{number}")


def run(name, editing=False):
    """The model's answer to an input [1, answers]."""
    global EDITING
    EDITING = editing
    WRITTEN.clear()
    return answer(INPUTS[name])
'''

HOOKS = {
    "hook_stream": '''
def hook_stream(number):
    """Note what a layer reads. The input node writes what the first one does."""

    def before(block, args, kwargs):
        x = args[0] if args else kwargs["hidden_states"]
        STREAM[number] = x = x + write("input", x) if number == 0 else x
        return ((x, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": x})

    layer(number).register_forward_pre_hook(before, with_kwargs=True)
''',
    "hook_heads": '''
def hook_heads(number, heads, output, lands, scale=1.0, factor=None, inner=None):
    """Heads write: each its part of the output projection, times scale, times the factor of a norm of them all. lands:
    the module behind which all that is in the stream. inner: a norm of what they mix, before the projection."""
    projection, waiting = layer(number).get_submodule(output), []
    weight = projection.weight.T if type(projection).__name__ == "Conv1D" else projection.weight

    def before(module, args):
        more = 1.0 if factor is None else factor(F.linear(args[0], weight))
        for head in heads:
            rows = slice(head * HEAD_WIDTH, (head + 1) * HEAD_WIDTH)
            if inner is None:
                out = F.linear(args[0][..., rows], weight[:, rows])
            else:  # its mean spreads a part over all rows
                out = F.linear(part_in_norm(layer(number).get_submodule(inner), args[0], rows), weight)
            waiting.append(write(f"a{number}.h{head}", more * scale * out))

    def after(module, args, out):
        total = sum(waiting)
        waiting.clear()
        return out + (total / scale if lands == output else total)

    layer(number).get_submodule(inner or output).register_forward_pre_hook(before)
    layer(number).get_submodule(lands).register_forward_hook(after)
''',
    "part_in_norm": '''
def part_in_norm(norm, z, rows):
    """What a norm makes of a part of what it reads: by the scale of the whole, without its bias."""
    part = torch.zeros_like(z)
    part[..., rows] = z[..., rows]
    if isinstance(norm, torch.nn.LayerNorm):
        scale = torch.rsqrt(z.var(-1, unbiased=False, keepdim=True) + norm.eps)
        part = part - part.mean(-1, keepdim=True)
    else:
        scale = torch.rsqrt(z.square().mean(-1, keepdim=True) + norm.eps)
    return part * scale * (1.0 if norm.weight is None else norm.weight)
''',
    "norm_factor": '''
def norm_factor(number, norm, more):
    """What a norm after attention multiplies each head's part by: the scale is that of their sum."""
    norm = layer(number).get_submodule(norm)
    eps = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
    return lambda total: torch.rsqrt(total.square().mean(-1, keepdim=True) + eps) * (norm.weight + more)
''',
    "hook_mlp": '''
def hook_mlp(number, module, scale=1.0):
    """An MLP writes what comes out of it."""

    def after(_, args, out):
        first = out[0] if isinstance(out, tuple) else out
        written = scale * first.reshape(1, -1, first.shape[-1])
        first = first + (write(f"m{number}", written) / scale).reshape(first.shape)
        return (first, *out[1:]) if isinstance(out, tuple) else first

    layer(number).get_submodule(module).register_forward_hook(after)
''',
    "hook_ports": '''
def hook_ports(number, projection, norm, ports):
    """Queries, keys and values of heads, by the rows of the projection that are theirs."""
    norm = layer(number).get_submodule(norm) if norm else torch.nn.Identity()

    def after(module, args, out):
        out = out.clone()
        for reader, rows in ports.items():
            out[..., rows] = module.forward(norm.forward(read(reader, STREAM[number])))[..., rows]
        return out

    layer(number).get_submodule(projection).register_forward_hook(after)
''',
    "hook_mlp_reader": '''
def hook_mlp_reader(number, module):
    """An MLP reads what goes into its norm."""

    def before(_, args):
        x = args[0].reshape(1, -1, args[0].shape[-1])
        return (read(f"m{number}", x).reshape(args[0].shape), *args[1:])

    layer(number).get_submodule(module).register_forward_pre_hook(before)
''',
    "hook_parallel_mlp_reader": '''
def hook_parallel_mlp_reader(number, module, norm):
    """An MLP beside the attention reads what the layer reads."""
    norm = layer(number).get_submodule(norm) if norm else torch.nn.Identity()

    def before(_, args):
        return (norm.forward(read(f"m{number}", STREAM[number])), *args[1:])

    layer(number).get_submodule(module).register_forward_pre_hook(before)
''',
    "hook_output": '''
def hook_output(number):
    """What stands behind the last layer reads what comes out of it."""

    def after(_, args, out):
        x = read("logits", out[0] if isinstance(out, tuple) else out)
        return (x, *out[1:]) if isinstance(out, tuple) else x

    layer(number).register_forward_hook(after)
''',
}

# What an edit puts in place of a node's output, by kind: an expression, with what it needs in the script.
REPLACEMENTS = {
    "zero": "torch.zeros_like(out)",
    "scale": "value * out",
    "steer": "out + torch.tensor(value)",
    "project": "project(out, torch.tensor(value))",
    "patch": 'RUNS["B"][name]',
    "mean": "MEANS[name]",
    "resample": "RUNS[value][name][:, : out.shape[1]]",
    "noise": "out + value * noise(name, seed)",
}

PROJECT = '''
def project(out, value):
    """What is there without its part along a direction. value: the direction; then, where it is another one, the
    vector that is taken out; then the level that is left along the direction, where there is one."""
    width = out.shape[-1]
    along = value[:width] / value[:width].norm()
    taken = value[width : 2 * width] if len(value) >= 2 * width else along
    level = value[-1] if len(value) % width == 1 else 0
    return out - ((out @ along)[..., None] - level) * taken / (taken @ along)
'''

NOISE = '''
def noise(name, seed):
    """Normal numbers as large as what the node writes without edits."""
    clean = RUNS["A"][name]
    generator = torch.Generator("cpu").manual_seed(zlib.crc32(f"{seed} {name}".encode()))
    drawn = torch.randn(clean.shape, generator=generator, dtype=torch.float64).to(clean.dtype)
    return drawn * clean.square().mean().sqrt()
'''

MEANS_OVER_ALL = '''
def means_over(names):
    """What each node writes, in the mean over these inputs and all their positions."""
    rows = []
    for name in names:
        run(name)
        rows.append({node: out[0] for node, out in WRITTEN.items()})
    return {node: torch.cat([row[node] for row in rows]).mean(dim=0)[None, None] for node in rows[0]}
'''

MEANS_BY_POSITION = '''
def means_over(places):
    """What each node writes, position by position, in the mean over inputs. places: of each of them, which of its
    positions stands for each one of A; None where it has none."""
    total, count = {}, torch.zeros(len(next(iter(places.values()))), 1)
    for name, at in places.items():
        run(name)
        there = torch.tensor([place is not None for place in at])[:, None]
        count += there
        for node, out in WRITTEN.items():
            row = torch.where(there, out[0, [place or 0 for place in at]], 0)
            total[node] = total[node] + row if node in total else row
    return {node: (row / count)[None] for node, row in total.items()}
'''

METRICS = {
    "logit_difference": "out[:, TARGET] - out[:, FOIL]",
    "class_logit": "out[:, TARGET]",
    "probability": "out.softmax(-1)[:, TARGET]",
    "log_probability": "out.log_softmax(-1)[:, TARGET]",
    "accuracy": "(out.argmax(-1) == TARGET).float()",
    "same_answer": "(out.argmax(-1) == clean.argmax(-1)).float()",
    "kl": 'F.kl_div(out.log_softmax(-1), clean.log_softmax(-1), log_target=True, reduction="none").sum(-1)',
    "cosine": "F.cosine_similarity(out, clean) - F.cosine_similarity(out, of_b)",
    "cosine_b": "F.cosine_similarity(out, of_b)",
    "cosine_clean": "F.cosine_similarity(out, clean)",
}
