"""Family `coap`: messages as RFC 7252 section 3 lays them out. `read` is a reader of its own, not that of the endpoint model."""

from families.book import Book

KEPT, LISTS = "O-4.2-04", "O-4.1.2-05"
SHAPE, GROUP_SHAPE, GROUP_02_SHAPE = "O-5.3-02", "GO-7-08", "G02-4-01"
BAD = [SHAPE, GROUP_SHAPE, GROUP_02_SHAPE]


class Bad(Exception):
    pass


def read(message):
    """(type, code, message id, token, [(number, value)], payload or None)"""
    if len(message) < 4:
        raise Bad("header")
    version, kind, tkl, code = message[0] >> 6, message[0] >> 4 & 3, message[0] & 15, message[1]
    if version != 1 or tkl > 8:
        raise Bad("version or token length")
    if code == 0 and len(message) != 4:
        raise Bad("empty message with more")
    token, at = message[4 : 4 + tkl], 4 + tkl
    if len(token) < tkl:
        raise Bad("token")
    options, number = [], 0
    while at < len(message) and message[at] != 0xFF:
        first, at = message[at], at + 1
        sizes = []
        for nibble in (first >> 4, first & 15):
            if nibble == 15:
                raise Bad("reserved nibble")
            more = max(0, nibble - 12)
            if len(message) - at < more:
                raise Bad("extension")
            base = (0, 13, 269)[more]
            sizes.append(base + int.from_bytes(message[at : at + more], "big") if more else nibble)
            at += more
        number += sizes[0]
        if number > 65535 or len(message) - at < sizes[1]:
            raise Bad("option number or value")
        options.append((number, message[at : at + sizes[1]]))
        at += sizes[1]
    payload = message[at + 1 :] if at < len(message) else None
    if payload == b"":
        raise Bad("marker without payload")
    return kind, code, int.from_bytes(message[2:4], "big"), token, options, payload


def nibble(size):
    """(nibble, extension)"""
    if size < 13:
        return size, b""
    return (13, bytes([size - 13])) if size < 269 else (14, (size - 269).to_bytes(2, "big"))


def option(delta, value):
    (high, more), (low, less) = nibble(delta), nibble(len(value))
    return bytes([high << 4 | low]) + more + less + value


def write(kind, code, message_id, token, options, payload):
    out = bytes([0x40 | kind << 4 | len(token), code]) + message_id.to_bytes(2, "big") + token
    last = 0
    for number, value in options:
        out += option(number - last, value)
        last = number
    return out + (b"" if payload is None else b"\xff" + payload)


def pattern(length, start=0x61):
    return bytes((start + 5 * i) & 0xFF for i in range(length))


class Writer:
    def __init__(self):
        self.book, self.seen = Book("common", "coap"), {}

    def ok(self, message, title, req=(KEPT,), flags=()):
        if message not in self.seen:
            kind, code, message_id, token, options, payload = fields = read(message)
            assert write(*fields) == message, title
            expect = {
                "type": kind,
                "code": code,
                "message_id": message_id,
                "token": token.hex(),
                "options": [[number, value.hex()] for number, value in options],
                "payload": None if payload is None else payload.hex(),
            }
            self.seen[message] = self.book.ok(title, req, flags, message=message.hex(), canonical=True, expect=expect)
        return self.seen[message]

    def reject(self, control, message, title, *flags):
        try:
            read(message)
        except Bad:
            pass
        else:
            raise AssertionError(f"{title}: read {message.hex()}")
        if message not in self.seen:
            self.seen[message] = self.book.reject(
                "coap-malformed", control, title, BAD, flags, message=message.hex(), canonical=None, expect=None
            )


GET = write(0, 1, 0x5D1F, bytes.fromhex("00003974"), [(3, b"localhost"), (11, b"tv1")], None)
PLAIN = write(1, 2, 0x7D41, b"\x86", [(11, b"lamp")], b"on")


