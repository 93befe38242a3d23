"""One training of `wirescope bench tune`: the adapters are placed, trained and measured on what was held out, and on
what the model knew before."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import wirescope as ws
from core.inputs.tasks import make_task
from core.repair.proof import with_module
from resources.models.training.measure import load_names, names_accuracy
from tests.benchmarks.tune_places import (
    EVEN,
    Ranks,
    at_random,
    by_value,
    depth,
    edge_sizes,
    even,
    gradient_sizes,
    maps_of,
    of_maps,
    share_in_attention,
)
from tests.benchmarks.tune_tasks import SMOLLM2, TASKS, TEXT, Item, Lesson, Task

WARM_UP = 0.1  # of the steps
ORTHOGONAL = 0.5  # weight of AdaLoRA's orthogonality, peft's
PAIRS = {"bundled:names": 32, SMOLLM2: 12}  # that a circuit is traced on; as many examples give the gradient
FIRST = 0.5  # of the steps that are trained before the circuit's change is read
KNOWN, KNOWN_PAIRS = 60, 16  # prompts of each behaviour of names; of indirect objects for SmolLM2

Figures = dict[str, Any]


@cache
def model_of(name: str) -> ws.Model:
    """names as the library's class, whose linear maps peft knows."""
    return ws.load_model(name) if name == SMOLLM2 else ws.load_model(load_names())


class Examples:
    """Token ids padded on the right [row, position], the last real position [row] and the answers' ids [row]."""

    def __init__(self, model: ws.Model, items: Sequence[Item]) -> None:
        tokenizer: Any = model.tokenizer
        rows = [tokenizer(item.text)["input_ids"] for item in items]
        self.last = torch.tensor([len(row) - 1 for row in rows])
        length = max(map(len, rows))
        self.ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
        answers = [tokenizer(item.answer, add_special_tokens=False)["input_ids"] for item in items]
        self.answers = torch.tensor([only for (only,) in answers])

    def __len__(self) -> int:
        return len(self.last)

    def logits(self, module: Any, rows: Tensor) -> Tensor:
        """After the last token of some rows, [row, vocabulary]. No token sees the padding, which comes after it."""
        hidden = module.base_model(self.ids[rows], use_cache=False).last_hidden_state
        return module.lm_head(hidden[torch.arange(len(rows)), self.last[rows]])  # type: ignore[no-any-return]

    def loss(self, module: nn.Module, rows: Tensor) -> Tensor:
        return functional.cross_entropy(self.logits(module, rows), self.answers[rows])

    @torch.no_grad()
    def measured(self, module: nn.Module) -> tuple[float, float]:
        """The share whose most probable next token is the answer, and the mean loss."""
        logits = torch.cat([self.logits(module, rows) for rows in torch.arange(len(self)).split(64)])
        right = (logits.argmax(-1) == self.answers).float().mean()
        return float(right), float(functional.cross_entropy(logits, self.answers))


def train(
    module: nn.Module,
    examples: Examples,
    rate: float,
    steps: int,
    batch: int,
    rng: Random,
    extra: Callable[[], Tensor] | None = None,
    stepped: Callable[[int], None] | None = None,
) -> None:
    """AdamW over all parameters that take a gradient; the rate rises first and falls to nothing. Examples come round by
    round, each in another order. extra: added to the loss. stepped: told each step before gradients are dropped."""
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, weight_decay=0.0)
    order: list[int] = []
    for step in range(steps):
        while len(order) < batch:
            order += rng.sample(range(len(examples)), len(examples))
        rows, order = torch.tensor(order[:batch]), order[batch:]
        loss = examples.loss(module, rows)
        (loss if extra is None else loss + extra()).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / (WARM_UP * steps), (1 - step / steps) / (1 - WARM_UP), 1.0)
        optimizer.step()
        if stepped is not None:
            stepped(step)
        optimizer.zero_grad()


def with_adapters(module: nn.Module, ranks: Ranks) -> Any:
    """LoRA (Hu et al. 2022) by peft, put into the module; the scale is the same for all ranks."""
    from peft import LoraConfig
    from peft.tuners.lora import LoraModel

    config = LoraConfig(
        r=EVEN,
        lora_alpha=2 * EVEN,
        rank_pattern=ranks,
        alpha_pattern={name: 2 * rank for name, rank in ranks.items()},
        target_modules=list(ranks),
        fan_in_fan_out=_turned(module, ranks),
    )
    return LoraModel(module, config, "default")


def _turned(module: nn.Module, names: Any) -> bool:
    """Whether weights are [in, out], as GPT-2's."""
    return type(module.get_submodule(next(iter(names)))).__name__ == "Conv1D"


def adalora(module: nn.Module, names: Sequence[str], steps: int) -> tuple[Callable[[], Tensor], Callable[[int], None]]:
    """AdaLoRA (Zhang et al. 2023) by peft, put into the module: it begins with half as many ranks more, and drops those
    that matter least until as many are left as `even` has. Returns what is added to the loss, and what each step is
    told to."""
    from peft import AdaLoraConfig
    from peft.tuners.adalora import AdaLoraModel

    first = EVEN * 3 // 2
    config = AdaLoraConfig(
        init_r=first,
        target_r=EVEN,
        lora_alpha=2 * first,
        tinit=steps // 6,
        tfinal=steps // 3,
        total_step=steps,
        target_modules=list(names),
        fan_in_fan_out=_turned(module, names),
        orth_reg_weight=ORTHOGONAL,
    )
    adapted: Any = AdaLoraModel(module, config, "default")
    factors = [(name, each) for name, each in module.named_parameters() if "lora_A" in name or "lora_B" in name]

    def orthogonal() -> Tensor:
        products = [each @ each.T if "lora_A" in name else each.T @ each for name, each in factors]
        return ORTHOGONAL * torch.stack([torch.linalg.norm(each - torch.eye(len(each))) for each in products]).mean()

    return orthogonal, adapted.update_and_allocate


