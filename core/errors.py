"""Failures that a user can understand and act on.

Every error that may reach a user is a `WirescopeError`: `message` says what is wrong, `hint` says what to do.
The window shows both in one dialog, the command line prints both on standard error and ends with code 3 (2
for `ArgumentError`).
"""

from __future__ import annotations

ALIKE = "A and B score alike, so there is no effect to trace."
ANOTHER = "Choose a B with another answer, or another metric."


class WirescopeError(Exception):
    """Base of all user-facing failures."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message if not hint else f"{message} {hint}")
        self.message = message
        self.hint = hint


class ArgumentError(WirescopeError):
    """A name or option that does not exist: an unknown edge, metric, method or built-in model."""


class InputError(WirescopeError):
    """A prompt, image or pair that the model cannot take."""


class UnreadableFileError(InputError):
    """A file of an input that is not there, or that the system does not give. Nothing is said of the input itself: the
    file may be there on another machine, or later."""


class NoPairFitsError(InputError):
    """Of some pairs none can be used with the model."""


class NothingToRecoverError(InputError):
    """The metric is the same with every edge and with none: no circuit can be told from another."""


class ModelError(WirescopeError):
    """A model that cannot be loaded, is not supported, or does not agree with its own forward pass."""


class EditError(WirescopeError):
    """An edit that cannot be made: no counterfactual to patch from, positions outside the input."""


class MemoryBudgetError(WirescopeError):
    """A run whose states would not fit into the memory that it may use. Nothing was computed."""


class Cancelled(WirescopeError):
    """A run or a download was cancelled. Nothing is left half done."""

    def __init__(self, message: str = "Cancelled.") -> None:
        super().__init__(message)
