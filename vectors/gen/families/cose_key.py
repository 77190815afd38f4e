"""COSE_Key maps (RFC 9052 section 7, RFC 9053 section 7) and COSE_Encrypt0 objects: kinds `key` and `encrypt0` of family `cose`.

The key faults of `key_faults` serve the credential family too, inside a CWT Claims Set.
"""

import primitives as prim
from families import raw_cbor
from families.book import Book
from families.raw_cbor import FALSE, NIL, TRUE, UNDEFINED, array, bstr, dictionary, head, integer, nested, tstr

KTY, KID, ALG, KEY_OPS, CRV, X, Y, D = (integer(n) for n in (1, 2, 3, 4, -1, -2, -3, -4))
CURVES = {1: "P-256", 2: "P-384", 3: "P-521", 4: "X25519", 6: "Ed25519"}
SIZES = {1: 32, 2: 48, 3: 66, 4: 32, 6: 32}
REQ = ["GO-2.4-03"]


def pair(curve, who="codec"):
    return prim.KeyPair.from_seed(curve, who).public


def entries_of(curve, compressed=False, who="codec"):
    """The pairs of a plain COSE_Key, kty first."""
    public = pair(curve, who)
    out = [(KTY, integer(2 if curve in (1, 2, 3) else 1)), (CRV, integer(curve)), (X, bstr(public.x))]
    if curve in (1, 2, 3):
        out.append((Y, (TRUE if public.y[-1] & 1 else FALSE) if compressed else bstr(public.y)))
    return out


def expect_of(curve, compressed=False, who="codec", alg=None):
    public = pair(curve, who)
    ec = curve in (1, 2, 3)
    return {
        "curve": curve,
        "x": public.x.hex(),
        "y": public.y.hex() if ec and not compressed else None,
        "y_odd": bool(public.y[-1] & 1) if ec and compressed else None,
        "alg": alg,
    }


def replaced(entries, key, value):
    """The entries with another value for key; value None takes the pair out, a missing key is added."""
    out = [(k, value if k == key else v) for k, v in entries if k != key or value is not None]
    return out if value is None or any(k == key for k, _ in entries) else out + [(key, value)]


def fine_keys():
    """(entries, curve, compressed, alg, title)"""
    for curve, name in CURVES.items():
        yield entries_of(curve), curve, False, None, f"{name} key"
        yield entries_of(curve)[::-1], curve, False, None, f"{name} key, labels in reverse order"
        for compressed in (True,) if curve in (1, 2, 3) else ():
            yield entries_of(curve, True), curve, True, None, f"{name} key, point compressed"
    for odd in (0, 1):
        who = next(f"parity {i}" for i in range(99) if pair(1, f"parity {i}").y[-1] & 1 == odd)
        yield entries_of(1, True, who), 1, (True, who), None, f"P-256 key, y {'odd' if odd else 'even'}, compressed"
    base = entries_of(6)
    for alg in (-8, -7, 0, 23, -25, 255, -257, 65536, 2**31 - 1, -(2**31)):
        yield base + [(ALG, integer(alg))], 6, False, alg, f"alg {alg} is handed on"
    for key, value, title in (
        (KID, bstr(b"\x25"), "kid"),
        (KID, tstr("x"), "kid of another type"),
        (KEY_OPS, array(integer(1), integer(2)), "key_ops"),
        (integer(5), bstr(bytes(13)), "Base IV"),
        (integer(-5), bstr(b"\1"), "label -5"),
        (integer(-70000), NIL, "a private label"),
        (tstr("kty"), integer(4), "text label kty"),
        (bstr(b"\1"), integer(4), "label h'01'"),
        (head(7, 21), NIL, "label true"),
        (integer(2**32 + 1), integer(4), "label 2^32+1"),
        (integer(-1 - 2**32), integer(4), "label -2^32-1"),
        (integer(2**64 - 1), integer(4), "label 2^64-1"),
        (integer(-(2**64)), integer(4), "label -2^64"),
        (array(integer(1)), integer(4), "an array as label"),
    ):
        yield base + [(key, value)], 6, False, None, f"{title} is skipped"


