"""CoAP messages (RFC 7252 over UDP), and what of a message OSCORE protects (RFC 8613 section 4).

parse and encode are the codec; split and merge are the two directions of section 4: which options go inside, which outside,
and what the application gets. Everything refused is `coap-malformed`, or `inner-malformed` for a plaintext.
"""

from dataclasses import dataclass, field, replace
from typing import Optional

from primitives import Refused

URI_HOST, OBSERVE, URI_PORT, OSCORE, URI_PATH = 3, 6, 7, 9, 11
URI_QUERY, PROXY_URI, PROXY_SCHEME, ECHO = 15, 35, 39, 252

# Class U: sent outside only and kept by the recipient. 16 and 21 are Hop-Limit and EDHOC.
CLASS_U = frozenset({URI_HOST, URI_PORT, OSCORE, 16, 21, PROXY_URI, PROXY_SCHEME})
# Inner and Outer with independent values (O-4.1-04, O-4.1-05).
CLASS_EU = frozenset({OBSERVE, 14, 19, 23, 27, 28, 31, 60, 252, 258, 292})
# All other numbers are class E, known or not (O-4.1-01); class I is empty.

GET, POST, FETCH, CHANGED, CONTENT = 0x01, 0x02, 0x05, 0x44, 0x45


class Malformed(Refused):
    reason = "coap-malformed"


class InnerMalformed(Refused):
    reason = "inner-malformed"


@dataclass(frozen=True)
class Message:
    type: int
    code: int
    message_id: int
    token: bytes = b""
    options: list = field(default_factory=list)
    payload: Optional[bytes] = None

    def values(self, number):
        return [value for found, value in self.options if found == number]

    def has(self, number):
        return any(found == number for found, _ in self.options)


def classify(number):
    """`U`, `EU` or `E`."""
    return "U" if number in CLASS_U else "EU" if number in CLASS_EU else "E"


# ---- codec ----


def _nibble(number):
    if number < 13:
        return number, b""
    if number < 269:
        return 13, bytes([number - 13])
    return 14, (number - 269).to_bytes(2, "big")


def encode_options(options, payload):
    """Options in ascending order (stable), each delta against the one before, then marker and payload if there is any."""
    out, previous = bytearray(), 0
    for number, value in sorted(options, key=lambda option: option[0]):
        delta, delta_more = _nibble(number - previous)
        length, length_more = _nibble(len(value))
        out += bytes([delta << 4 | length]) + delta_more + length_more + value
        previous = number
    return bytes(out) + (b"\xff" + payload if payload else b"")


def encode(message):
    head = bytes([0x40 | message.type << 4 | len(message.token), message.code]) + message.message_id.to_bytes(2, "big")
    return head + message.token + encode_options(message.options, message.payload)


def _extended(data, at, nibble):
    if nibble < 13:
        return nibble, at
    size = nibble - 12
    if nibble == 15 or at + size > len(data):
        raise Malformed("option head")
    return int.from_bytes(data[at : at + size], "big") + (13 if nibble == 13 else 269), at + size


def parse_options(data):
    """(options, payload); payload is None without a marker."""
    options, number, at = [], 0, 0
    while at < len(data):
        head = data[at]
        at += 1
        if head == 0xFF:
            if at == len(data):
                raise Malformed("marker without payload")
            return options, data[at:]
        delta, at = _extended(data, at, head >> 4)
        length, at = _extended(data, at, head & 15)
        number += delta
        if number > 65535 or at + length > len(data):
            raise Malformed("option number or length")
        options.append((number, data[at : at + length]))
        at += length
    return options, None


def parse(data):
    if len(data) < 4 or data[0] >> 6 != 1:
        raise Malformed("no CoAP version 1 header")
    token_len, code = data[0] & 15, data[1]
    if token_len > 8 or len(data) < 4 + token_len:
        raise Malformed("token")
    if code == 0 and len(data) != 4:
        raise Malformed("an Empty message has a header only")
    options, payload = parse_options(data[4 + token_len :])
    return Message(data[0] >> 4 & 3, code, int.from_bytes(data[2:4], "big"), data[4 : 4 + token_len], options, payload)


def code_fits(code, direction):
    """Class 0 without 0.00 for requests, classes 2, 4 and 5 for responses."""
    if direction == "request":
        return 0 < code < 0x20
    return code >> 5 in (2, 4, 5)


# ---- Proxy-Uri (RFC 8613 section 4.1.3.3) ----


def _percent_decoded(text):
    out, at = bytearray(), 0
    while at < len(text):
        if text[at] == 0x25:
            digits = text[at + 1 : at + 3]
            if len(digits) != 2 or any(d not in b"0123456789abcdefABCDEF" for d in digits):
                raise Malformed("percent escape")
            out.append(int(digits, 16))
            at += 3
        else:
            out.append(text[at])
            at += 1
    return bytes(out)


def split_proxy_uri(uri):
    """(Outer Proxy-Uri, Inner Uri-Path and Uri-Query options)."""
    start = uri.find(b"://")
    if start < 0 or b"#" in uri:
        raise Malformed("Proxy-Uri")
    end = next((at for at in range(start + 3, len(uri)) if uri[at] in b"/?"), len(uri))
    path, mark, query = uri[end:].partition(b"?")
    inner = [(URI_PATH, _percent_decoded(part)) for part in path[1:].split(b"/")] if path not in (b"", b"/") else []
    if mark:
        inner += [(URI_QUERY, _percent_decoded(part)) for part in query.split(b"&")]
    return uri[:end], inner


# ---- inside and outside ----


@dataclass(frozen=True)
class Split:
    outer_code: int
    outer_options: list  # without option 9
    plaintext: bytes


def split(message, direction):
    """What goes outside and the plaintext (RFC 8613 sections 4.1 to 4.2, 5.3)."""
    if not code_fits(message.code, direction):
        raise Malformed("code does not fit the direction")
    if len(message.values(PROXY_URI)) > 1:
        raise Malformed("Proxy-Uri twice")
    outer, inner = [], []
    for number, value in message.options:
        if number == PROXY_URI:
            value, hidden = split_proxy_uri(value)
            inner += hidden
        if number in CLASS_U:
            outer.append((number, value))
        elif number == OBSERVE:
            outer.append((number, value))
            inner.append((number, value if direction == "request" else b""))
        else:
            inner.append((number, value))
    observe = message.has(OBSERVE)
    if direction == "request":
        outer_code = FETCH if observe else POST
    else:
        outer_code = CONTENT if observe else CHANGED
    return Split(outer_code, outer, bytes([message.code]) + encode_options(inner, message.payload))


def merge(outer, plaintext, direction):
    """The message handed to the application (RFC 8613 sections 8.2 and 8.4, README "opened")."""
    if not plaintext or not code_fits(plaintext[0], direction):
        raise InnerMalformed("Inner Code")
    try:
        inner, payload = parse_options(plaintext[1:])
    except Malformed as why:
        raise InnerMalformed(str(why)) from None
    if any(number == OSCORE for number, _ in inner):
        raise InnerMalformed("OSCORE option inside")
    kept = [option for option in outer.options if option[0] in CLASS_U and option[0] != OSCORE]
    options = kept + [option for option in inner if option[0] not in CLASS_U]
    return replace(outer, code=plaintext[0], options=sorted(options, key=lambda option: option[0]), payload=payload)