def headers(w):
    get = w.ok(GET, "CON GET with Uri-Host and Uri-Path")
    for size in range(4):
        w.reject(get, GET[:size], f"datagram of {size} bytes", "cut")
    for version in (0, 2, 3):
        w.reject(get, bytes([GET[0] & 0x3F | version << 6]) + GET[1:], f"version {version}", "version")
    for kind, name in enumerate(("CON", "NON", "ACK", "RST")):
        w.ok(write(kind, 0x45, 0x0102, b"\x01\x02", [], b"x"), f"{name} 2.05 with payload")
    for kind, name in enumerate(("CON (ping)", "NON", "ACK", "RST")):
        empty = w.ok(write(kind, 0, 0xA000 + kind, b"", [], None), f"empty {name}", flags=["empty-message"])
        for extra, title in (
            (b"\0", "a zero byte"),
            (b"\xff", "a payload marker"),
            (b"\xffx", "a payload"),
            (b"\xb1a", "an option"),
        ):
            w.reject(empty, write(kind, 0, 0xA000 + kind, b"", [], None) + extra, f"empty {name}, then {title}", "empty-message")
        for tkl in (1, 8):
            message = write(kind, 0, 0xA000 + kind, pattern(tkl), [], None)
            w.reject(empty, message, f"empty {name} with a token of {tkl} bytes", "empty-message")
    w.reject(empty, bytes.fromhex("4100a000"), "empty CON that announces a token and ends", "empty-message", "token-length")
    for message_id in (0, 1, 0x00FF, 0xFF00, 0xFFFF):
        w.ok(write(1, 1, message_id, b"", [], None), f"Message ID {message_id}")
    for code in (0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x1F, 0x20, 0x3F, 0x40, 0x41, 0x44, 0x45, 0x5F, 0x60, 0x80, 0x84, 0x9D, 0xA0, 0xA5, 0xC0, 0xE1, 0xE2, 0xFF):
        w.ok(write(1, code, 0x1234, b"\x07", [], None), f"code {code >> 5}.{code & 31:02}", flags=["any-code"])


def tokens(w):
    for tkl in range(9):
        whole = w.ok(write(1, 1, 0x2222, pattern(tkl, 0x80), [], None), f"token of {tkl} bytes", flags=["token-length"])
        for there in sorted({0, tkl - 1} & set(range(tkl))):
            message = write(1, 1, 0x2222, pattern(tkl, 0x80), [], None)[: 4 + there]
            w.reject(whole, message, f"token of {tkl} bytes announced, {there} there", "token-length", "cut")
    for tkl in range(9, 16):
        message = bytes([0x50 | tkl, 1, 0x22, 0x22]) + pattern(tkl + 2, 0x80)
        w.reject(whole, message, f"token length {tkl}, reserved, with {tkl + 2} bytes behind the header", "token-length")
        w.reject(whole, message[:4], f"token length {tkl}, reserved, nothing behind the header", "token-length", "cut")


def options(w):
    head = bytes.fromhex("51021234aa")
    for delta in (0, 1, 9, 11, 12, 13, 14, 60, 252, 258, 268, 269, 270, 292, 524, 525, 2048, 2053, 32768, 65000, 65535):
        w.ok(head + option(delta, b"v"), f"option number {delta}", (KEPT, LISTS), ["extension"])
    for length in (0, 1, 2, 12, 13, 14, 255, 256, 268, 269, 270, 524, 525, 1034, 2000):
        last = w.ok(head + option(11, pattern(length)), f"option value of {length} bytes", (KEPT, LISTS), ["extension"])
        if length:
            for missing in {1, length}:
                title = f"option value of {length} bytes, {length - missing} there"
                w.reject(last, (head + option(11, pattern(length)))[:-missing], title, "cut", "extension")
    w.ok(head + option(300, pattern(300)), "number and length both in two bytes", (KEPT, LISTS), ["extension"])
    w.ok(head + option(13, pattern(13)), "number and length both in one byte", (KEPT, LISTS), ["extension"])
    w.ok(head + option(14, pattern(400)), "number in one byte, length in two", (KEPT, LISTS), ["extension"])
    both = w.ok(head + option(400, pattern(14)), "number in two bytes, length in one", (KEPT, LISTS), ["extension"])
    for size in range(1, 5):
        w.reject(both, (head + option(400, pattern(14)))[: len(head) + size], f"option cut {size} bytes behind its start", "cut", "extension")
    good = w.ok(head + option(11, b"lamp"), "Uri-Path lamp", (KEPT, LISTS))
    for text, title in (
        ("d1", "one-byte delta missing"),
        ("e1", "two-byte delta missing"),
        ("e100", "two-byte delta with one byte"),
        ("1d", "one-byte length missing"),
        ("1e", "two-byte length missing"),
        ("1e00", "two-byte length with one byte"),
        ("dd00", "delta there, one-byte length missing"),
        ("ee0000", "delta there, two-byte length missing"),
        ("ee000000", "delta there, two-byte length with one byte"),
        ("dd0000", "both extensions there, value missing"),
        ("1eff00", "length 65549, nothing there"),
        ("1effff", "length 65804, nothing there"),
        ("1efef3", "length 65536, nothing there"),
        ("1efef2", "length 65535, nothing there"),
    ):
        w.reject(good, head + bytes.fromhex(text), f"option {text}: {title}", "cut", "extension")
    # A sum kept in 16 bits would find these lengths to be 0, 1 and 268.
    for text, value, wrapped in (("1efef3", b"", 0), ("1efef4", b"x", 1), ("1effff", pattern(268), 268)):
        message = head + bytes.fromhex(text) + value
        w.reject(good, message, f"length that is {wrapped} in 16 bits, with so many bytes there", "sixteen-bits")