def key_faults(wide=True):
    """(curve of the control, entries, title, flag); `wide` adds what need not be repeated in each place a key can stand."""
    for curve in CURVES if wide else (1, 6):
        base, name = entries_of(curve), CURVES[curve]
        for key, field in ((KTY, "kty"), (CRV, "crv"), (X, "x"), (Y, "y")):
            if any(k == key for k, _ in base):
                yield curve, replaced(base, key, None), f"{name} key without {field}", "key-field-missing"
        size = SIZES[curve]
        x = pair(curve).x
        for length in (0, 1, size - 1, size + 1, 2 * size) if wide else (0, size - 1, size + 1):
            title = f"{name} key, x of {length} bytes"
            yield curve, replaced(base, X, bstr((x + x)[:length])), title, "key-field-length"
        if curve in (1, 2, 3):
            for length in (0, size - 1, size + 1):
                title = f"{name} key, y of {length} bytes"
                yield curve, replaced(base, Y, bstr((x + x)[:length])), title, "key-field-length"
            for value, title in ((NIL, "null"), (UNDEFINED, "undefined"), (integer(0), "0"), (integer(1), "1"), (b"\xe1", "simple value 1"), (tstr("true"), "a text")):
                yield curve, replaced(base, Y, value), f"{name} key, y is {title}", "key-y-type"
        else:
            for value, title in ((TRUE, "true"), (FALSE, "false"), (bstr(x), "a byte string"), (NIL, "null")):
                if wide or value == TRUE:
                    yield curve, replaced(base, Y, value), f"{name} key with y, which is {title}", "key-y-type"
    base = entries_of(6)
    for value, title in (
        (integer(0), "0"),
        (integer(2), "2 with an OKP curve"),
        (integer(3), "3 (RSA)"),
        (integer(4), "4 (symmetric)"),
        (integer(5), "5"),
        (integer(-1), "-1"),
        (integer(257), "257"),
        (integer(65537), "65537"),
        (integer(2**32 + 1), "2^32+1"),
        (integer(2**64 - 1), "2^64-1"),
        (tstr("OKP"), "a text"),
        (bstr(b"\1"), "a byte string"),
        (TRUE, "true"),
        (NIL, "null"),
        (b"\xf9\x3c\x00", "the float 1.0"),
        (array(integer(1)), "an array"),
        (b"\xc1\x01", "a tagged 1"),
    ):
        yield 6, replaced(base, KTY, value), f"kty is {title}", "key-type"
    for kty in (1, 2):
        template = entries_of(6 if kty == 1 else 1)
        wrong = (0, 1, 2, 3, 5, 7, 8, -1, 262, 2**32 + 6) if kty == 1 else (0, 4, 5, 6, 7, 8, 256, 257, 2**32 + 1)
        for crv in wrong if wide else wrong[:4]:
            title = f"kty {kty} with crv {crv}"
            yield 6 if kty == 1 else 1, replaced(template, CRV, integer(crv)), title, "key-curve"
    for value, title in ((tstr("Ed25519"), "a text"), (NIL, "null"), (bstr(b"\6"), "a byte string"), (TRUE, "true"), (b"\xf9\x46\x00", "the float 6.0")):
        yield 6, replaced(base, CRV, value), f"crv is {title}", "key-curve"
    for value, title in ((tstr("x" * 32), "a text"), (NIL, "null"), (array(*[integer(0)] * 32), "an array"), (integer(9), "a number"), (b"\xc2" + bstr(pair(6).x), "a bignum")):
        yield 6, replaced(base, X, value), f"x is {title}", "key-x-type"
    for value, title in (
        (NIL, "null"),
        (tstr("EdDSA"), "a text"),
        (bstr(b"\x27"), "a byte string"),
        (FALSE, "false"),
        (b"\xf9\xc8\x00", "the float -8.0"),
        (integer(2**31), "2^31"),
        (integer(-(2**31) - 1), "-2^31-1"),
        (integer(2**32 - 8), "2^32-8"),
        (integer(2**64 - 1), "2^64-1"),
        (integer(-(2**64)), "-2^64"),
    ):
        yield 6, replaced(base, ALG, value), f"alg is {title}", "key-alg"
    for value, title in ((bstr(bytes(range(32))), "32 bytes"), (bstr(b""), "an empty string"), (NIL, "null")):
        yield 6, base + [(D, value)], f"with a private key, {title}", "key-private"
    yield 1, entries_of(1) + [(D, bstr(bytes(range(32))))], "P-256 key with a private key", "key-private"
    for key, value, title in (
        (KTY, integer(1), "kty, equal"),
        (KTY, integer(2), "kty, different"),
        (CRV, integer(6), "crv, equal"),
        (X, bstr(pair(6, "other").x), "x, different"),
        (X, bstr(pair(6).x), "x, equal"),
    ):
        yield 6, base + [(key, value)], f"twice {title}", "cbor-duplicate"
        if wide:
            yield 6, [(key, value)] + base, f"twice {title}, in front", "cbor-duplicate"
    yield 1, entries_of(1) + [(Y, TRUE)], "y twice, whole and compressed", "cbor-duplicate"
    for bad, title in ((b"\x18\x01", "kty with a long head as label"), (b"\x19\x00\x01", "kty with a longer head as label")):
        yield 6, [(bad, integer(1))] + base[1:], title, "cbor-not-shortest"
    yield 6, [base[0], (b"\x38\x00", integer(6)), base[2]], "crv with a long head as label", "cbor-not-shortest"
    for value, title in ((b"\x18\x01", "kty 1 in two bytes"), (b"\x1b" + bytes(7) + b"\1", "kty 1 in nine bytes")):
        yield 6, replaced(base, KTY, value), title, "cbor-not-shortest"
    x = pair(6).x
    for size in (2, 4, 8):
        yield 6, replaced(base, X, bstr(x, size)), f"x with a head of {1 + size} bytes", "cbor-not-shortest"
    yield 6, replaced(base, X, b"\x5f" + bstr(x) + b"\xff"), "x of indefinite length", "cbor-indefinite"
    yield 6, replaced(base, X, b"\x5f" + bstr(x[:16]) + bstr(x[16:]) + b"\xff"), "x in two chunks", "cbor-indefinite"
    yield 1, replaced(entries_of(1), Y, b"\xf8\x15"), "y true in two bytes", "cbor-reserved"
    yield 1, replaced(entries_of(1), Y, b"\xf8\x16"), "y null in two bytes", "cbor-reserved"


def key_notes(book):
    note = book.note
    note("key-field-missing", "a field that is missing is read as zero or empty", "a key that nobody owns is used")
    note("key-field-length", "the length of a coordinate is not held against the curve", "memory is read past the field, or a shorter key is padded")
    note("key-y-type", "null or a number passes for a compressed point", "the wrong one of two points", "M65")
    note("key-type", "kty is not looked at, or cut to few bits", "a symmetric key is read as public")
    note("key-curve", "kty and crv are not held against each other, or crv is cut to few bits", "a point is used on another curve")
    note("key-x-type", "x of another type is read as bytes", "memory is misread")
    note("key-alg", "alg is cut to few bits or misread", "a key is used with an algorithm it was not made for")
    note("key-private", "a private key inside a public credential passes", "it is sent to the whole group")
    note("label-width", "labels are cut to few bits, or labels of other types taken for numbers", "an unknown member replaces a known one")


class Writer:
    def __init__(self, first=1):
        self.book, self.seen = Book("common", "cose", first), set()

    def key(self, data, title, expect, flags=()):
        found = prim.parse_cose_key(data)
        got = {n: getattr(found, n) for n in ("curve", "x", "y", "y_odd", "alg")}
        assert {n: v.hex() if isinstance(v, bytes) else v for n, v in got.items()} == expect, title
        assert data not in self.seen, title
        self.seen.add(data)
        return self.book.ok(title, REQ, flags, kind="key", cose_key=data.hex(), expect=expect)

    def bad_key(self, control, data, title, flag):
        try:
            prim.parse_cose_key(data)
        except prim.CoseMalformed:
            pass
        else:
            raise AssertionError(title)
        if data not in self.seen:
            self.seen.add(data)
            self.book.reject("cose-malformed", control, title, REQ, [flag], kind="key", cose_key=data.hex(), expect=None)

    def object(self, label, data, title, expect, flags=(), req=("O-5-02",)):
        assert read_encrypt0(data, label) == expect, title
        fields = {name: value if value is None else value.hex() for name, value in expect.items()}
        return self.book.ok(title, req, flags, kind="encrypt0", object=data.hex(), label=label, expect=fields)

    def bad_object(self, control, label, data, title, flag, req=("O-5-02",)):
        try:
            read_encrypt0(data, label)
        except ValueError:
            pass
        else:
            raise AssertionError(title)
        if (data, label) not in self.seen:
            self.seen.add((data, label))
            fields = {"kind": "encrypt0", "object": data.hex(), "label": label, "expect": None}
            self.book.reject("cose-malformed", control, title, req, [flag], **fields)


