"""CLIP and SigLIP as classifiers of pictures: the classes are texts.

    logits[picture, class] = exp(scale) * cos(what the picture gives, what the class's text gives)  [+ bias: SigLIP]

A text's vector is that of its sentences (the class in each template), each brought to length 1, their mean brought to
length 1 again (Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", section
3.1.4; Zhai et al. 2023, "Sigmoid Loss for Language Image Pre-Training"). The vectors are computed once; pictures then
go through the vision tower alone, whose graph is shown. Without class texts the output is what the picture gives.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import ArgumentError, ModelError
from core.models.class_texts import USUAL_TEMPLATES, ClassTexts, class_texts, with_texts
from core.models.family import adapt
from core.models.model import Model

ENCODED_AT_ONCE = 64  # sentences
NO_CLASSES = (
    "It has no classes yet: it gives an embedding of the picture. Write class texts, and it tells which fits best "
    "(Edit > Class Texts; --classes in the terminal; classes= in a notebook)."
)
SHARES = (
    "SigLIP judges each text by itself. The shares shown are among the class texts (a softmax of their scores): one of "
    "them is always likely, even where none fits."
)


@dataclass
class Scores:
    """logits: [batch, class], or None without class texts; image_embeds: [batch, space]."""

    logits: Tensor | None
    image_embeds: Tensor


class ZeroShot(nn.Module):
    """A pair of towers with its parts where the library's class has them, called with pictures alone. Its subclasses
    are named as the library's, by which their adapters are found.

    vectors: of the class texts, [class, space], each of length 1; None without. It shares all weights with the pair.
    """

    vision_model: Any
    text_model: Any
    visual_projection: Any
    text_projection: Any
    logit_scale: Any
    logit_bias: Any

    def __init__(self, pair: Any, vectors: Tensor | None = None, texts: ClassTexts | None = None) -> None:
        super().__init__()
        self.config, self.texts = pair.config, texts
        for name, part in pair.named_children():
            self.add_module(name, part)
        for name, parameter in pair._parameters.items():
            if name != "class_vectors":
                self.register_parameter(name, parameter)
        self.class_vectors = None if vectors is None else nn.Parameter(vectors.detach(), requires_grad=False)
        self.training = pair.training

    def embed_pictures(self, pixels: Tensor) -> Tensor:
        """[batch, space], by the library's own tower."""
        raise NotImplementedError

    def embed_sentences(self, ids: Tensor) -> Tensor:
        """[sentence, space], by the library's own tower."""
        raise NotImplementedError

    def scores(self, embedded: Tensor, vectors: Tensor | None = None) -> Tensor:
        """[batch, space] to logits [batch, class]. vectors: of the class texts, in place of the model's own."""
        vectors = self.class_vectors if vectors is None else vectors
        assert vectors is not None
        scores: Tensor = F.normalize(embedded, dim=-1) @ vectors.T * self.logit_scale.exp()
        return scores

    def forward(self, pixel_values: Tensor) -> Scores:
        embedded = self.embed_pictures(pixel_values)
        return Scores(None if self.class_vectors is None else self.scores(embedded), embedded)

    def save_pretrained(self, place: Any) -> None:
        """The whole pair, as the library's class opens it; its config.json says which classes it had here."""
        import transformers

        config = copy.deepcopy(self.config)
        if self.texts is not None:
            config.class_texts, config.class_templates = list(self.texts.classes), list(self.texts.templates)
        weights = {name: weight for name, weight in self.state_dict().items() if name != "class_vectors"}
        with torch.device("meta"):
            pair = getattr(transformers, type(self).__name__)(config)
        pair.load_state_dict(weights, assign=True)
        pair.save_pretrained(place)


class CLIPModel(ZeroShot):
    def embed_pictures(self, pixels: Tensor) -> Tensor:
        return self.visual_projection(self.vision_model(pixel_values=pixels).pooler_output)  # type: ignore[no-any-return]

    def embed_sentences(self, ids: Tensor) -> Tensor:
        return self.text_projection(self.text_model(input_ids=ids).pooler_output)  # type: ignore[no-any-return]


class SiglipModel(ZeroShot):
    def embed_pictures(self, pixels: Tensor) -> Tensor:
        return self.vision_model(pixel_values=pixels).pooler_output  # type: ignore[no-any-return]

    def embed_sentences(self, ids: Tensor) -> Tensor:
        return self.text_model(input_ids=ids).pooler_output  # type: ignore[no-any-return]

    def scores(self, embedded: Tensor, vectors: Tensor | None = None) -> Tensor:
        scores: Tensor = super().scores(embedded, vectors) + self.logit_bias
        return scores


def as_zero_shot(pair: Any) -> ZeroShot:
    """A pair of towers as a model that reads pictures."""
    if isinstance(pair, ZeroShot):
        return pair
    is_clip = any(cls.__name__ == CLIPModel.__name__ for cls in type(pair).__mro__)
    return CLIPModel(pair) if is_clip else SiglipModel(pair)


def default_texts(model: Model) -> ClassTexts | None:
    """The classes that a model's config.json names, or None."""
    names = getattr(getattr(model.adapter.module, "config", None), "class_texts", None)
    if not isinstance(model.adapter.module, ZeroShot) or not names:
        return None
    return ClassTexts(tuple(names), _default_templates(model))


