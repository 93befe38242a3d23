"""Why a call of Ray failed, in a sentence, out of what its errors say."""

from __future__ import annotations

import pytest

from core.ray_reasons import LONGEST, reason

FROM_GRPC = """Initialization failure from server:
Traceback (most recent call last):
  File "ray/util/client/server/proxier.py", line 700, in Datapath
    raise error
grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:
\tstatus = StatusCode.UNAVAILABLE
\tdetails = "The server has no room"
\tdebug_error_string = "UNKNOWN:of a socket {grpc_status:14}"
>
"""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionError("ray client connection timeout"), "ray client connection timeout."),
        (ConnectionAbortedError("Failure from server:\nTraceback:\n  File x\nRuntimeError: It is full.\n"), "is full."),
        (ConnectionAbortedError(FROM_GRPC), "The server has no room."),
        (RuntimeError("The worker has died.\n\tclass_name: Side\n\tpid: 7"), "The worker has died."),
        (RuntimeError("Failure from server:\n"), "Failure from server."),
        (RuntimeError("x" * 300), f"{'x' * LONGEST}…"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused."),
        (RuntimeError(), "RuntimeError."),
    ],
)
def test_the_line_that_tells_is_a_sentence(error: Exception, words: str) -> None:
    assert reason(error).endswith(words)
    assert "\n" not in reason(error)
