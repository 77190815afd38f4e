"""CBOR written byte by byte, so that it can be written wrongly: each builder takes bytes that are already encoded.

The faults below are those of the reader, not of one structure: `spoil` gives (bytes, title, flag) for a map in any place.
"""


def head(major, number, size=None):
    """Shortest head, or one with `size` bytes behind it (0: in the first byte)."""
    if size is None:
        size = next(s for s in (0, 1, 2, 4, 8) if number < (24 if s == 0 else 1 << 8 * s))
    if size == 0:
        return bytes([major << 5 | number])
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + number.to_bytes(size, "big")


def integer(number):
    return head(0, number) if number >= 0 else head(1, -1 - number)


def bstr(data, size=None):
    return head(2, len(data), size) + data


def tstr(text):
    return head(3, len(text.encode())) + text.encode()


def array(*items):
    return head(4, len(items)) + b"".join(items)


def dictionary(entries, size=None, count=None):
    """`entries` are pairs of encoded key and encoded value, in the order given."""
    return head(5, len(entries) if count is None else count, size) + b"".join(key + value for key, value in entries)


NIL, FALSE, TRUE, UNDEFINED = b"\xf6", b"\xf4", b"\xf5", b"\xf7"


def nested(depth, kind="array"):
    """`depth` containers inside one another."""
    opener, middle = {"array": (b"\x81", b"\x80"), "map": (b"\xa1\x00", b"\xa0"), "tag": (b"\xc1", b"\xc1\x00")}[kind]
    return opener * (depth - 1) + middle


