"""Fine-pruning (Liu et al. 2018): the MLP units that are least active on clean inputs go, as many as the clean accuracy
within the budget allows; then training on with the clean examples."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.formatting import share_words
from core.models.model import Model
from core.repair.proof import answers
from core.repair.rivals.fine_tuning import RATES, tuned
from core.repair.rivals.rival import Best, Job, Rival, Treated

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def fine_pruning(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="not at all"), tie=float("inf"))
    activity = _activity(job)
    for layers in ((job.model.graph.layers - 1,), tuple(range(job.model.graph.layers))):
        kept = 0.0
        for share in SHARES:
            if not job.within(Treated(_pruned(job, activity, layers, share)).figures(job.triggered, job.clean)):
                break
            kept = share
        words = f"{share_words(kept)} of the units of {'the last MLP' if len(layers) == 1 else 'all MLPs'}"
        if kept:
            best.offer(Treated(_pruned(job, activity, layers, kept), setting=f"{words}, not trained on"))
        for rate in RATES[-1:]:
            pruned = _pruned(job, activity, layers, min(kept + 0.1, 1.0))
            masks = [weight == 0 for weight in _last_weights(pruned)]
            found = tuned(pruned, [job.clean], rate, job.seed)
            with torch.no_grad():  # what was pruned stays so
                for weight, mask in zip(_last_weights(found.model), masks, strict=True):
                    weight.masked_fill_(mask, 0.0)
            words_of = f"{words} and a tenth more, rate {rate:g}, {found.steps} steps"
            best.offer(Treated(found.model, setting=words_of), found.loss)
    return best.treated


def _last_maps(model: Model) -> list[nn.Module]:
    """The last linear map of each layer's MLP."""
    maps = []
    for layer, block in enumerate(model.adapter.blocks):
        name = model.adapter.wiring(layer).mlp_weights[0]
        maps.append(block.get_submodule(name.rpartition(".")[0]))
    return maps


def _last_weights(model: Model) -> list[Tensor]:
    """[unit, width] of each layer, views of the parameters."""
    maps = _last_maps(model)
    weights = [each.get_parameter("weight") for each in maps]
    return [w if type(each).__name__ == "Conv1D" else w.T for w, each in zip(weights, maps, strict=True)]


def _activity(job: Job) -> list[Tensor]:
    """The mean size of each unit on the clean examples, [unit] of each layer."""
    model, found = job.copied(), []

    def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs[0].abs().flatten(0, -2).mean(dim=0))

    for each in _last_maps(model):
        each.register_forward_pre_hook(keep)
    answers(model, job.clean)
    layers = job.model.graph.layers
    return [torch.stack(found[layer::layers]).mean(dim=0) for layer in range(layers)]


def _pruned(job: Job, activity: list[Tensor], layers: tuple[int, ...], share: float) -> Model:
    model = job.copied()
    with torch.no_grad():
        for layer in layers:
            least = activity[layer].argsort(stable=True)[: int(share * len(activity[layer]))]
            _last_weights(model)[layer][least] = 0.0
    return model


RIVAL = Rival(
    "fine-pruning", "MLP units least active on clean inputs go, then training on with these", fine_pruning, blind=True
)
