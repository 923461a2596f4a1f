"""What becomes of files on their way: bits that flip, ends that are missing, blocks that are
doubled, lost or empty, numbers that are no numbers. For fuzz_formats.py."""

import re
import struct

import numpy as np

HEAD = 2048  # bytes: where half of what happens happens
NUMBERS = (
    *(0, 1, -1, 2, 127, 128, 255, 256, 32767, -32768, 65535, 65536, 2**24, 2**31 - 1, -(2**31)),
    *(2**32 - 1, 2**40, 2**63 - 1, -(2**63)),
)
FLOATS = float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e-308, 0.0, -1.0, 1e9
WORDS = (
    *(
        b"nan",
        b"inf",
        b"-inf",
        b"-1",
        b"0",
        b"1e999",
        b"-1e308",
        b"99999999999999999999",
        b"1e-300",
    ),
    *(b"", b"-", b"0x7fffffff", b"2147483648", b"1,5", b"null", b'"1"', b"1 2", b"\xff\xfe", b"\0"),
)


def mutated(raw: bytes, rng: np.random.Generator) -> bytes:
    """`raw` after one to three mishaps."""
    changes = BYTE_CHANGES + (3 * TEXT_CHANGES if is_text(raw) else ())
    for _ in range(rng.integers(1, 4)):
        if len(raw) < 4:
            break
        raw = changes[rng.integers(len(changes))](raw, rng)
    return raw


def is_text(raw: bytes) -> bool:
    """Whether a file looks like text: most of the numbers are written out in it."""
    return b"\0" not in raw[:4096]


def _place(raw, rng, size=1):
    """Where something happens: in every second case in the head of the file."""
    end = max(1, len(raw) - size + 1)
    return int(rng.integers(min(end, HEAD) if rng.random() < 0.5 else end))


def _stretch(raw, rng):
    """(start, end) of a block, mostly a short one."""
    start = _place(raw, rng)
    longest = len(raw) - start
    length = int(min(longest, 2 ** rng.uniform(0, np.log2(longest + 1))))
    return start, start + max(1, length)


def flip_bits(raw, rng):
    out = bytearray(raw)
    for _ in range(rng.integers(1, 9)):
        out[_place(raw, rng)] ^= 1 << int(rng.integers(8))
    return bytes(out)


def cut_short(raw, rng):
    return raw[: _place(raw, rng)] if rng.random() < 0.7 else raw[: -int(rng.integers(1, 5))]


def lose_a_block(raw, rng):
    start, end = _stretch(raw, rng)
    return raw[:start] + raw[end:]


def double_a_block(raw, rng):
    start, end = _stretch(raw, rng)
    return raw[:end] + raw[start:end] * int(rng.integers(1, 4)) + raw[end:]


def blank_a_block(raw, rng):
    start, end = _stretch(raw, rng)
    return raw[:start] + (b"\0", b"\xff", b" ")[rng.integers(3)] * (end - start) + raw[end:]


def swap_two_blocks(raw, rng):
    size = int(rng.integers(1, 65))
    if len(raw) < 2 * size:
        return raw
    one, two = sorted((_place(raw, rng, size), _place(raw, rng, size)))
    if two < one + size:
        return raw
    between = raw[one + size : two]
    return raw[:one] + raw[two : two + size] + between + raw[one : one + size] + raw[two + size :]


def set_a_number(raw, rng):
    """A field of 1 to 8 bytes becomes a number that nobody expects there."""
    form = "bhiqfd"[rng.integers(6)]
    order = "<>"[rng.integers(2)]
    if form in "fd":
        value = FLOATS[rng.integers(len(FLOATS))]
        with np.errstate(over="ignore"):
            field = struct.pack(order + form, np.float32(value) if form == "f" else value)
    else:
        size = struct.calcsize(form)
        value = NUMBERS[rng.integers(len(NUMBERS))] % 2 ** (8 * size)
        field = value.to_bytes(size, "little" if order == "<" else "big")
    at = _place(raw, rng, len(field))
    return raw[:at] + field + raw[at + len(field) :]


def append_noise(raw, rng):
    return raw + rng.bytes(int(rng.integers(1, 600)))


def change_a_number(raw, rng):
    """A number in the text becomes another, or a word."""
    start = _place(raw, rng)
    found = re.compile(rb"-?\d+(\.\d+)?").search(raw, start)
    if found is None:
        return raw
    word = WORDS[rng.integers(len(WORDS))]
    return raw[: found.start()] + word + raw[found.end() :]


def lose_or_double_a_line(raw, rng):
    lines = raw.split(b"\n")
    k = int(rng.integers(min(len(lines), 40) if rng.random() < 0.5 else len(lines)))
    return b"\n".join([*lines[:k], *[lines[k]] * (2 * int(rng.integers(2))), *lines[k + 1 :]])


def change_a_sign(raw, rng):
    """A delimiter, quote or bracket becomes another."""
    signs = b",;\t :=\"'<>[]{}/\n"
    found = re.compile(b"[" + re.escape(signs) + b"]").search(raw, _place(raw, rng))
    if found is None:
        return raw
    at = found.start()
    return raw[:at] + signs[(k := int(rng.integers(len(signs)))) : k + 1] + raw[at + 1 :]


BYTE_CHANGES = (
    *(flip_bits, cut_short, lose_a_block, double_a_block, blank_a_block, swap_two_blocks),
    *(set_a_number, set_a_number, append_noise),
)
TEXT_CHANGES = (change_a_number, change_a_number, lose_or_double_a_line, change_a_sign)