def cuts(data):
    """Lengths at which a cut is told apart: first and last bytes, and some between."""
    size = len(data)
    return sorted({0, 1, 2, 3, 4, size // 4, size // 2, 3 * size // 4, size - 2, size - 1} & set(range(size)))


def spoil_item(entries):
    """Faults of the outermost map as a whole."""
    good = dictionary(entries)
    for size in cuts(good):
        yield good[:size], f"cut behind byte {size} of {len(good)}", "cbor-cut"
    for extra, title in ((b"\0", "00"), (b"\xf6", "f6"), (b"\xff", "ff"), (good, "the item again")):
        yield good + extra, f"{title} behind the item", "cbor-trailing"
    for tag, title in ((b"\xd2", "18"), (b"\xd8\x3d", "61"), (b"\xd9\xd9\xf7", "55799"), (b"\xc1", "1")):
        yield tag + good, f"tag {title} before the item", "cbor-tag"
    for size in (1, 2, 4, 8):
        yield dictionary(entries, size), f"map head with {size} bytes more than needed", "cbor-not-shortest"
    yield b"\xbf" + good[1:] + b"\xff", "map of indefinite length", "cbor-indefinite"
    yield dictionary(entries, count=len(entries) + 1), "one pair announced that is not there", "cbor-cut"
    yield dictionary(entries, count=len(entries) - 1), "one pair too many for the head", "cbor-trailing"
    yield b"\xbb" + b"\xff" * 8 + good[1:], "map of 2^64-1 pairs", "cbor-overflow"
    yield b"\xbb\x80" + bytes(6) + bytes([len(entries)]) + good[1:], "map of 2^63 and some pairs", "cbor-overflow"
    for text, title in (
        ("80", "an empty array"),
        ("a0", "an empty map"),
        ("40", "an empty byte string"),
        ("60", "an empty text"),
        ("f6", "null"),
        ("01", "a number"),
        ("ff", "a break"),
        ("bc", "a reserved head"),
    ):
        yield bytes.fromhex(text), f"{title} instead of the map", "cbor-type"
    yield bstr(good), "the map wrapped in a byte string", "cbor-type"
    yield array(good), "the map in an array", "cbor-type"


def spoil_skipped(entries):
    """Faults inside members nobody asks for: the rules hold there as well."""

    def with_value(value):
        return dictionary(entries + [(integer(1000), value)])

    for text, title, flag in (
        ("1817", "number 23 in two bytes", "cbor-not-shortest"),
        ("1900ff", "number 255 in three bytes", "cbor-not-shortest"),
        ("1a0000ffff", "number 65535 in five bytes", "cbor-not-shortest"),
        ("1b00000000ffffffff", "number 2^32-1 in nine bytes", "cbor-not-shortest"),
        ("3800", "number -1 in two bytes", "cbor-not-shortest"),
        ("5801aa", "byte string with a long head", "cbor-not-shortest"),
        ("7800", "text with a long head", "cbor-not-shortest"),
        ("9800", "array with a long head", "cbor-not-shortest"),
        ("b800", "map with a long head", "cbor-not-shortest"),
        ("d80100", "tag with a long head", "cbor-not-shortest"),
        ("5f41aaff", "byte string of indefinite length", "cbor-indefinite"),
        ("7f6161ff", "text of indefinite length", "cbor-indefinite"),
        ("9f00ff", "array of indefinite length", "cbor-indefinite"),
        ("bf0000ff", "map of indefinite length", "cbor-indefinite"),
        ("ff", "a break", "cbor-indefinite"),
        ("1c", "reserved head 1c", "cbor-reserved"),
        ("5d", "reserved head 5d", "cbor-reserved"),
        ("9e", "reserved head 9e", "cbor-reserved"),
        ("fc", "reserved head fc", "cbor-reserved"),
        ("f800", "simple value 0 in two bytes", "cbor-reserved"),
        ("f815", "true in two bytes", "cbor-reserved"),
        ("f816", "null in two bytes", "cbor-reserved"),
        ("f81f", "simple value 31", "cbor-reserved"),
        ("f9", "half float without its bytes", "cbor-cut"),
        ("fa000000", "float cut", "cbor-cut"),
        ("fb00000000000000", "double cut", "cbor-cut"),
        ("5affffffff", "byte string of 2^32-1 bytes", "cbor-overflow"),
        ("5bffffffffffffffff", "byte string of 2^64-1 bytes", "cbor-overflow"),
        ("7bfffffffffffffff0", "text of 2^64-16 bytes", "cbor-overflow"),
        ("9bffffffffffffffff", "array of 2^64-1 items", "cbor-overflow"),
        ("bb8000000000000000", "map of 2^63 pairs", "cbor-overflow"),
        ("9b000000010000000000", "array of 2^32 items", "cbor-overflow"),
        ("a200010002", "a key twice in a map", "cbor-duplicate"),
        ("a2616101616102", "a text key twice in a map", "cbor-duplicate"),
        ("a2810001810002", "an array as key twice", "cbor-duplicate"),
        ("82a000a2000100", "a key twice, value cut", "cbor-cut"),
        ("81a3000101020003", "a key twice, another between", "cbor-duplicate"),
        ("a100a20a000a01", "a key twice in a map in a map", "cbor-duplicate"),
        ("c1a200010002", "a key twice under a tag", "cbor-duplicate"),
        ("c1", "a tag with nothing behind it", "cbor-cut"),
        ("8201", "an array cut", "cbor-cut"),
        ("a100", "a map cut", "cbor-cut"),
    ):
        yield with_value(bytes.fromhex(text)), f"member nobody asks for: {title}", flag
    last = entries + [(integer(1000), integer(0))]
    yield dictionary(last + [(integer(1000), integer(1))]), "unknown label twice", "cbor-duplicate"
    yield dictionary(last + [(head(0, 1000, 4), integer(1))]), "unknown label twice, once with a long head", "cbor-not-shortest"
    yield dictionary(entries + [(tstr("a"), NIL), (tstr("b"), NIL), (tstr("a"), NIL)]), "unknown text label twice", "cbor-duplicate"


def spoil_depth(entries, outer):
    """`outer` containers are open where a member of the map stands; 8 in all may be."""
    for kind in ("array", "map", "tag"):
        value = nested(9 - outer, kind)
        yield dictionary(entries + [(integer(1000), value)]), f"nine deep ({kind})", "cbor-depth"
    mixed = b"\x81" * (8 - outer) + b"\xc1\xa1\x00\x80"
    yield dictionary(entries + [(integer(1000), mixed)]), "eleven deep (array, tag, map, array)", "cbor-depth"
    for depth in (255, 1000):
        yield dictionary(entries + [(integer(1000), nested(depth))]), f"{depth} arrays deep", "cbor-depth"
    yield dictionary(entries + [(nested(9 - outer), integer(0))]), "nine deep in a key", "cbor-depth"


def fine_members(outer):
    """Members that must be skipped without harm: (encoded value, title)."""
    for text, title in (
        ("1bffffffffffffffff", "number 2^64-1"),
        ("3bffffffffffffffff", "number -2^64"),
        ("f7", "undefined"),
        ("e0", "simple value 0"),
        ("f3", "simple value 19"),
        ("f820", "simple value 32"),
        ("f8ff", "simple value 255"),
        ("f97e00", "half float"),
        ("fa3f800000", "float that would fit a half"),
        ("fb7ff0000000000000", "double infinity"),
        ("63ff00fe", "text that is no UTF-8"),
        ("c249010000000000000000", "bignum"),
        ("d9d9f700", "a tag"),
        ("40", "empty byte string"),
        ("a0", "empty map"),
        ("a26161016162a1000a", "maps with text keys"),
        ("a300012002616103", "map with keys of several kinds"),
        ("a3010161310241f6f6", "keys 1, \"1\" and h'f6'"),
    ):
        yield bytes.fromhex(text), title
    for kind in ("array", "map", "tag"):
        yield nested(8 - outer, kind), f"nested to depth eight ({kind})"


def notes(book):
    note = book.note
    note("cbor-cut", "an item is read past the end of its bytes", "memory behind the credential is read", "M65")
    note("cbor-trailing", "bytes behind the item are ignored", "one key in many encodings: other AAD, other pairwise keys", "M65")
    note("cbor-tag", "a tag before the object is skipped or stored", "the two sides use different bytes of one credential")
    note("cbor-not-shortest", "a head that is not the shortest is taken", "one object in many encodings", "M65")
    note("cbor-indefinite", "indefinite lengths are taken", "one object in many encodings; reader runs on", "M65")
    note("cbor-reserved", "reserved heads or simple values in two bytes are taken", "null or false is read as something else", "M65")
    note("cbor-overflow", "a length near 2^32 or 2^64 wraps", "memory is read or written out of bounds, or the reader hangs")
    note("cbor-duplicate", "a key that stands twice is taken, first or last", "two readers see two keys in one object", "M65")
    note("cbor-depth", "nesting is followed without bound", "the stack overflows", "M65")
    note("cbor-type", "an item of another type is taken for the map", "memory is misread")
    note("cbor-skipped", "well-formed members nobody asks for make the object fail", "legal credentials are refused")
