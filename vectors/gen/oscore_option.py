"""The value of option 9: RFC 8613 section 6.1, Group OSCORE -28 section 4.1, Group OSCORE -02 section 3."""

from dataclasses import dataclass
from typing import Optional

from primitives import Refused

GROUP_FLAG, KID_CONTEXT_FLAG, KID_FLAG = 0x20, 0x10, 0x08
MAX_KID_LEN = 7  # nonce length 13 - 6


class OptionMalformed(Refused):
    reason = "option-malformed"


@dataclass(frozen=True)
class Option:
    group_flag: bool = False
    partial_iv: Optional[bytes] = None
    kid_context: Optional[bytes] = None
    signature: Optional[bytes] = None
    kid: Optional[bytes] = None


def minimal(number):
    """A Sender Sequence Number as Partial IV: no leading zeros, zero is one byte."""
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def build(option):
    """The value; empty when no flag is set. In `group-02` the signature stands before the kid."""
    piv = option.partial_iv or b""
    flags = len(piv)
    flags |= GROUP_FLAG if option.group_flag else 0
    flags |= KID_CONTEXT_FLAG if option.kid_context is not None else 0
    flags |= KID_FLAG if option.kid is not None else 0
    if flags == 0:
        return b""
    out = bytes([flags]) + piv
    if option.kid_context is not None:
        out += bytes([len(option.kid_context)]) + option.kid_context
    out += (option.signature or b"") + (option.kid or b"")
    if len(out) > 255:
        raise OptionMalformed("longer than 255 bytes")
    return out


def _take(value, at, size):
    if at + size > len(value):
        raise OptionMalformed("cut field")
    return value[at : at + size], at + size


def parse(value, dialect, direction, signature_len=0):
    """An Option, or the first of the checks that fails, in the order of vectors/README.md (Codecs, OSCORE option)."""
    if len(value) > 255:
        raise OptionMalformed("longer than 255 bytes")
    flags = value[0] if value else 0
    size = flags & 7
    if flags & (0xE0 if dialect == "oscore" else 0xC0) or size > 5:
        raise OptionMalformed("reserved bits")
    if dialect == "group-02" and flags & 0x28 != 0x28:
        raise OptionMalformed("no counter signature or no kid")
    piv, at = _take(value, 1, size) if size else (None, min(1, len(value)))
    kid_context = signature = kid = None
    if flags & KID_CONTEXT_FLAG:
        length, at = _take(value, at, 1)
        kid_context, at = _take(value, at, length[0])
    if dialect == "group-02":
        signature, at = _take(value, at, signature_len)
    if flags & KID_FLAG:
        kid, at = value[at:], len(value)
    if at < len(value) or (kid is not None and len(kid) > MAX_KID_LEN):
        raise OptionMalformed("trailing bytes or long kid")
    if direction == "request":
        if piv is None:
            raise Refused(reason="partial-iv-missing")
        if kid is None:
            raise Refused(reason="kid-missing")
        if dialect != "oscore" and kid_context is None:
            raise Refused(reason="kid-context-missing")
    return Option(bool(flags & GROUP_FLAG), piv, kid_context, signature, kid)
