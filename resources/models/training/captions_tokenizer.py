"""The tokenizer of the `captions` model: each word of its captions is one token, in lower case.

Other words become one unknown token, which Wirescope refuses by name: the model could not tell them apart.
"""

from __future__ import annotations

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from core.inputs.generators import captions

CONTEXT = 12
START, END, UNKNOWN = "<start>", "<end>", "<unknown>"
PLAIN_WORDS = ("a", "of", "on", "picture", "the", "with", "word")


def build() -> PreTrainedTokenizerFast:
    """The tokenizer, made from the generator's words alone."""
    words = [END, START, UNKNOWN, *PLAIN_WORDS, *captions.WORDS]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    start, end = ((token, words.index(token)) for token in (START, END))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", pair=None, special_tokens=[start, end]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        unk_token=UNKNOWN,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )
