"""Family `option`: the value of option 9 in the three dialects (RFC 8613 section 6.1, -02 section 3, -28 section 4.1).

The reader here is the second implementation: what a value means is decided by `read`, and every vector written down with
an expectation of its own is held against it, so neither can be wrong alone.
"""

from families.book import Book

RESERVED = {"oscore": 0xE0, "group-02": 0xC0, "group-28": 0xC0}
REQ = {
    "oscore": {
        "order": "O-6.1-01",
        "reserved": "O-6.1-03",
        "n": "O-6.1-04",
        "piv": "O-6.1-05",
        "s": "O-6.1-06",
        "empty": "O-6.1-07",
        "left": "O-6.1-08",
        "zero": "O-6.1-09",
        "no-piv": "O-5-07",
        "no-kid": "O-5-09",
        "kid-last": "O-6.1-11",
        "id-len": "O-3.3-02",
        "long": "O-2-06",
        "minimal": "O-5-05",
        "none": "O-6.1-10",
        "context": "O-3.3-05",
    },
    "group-02": {
        "order": "G02-3-11",
        "reserved": "G02-4-01",
        "n": "G02-4-01",
        "piv": "G02-3-12",
        "s": "G02-3-12",
        "empty": "G02-3-14",
        "left": "G02-3-06",
        "zero": "G02-3-09",
        "no-piv": "G02-3-13",
        "no-kid": "G02-3-06",
        "kid-last": "G02-3-11",
        "id-len": "G02-3-14",
        "long": "G02-4-01",
        "minimal": "G02-3-13",
        "none": "G02-3-09",
        "context": "G02-3-07",
    },
    "group-28": {
        "order": "GO-4.1-10",
        "reserved": "GO-4.1-08",
        "n": "GO-4.1-09",
        "piv": "GO-4.1-10",
        "s": "GO-4.1-10",
        "empty": "GO-4.1-16",
        "left": "GO-4.1-10",
        "zero": "GO-4.1-12",
        "no-piv": "GO-3.2-05",
        "no-kid": "GO-3.2-05",
        "kid-last": "GO-4.1-11",
        "id-len": "GO-2.2-02",
        "long": "O-2-06",
        "minimal": "GO-4.1-15",
        "none": "GO-4.1-12",
        "context": "GO-3.2-04",
    },
}
REASONS = ("option-malformed", "partial-iv-missing", "kid-missing", "kid-context-missing")


class Bad(Exception):
    """args[0] is the reason."""


def read(dialect, direction, signature_len, value):
    """The fields of an option value, or Bad."""
    if len(value) > 255:
        raise Bad("option-malformed")
    flags, rest = (value[0], value[1:]) if value else (0, b"")
    if flags & RESERVED[dialect] or flags & 7 > 5:
        raise Bad("option-malformed")
    if dialect == "group-02" and flags & 0x28 != 0x28:
        raise Bad("option-malformed")

    def take(count):
        nonlocal rest
        if len(rest) < count:
            raise Bad("option-malformed")
        head, rest = rest[:count], rest[count:]
        return head

    piv = take(flags & 7) or None
    kid_context = take(take(1)[0]) if flags & 0x10 else None
    signature = take(signature_len) if dialect == "group-02" else None
    if not flags & 8 and rest:
        raise Bad("option-malformed")
    kid = rest if flags & 8 else None
    if kid is not None and len(kid) > 7:
        raise Bad("option-malformed")
    if direction == "request":
        for value_there, reason in ((piv, REASONS[1]), (kid, REASONS[2])):
            if value_there is None:
                raise Bad(reason)
        if dialect != "oscore" and kid_context is None:
            raise Bad(REASONS[3])
    return flags & 0x20 != 0, piv, kid_context, signature, kid


def write(group_flag, piv, kid_context, signature, kid):
    """The one canonical encoding."""
    flags = len(piv or b"") | (kid is not None) << 3 | (kid_context is not None) << 4 | group_flag << 5
    body = (piv or b"") + (b"" if kid_context is None else bytes([len(kid_context)]) + kid_context)
    body += (signature or b"") + (kid or b"")
    return bytes([flags]) + body if flags else b""


def is_canonical(fields, value):
    piv = fields[1]
    return write(*fields) == value and (piv is None or len(piv) == 1 or piv[0] != 0)


def pattern(length, start):
    """Bytes that differ from place to place and from field to field."""
    return bytes((start + 7 * i) & 0xFF for i in range(length))


