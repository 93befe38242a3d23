"""The same person as in tests/app, in front of a real screen."""

from tests.app.conftest import models, person, sit_down

__all__ = ["models", "person", "sit_down"]