def keys():
    w = Writer()
    raw_cbor.notes(w.book)
    key_notes(w.book)
    controls = {}
    for entries, curve, compressed, alg, title in fine_keys():
        who = "codec"
        if isinstance(compressed, tuple):
            compressed, who = compressed
        flags = ["label-width"] if "skipped" in title else ["key-alg"] if "alg" in title else []
        name = w.key(dictionary(entries), title, expect_of(curve, compressed, who, alg), flags)
        controls.setdefault(curve, name)
    for value, title in raw_cbor.fine_members(1):
        data = dictionary(entries_of(6) + [(integer(1000), value)])
        w.key(data, f"member nobody asks for: {title}", expect_of(6), ["cbor-skipped"])
    for curve, entries, title, flag in key_faults():
        w.bad_key(controls[curve], dictionary(entries), title, flag)
    for spoilt in (raw_cbor.spoil_item(entries_of(6)), raw_cbor.spoil_skipped(entries_of(6)), raw_cbor.spoil_depth(entries_of(6), 1)):
        for data, title, flag in spoilt:
            w.bad_key(controls[6], data, title, flag)
    for data, title, flag in raw_cbor.spoil_item(entries_of(1)):
        w.bad_key(controls[1], data, "P-256: " + title, flag)
    return w.book.document()


# ---- COSE_Encrypt0 ----


def read_encrypt0(data, label):
    value = prim.cbor_read(data)
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError("no COSE_Encrypt0")
    protected, unprotected, ciphertext = value
    if protected != b"" or not isinstance(unprotected, dict) or not isinstance(ciphertext, bytes) or not ciphertext:
        raise ValueError("parts")
    names = {4: "kid", 6: "partial_iv", 10: "kid_context", label: "countersignature"}
    if unprotected_pairs(data) != len(unprotected) or set(unprotected) - set(names):
        raise ValueError("labels")
    fields = dict.fromkeys(("kid", "partial_iv", "kid_context", "countersignature"))
    for key, item in unprotected.items():
        if not isinstance(item, bytes):
            raise ValueError("type of a parameter")
        fields[names[key]] = item
    if len(fields["kid"] or b"") > 7 or (fields["partial_iv"] is not None and not 1 <= len(fields["partial_iv"]) <= 5):
        raise ValueError("length of a parameter")
    return dict(fields, ciphertext=ciphertext)


def unprotected_pairs(data):
    """How many pairs the second item announces: keys that are no numbers are not in the dictionary."""
    first = data[2]
    return first & 31 if first & 31 < 24 else data[3]


KID_, PIV_, CONTEXT_ = integer(4), integer(6), integer(10)
CIPHERTEXT = bytes.fromhex("aea0155667924dff8a24e4cb35b9")


def object_of(entries, ciphertext=CIPHERTEXT, protected=b"\x40"):
    return b"\x83" + protected + dictionary(entries) + bstr(ciphertext)


def fields_of(kid=None, partial_iv=None, kid_context=None, countersignature=None, ciphertext=CIPHERTEXT):
    return dict(kid=kid, partial_iv=partial_iv, kid_context=kid_context, countersignature=countersignature, ciphertext=ciphertext)


def parameters(label, **fields):
    labels = {"kid": 4, "partial_iv": 6, "kid_context": 10, "countersignature": label}
    return [(integer(labels[name]), bstr(value)) for name, value in fields.items() if value is not None]


def signature(length):
    return bytes((0x91 + 7 * i) & 0xFF for i in range(length))


def fine_objects(w, label):
    text = f"label {label}: "

    def add(title, entries=None, flags=(), ciphertext=CIPHERTEXT, **fields):
        entries = parameters(label, **fields) if entries is None else entries
        return w.object(label, object_of(entries, ciphertext), text + title, fields_of(ciphertext=ciphertext, **fields), flags)

    request = dict(kid=b"\x25", partial_iv=b"\x05", kid_context=b"Dal", countersignature=signature(64))
    whole = add("all four parameters", **request)
    add("parameters in another order", parameters(label, **request)[::-1], **request)
    add("no parameter at all")
    for name, value in request.items():
        add(f"{name} alone", **{name: value})
    for length in range(8):
        add(f"kid of {length} bytes", flags=["parameter-length"], kid=bytes(range(0xB0, 0xB0 + length)))
    for piv in ("00", "ff", "0100", "0005", "010000", "ffffffff", "ffffffffff", "0000000000"):
        add(f"Partial IV {piv}", flags=["parameter-length"], partial_iv=bytes.fromhex(piv))
    for length in (0, 1, 23, 24, 252):
        add(f"kid context of {length} bytes", flags=["parameter-length"], kid_context=signature(length))
    for length in (64, 96, 114, 132):
        add(f"countersignature of {length} bytes", flags=["parameter-length"], countersignature=signature(length))
    for length in (1, 9, 23, 24, 255, 256, 1200):
        add(f"ciphertext of {length} bytes", flags=["parameter-length"], ciphertext=signature(length), kid=b"\x25")
    return whole, request


def bad_objects(w, label):
    text = f"label {label}: "
    whole, request = fine_objects(w, label)
    entries = parameters(label, **request)

    def bad(data, title, flag):
        w.bad_object(whole, label, data, text + title, flag)

    good = object_of(entries)
    for size in raw_cbor.cuts(good):
        bad(good[:size], f"cut behind byte {size} of {len(good)}", "cbor-cut")
    for extra in (b"\0", b"\xff", good):
        bad(good + extra, f"{len(extra)} bytes behind the object", "cbor-trailing")
    for tag, name in ((b"\xd0", "16 (COSE_Encrypt0)"), (b"\xd8\x60", "96 (COSE_Encrypt)"), (b"\xd9\xd9\xf7", "55799")):
        bad(tag + good, f"tag {name}", "cbor-tag")
    bad(b"\x98\x03" + good[1:], "array head in two bytes", "cbor-not-shortest")
    bad(b"\x9f" + good[1:] + b"\xff", "array of indefinite length", "cbor-indefinite")
    bad(b"\x82" + good[1:], "array of two, ciphertext left over", "cbor-trailing")
    bad(b"\x82\x40" + dictionary(entries), "array of two: no ciphertext", "object-shape")
    bad(b"\x84" + good[1:] + b"\x80", "array of four (COSE_Encrypt)", "object-shape")
    bad(dictionary(entries), "the map alone", "object-shape")
    bad(bstr(good), "wrapped in a byte string", "object-shape")
    for value, name in ((b"\x41\xa0", "an empty map in a byte string"), (b"\x43\xa1\x01\x0a", "an algorithm"), (NIL, "null"), (b"\xa0", "a map"), (b"\x60", "an empty text")):
        bad(object_of(entries, protected=value), f"protected part is {name}", "object-protected")
    bad(b"\x83\x58\x00" + dictionary(entries) + bstr(CIPHERTEXT), "protected part with a long head", "cbor-not-shortest")
    bad(b"\x83\x40" + b"\x80" + bstr(CIPHERTEXT), "unprotected part is an array", "object-shape")
    bad(b"\x83\x40" + NIL + bstr(CIPHERTEXT), "unprotected part is null", "object-shape")
    bad(b"\x83\x40" + bstr(b"\xa0") + bstr(CIPHERTEXT), "unprotected part in a byte string", "object-shape")
    for value, name in ((NIL, "null (detached)"), (b"\x40", "empty"), (tstr("ciphertext"), "a text"), (array(bstr(CIPHERTEXT)), "an array"), (b"\x5f" + bstr(CIPHERTEXT) + b"\xff", "of indefinite length")):
        bad(b"\x83\x40" + dictionary(entries) + value, f"ciphertext is {name}", "object-ciphertext")
    other = 21 - label
    for key, name in (
        (integer(1), "alg"),
        (integer(2), "crit"),
        (integer(3), "content type"),
        (integer(5), "IV"),
        (integer(7), "label 7"),
        (integer(11), "label 11"),
        (integer(other), f"label {other}, of the other dialect"),
        (integer(-1), "label -1"),
        (integer(260), "label 260, 4 in 8 bits"),
        (integer(2**32 + 4), "label 2^32+4"),
        (tstr("kid"), "a text label"),
        (bstr(b"\4"), "a byte string as label"),
    ):
        bad(object_of(entries + [(key, bstr(b"\1"))]), f"unknown parameter: {name}", "object-label")
    for key, name in ((KID_, "kid"), (PIV_, "Partial IV"), (CONTEXT_, "kid context"), (integer(label), "countersignature")):
        bad(object_of(entries + [(key, bstr(b"\1"))]), f"{name} twice", "cbor-duplicate")
        for value, kind in ((tstr("a"), "a text"), (integer(5), "a number"), (NIL, "null"), (array(bstr(b"\1")), "an array")):
            bad(object_of(replaced(entries, key, value)), f"{name} is {kind}", "object-type")
    bad(object_of(replaced(entries, KID_, b"\x58\x01\x25")), "kid with a long head", "cbor-not-shortest")
    bad(object_of([(b"\x18\x04", bstr(b"\x25"))] + entries[1:]), "label of kid with a long head", "cbor-not-shortest")
    for length in (8, 9, 255):
        bad(object_of(replaced(entries, KID_, bstr(signature(length)))), f"kid of {length} bytes", "parameter-length")
    for length in (0, 6, 7, 8):
        bad(object_of(replaced(entries, PIV_, bstr(signature(length)))), f"Partial IV of {length} bytes", "parameter-length")
    bad(b"\x83\x40\xbf" + dictionary(entries)[1:] + b"\xff" + bstr(CIPHERTEXT), "unprotected map of indefinite length", "cbor-indefinite")
    bad(b"\x83\x40\xb8\x04" + dictionary(entries)[1:] + bstr(CIPHERTEXT), "unprotected map with a long head", "cbor-not-shortest")
    bad(b"\x83\x40" + dictionary(entries) + b"\x5b" + b"\xff" * 8, "ciphertext of 2^64-1 bytes", "cbor-overflow")
    bad(b"\x83\x40" + dictionary(entries + [(integer(13), nested(9))]) + bstr(CIPHERTEXT), "unknown parameter, nested deeply", "object-label")


def objects(first):
    w = Writer(first)
    raw_cbor.notes(w.book)
    note = w.book.note
    note("object-shape", "parts of another number or type are taken", "memory is misread")
    note("object-protected", "a protected part is ignored", "a header that was authenticated is not looked at")
    note("object-ciphertext", "a missing ciphertext is taken for an empty one", "length underflow at the tag")
    note("object-label", "parameters nobody expects are skipped, or labels cut to few bits", "two readers see two objects", "M65")
    note("object-type", "a parameter of another type is read as bytes", "memory is misread")
    note("parameter-length", "a length that the nonce has no room for is accepted, or a legal one refused", "a nonce is overrun", "M22")
    for label in (12, 9):
        bad_objects(w, label)
    return w.book.document()


def files():
    return {"common/cose-key.json": keys(), "common/cose-encrypt0.json": objects(2001)}