class Writer:
    """Puts one dialect's values into a book and checks each against `read`."""

    def __init__(self, dialect):
        self.dialect, self.req, self.book = dialect, REQ[dialect], Book(dialect, "option")
        self.signature_len = 64 if dialect == "group-02" else 0
        self.controls, self.seen = {}, {}
        notes(self.book)

    def ok(self, direction, value, title, *req, flags=(), signature_len=None):
        signature_len = self.signature_len if signature_len is None else signature_len
        key = (value, direction, signature_len)
        if key in self.seen:
            return self.seen[key]
        fields = read(self.dialect, direction, signature_len, value)
        names = ("group_flag", "partial_iv", "kid_context", "signature", "kid")
        expect = {n: f.hex() if isinstance(f, bytes) else f for n, f in zip(names, fields)}
        self.seen[key] = self.book.ok(
            title,
            [self.req[name] for name in dict.fromkeys(req)],
            flags,
            value=value.hex(),
            direction=direction,
            signature_len=signature_len,
            canonical=is_canonical(fields, value),
            expect=expect,
        )
        return self.seen[key]

    def reject(self, reason, control, direction, value, title, *req, flags, signature_len=None):
        signature_len = self.signature_len if signature_len is None else signature_len
        try:
            read(self.dialect, direction, signature_len, value)
            raise AssertionError(f"{self.dialect}: {title}: read {value.hex()}")
        except Bad as bad:
            assert bad.args[0] == reason, f"{self.dialect}: {title}: {bad} instead of {reason}"
        key = (value, direction, signature_len)
        if key in self.seen:
            return
        self.seen[key] = self.book.reject(
            reason,
            control,
            title,
            [self.req[name] for name in dict.fromkeys(req)],
            flags,
            value=value.hex(),
            direction=direction,
            signature_len=signature_len,
            canonical=None,
            expect=None,
        )

    # ---- the lists ----

    def base_flags(self, direction):
        """Flags every message of this dialect and direction has, in the usual case."""
        return {"oscore": 0x08, "group-02": 0x38, "group-28": 0x38}[self.dialect] if direction == "request" else (
            0x28 if self.dialect == "group-02" else 0
        )

    def value(self, flags, piv=None, kid_context=b"\x44\x61\x6c", signature=None, kid=b"\x25"):
        """What the flag byte announces, whether allowed or not."""
        n = flags & 7
        piv = pattern(n, 0x05) if piv is None else piv
        out = bytes([flags]) + piv
        if flags & 0x10:
            out += bytes([len(kid_context)]) + kid_context
        if self.dialect == "group-02":
            out += pattern(self.signature_len, 0x91) if signature is None else signature
        return out + (kid if flags & 8 else b"")

    def every_flag(self):
        """Each combination of n, k, h and group flag in both directions."""
        for direction in ("response", "request"):
            for flags in range(0x40):
                if flags & RESERVED[self.dialect] or flags & 7 > 5:
                    continue
                self.one_flag(direction, flags)

    def one_flag(self, direction, flags):
        if self.dialect == "group-28" and flags & 7 in (2, 4) and direction == "response":
            return
        value = self.value(flags)
        title = f"{direction} with flag byte {flags:02x}"
        try:
            read(self.dialect, direction, self.signature_len, value)
        except Bad as bad:
            reason = bad.args[0]
            need = {"option-malformed": "zero", REASONS[1]: "no-piv", REASONS[2]: "no-kid", REASONS[3]: "context"}[reason]
            flag = {"option-malformed": "flag-demanded", REASONS[1]: "no-partial-iv", REASONS[2]: "no-kid"}.get(reason, "no-kid-context")
            if flags & 7 > 1 and reason != REASONS[1] and self.dialect != "oscore" and flags & 7 != 5:
                return
            self.reject(reason, self.controls[direction], direction, value, title, need, flags=[flag])
            return
        self.ok(direction, value, title, "order")

    def first_controls(self):
        for direction in ("request", "response"):
            value = self.value(self.base_flags(direction) | 1)
            self.controls[direction] = self.ok(direction, value, f"a plain {direction}", "order")

    def reserved_bits(self):
        for direction in ("request", "response"):
            base = self.base_flags(direction) | 1
            for bits in range(0x20, 0x100, 0x20):
                if not bits & RESERVED[self.dialect]:
                    continue
                value = self.value(base)
                value = bytes([value[0] | bits]) + value[1:]
                title = f"{direction} with reserved bits {bits & RESERVED[self.dialect]:02x}, flag byte {value[0]:02x}"
                self.reject(REASONS[0], self.controls[direction], direction, value, title, "reserved", flags=["reserved-bits"])
        for value, title in ((b"\x80", "nothing but reserved bit 80"), (b"\x40\x05", "reserved bit 40 and a byte")):
            self.reject(REASONS[0], self.controls["response"], "response", value, title, "reserved", flags=["reserved-bits"])

    def reserved_n(self):
        for direction in ("request", "response"):
            base = self.base_flags(direction)
            for n in (6, 7):
                for more in (0, 0x08, 0x10, 0x18):
                    flags = base & 0x28 | more | n if direction == "response" else base | more | n
                    if direction == "request" and more and base & more:
                        continue
                    value = self.value(flags)
                    title = f"{direction} with Partial IV of {n} bytes, flag byte {flags:02x}"
                    self.reject(REASONS[0], self.controls[direction], direction, value, title, "n", flags=["reserved-n"])

    def partial_ivs(self):
        base = self.base_flags("request")
        for text in ("00", "80", "ff", "0100", "ff00", "8000", "010000", "ffffffff", "0100000000", "ffffffffff"):
            piv = bytes.fromhex(text)
            self.ok("request", self.value(base | len(piv), piv), f"Partial IV {text}", "order", flags=["zero-bytes"])
        for direction in ("request", "response"):
            for text in ("0000", "0005", "000100", "00000000", "0000000005", "0000000000"):
                piv = bytes.fromhex(text)
                value = self.value(self.base_flags(direction) | len(piv), piv)
                title = f"{direction}: Partial IV {text} with leading zeros is read as it is"
                self.ok(direction, value, title, "minimal", flags=["padded-partial-iv"])

    def kids(self):
        for direction in ("request", "response"):
            flags = self.base_flags(direction) | 0x09
            for length in range(8):
                kid = pattern(length, 0xB0)
                title = f"{direction}: kid of {length} bytes"
                last = self.ok(direction, self.value(flags, kid=kid), title, "empty" if not length else "kid-last", flags=["kid-length"])
            for length in (8, 9, 24, 150):
                kid = pattern(length, 0xB0)
                title = f"{direction}: kid of {length} bytes, more than any nonce has room for"
                self.reject(REASONS[0], last, direction, self.value(flags, kid=kid), title, "id-len", flags=["kid-length"])
        value = self.value(self.base_flags("request") | 1, kid=b"\0\0\0")
        self.ok("request", value, "kid of three zero bytes", "kid-last", flags=["zero-bytes"])

    def kid_contexts(self):
        flags = self.base_flags("request") | 0x11
        room = 255 - 3 - (self.signature_len or 0)
        for length in (0, 1, 2, 3, 8, 23, 24, 100, 127, 128, room - 8, room - 1):
            context = pattern(length, 0x40)
            value = self.value(flags, kid_context=context)
            title = f"kid context of {length} bytes"
            last = self.ok("request", value, title, "empty" if not length else "order", flags=["kid-context-length"])
        value = self.value(flags, kid_context=pattern(room, 0x40), kid=b"")
        assert len(value) == 255
        longest = self.ok("request", value, "value of 255 bytes: longest kid context", "long", flags=["longest"])
        value = self.value(flags | 4, kid_context=pattern(room - 4 - 7, 0x40), kid=pattern(7, 0xB0))
        assert len(value) == 255
        self.ok("request", value, "value of 255 bytes: longest Partial IV and kid", "long", flags=["longest"])
        for more, kid in ((1, b""), (0, b"\x25")):
            value = self.value(flags, kid_context=pattern(room + more, 0x40), kid=kid)
            title = f"value of 256 bytes, kid {len(kid)} bytes"
            self.reject(REASONS[0], longest, "request", value, title, "long", flags=["longest"])
        value = self.value(self.base_flags("response") | 0x10, kid_context=b"\x44\x61\x6c")
        self.ok("response", value, "response with kid context", "order")
        value = self.value(self.base_flags("response") | 0x10, kid_context=b"")
        self.ok("response", value, "response with an empty kid context", "empty", flags=["kid-context-length"])

    def truncations(self):
        """Every cut of a full value; a cut inside the kid leaves a shorter kid and is no fault."""
        full = {}
        for direction, flags in (("request", self.base_flags("request") | 0x1B), ("response", self.base_flags("response") | 0x12)):
            value = self.value(flags, kid_context=b"\x44\x61\x6c\x65", kid=b"\x25\x26")
            full[direction] = self.ok(direction, value, f"the whole {direction} that is cut below", "order", flags=["cut"])
            places = range(1, len(value))
            if self.dialect == "group-02":
                fields = 1 + (flags & 7) + 5
                places = [*range(1, fields), fields, fields + 1, fields + 32, fields + 63, fields + 64, fields + 65]
            for size in places:
                cut = value[:size]
                title = f"{direction} cut behind byte {size} of {len(value)}"
                try:
                    read(self.dialect, direction, self.signature_len, cut)
                except Bad as bad:
                    name = "piv" if size <= (flags & 7) else "s"
                    self.reject(bad.args[0], full[direction], direction, cut, title, name, flags=["cut"])
                else:
                    self.ok(direction, cut, title + ": a shorter kid", "kid-last", flags=["cut"])

    def lengths_of_context(self):
        base = self.base_flags("request") | 0x11
        good = self.value(base, kid_context=b"\x44\x61\x6c", kid=b"\x25")
        at = 1 + 1
        rest = len(good) - at - 1
        for s, title in (
            (rest + 1, "one past the end"),
            (rest + 2, "two past the end"),
            (128, "128"),
            (255, "255"),
        ):
            value = good[:at] + bytes([s]) + good[at + 1 :]
            title = f"kid context length runs {title}" if "past" in title else f"kid context length {title} in a short value"
            if self.dialect == "group-02" and s == 128:
                continue
            self.reject(REASONS[0], self.controls["request"], "request", value, title, "s", flags=["length-past-end"])
        if self.dialect != "group-02":
            value = good[:at] + bytes([rest]) + good[at + 1 :]
            title = "kid context length takes the kid's byte too: kid is empty"
            self.ok("request", value, title, "empty", flags=["length-past-end"])
            for direction, text in (("response", "10"), ("response", "1105"), ("request", "1905"), ("response", "18")):
                title = f"{direction}: kid context announced, value ends ({text})"
                self.reject(
                    REASONS[0],
                    self.controls[direction],
                    direction,
                    bytes.fromhex(text),
                    title,
                    "s",
                    flags=["length-past-end"],
                )

    def left_over(self):
        """Bytes behind the last field, when no kid takes them."""
        if self.dialect == "group-02":
            return
        group = 0x20 if self.dialect == "group-28" else 0
        for flags, title in ((0, "no field"), (1, "Partial IV"), (5, "longest Partial IV"), (0x10, "kid context"), (0x13, "Partial IV, kid context")):
            flags |= group if flags else 0
            value = self.value(flags)
            control = self.ok("response", value, f"response with {title} and no kid", "order", flags=["left-over"])
            for extra in (b"\0", b"\x25", pattern(9, 0x25)):
                title_extra = f"response with {title}, then {len(extra)} bytes nobody announced"
                self.reject(REASONS[0], control, "response", value + extra, title_extra, "left", flags=["left-over"])
        value = self.value(group | 0x11)
        self.reject(
            REASONS[0], self.controls["request"], "request", value + b"\x25", "request: kid without its flag", "left", flags=["left-over"]
        )

    def empty_values(self):
        if self.dialect == "group-02":
            for direction in ("request", "response"):
                for value, title in ((b"", "empty value"), (b"\0", "lone zero byte")):
                    self.reject(
                        REASONS[0], self.controls[direction], direction, value, f"{direction}: {title}", "none", flags=["empty-value"]
                    )
            return
        control = self.ok("response", b"", "response: empty value", "none", flags=["empty-value"])
        self.ok("response", b"\0", "response: the lone byte 00 says the same", "zero", flags=["empty-value"])
        for value, title in ((b"", "empty value"), (b"\0", "lone zero byte")):
            self.reject(
                REASONS[1], self.controls["request"], "request", value, f"request: {title}", "none", flags=["empty-value"]
            )
        for value in (b"\0\0", b"\0\x25", bytes(8), bytes(255)):
            title = f"response: 00 and {len(value) - 1} bytes behind it"
            self.reject(REASONS[0], control, "response", value, title, "left", flags=["empty-value", "left-over"])

    def signatures(self):
        """-02: q bytes without a length, between kid context and kid; the context says how many."""
        lengths = {64: "EdDSA or ES256", 96: "ES384", 132: "ES512", 114: "Ed448"}
        for length, name in lengths.items():
            self.signature_len = length
            controls = {}
            for direction in ("request", "response"):
                flags = self.base_flags(direction) | (1 if direction == "request" else 0)
                value = self.value(flags, kid=b"\x52")
                title = f"{direction} with a signature of {length} bytes ({name})"
                controls[direction] = self.ok(direction, value, title, "order", flags=["signature-length"])
                value = self.value(flags, kid=b"")
                self.ok(direction, value, title + ", empty kid", "empty", flags=["signature-length"])
                for missing in (1, 2, length // 2, length - 1, length):
                    value = self.value(flags, signature=pattern(length - missing, 0x91), kid=b"")
                    title_cut = f"{direction} with {length - missing} bytes of {length} where the signature should be ({name})"
                    self.reject(REASONS[0], controls[direction], direction, value, title_cut, "order", flags=["signature-length"])
                for other in (length + 7, length + 8):
                    value = self.value(flags, signature=pattern(other, 0x91), kid=b"\x52")
                    title_more = f"{direction} with {other - length} bytes between the {length} of a signature and a kid byte"
                    self.reject(REASONS[0], controls[direction], direction, value, title_more, "id-len", flags=["signature-length"])
            value = self.value(0x39, kid_context=pattern(255 - 3 - length - 1, 0x40), kid=b"\x52")
            self.ok("request", value, f"value of 255 bytes with a signature of {length}", "long", flags=["longest"])
        self.signature_len = 64

    def demanded_flags(self):
        """-02 wants 0x20 and 0x08 in each message."""
        for direction in ("request", "response"):
            base = self.base_flags(direction) | 1
            for clear in (0x20, 0x08, 0x28):
                value = self.value(base)
                value = bytes([value[0] & ~clear]) + value[1:]
                title = f"{direction} with bits {clear:02x} clear, all fields in place"
                self.reject(REASONS[0], self.controls[direction], direction, value, title, "zero", flags=["flag-demanded"])
            value = bytes([base & ~0x20]) + pattern(base & 7, 5)
            value += (b"\x03\x44\x61\x6c" if base & 0x10 else b"") + (b"\x25" if base & 8 else b"")
            title = f"{direction} of plain OSCORE, without signature"
            self.reject(REASONS[0], self.controls[direction], direction, value, title, "zero", flags=["flag-demanded"])


def notes(book):
    note = book.note
    note("reserved-bits", "flag bits nobody defined are ignored", "a later dialect is misread as this one", "M64")
    note("reserved-n", "Partial IV lengths 6 and 7 are accepted", "bytes beyond five overrun the nonce", "M64")
    note("cut", "a field is read past the end of the value", "memory behind the option is read", "M64")
    note("length-past-end", "the length of the kid context is not held against the value's end", "memory behind the option is read", "M64")
    note("left-over", "bytes behind the last announced field are ignored", "one message in many encodings", "M64")
    note("kid-length", "the length of kid is not bounded, or an empty kid counts as none", "a nonce overrun, or a legal member refused", "M22")
    note("kid-context-length", "an empty kid context counts as none, or lengths are kept in too few bits", "the wrong context is chosen", "M19")
    note("longest", "values near or above 255 bytes overrun a buffer or a count", "memory is overwritten")
    note("zero-bytes", "zero bytes inside a field are dropped", "two sequence numbers share a nonce", "M12")
    note("padded-partial-iv", "a padded Partial IV is normalised before its bytes enter AAD and keystream", "what was sent is not what is verified", "M13")
    note("empty-value", "an empty value is read as a flag byte, or 00 is read as a field", "memory behind the option is read")
    note("no-partial-iv", "a request without Partial IV is processed", "no replay protection")
    note("no-kid", "a request without kid is processed", "the sender is guessed")
    note("no-kid-context", "a group request without kid context is processed", "the group is guessed", "M20")
    note("flag-demanded", "a message of the group without signature flag or kid flag is processed", "signatures can be left out")
    note("signature-length", "the place of the signature is computed from the end, or its length is not checked", "kid and signature are cut wrongly")


def build(dialect):
    writer = Writer(dialect)
    writer.first_controls()
    writer.reserved_bits()
    writer.reserved_n()
    writer.partial_ivs()
    writer.kids()
    writer.kid_contexts()
    writer.truncations()
    writer.lengths_of_context()
    writer.left_over()
    writer.empty_values()
    if dialect == "group-02":
        writer.demanded_flags()
        writer.signatures()
    writer.every_flag()
    return writer.book.document()


def files():
    return {f"{dialect}/option.json": build(dialect) for dialect in RESERVED}
