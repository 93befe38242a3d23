"""GPT-2 in blocks of our own, for the bundled model: the same module paths, weights and numbers as the library's class,
without the seconds that importing the library takes.

Steps: token plus position; in each block a norm, causal attention and its projection, a norm and an MLP with GELU (by
tanh), both added to the stream; a last norm; the tied embedding as the head. (Radford et al. 2019, "Language Models are
Unsupervised Multitask Learners".)
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import ModelError

# What the blocks here do; a configuration that says something else is the library's.
PLAIN = {
    "activation_function": "gelu_new",
    "add_cross_attention": False,
    "n_inner": None,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "reorder_and_upcast_attn": False,
    "tie_word_embeddings": True,
}
ADDED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings")  # other names of sizes


class Conv1D(nn.Module):
    """A linear map whose weight is stored as [in, out]."""

    def __init__(self, size_in: int, size_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size_in, size_out, device="cpu"))
        self.bias = nn.Parameter(torch.zeros(size_out, device="cpu"))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x.flatten(0, -2), self.weight).view(*x.shape[:-1], -1)


class KeyCache:
    """Keys and values of the positions that the model has seen, [batch, head, position, head width] a layer."""

    def __init__(self) -> None:
        self._layers: list[tuple[Tensor, Tensor]] = []

    def get_seq_length(self) -> int:
        """How many positions that are. As the library calls it."""
        return self._layers[0][0].shape[2] if self._layers else 0

    def with_rows(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Those of a layer with new ones behind them, which are kept."""
        if layer == len(self._layers):
            self._layers.append((k, v))
        else:
            before = self._layers[layer]
            self._layers[layer] = torch.cat([before[0], k], dim=2), torch.cat([before[1], v], dim=2)
        return self._layers[layer]


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.c_attn = Conv1D(width, 3 * width)
        self.c_proj = Conv1D(width, width)

    def forward(self, x: Tensor, cache: KeyCache | None = None, layer: int = 0) -> Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.c_attn(x).chunk(3, dim=-1))
        if cache is not None:
            k, v = cache.with_rows(layer, k, v)
        before = k.shape[2] - q.shape[2]
        if before:
            seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=x.device).tril(before)
            z = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        else:
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        mixed: Tensor = self.c_proj(z.transpose(1, 2).flatten(2))
        return mixed


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = Conv1D(width, 4 * width)
        self.c_proj = Conv1D(4 * width, width)
        self.act = nn.GELU(approximate="tanh")

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.c_proj(self.act(self.c_fc(x)))
        return added


class Block(nn.Module):
    def __init__(self, width: int, heads: int, eps: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps, device="cpu")
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width, eps, device="cpu")
        self.mlp = Mlp(width)

    def forward(self, x: Tensor, cache: KeyCache | None = None, layer: int = 0) -> Tensor:
        after = x + self.attn(self.ln_1(x), cache, layer)
        out: Tensor = after + self.mlp(self.ln_2(after))
        return out


class GPT2LMHeadModel(nn.Module):
    """Named as the library's class, by which its adapter is found.

    config: of the model's config.json. Takes and gives what the library's class does of it: token ids [batch,
    position]; `logits` [batch, position, vocabulary], of the last `logits_to_keep` positions (0: of all), or
    of those in a tensor. cache: what an earlier forward gave with `use_cache`; the ids then stand behind it."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, layers, heads = config["n_embd"], config["n_layer"], config["n_head"]
        names = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
        self.config = SimpleNamespace(**(config | names | {"max_position_embeddings": config["n_positions"]}))
        eps = config["layer_norm_epsilon"]
        self.transformer = nn.ModuleDict(
            {
                "wte": _embedding(config["vocab_size"], width),
                "wpe": _embedding(config["n_positions"], width),
                "h": nn.ModuleList(Block(width, heads, eps) for _ in range(layers)),
                "ln_f": nn.LayerNorm(width, eps, device="cpu"),
            }
        )
        self.lm_head = nn.Linear(width, config["vocab_size"], bias=False, device="meta")
        self.tie_weights()

    def tie_weights(self) -> None:
        self.lm_head.weight = self.get_input_embeddings().weight

    def get_input_embeddings(self) -> nn.Embedding:
        embeddings = self.transformer["wte"]
        assert isinstance(embeddings, nn.Embedding)
        return embeddings

    def _blocks(self) -> nn.ModuleList:
        blocks = self.transformer["h"]
        assert isinstance(blocks, nn.ModuleList)
        return blocks

    def forward(
        self,
        input_ids: Tensor,
        use_cache: bool = False,
        logits_to_keep: int | Tensor = 0,
        cache: KeyCache | None = None,
    ) -> SimpleNamespace:
        body = self.transformer
        cache = KeyCache() if cache is None and use_cache else cache
        first = 0 if cache is None else cache.get_seq_length()
        places = torch.arange(first, first + input_ids.shape[1], device=input_ids.device)
        x = body["wte"](input_ids) + body["wpe"](places)
        for layer, block in enumerate(self._blocks()):
            x = block(x, cache, layer)
        normed = body["ln_f"](x)
        kept = logits_to_keep if isinstance(logits_to_keep, Tensor) else slice(-logits_to_keep or None, None)
        return SimpleNamespace(logits=self.lm_head(normed[:, kept]), cache=cache)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write config.json and model.safetensors, as the library does and reads them."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        config = {name: value for name, value in vars(self.config).items() if name not in ADDED}
        config["dtype"] = str(next(self.parameters()).dtype).removeprefix("torch.")
        (place / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        weights = {name: part.contiguous() for name, part in self.state_dict().items() if name != "lm_head.weight"}
        save_file(weights, place / "model.safetensors", metadata={"format": "pt"})


def _embedding(count: int, width: int) -> nn.Embedding:
    """Not drawn: that would move the user's random numbers, and on the meta device import torch's compiler."""
    return nn.Embedding(count, width, _weight=torch.empty(count, width, device="cpu"))


def is_plain(config: dict[str, Any]) -> bool:
    """Whether the blocks here are all that a configuration asks for."""
    names = config.get("architectures") == ["GPT2LMHeadModel"]
    return names and all(config.get(name, value) == value for name, value in PLAIN.items())


def read_gpt2(folder: Path, config: dict[str, Any]) -> GPT2LMHeadModel:
    """The model of a folder, in fp32. Raises ModelError where its weights are not those of its configuration."""
    module = GPT2LMHeadModel(config)
    weights = {name: weight.float() for name, weight in load_file(folder / "model.safetensors").items()}
    expected = {name for name in module.state_dict() if name != "lm_head.weight"}
    wrong = sorted(expected ^ (set(weights) - {"lm_head.weight"}))
    if wrong:
        raise ModelError(f"The weights in {folder} do not fit its config.json: {wrong[0]}.", "Install Wirescope again.")
    weights["lm_head.weight"] = weights["transformer.wte.weight"]
    module.load_state_dict(weights, assign=True)
    module.tie_weights()
    return module.requires_grad_(True).eval()