def kept_ranks(module: nn.Module) -> Ranks:
    """Of AdaLoRA: ranks that are left, by map."""
    values = {name: each for name, each in module.named_parameters() if ".lora_E." in name}
    return {name.partition(".lora_E.")[0]: int((each != 0).sum()) for name, each in values.items()}


def trained(name: str, arm: str, rate: float, seed: int, steps: int, tuning: bool = False) -> Figures:
    """Figures of one training of a task: validation and held-out accuracy, what else changed, parameters, seconds of
    the processor. tuning: the validation's alone."""
    task = TASKS[name]
    model = model_of(task.model)
    lesson = task.draw(Random(f"{name}/{seed}"))
    train_set, *others = (Examples(model, part) for part in (lesson.train, lesson.validation, lesson.held_out))
    module = copy.deepcopy(model.adapter.module).requires_grad_(False)
    costs = maps_of(module)
    started = time.process_time()
    figures: Figures = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ranks = ranks_of(arm, model, lesson, train_set, task, rate, seed, steps, costs)
        placed = time.process_time()
        extra = stepped = None
        if arm == "full":
            module.requires_grad_(True)
        elif arm == "AdaLoRA":
            extra, stepped = adalora(module, list(costs), steps)
        elif ranks is not None:
            with_adapters(module, ranks)
        figures["parameters"] = sum(each.numel() for each in module.parameters() if each.requires_grad)
        if arm != "untrained":
            module.train()
            train(module, train_set, rate, steps, task.batch, Random(seed), extra, stepped)
            module.eval()
    ended = time.process_time()
    if arm == "AdaLoRA":
        ranks = kept_ranks(module)
        figures["parameters"] = sum(rank * (costs[name] + 1) for name, rank in ranks.items())
    if ranks is not None:
        figures |= {"attention": share_in_attention(ranks, costs), "depth": depth(ranks, costs), "ranks": ranks}
    figures |= {"choosing": placed - started, "seconds": ended - started}
    for part, examples in zip(("validation", "held out"), others[: 1 if tuning else 2], strict=False):
        figures[part], figures[f"{part} loss"] = examples.measured(module)
    return figures if tuning else figures | known(task.model, module)


def ranks_of(
    arm: str,
    model: ws.Model,
    lesson: Lesson,
    examples: Examples,
    task: Task,
    rate: float,
    seed: int,
    steps: int,
    costs: dict[str, int],
) -> Ranks | None:
    """None for an arm that places no LoRA."""
    items = lesson.train
    some = Random(f"pairs/{seed}").sample(range(len(items)), min(PAIRS[task.model], len(items)))
    pairs = [items[row] for row in some]
    if arm == "even":
        return even(costs)
    if arm == "random":
        return at_random(costs, seed)
    if arm == "gradient":
        module: Any = copy.deepcopy(model.adapter.module).requires_grad_(False)
        return by_value(gradient_sizes(module, costs, lambda: examples.loss(module, torch.tensor(some))), costs)
    if arm == "circuit":
        return by_value(of_maps(model, edge_sizes(model, pairs), costs), costs)
    if arm == "circuit's change":
        module = copy.deepcopy(model.adapter.module).requires_grad_(False)
        low_rank = with_adapters(module, even(costs))
        train(module, examples, rate, int(FIRST * steps), task.batch, Random(seed + 1))
        after = with_module(model, low_rank.merge_and_unload().eval().requires_grad_(False))
        change = edge_sizes(after, pairs) - edge_sizes(model, pairs)
        return by_value(of_maps(model, abs(change), costs), costs)
    return None


def known(name: str, module: nn.Module) -> Figures:
    """What the model could do before. names: accuracy on held-out prompts of its behaviours, their mean. SmolLM2:
    accuracy on indirect objects, and the loss on plain sentences, in nats a token."""
    model = model_of(name)
    if name != SMOLLM2:
        found = names_accuracy(module, model.tokenizer, KNOWN, seed=1)
        return {"known": sum(row["all"] for row in found.values()) / len(found)}
    made = make_task("ioi", model, KNOWN_PAIRS)
    rows = [Item(str(clean), answer, "", "") for (clean, _), (answer, _) in zip(made.pairs, made.answers, strict=True)]
    return {"known": Examples(model, rows).measured(module)[0], "text loss": text_loss(model, module)}


@torch.no_grad()
def text_loss(model: ws.Model, module: Any) -> float:
    tokenizer: Any = model.tokenizer
    total, count = 0.0, 0
    for text in TEXT:
        ids = torch.tensor([tokenizer(text)["input_ids"]])
        logits = module(ids, use_cache=False).logits[0, :-1]
        total += float(functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
        count += ids.shape[1] - 1
    return total / count
