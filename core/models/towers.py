"""CLIP and SigLIP with both towers to look into: one graph, in which they stand side by side and meet in `logits`, the
similarity of the picture and each class text (`core.towers_graph`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from torch import Tensor

from core.errors import ArgumentError
from core.inputs.pair import Pair, Side
from core.models.class_texts import BOTH, ClassTexts, class_texts
from core.models.families.zero_shot import sentences_adapter
from core.models.family import adapt
from core.models.model import Model
from core.models.zero_shot import ZeroShot, vectors_of
from core.precision import HALF
from core.towers_graph import TowersGraph


@dataclass(frozen=True)
class TowersModel(Model):
    """adapter: of the vision tower, with the class texts as they are without edits: what the whole gives.

    other_texts: the class texts of B; None: those of A. `pair` makes pairs of pictures; the texts are the model's.
    """

    other_texts: ClassTexts | None = None
    sessions: ClassVar[str] = "core.towers.session:TowersSession"

    @cached_property
    def graph(self) -> TowersGraph:
        shape, text = self.adapter.shape, self.text.graph
        return TowersGraph(shape.layers, shape.heads, shape.kv_heads, shape.parallel, shape.coupled, text=text)

    @property
    def module(self) -> ZeroShot:
        return self.adapter.module  # type: ignore[no-any-return]

    @property
    def texts(self) -> ClassTexts:
        assert self.module.texts is not None
        return self.module.texts

    @cached_property
    def image(self) -> Model:
        """The vision tower alone, which gives a picture's embedding."""
        bare = adapt(type(self.module)(self.module))
        return Model(f"vision of {self.name}", f"the vision tower of {self.title}", bare, processing=self.processing)

    @cached_property
    def text(self) -> Model:
        """The text tower alone, which gives a sentence's embedding."""
        adapter = sentences_adapter(self.module)
        return Model(f"text of {self.name}", f"the text tower of {self.title}", adapter, tokenizer=self.tokenizer)

    @cached_property
    def sentences(self) -> Pair:
        """What the text tower reads: the sentences of the class texts, class by class; B's beside them."""
        a = self._sentences_of(self.texts)
        b = a if self.other_texts is None else self._sentences_of(self.other_texts)
        self.text.check_aligned(a, b)
        return Pair(a, b)

    def _sentences_of(self, texts: ClassTexts) -> Side:
        lower = self.text.adapter.padded_length is not None  # as SigLIP was trained
        sentences = [sentence for name in texts.classes for sentence in texts.sentences(name)]
        return self.text.side([sentence.lower() if lower else sentence for sentence in sentences])

    def against(self, classes: Sequence[str] | str | None) -> TowersModel:
        """The same model, whose text tower takes what B has from other class texts: one for each of A's, of as many
        tokens. None: from the same. Raises ArgumentError for another number of them, InputError where they do not stand
        beside A's token by token."""
        if classes is None:
            return replace(self, other_texts=None)
        others = class_texts(classes, self.texts.templates)
        if len(others.classes) != len(self.texts.classes):
            raise ArgumentError(
                f"There are {len(self.texts.classes)} class texts, and {len(others.classes)} for B.",
                "Give one for each.",
            )
        made = replace(self, other_texts=others)
        _ = made.sentences  # which says what does not fit
        return made

    # ---- where the towers meet ----

    def vectors(self, embedded: Tensor) -> Tensor:
        """Of the class texts [class, space], from what the text tower gives for the sentences [sentence, space]."""
        return vectors_of(embedded, self.texts)

    def similarity(self, embedded: Tensor, vectors: Tensor) -> Tensor:
        """The logits [batch, class] of pictures, from what the vision tower gives [batch, space]."""
        return self.module.scores(embedded, vectors)


def with_towers(model: Model) -> TowersModel:
    """A model of class texts with both towers to look into; it shares all weights. Raises ArgumentError for a model
    that is no pair of towers, for one without class texts, and in half precision."""
    module = model.adapter.module
    if isinstance(model, TowersModel):
        return model
    if not isinstance(module, ZeroShot):
        raise ArgumentError(f"{model.title} is no pair of towers.", "Both towers are for CLIP and SigLIP.")
    if module.class_vectors is None:
        raise ArgumentError(
            f"The towers of {model.title} meet in the similarity of pictures with class texts, and there are none.",
            "Give classes, for example: red circle, blue square.",
        )
    if model.adapter.dtype in HALF:
        raise ArgumentError(
            "Both towers together are computed in fp32 or fp64: how far rounding goes in half precision is not known.",
            "Open them in fp32, or one tower alone.",
        )
    return TowersModel(
        BOTH + model.name,
        model.title,
        model.adapter,
        model.tokenizer,
        model.processing,
        model.class_names,
        model.notes,
        weights_place=model.weights_place,
    )
