"""LoRA (Hu et al. 2022): low-rank changes of all linear maps in the blocks, by peft, trained on all examples with their
right answers as full fine-tuning is; merged into the weights in the end. The rate is that of least cost."""

from __future__ import annotations

import importlib.util

import torch
from torch import nn

from core.errors import ArgumentError
from core.models.model import Model
from core.repair.rivals.fine_tuning import Tuned, tuned
from core.repair.rivals.rival import Best, Job, Rival, Treated

RANK = 8
RATES = (1e-3, 3e-3)


def lora(job: Job) -> Treated:
    """Raises ArgumentError where peft is not installed."""
    if importlib.util.find_spec("peft") is None:
        raise ArgumentError("LoRA needs peft, which is not installed.", "pip install peft")
    best = Best(job, Treated(job.model, setting="not at all"), tie=float("inf"))
    for rate in RATES:
        found = adapted(job, rate)
        best.offer(Treated(found.model, setting=f"rank {RANK}, rate {rate:g}, {found.steps} steps"), found.loss)
    return best.treated


def adapted(job: Job, rate: float) -> Tuned:
    """Trained at one rate, and merged."""
    from peft import LoraConfig
    from peft.tuners.lora import LoraModel

    model = job.copied()
    module = model.adapter.module
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.seed)  # peft draws the first factors
        names = _linear_maps(model)
        turned = type(module.get_submodule(names[0])).__name__ == "Conv1D"  # holds [in, out]
        config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=names, fan_in_fan_out=turned)
        low_rank = LoraModel(module, config, "default")
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    found = tuned(model, [job.clean, job.triggered], rate, job.seed, learning)
    low_rank.merge_and_unload()
    return found


def _linear_maps(model: Model) -> list[str]:
    """Names of all linear maps in the blocks; GPT-2's are of a class of its own."""
    inside = {id(each) for block in model.adapter.blocks for each in block.modules()}
    return [
        name
        for name, each in model.adapter.module.named_modules()
        if id(each) in inside and (isinstance(each, nn.Linear) or type(each).__name__ == "Conv1D")
    ]


RIVAL = Rival(
    "LoRA, both", f"low-rank changes of all linear maps, rank {RANK}, trained on all examples, two rates", lora
)
