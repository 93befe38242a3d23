"""A model with a probe as the library's own classifier: what an export of it is, so that it opens without Wirescope.

The library's class reads the class token after the last norm (ViT, DeiT), the mean of the patches (I-JEPA), or both
beside each other (DINOv2): a probe of the class token alone has weights of 0 for the mean. It is run beside the model
on a picture of noise, and refused where it does not give the same.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from core.errors import ModelError
from core.models.probed import Probed

CLASSIFIERS = {  # by the model's class: the classifier's, and where that has the model
    "Dinov2Model": ("Dinov2ForImageClassification", "dinov2"),
    "Dinov2WithRegistersModel": ("Dinov2WithRegistersForImageClassification", "dinov2_with_registers"),
    "ViTModel": ("ViTForImageClassification", "vit"),
    "DeiTModel": ("DeiTForImageClassification", "deit"),
    "IJepaModel": ("IJepaForImageClassification", "ijepa"),
}
TOLERANCE = 1e-3  # of the logits' spread
OTHERWISE = "Save the probe by itself, or take Copy as Python or a script of plain PyTorch."


def as_classifier(probed: Probed) -> Any:
    """The library's classifier with the weights of a probed model, which it shares. Raises ModelError where the
    library has none that gives the same."""
    import transformers

    encoder, probe = probed.encoder, probed.probe
    name = type(encoder).__name__
    if name not in CLASSIFIERS:
        raise ModelError(
            f"A {name} with a probe cannot be written as a model: its library has no classifier that reads what the "
            "probe reads.",
            OTHERWISE,
        )
    kind, body = CLASSIFIERS[name]
    config = copy.deepcopy(encoder.config)
    config.id2label = dict(enumerate(probe.classes))
    config.label2id = {label: place for place, label in config.id2label.items()}
    with torch.device("meta"):
        module = getattr(transformers, kind)(config)
    weight = probed.head.weight
    if module.classifier.in_features == 2 * weight.shape[1]:
        weight = torch.cat([weight, torch.zeros_like(weight)], dim=1)
    wanted = module.state_dict().keys()
    weights = {f"{body}.{path}": part for path, part in encoder.state_dict().items()}
    weights = {path: part for path, part in weights.items() if path in wanted}  # the pooler is read by nothing
    weights |= {"classifier.weight": weight, "classifier.bias": probed.head.bias}
    module.load_state_dict(weights, assign=True)
    for path, buffer in encoder.named_buffers():  # those that no file holds
        owner, _, leaf = f"{body}.{path}".rpartition(".")
        part = module.get_submodule(owner)
        if leaf in part._buffers:
            part._buffers[leaf] = buffer
    module.train(encoder.training)
    _check(probed, module)
    return module


def _check(probed: Probed, module: nn.Module) -> None:
    config, one = module.config, next(probed.parameters())
    side = config.image_size if isinstance(config.image_size, int) else max(config.image_size)  # type: ignore[union-attr, arg-type]
    generator = torch.Generator(device="cpu").manual_seed(0)
    noise = torch.randn(1, config.num_channels, side, side, generator=generator, device="cpu")  # type: ignore[union-attr, arg-type]
    with torch.no_grad():
        pixels = noise.to(one.device, one.dtype)
        expected, given = probed(pixels).logits, module(pixel_values=pixels).logits
    spread = float(expected.max() - expected.min())
    if not float((given - expected).abs().max()) <= TOLERANCE * max(spread, 1e-6):
        raise ModelError(
            f"A {type(probed.encoder).__name__} with a probe cannot be written as a model: its library's classifier "
            "does not give the same.",
            OTHERWISE,
        )
