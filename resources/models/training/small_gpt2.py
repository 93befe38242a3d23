"""An untrained GPT-2 of a given size, as the trainings here begin with."""

from __future__ import annotations

from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast


def small_gpt2(
    tokenizer: PreTrainedTokenizerFast, *, context: int, width: int, layers: int, heads: int, scale: float
) -> GPT2LMHeadModel:
    """scale: the standard deviation of first weights, which come from torch's generator."""
    end = tokenizer.eos_token_id
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=context,
            n_embd=width,
            n_layer=layers,
            n_head=heads,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            initializer_range=scale,
            bos_token_id=end,
            eos_token_id=end,
        )
    )
    model.set_attn_implementation("eager")  # its backward pass takes half the time of the fused one at this size
    return model