def _default_templates(model: Model) -> tuple[str, ...]:
    """The templates that a model's config.json names, or the usual ones."""
    return tuple(getattr(model.adapter.module.config, "class_templates", None) or USUAL_TEMPLATES)


def with_class_texts(model: Model, texts: ClassTexts | None) -> Model:
    """The same model with these classes; its weights are shared. None: those of its config.json, or none. Raises
    ArgumentError for texts that the model cannot read, and for a model whose classes are no texts."""
    module = model.adapter.module
    if not isinstance(module, ZeroShot):
        raise ArgumentError(
            f"The classes of {model.title} are no texts.", "Class texts are for CLIP and SigLIP with both towers."
        )
    usual = default_texts(model)
    chosen = usual if texts is None else texts
    if chosen is not None and not chosen.templates:
        chosen = replace(chosen, templates=_default_templates(model))
    notes = tuple(note for note in model.notes if note not in (NO_CLASSES, SHARES))
    name = with_texts(model.name, None if chosen == usual else chosen)
    if chosen is None:
        return replace(
            model, name=name, adapter=adapt(type(module)(module)), class_names=(), notes=(*notes, NO_CLASSES)
        )
    if model.tokenizer is None:
        raise ArgumentError(
            f"{model.title} has no tokenizer, so it cannot read class texts.", "Get tokenizer.json too."
        )
    vectors = class_vectors(module, model.tokenizer, chosen, model.title)
    notes += (SHARES,) if isinstance(module, SiglipModel) else ()
    adapter = adapt(type(module)(module, vectors, chosen))
    return replace(model, name=name, adapter=adapter, class_names=chosen.classes, notes=notes)


def templates_of(model: Model) -> tuple[str, ...]:
    """The sentences that the class texts of a model stand in, or would; none of a model whose classes are no texts."""
    module = model.adapter.module
    if not isinstance(module, ZeroShot):
        return ()
    return module.texts.templates if module.texts is not None else _default_templates(model)


def classified(model: Model, classes: Sequence[str] | str | None, templates: Sequence[str] | str | None) -> Model:
    """A model as it was opened, with the classes that were asked for; one whose classes are no texts as it is. Raises
    ArgumentError."""
    module = model.adapter.module
    made = not isinstance(module, ZeroShot) or module.class_vectors is not None
    if classes is None and templates is None and made:
        return model
    texts = default_texts(model) if classes is None else class_texts(classes, templates)
    if templates is not None and classes is None:
        if texts is None:
            raise ArgumentError("There are templates and no class texts.", "Give classes too.")
        texts = class_texts(texts.classes, templates)
    return with_class_texts(model, texts)


@torch.no_grad()
def class_vectors(module: ZeroShot, tokenizer: Any, texts: ClassTexts, title: str) -> Tensor:
    """[class, space], each of length 1. Raises ArgumentError for texts that the model cannot read."""
    sentences = [sentence for name in texts.classes for sentence in texts.sentences(name)]
    ids = [_ids(module, tokenizer, sentence, title) for sentence in sentences]
    by_length: dict[int, list[int]] = defaultdict(list)  # so that none needs padding
    for number, row in enumerate(ids):
        by_length[len(row)].append(number)
    embedded: dict[int, Tensor] = {}
    device = next(module.parameters()).device
    for numbers in by_length.values():
        for start in range(0, len(numbers), ENCODED_AT_ONCE):
            part = numbers[start : start + ENCODED_AT_ONCE]
            rows = module.embed_sentences(torch.tensor([ids[number] for number in part], device=device))
            embedded |= dict(zip(part, rows, strict=True))
    vectors = vectors_of(torch.stack([embedded[number] for number in range(len(ids))]), texts)
    if not bool(torch.isfinite(vectors).all()):
        raise ModelError(f"The text tower of {title} gives numbers that are not finite.")
    return vectors


def vectors_of(embedded: Tensor, texts: ClassTexts) -> Tensor:
    """[class, space], each of length 1, from what the text tower gives for the sentences [class * template, space]."""
    every = F.normalize(embedded, dim=-1)
    return F.normalize(every.reshape(len(texts.classes), len(texts.templates), -1).mean(1), dim=-1)


def _ids(module: ZeroShot, tokenizer: Any, sentence: str, title: str) -> Sequence[int]:
    """A sentence as the text tower reads it."""
    limit = int(module.config.text_config.max_position_embeddings)
    padded = isinstance(module, SiglipModel)  # trained on texts of one length, in lower case
    plain: list[int] = list(tokenizer(sentence.lower() if padded else sentence)["input_ids"])
    if len(plain) > limit:
        raise ArgumentError(
            f"The class text {sentence!r} has {len(plain)} tokens, and {title} reads {limit}.", "Make it shorter."
        )
    unknown = getattr(tokenizer, "unk_token_id", None)
    if unknown is not None and unknown not in (tokenizer.eos_token_id, tokenizer.pad_token_id) and unknown in plain:
        words = [word for word in sentence.split() if unknown in tokenizer(word)["input_ids"]]
        known = [word for word in tokenizer.get_vocab() if word.isalpha()]
        hint = f"It knows: {', '.join(known)}." if len(known) < 60 else "Use other words."
        raise ArgumentError(f"{title} does not know the word {', '.join(words) or sentence}.", hint)
    if not padded:
        return plain
    pad = tokenizer.pad_token_id
    if pad is None:
        raise ArgumentError(f"The tokenizer of {title} has no padding token, and its texts are padded.")
    return plain + [pad] * (limit - len(plain))