def nibbles(w):
    head = bytes.fromhex("51021234aa")
    good = w.ok(head + b"\xb1x" + b"\xffp", "an option and a payload")
    for low in range(15):
        message = head + bytes([0xF0 | low]) + pattern(low + 4)
        w.reject(good, message, f"delta nibble 15, length nibble {low}", "reserved-nibble")
    for high in range(15):
        message = head + bytes([high << 4 | 15]) + pattern(20)
        w.reject(good, message, f"delta nibble {high}, length nibble 15", "reserved-nibble")
    w.reject(good, head + b"\xb1x\xf1yz", "reserved delta behind a good option", "reserved-nibble")
    w.reject(good, head + b"\xb1x\x0fyz", "reserved length behind a good option", "reserved-nibble")


def sums(w):
    head = bytes.fromhex("51021234aa")
    top = option(65535, b"v")
    good = w.ok(head + top, "option number 65535", (KEPT, LISTS), ["sixteen-bits"])
    w.ok(head + option(65534, b"") + option(1, b""), "numbers 65534 and 65535", (KEPT, LISTS), ["sixteen-bits"])
    w.ok(head + top + option(0, b"w"), "number 65535 twice", (KEPT, LISTS), ["sixteen-bits"])
    w.ok(head + option(65000, b"") + option(269, b"") + option(266, b""), "sum of 65535 in three steps", (KEPT, LISTS), ["sixteen-bits"])
    for first, second in ((65535, 1), (65535, 12), (65535, 13), (65535, 269), (65535, 65535), (65534, 2), (65000, 536), (1, 65535), (65535, 10), (65535, 12)):
        message = head + option(first, b"") + option(second, b"v")
        w.reject(good, message, f"option numbers {first} and {first + second}", "sixteen-bits")
    for extension in (0xFEF3, 0xFF00, 0xFFFF):
        number = 269 + extension
        message = head + b"\xe1" + extension.to_bytes(2, "big") + b"v"
        w.reject(good, message, f"first option number {number}, {number & 0xFFFF} in 16 bits", "sixteen-bits")
    # 65545 is 9 in 16 bits: an OSCORE option that is none.
    message = head + option(65535, b"") + option(10, b"\x09\x14")
    w.reject(good, message, "option number that is 9 in 16 bits", "sixteen-bits")
    message = head + option(11, b"a") * 1 + option(65535, b"b")
    w.reject(good, message, "option number that is 10 in 16 bits", "sixteen-bits")


