"""What is asked, and what a program is told, where memory is short or much is to be sent, in words."""

from __future__ import annotations

from app.messages.room import RoomReply
from app.presenters.plan_words import size_words

WORK = {"model": "To open this model takes", "trace": "This trace takes", "scan": "To measure these edges takes"}
SHORTER = "A shorter input takes less: memory goes with the number of positions."
ON_DISK = "Left on disk, each layer is read when it computes: the answers are the same, and take longer."
EIGHT_BITS = "Rounded to 8 bits, a weight of a layer takes one byte: answers change, and how much is said at input A."
SENT_ONCE = "They are kept there, and not sent again. Where that takes too long, put the folder at the same path there."
BF16 = "In bf16 it takes half: small effects are lost in its rounding."
NOTHING_LOST = "Nothing was begun, and nothing is lost."
ANYWAY = "To trace all the same, say anyway."
HALF = "Open it with the precision bf16, in which it takes half: small effects are lost in its rounding."
BY_USER = "Somebody at the window can open it there, where it is asked how."
ANSWER_THERE = "The window asks about it: answer there, and call again."


def question(reply: RoomReply, place: str = "The other machine") -> str:
    """place: where the work is done, in a few words, where that is not this process."""
    needed, free = size_words(reply.needed), size_words(reply.free)
    if reply.work == "send":
        return f"{place} does not have this model's folder. To open it there, {needed} of files are sent."
    return f"{WORK[reply.work]} about {needed} of memory, and {free} are free."


def advice(reply: RoomReply) -> str:
    if reply.work == "send":
        return SENT_ONCE
    if reply.work != "model":
        return f"{NOTHING_LOST} {SHORTER}"
    ways = ((ON_DISK, reply.disk), (EIGHT_BITS, reply.eight_bits), (BF16, reply.bf16))
    return " ".join(words for words, possible in ways if possible) or NOTHING_LOST


def advice_to_program(reply: RoomReply) -> str:
    """What who has called can do."""
    if reply.work in ("model", "send"):
        return f"{NOTHING_LOST} {HALF if reply.bf16 else BY_USER}"
    return f"{NOTHING_LOST} {SHORTER} {ANYWAY}"
