"""Builds a GPT-2 from a program, and says which edges the program uses.

The residual stream is a row of named spaces, orthogonal to each other. A head or an MLP reads some spaces and writes
one, so the edge u -> r does something exactly where u writes a space that r reads. Norms are left out (identities), as
in models compiled by Tracr (Lindner et al. 2023).

What the program does not use is not empty: its other heads and MLPs read everything with random weights and write into
a space of their own, which nothing but they read. Their edges are no part of the circuit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor, nn

import wirescope as ws
from core.edits import EditKind
from core.graph import Edge, Graph, Node, Reader

HEADS = 4
WIDTH = 96
INNER = 64
JUNK = "junk"
STATIC = ("position", "one", "bos")  # the same in every input of one length: patching them changes nothing


class NoNorm(nn.Module):
    """Leaves the stream as it is. GPT-2's layers want what they read in one piece of memory."""

    def forward(self, x: Tensor) -> Tensor:
        return x.contiguous()


class Builder:
    """tokens: how many there are, the first is the beginning of every text. length: of every text."""

    def __init__(self, tokens: int, length: int, layers: int, seed: int = 0) -> None:
        self.tokens, self.length, self.layers = tokens, length, layers
        self._spaces: dict[str, slice] = {}
        self._free = 0
        self._rng = torch.Generator().manual_seed(seed)
        config = transformers.GPT2Config(
            vocab_size=max(tokens, length + 2), n_positions=length, n_embd=WIDTH, n_layer=layers, n_head=HEADS,
            n_inner=INNER, activation_function="relu", tie_word_embeddings=False, bos_token_id=None, eos_token_id=None,
        )  # fmt: skip
        module = transformers.GPT2LMHeadModel(config).double().eval()
        for block in module.transformer.h:
            block.ln_1, block.ln_2 = NoNorm(), NoNorm()
        module.transformer.ln_f = NoNorm()
        for parameter in module.parameters():
            parameter.requires_grad_(False).zero_()
        self.module = module
        self._reads: dict[Reader, set[str]] = {}
        self._writes: dict[Node, set[str]] = {Node("input"): {"token", *STATIC}}
        self._units = [0] * layers
        token, position = self.space("token", tokens), self.space("position", length)
        self.space("one", 1)
        self.space("bos", 1)
        body = module.transformer
        body.wte.weight[1:tokens, token] = torch.eye(tokens, dtype=torch.float64)[1:]
        body.wte.weight[0, self._spaces["bos"]] = 1.0
        body.wpe.weight[:, position] = torch.eye(length, dtype=torch.float64)
        body.wpe.weight[:, self._spaces["one"]] = 1.0

    def space(self, name: str, size: int) -> slice:
        """A new space of the stream."""
        self._spaces[name] = slice(self._free, self._free + size)
        self._free += size
        assert self._free <= WIDTH - 8, "the stream is full"
        return self._spaces[name]

    # ---- parts ----

    def head(
        self,
        layer: int,
        head: int,
        scores: Sequence[tuple[str, str, Tensor]],
        value: tuple[str, Tensor],
        out: str,
    ) -> None:
        """A head. scores: its score is the sum of q^T M k over (space of q, space of k, M [size of q, size of k]).
        value: a space and the matrix [size of out, size of the space] that it is written with."""
        size = WIDTH // HEADS
        attention = self.module.transformer.h[layer].attn
        q, k, v = (attention.c_attn.weight[:, n * WIDTH + head * size :][:, :size] for n in range(3))
        used = 0
        for of_q, of_k, matrix in scores:
            keys = matrix.shape[1]
            q[self._spaces[of_q], used : used + keys] = matrix * size**0.5  # GPT-2 divides by it
            k[self._spaces[of_k], used : used + keys] = torch.eye(keys, dtype=torch.float64)
            used += keys
            if matrix.any():  # a head that sees all alike reads nothing for it
                self._read(Reader("q", layer, head), of_q)
                self._read(Reader("k", layer, head), of_k)
        assert used <= size, "the head is too narrow"
        source, matrix = value
        width = matrix.shape[1]
        v[self._spaces[source], :width] = torch.eye(width, dtype=torch.float64)
        attention.c_proj.weight[head * size : head * size + width, self._spaces[out]] = matrix.T
        self._read(Reader("v", layer, head), source)
        self._write(Node("head", layer, head), out)

    def unit(self, layer: int, reads: dict[str, Tensor], bias: float, writes: dict[str, Tensor]) -> None:
        """One unit of an MLP: relu(sum of reads + bias), written times a vector into spaces."""
        mlp = self.module.transformer.h[layer].mlp
        number = self._units[layer]
        self._units[layer] += 1
        for name, vector in reads.items():
            mlp.c_fc.weight[self._spaces[name], number] = vector
            self._read(Reader("mlp", layer), name)
        mlp.c_fc.bias[number] = bias
        for name, vector in writes.items():
            mlp.c_proj.weight[number, self._spaces[name]] = vector
            self._write(Node("mlp", layer), name)

    def step(
        self, layer: int, reads: dict[str, Tensor], threshold: float, width: float, writes: dict[str, Tensor]
    ) -> None:
        """Two units: 0 below the threshold, 1 at threshold + width and above, a ramp between."""
        for away, sign in ((0.0, 1.0), (width, -1.0)):
            self.unit(
                layer,
                {name: vector / width for name, vector in reads.items()},
                -(threshold + away) / width,
                {name: sign * vector for name, vector in writes.items()},
            )

    def output(self, space: str, matrix: Tensor) -> None:
        """What the logits read: matrix [answers, size of the space]."""
        self.module.lm_head.weight[: len(matrix), self._spaces[space]] += matrix
        self._read(Reader("logits"), space)

    # ---- the whole ----

    def build(self) -> ws.Model:
        """The model, its unused parts filled with noise."""
        junk = self.space(JUNK, 6)
        size = WIDTH // HEADS

        def noise(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=self._rng, dtype=torch.float64) * 0.3

        for layer, block in enumerate(self.module.transformer.h):
            for head in range(HEADS):
                if Node("head", layer, head) not in self._writes:
                    for n in range(3):
                        block.attn.c_attn.weight[:, n * WIDTH + head * size :][:, :size] = noise(WIDTH, size)
                    block.attn.c_proj.weight[head * size : (head + 1) * size, junk] = noise(size, 6)
            if self._units[layer] == 0:
                block.mlp.c_fc.weight[:] = noise(WIDTH, INNER)
                block.mlp.c_proj.weight[:, junk] = noise(INNER, 6)
        return ws.load_model((self.module, None))

    def truth(self, graph: Graph, kind: EditKind) -> NDArray[np.bool_]:
        """Which edges are the program's: [edges]. Under `patch` those that carry what is the same in every input are
        not."""
        static = self._static_writers()
        found = np.zeros(graph.n_edges, dtype=bool)
        for reader, spaces in self._reads.items():
            for writer, written in self._writes.items():
                shared = spaces & written
                if kind == "patch":
                    shared = shared - set(STATIC) if writer.kind == "input" else shared
                    if writer in static:
                        shared = set()
                if shared:
                    found[graph.edge_index(Edge(writer, reader))] = True
        return found

    def _static_writers(self) -> set[Node]:
        """Heads and MLPs that write the same in every input: all that they read is static."""
        static: set[Node] = set()
        for node in sorted(self._writes, key=lambda node: (node.layer, node.kind == "mlp")):
            if node.kind == "input":
                continue
            readers = [Reader("mlp", node.layer)] if node.kind == "mlp" else [
                Reader(kind, node.layer, node.head) for kind in ("q", "k", "v")
            ]  # fmt: skip
            read = set().union(*(self._reads.get(reader, set()) for reader in readers))
            moving = {
                space for writer, spaces in self._writes.items() if writer not in static for space in spaces
            } - set(STATIC)
            if not read & moving:
                static.add(node)
        return static

    def _read(self, reader: Reader, space: str) -> None:
        self._reads.setdefault(reader, set()).add(space)

    def _write(self, node: Node, space: str) -> None:
        self._writes.setdefault(node, set()).add(space)