def payloads(w):
    for message, name in ((PLAIN, "a request"), (GET, "a request without payload"), (bytes.fromhex("6145000101"), "a piggybacked answer")):
        bare = message.split(b"\xff")[0]
        control = w.ok(bare + b"\xffp", f"{name}: payload of one byte", flags=["marker"])
        w.reject(control, bare + b"\xff", f"{name}: marker without payload", "marker")
    head = bytes.fromhex("51021234aa")
    for payload, title in ((b"\xff", "ff"), (b"\xff\xff", "ff ff"), (b"\0", "00"), (pattern(1024), "of 1024 bytes")):
        w.ok(head + b"\xff" + payload, f"payload {title}", flags=["marker"])
    w.ok(head + b"\xb1\xff" + b"\xffp", "option value ff, then a payload", flags=["marker"])
    w.ok(head + b"\xff\xb1x", "payload that looks like an option", flags=["marker"])
    last = w.ok(head + option(11, b"\xff\xff"), "option value ff ff, no payload", flags=["marker"])
    w.reject(last, head + b"\xb3\xff\xff", "option of three bytes whose last one is missing, others ff", "marker", "cut")


def repeated(w):
    head = bytes.fromhex("51021234aa")
    w.ok(head + b"\xb1a" + b"\x01b" + b"\x01c", "Uri-Path three times", (KEPT, LISTS))
    w.ok(head + b"\0\0\0", "option number 0 three times, empty", (KEPT, LISTS))
    w.ok(head + b"\xb0" + b"\0" * 40, "forty-one empty Uri-Path", (KEPT, LISTS), ["many-options"])
    w.ok(head + b"\x10" * 70, "seventy options, numbers 1 to 70", (KEPT, LISTS), ["many-options"])
    w.ok(head + b"\x92\x09\x14" + b"\x20" + b"\xffcipher", "an OSCORE option among others", (KEPT, LISTS))
    w.ok(head + b"\x90" + b"\xffcipher", "an empty OSCORE option", (KEPT, LISTS))
    w.ok(head + b"\x90\x00" + b"\xffcipher", "OSCORE option twice: well-formed as CoAP", (KEPT, LISTS))
    w.ok(head + option(252, pattern(40)), "Echo", (KEPT, "E-2.2.1-01"))
    w.ok(head + option(252, pattern(8)) + option(40, b"\1"), "Echo and Request-Tag", (KEPT, "E-2.2.1-01"))
    w.ok(head + b"\x61\x04" + option(246, pattern(8)) + option(6, b"\x1a"), "Observe, Echo and No-Response", (KEPT, "E-2.2.1-01"))


def cuts(w):
    """Every cut of three real messages; where the cut falls between two options the rest is a message."""
    chosen = (
        ("44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e", "RFC 8613 C.4", ["O-6.1-01"]),
        ("44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3", "RFC 8613 C.6", ["O-6.1-01"]),
        ("64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e", "RFC 8613 C.8", ["O-6.1-01"]),
    )
    for text, name, req in chosen:
        whole = bytes.fromhex(text)
        control = w.ok(whole, f"the message of {name}", req)
        marker = whole.index(b"\xff")
        for size in range(4, marker + 2):
            title = f"{name} cut behind byte {size}"
            try:
                read(whole[:size])
            except Bad:
                w.reject(control, whole[:size], title, "cut")
            else:
                w.ok(whole[:size], title + ": still a message", flags=["cut"])


def notes(book):
    note = book.note
    note("cut", "a field is read past the end of the datagram", "memory behind the datagram is read", "M64")
    note("version", "the version is ignored", "bytes of another protocol are processed")
    note("token-length", "token lengths 9 to 15 are accepted, or the token is not held against the datagram's end", "memory is read or overwritten")
    note("empty-message", "an empty message carries bytes that are processed", "pings and resets change state")
    note("any-code", "a code class is taken for a fault of the layout", "legal messages are dropped")
    note("extension", "extended numbers and lengths are added wrongly", "options are misread", "M64")
    note("reserved-nibble", "nibble 15 is read as a length", "options are misread", "M64")
    note("sixteen-bits", "option numbers or lengths are kept in 16 bits", "one option passes for another", "M64")
    note("marker", "a payload marker without payload passes, or ff inside a value is taken for one", "an empty ciphertext reaches decryption")
    note("many-options", "the number of options overruns a table", "memory is overwritten")


def files():
    w = Writer()
    notes(w.book)
    for part in (headers, tokens, options, nibbles, sums, payloads, repeated, cuts):
        part(w)
    return {"common/coap.json": w.book.document()}
