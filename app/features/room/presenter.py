"""What is asked where memory is short, in words."""

from __future__ import annotations

from app.messages.room import RoomReply
from app.presenters.plan_words import size_words

WORK = {"model": "To open this model takes", "trace": "This trace takes", "scan": "To measure these edges takes"}
SHORTER = "A shorter input takes less: memory goes with the number of positions."
ON_DISK = "Left on disk, each layer is read when it computes: the answers are the same, and take longer."
EIGHT_BITS = "Rounded to 8 bits, a weight of a layer takes one byte: answers change, and how much is said at input A."


def question(reply: RoomReply) -> str:
    needed, free = size_words(reply.needed), size_words(reply.free)
    return f"{WORK[reply.work]} about {needed} of memory, and {free} are free."


def advice(reply: RoomReply) -> str:
    ways = [words for words, possible in ((ON_DISK, reply.disk), (EIGHT_BITS, reply.eight_bits)) if possible]
    return " ".join(ways) or f"Nothing was begun, and nothing is lost. {SHORTER}"
