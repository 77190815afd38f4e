"""Family `credential`: `ccs`, `cwt` and `x509`, read down to the public key (RFC 8392, RFC 8747, RFC 5280, RFC 5480, RFC 8410)."""

import primitives as prim
from families import raw_cbor
from families.book import Book
from families.cose_key import CURVES, SIZES, entries_of, expect_of, key_faults, key_notes, pair
from families.raw_cbor import NIL, array, bstr, dictionary, integer, nested, tstr

READ, UNTAGGED, FORMAT, ONE = "GO-2.4-03", "GO-2.4-06", "GO-2.4-01", "GO-2.4-07"
SUB, CNF = integer(2), integer(8)


class Writer:
    """One credential format in one book; every expectation is held against the reader of primitives.py."""

    def __init__(self, book, cred_format):
        self.book, self.format, self.seen = book, cred_format, set()

    def ok(self, data, title, expect, flags=(), req=(READ,)):
        found = prim.parse_credential(self.format, data)
        got = {n: getattr(found, n) for n in ("curve", "x", "y", "y_odd", "alg")}
        assert {n: v.hex() if isinstance(v, bytes) else v for n, v in got.items()} == expect, title
        assert data not in self.seen, title
        self.seen.add(data)
        fields = {"cred_format": self.format, "credential": data.hex(), "expect": expect}
        return self.book.ok(f"{self.format}: {title}", req, flags, **fields)

    def bad(self, control, data, title, flag, req=(FORMAT,)):
        try:
            prim.parse_credential(self.format, data)
        except prim.CredentialMalformed:
            pass
        else:
            raise AssertionError(f"{self.format}: {title}: {data.hex()}")
        if data not in self.seen:
            self.seen.add(data)
            fields = {"cred_format": self.format, "credential": data.hex(), "expect": None}
            self.book.reject("credential-malformed", control, f"{self.format}: {title}", req, [flag], **fields)


# ---- CWT Claims Set ----


def claims(key, more=()):
    return [(SUB, tstr("member")), (CNF, dictionary([(integer(1), key)])), *more]


def ccs(entries, more=()):
    return dictionary(claims(dictionary(entries), more))


def claims_faults(entries):
    """(claims, title, flag): what can be wrong between the claims and the key."""
    key = dictionary(entries)
    sub = (SUB, tstr("member"))
    one = integer(1)
    for value, title in (
        (NIL, "null"),
        (bstr(dictionary([(one, key)])), "a byte string"),
        (array(key), "an array"),
        (dictionary([]), "an empty map"),
        (dictionary([(integer(3), bstr(b"\x25"))]), "a kid only"),
        (dictionary([(integer(2), key)]), "an encrypted key"),
        (dictionary([(integer(-1), key)]), "a map with label -1"),
        (dictionary([(tstr("COSE_Key"), key)]), "a map with a text label"),
        (dictionary([(integer(257), key)]), "a map with label 257"),
        (dictionary([(one, bstr(key))]), "a map with the key in a byte string"),
        (dictionary([(one, array(key))]), "a map with the key in an array"),
        (dictionary([(one, NIL)]), "a map with null for the key"),
        (dictionary([(one, b"\xc1" + key)]), "a map with a tagged key"),
        (dictionary([(one, key), (one, key)]), "a map with the key twice"),
        (b"\xc1" + dictionary([(one, key)]), "a tagged map"),
        (key, "the key itself"),
    ):
        flag = "cbor-duplicate" if "twice" in title else "cnf"
        yield [sub, (CNF, value)], f"cnf is {title}", flag
    cnf = dictionary([(one, key)])
    yield [sub], "no cnf", "cnf"
    yield [], "no claim at all", "cnf"
    yield [sub, (integer(1), cnf)], "cnf under claim 1", "cnf"
    yield [sub, (integer(-8), cnf)], "cnf under claim -8", "cnf"
    yield [sub, (tstr("cnf"), cnf)], "cnf under a text label", "cnf"
    yield [sub, (integer(264), cnf)], "cnf under claim 264", "cnf"
    yield [sub, (integer(2**32 + 8), cnf)], "cnf under claim 2^32+8", "cnf"
    yield [sub, (CNF, cnf), (CNF, cnf)], "cnf twice, equal", "cbor-duplicate"
    yield [sub, (CNF, cnf), (CNF, dictionary([(one, dictionary(entries_of(6, who="other")))]))], "cnf twice, different", "cbor-duplicate"
    yield [sub, sub, (CNF, cnf)], "sub twice", "cbor-duplicate"
    yield [sub, (b"\x18\x08", cnf)], "cnf label in two bytes", "cbor-not-shortest"
    yield [sub, (CNF, b"\xb8\x01" + cnf[1:])], "cnf map with a long head", "cbor-not-shortest"
    yield [sub, (CNF, b"\xbf" + cnf[1:] + b"\xff")], "cnf map of indefinite length", "cbor-indefinite"
    indefinite = b"\xbf" + key[1:] + b"\xff"
    yield [sub, (CNF, dictionary([(one, indefinite)]))], "key map of indefinite length", "cbor-indefinite"
    yield [(SUB, b"\x7f\x66member\xff"), (CNF, cnf)], "sub of indefinite length", "cbor-indefinite"
    yield [(SUB, b"\x78\x06member"), (CNF, cnf)], "sub with a long head", "cbor-not-shortest"


def fine_claims(w):
    controls = {}
    for curve, name in CURVES.items():
        controls[curve] = w.ok(ccs(entries_of(curve)), f"{name} key", expect_of(curve))
        if curve in (1, 2, 3):
            w.ok(ccs(entries_of(curve, True)), f"{name} key, compressed", expect_of(curve, True))
    base = entries_of(6)
    w.ok(ccs([*base, (integer(3), integer(-8))]), "key with alg", expect_of(6, alg=-8))
    w.ok(ccs(base[::-1]), "labels of the key in reverse order", expect_of(6), ["cbor-skipped"])
    whole = claims(dictionary(base))
    w.ok(dictionary(whole[::-1]), "cnf before sub", expect_of(6), ["cbor-skipped"])
    w.ok(dictionary(whole[1:]), "cnf alone", expect_of(6), ["cbor-skipped"])
    many = [(integer(1), tstr("coap://as.example.com")), (integer(4), integer(1999999999)), (integer(7), bstr(b"\1\2"))]
    w.ok(dictionary(many + whole), "with iss, exp and cti", expect_of(6), ["cbor-skipped"])
    cnf = dictionary([(integer(3), bstr(b"\x25")), (integer(1), dictionary(base))])
    w.ok(dictionary([(CNF, cnf)]), "cnf with a kid before the key", expect_of(6), ["cbor-skipped"])
    w.ok(dictionary([*whole, (integer(2**32 + 8), NIL)]), "claim 2^32+8 is not cnf", expect_of(6), ["label-width"])
    w.ok(dictionary([*whole, (tstr("cnf"), NIL)]), "text claim cnf is not cnf", expect_of(6), ["label-width"])
    for value, title in raw_cbor.fine_members(1):
        w.ok(ccs(base, [(integer(1000), value)]), f"claim nobody asks for: {title}", expect_of(6), ["cbor-skipped"])
    w.ok(ccs([*base, (integer(-70000), nested(5))]), "label in the key, depth eight in all", expect_of(6), ["cbor-skipped"])
    return controls


def build_ccs():
    book = Book("common", "credential")
    all_notes(book)
    w = Writer(book, "ccs")
    controls = fine_claims(w)
    base = entries_of(6)
    for bad, title, flag in claims_faults(base):
        w.bad(controls[6], dictionary(bad), title, flag)
    for curve, entries, title, flag in key_faults(wide=False):
        w.bad(controls[curve], ccs(entries), title, flag, (READ,))
    whole = claims(dictionary(base))
    for data, title, flag in raw_cbor.spoil_item(whole):
        w.bad(controls[6], data, title, flag, (UNTAGGED,) if flag == "cbor-tag" else (FORMAT,))
    for data, title, flag in raw_cbor.spoil_skipped(whole):
        w.bad(controls[6], data, title, flag)
    for data, title, flag in raw_cbor.spoil_depth(whole, 1):
        w.bad(controls[6], data, title, flag)
    w.bad(controls[6], ccs([*base, (integer(-70000), nested(6))]), "label in the key, depth nine in all", "cbor-depth")
    w.bad(controls[6], dictionary(base), "a bare COSE_Key", "wrong-format")
    w.bad(controls[6], cwt(dictionary(whole)), "a CWT", "wrong-format")
    w.bad(controls[6], prim.make_x509(pair(6), "member"), "a certificate", "wrong-format")
    w.bad(controls[6], pair(6).x, "the 32 bytes of the key", "wrong-format")
    return book.document()


# ---- CWT ----


def cwt(payload, protected=b"\x43\xa1\x01\x27", unprotected=b"\xa0", signature=None):
    """COSE_Sign1; all parts but the payload are encoded items. Nobody's signature is checked, so it is none."""
    signature = bstr(bytes(range(64))) if signature is None else signature
    return b"\x84" + protected + unprotected + bstr(payload) + signature


def build_cwt():
    book = Book("common", "credential", 1001)
    all_notes(book)
    w = Writer(book, "cwt")
    base = entries_of(6)
    payload = ccs(base)
    controls = {}
    for curve, name in CURVES.items():
        controls[curve] = w.ok(cwt(ccs(entries_of(curve))), f"{name} key", expect_of(curve))
        if curve in (1, 2, 3):
            w.ok(cwt(ccs(entries_of(curve, True))), f"{name} key, compressed", expect_of(curve, True))
    issuer = prim.KeyPair.from_seed(prim.ED25519, "authorization server")
    w.ok(prim.make_cwt(pair(6), issuer), "with a signature that verifies", expect_of(6))
    w.ok(cwt(payload, b"\x40"), "protected part of no bytes", expect_of(6))
    w.ok(cwt(payload, b"\x41\xa0"), "protected part is an empty map", expect_of(6))
    w.ok(cwt(payload, unprotected=b"\xa1\x04\x41\x25"), "unprotected part with a kid", expect_of(6))
    w.ok(cwt(payload, b"\x40", b"\xa2\x01\x27\x18\x21\x80"), "algorithm in the unprotected part", expect_of(6))
    w.ok(cwt(payload, signature=b"\x40"), "signature of no bytes", expect_of(6))
    w.ok(cwt(payload, signature=bstr(bytes(132))), "signature of 132 bytes", expect_of(6))
    deep = ccs(base, [(integer(1000), nested(7))])
    w.ok(cwt(deep), "payload eight deep of its own", expect_of(6), ["cbor-skipped"])
    protected = bstr(dictionary([(integer(1), integer(-8)), (integer(1000), nested(7))]))
    w.ok(cwt(payload, protected), "protected part eight deep of its own", expect_of(6), ["cbor-skipped"])
    unprotected = dictionary([(integer(1000), nested(6))])
    w.ok(cwt(payload, unprotected=unprotected), "unprotected part, eight deep in all", expect_of(6), ["cbor-skipped"])

    def bad(data, title, flag, req=(FORMAT,)):
        w.bad(controls[6], data, title, flag, req)

    good = cwt(payload)
    for size in raw_cbor.cuts(good):
        bad(good[:size], f"cut behind byte {size} of {len(good)}", "cbor-cut")
    for extra in (b"\0", b"\xff", good):
        bad(good + extra, f"{len(extra)} bytes behind the item", "cbor-trailing")
    for tag, title in ((b"\xd2", "18 (COSE_Sign1)"), (b"\xd8\x3d", "61 (CWT)"), (b"\xd8\x3d\xd2", "61 and 18"), (b"\xd1", "17 (COSE_Mac0)"), (b"\xd9\xd9\xf7", "55799")):
        bad(tag + good, f"tag {title}", "cbor-tag", (UNTAGGED,))
    for data, title, flag in (
        (b"\x98\x04" + good[1:], "array head in two bytes", "cbor-not-shortest"),
        (b"\x9f" + good[1:] + b"\xff", "array of indefinite length", "cbor-indefinite"),
        (b"\x83" + good[1:], "array of three, signature left over", "cbor-trailing"),
        (b"\x83" + good[1:-66], "array of three", "sign1-shape"),
        (b"\x85" + good[1:] + b"\x80", "array of five", "sign1-shape"),
        (b"\x80", "an empty array", "sign1-shape"),
        (bstr(good), "wrapped in a byte string", "sign1-shape"),
        (payload, "the claims set without its CWT", "wrong-format"),
        (dictionary([(integer(0), good)]), "in a map", "sign1-shape"),
        (prim.make_x509(pair(6), "member"), "a certificate", "wrong-format"),
        (cwt(payload, NIL), "protected part is null", "sign1-shape"),
        (cwt(payload, b"\xa1\x01\x27"), "protected part is a map", "sign1-shape"),
        (cwt(payload, b"\x60"), "protected part is a text", "sign1-shape"),
        (cwt(payload, b"\x41\x80"), "protected part holds an array", "sign1-shape"),
        (cwt(payload, b"\x41\x27"), "protected part holds a number", "sign1-shape"),
        (cwt(payload, b"\x42\xa1\x01"), "protected part holds a cut map", "cbor-cut"),
        (cwt(payload, b"\x42\xa0\x00"), "protected part with a byte behind its map", "cbor-trailing"),
        (cwt(payload, b"\x44\xa1\x18\x01\x27"), "protected part with a long head", "cbor-not-shortest"),
        (cwt(payload, b"\x45\xa2\x01\x27\x01\x27"), "protected part with alg twice", "cbor-duplicate"),
        (cwt(payload, b"\x45\xbf\x01\x27\xff\x00"[:6]), "protected part of indefinite length, a byte behind", "cbor-indefinite"),
        (cwt(payload, b"\x44\xbf\x01\x27\xff"), "protected part of indefinite length", "cbor-indefinite"),
        (cwt(payload, b"\x44\xd8\x18\x41\xa0"), "protected part holds a tag", "cbor-tag"),
        (cwt(payload, b"\x58\x03\xa1\x01\x27"), "protected part's own head is long", "cbor-not-shortest"),
        (cwt(payload, bstr(dictionary([(integer(1000), nested(8))]))), "protected part nine deep", "cbor-depth"),
        (cwt(payload, unprotected=b"\x80"), "unprotected part is an array", "sign1-shape"),
        (cwt(payload, unprotected=NIL), "unprotected part is null", "sign1-shape"),
        (cwt(payload, unprotected=b"\x41\xa0"), "unprotected part in a byte string", "sign1-shape"),
        (cwt(payload, unprotected=b"\xa2\x04\x41\x25\x04\x41\x26"), "unprotected part with kid twice", "cbor-duplicate"),
        (cwt(payload, unprotected=b"\xa1\x18\x04\x41\x25"), "unprotected part with a long head", "cbor-not-shortest"),
        (cwt(payload, unprotected=dictionary([(integer(1000), nested(7))])), "unprotected part, nine deep in all", "cbor-depth"),
        (cwt(payload, signature=NIL), "signature is null", "sign1-shape"),
        (cwt(payload, signature=tstr("signature")), "signature is a text", "sign1-shape"),
        (cwt(payload, signature=array(bstr(bytes(64)))), "signature is an array (COSE_Sign)", "sign1-shape"),
        (cwt(payload, signature=b"\x58\x01\xaa"), "signature with a long head", "cbor-not-shortest"),
        (cwt(payload, signature=b"\x5f\x41\xaa\xff"), "signature of indefinite length", "cbor-indefinite"),
        (b"\x84\x40\xa0" + NIL + bstr(bytes(64)), "payload is null (detached)", "sign1-shape"),
        (b"\x84\x40\xa0" + payload + bstr(bytes(64)), "payload is a map, not in a byte string", "sign1-shape"),
        (b"\x84\x40\xa0" + tstr("payload") + bstr(bytes(64)), "payload is a text", "sign1-shape"),
        (b"\x84\x40\xa0\x5f" + bstr(payload) + b"\xff" + bstr(bytes(64)), "payload of indefinite length", "cbor-indefinite"),
        (cwt(b""), "payload of no bytes", "cbor-cut"),
        (cwt(bstr(payload)), "payload wrapped twice", "sign1-shape"),
        (cwt(array(payload)), "payload holds an array", "sign1-shape"),
        (cwt(good), "payload holds a CWT", "sign1-shape"),
        (cwt(ccs(base, [(integer(1000), nested(8))])), "payload nine deep of its own", "cbor-depth"),
        (b"\x84\x40\xa0\x5b" + b"\xff" * 8, "payload of 2^64-1 bytes", "cbor-overflow"),
    ):
        bad(data, title, flag)
    for data, title, flag in raw_cbor.spoil_item(claims(dictionary(base))):
        bad(cwt(data), f"payload: {title}", flag, (UNTAGGED,) if flag == "cbor-tag" else (FORMAT,))
    for entries, title, flag in claims_faults(base):
        bad(cwt(dictionary(entries)), f"payload: {title}", flag)
    for curve, entries, title, flag in key_faults(wide=False):
        if flag in ("key-field-missing", "key-private", "key-curve", "cbor-duplicate"):
            w.bad(controls[curve], cwt(ccs(entries)), title, flag, (READ,))
    return book.document()


# ---- X.509 ----

OIDS = {
    1: "1.2.840.10045.3.1.7",
    2: "1.3.132.0.34",
    3: "1.3.132.0.35",
    4: "1.3.101.110",
    6: "1.3.101.112",
}


def der(tag, *parts, form=None):
    """One element; `form` is the number of length bytes behind the first (0: short form), None the minimal one."""
    body = b"".join(parts)
    size = len(body)
    if form is None:
        form = 0 if size < 128 else (size.bit_length() + 7) // 8
    length = bytes([size]) if form == 0 else bytes([0x80 | form]) + size.to_bytes(form, "big")
    return bytes([tag]) + length + body


def oid(text, form=None):
    first, second, *rest = (int(part) for part in text.split("."))
    body = bytearray()
    for number in (first * 40 + second, *rest):
        groups = []
        while not groups or number:
            groups.append(number & 127 | (128 if groups else 0))
            number >>= 7
        body += bytes(reversed(groups))
    return der(0x06, bytes(body), form=form)


def point(curve, compressed=False):
    public = pair(curve)
    if curve in (4, 6):
        return public.x
    return bytes([2 + (public.y[-1] & 1)]) + public.x if compressed else b"\x04" + public.x + public.y


def key_info(curve, compressed=False, algorithm=None, bits=None, more=b"", form=None):
    if algorithm is None:
        algorithm = der(0x30, oid(OIDS[curve]) if curve in (4, 6) else oid("1.2.840.10045.2.1") + oid(OIDS[curve]))
    bits = der(0x03, b"\0", point(curve, compressed)) if bits is None else bits
    return der(0x30, algorithm, bits, more, form=form)


def name(text):
    return der(0x30, der(0x31, der(0x30, oid("2.5.4.3"), der(0x0C, text.encode()))))


EDDSA = der(0x30, oid("1.3.101.112"))
ES256 = der(0x30, oid("1.2.840.10045.4.3.2"))
EXTENSIONS = der(0xA3, der(0x30, der(0x30, oid("2.5.29.15"), der(0x01, b"\xff"), der(0x04, der(0x03, b"\x07\x80")))))
PARTS = {
    "version": der(0xA0, der(0x02, b"\2")),
    "serial": der(0x02, bytes.fromhex("1c0ffee1")),
    "signature": EDDSA,
    "issuer": name("Muster CA"),
    "validity": der(0x30, der(0x17, b"250101000000Z"), der(0x18, b"99991231235959Z")),
    "subject": name("member"),
    "key": key_info(6),
    "behind": b"",
}


def certificate(form=None, outer=None, value=None, more=b"", tbs_form=None, tbs_tag=0x30, tag=0x30, **parts):
    """A certificate of PARTS, some of them replaced. The signature is no signature: nobody checks it."""
    tbs = der(tbs_tag, *dict(PARTS, **parts).values(), form=tbs_form)
    outer = parts.get("signature", EDDSA) if outer is None else outer
    value = der(0x03, b"\0", bytes(range(64))) if value is None else value
    return der(tag, tbs, outer, value, more, form=form)


def fine_certificates(w):
    controls = {}
    for curve, curve_name in CURVES.items():
        controls[curve] = w.ok(certificate(key=key_info(curve)), f"{curve_name} key", expect_of(curve))
        if curve in (1, 2, 3):
            title = f"{curve_name} key, compressed"
            w.ok(certificate(key=key_info(curve, True)), title, expect_of(curve, True))
    w.ok(prim.make_x509(pair(6), "member"), "with a signature that verifies", expect_of(6))
    issuer = prim.KeyPair.from_seed(prim.P256, "certificate authority")
    w.ok(prim.make_x509(pair(1), "member", issuer), "P-256 key, signed with ES256", expect_of(1))
    for text, title in (("", "no version (1)"), ("a003020101", "version 2")):
        w.ok(certificate(version=bytes.fromhex(text)), title, expect_of(6))
    for serial in ("00", "7f", "0080", "ff" * 20, "00" + "9a" * 19):
        title = f"serial number {serial[:8]}, {len(serial) // 2} bytes"
        w.ok(certificate(serial=der(0x02, bytes.fromhex(serial))), title, expect_of(6))
    one, two = der(0x81, b"\0\xaa"), der(0x82, b"\0\xbb")
    for behind, title in (
        (EXTENSIONS, "extensions"),
        (one, "issuerUniqueID"),
        (two, "subjectUniqueID"),
        (one + two + EXTENSIONS, "all three behind the key"),
        (two + EXTENSIONS, "subjectUniqueID and extensions"),
    ):
        w.ok(certificate(behind=behind), title, expect_of(6), ["der-skipped"])
    for size in (60, 130, 300):
        title = f"subject of {size} characters"
        w.ok(certificate(subject=name("m" * size)), title, expect_of(6), ["der-skipped"])
    w.ok(certificate(subject=der(0x30)), "subject of no name", expect_of(6), ["der-skipped"])
    w.ok(certificate(signature=ES256), "signed with ES256", expect_of(6), ["der-skipped"])
    w.ok(certificate(issuer=der(0x30, b"\x31\x80\0\0")), "issuer is not looked into", expect_of(6), ["der-skipped"])
    return controls


def length_faults():
    """(certificate, title, flag): lengths that are no DER."""
    for form in (1, 2, 3, 4):
        if form > 1:
            yield certificate(form=form), f"outer length in {form} bytes", "der-length"
        yield certificate(serial=der(0x02, b"\x1c", form=form)), f"serial number with a length in {form} bytes", "der-length"
        yield certificate(subject=der(0x30, PARTS["subject"][2:], form=form)), f"subject with a length in {form} bytes", "der-length"
        yield certificate(key=key_info(6, form=form)), f"subjectPublicKeyInfo with a length in {form} bytes", "der-length"
        bits = der(0x03, b"\0", point(6), form=form)
        yield certificate(key=key_info(6, bits=bits)), f"BIT STRING with a length in {form} bytes", "der-length"
        algorithm = der(0x30, oid(OIDS[6], form=form))
        yield certificate(key=key_info(6, algorithm=algorithm)), f"OID with a length in {form} bytes", "der-length"
    for form in (2, 3):
        yield certificate(tbs_form=form), f"TBSCertificate with a length in {form} bytes", "der-length"
    good = certificate()
    inner = good[3:]
    for start, title in (
        (b"\x30\x80", "indefinite"),
        (b"\x30\x85\0\0\0\0" + bytes([len(inner)]), "in 5 bytes"),
        (b"\x30\x88" + bytes(7) + bytes([len(inner)]), "in 8 bytes"),
        (b"\x30\x84\xff\xff\xff\xff", "of 2^32-1"),
        (b"\x30\x88" + b"\xff" * 8, "of 2^64-1"),
        (b"\x30\x88\x80" + bytes(6) + bytes([len(inner)]), "of 2^63 and some"),
        (b"\x30\xff", "ff"),
        (b"\x30\x81" + bytes([len(inner) + 1]), "one too many"),
        (b"\x30\x81" + bytes([len(inner) - 1]), "one too few"),
    ):
        end = b"\0\0" if title == "indefinite" else b""
        yield start + inner + end, f"outer length {title}", "der-length"
    subject = PARTS["subject"]
    yield certificate(subject=b"\x30\x80" + subject[2:] + b"\0\0"), "subject of indefinite length", "der-length"
    yield certificate(subject=b"\x30\x84\xff\xff\xff\xf0" + subject[2:]), "subject of 2^32-16 bytes", "der-length"
    yield certificate(subject=b"\x30\x7f" + subject[2:]), "subject runs past TBSCertificate's other fields", "der-length"
    key = key_info(6)
    yield certificate(key=b"\x30" + bytes([key[1] + 1]) + key[2:]), "key runs past TBSCertificate", "der-length"
    yield certificate(key=b"\x30" + bytes([key[1] - 1]) + key[2:]), "key ends before its BIT STRING", "der-length"
    yield certificate(behind=b"\xa3\x05\x30\x00"), "extensions run past TBSCertificate", "der-length"
    yield certificate(value=b"\x03\x41" + bytes(64)), "signature runs past the certificate", "der-length"


def shape_faults():
    for field, tag in (("serial", 0x03), ("signature", 0x31), ("issuer", 0x31), ("validity", 0x31), ("subject", 0x31)):
        part = PARTS[field]
        outer = EDDSA if field == "signature" else None
        yield certificate(**{field: bytes([tag]) + part[1:]}, outer=outer), f"{field} with tag {tag:02x}", "der-tag"
        yield certificate(**{field: b""}, outer=outer), f"{field} missing", "der-tag"
    for text, title in (
        ("a003020100", "version 1 written out"),
        ("a003020103", "version 4"),
        ("a0030201ff", "version 0"),
        ("a00402020002", "version in two bytes"),
        ("a0020200", "version of no bytes"),
        ("a000", "version tag with nothing inside"),
        ("a006020102020102", "version twice inside its tag"),
        ("8003020102", "version tag primitive"),
        ("020102", "version without its tag"),
        ("a103020102", "version under tag 1"),
        ("a003020102a003020102", "version tag twice"),
        ("a003030102", "version as BIT STRING"),
    ):
        yield certificate(version=bytes.fromhex(text)), title, "der-version"
    for tag in (0x31, 0x10, 0xA0, 0x24, 0x04, 0x3F):
        yield certificate(tag=tag), f"certificate with tag {tag:02x}", "der-tag"
        yield certificate(tbs_tag=tag), f"TBSCertificate with tag {tag:02x}", "der-tag"
    yield b"\x3f\x10" + certificate()[1:], "certificate with a tag in two bytes", "der-tag"
    one, two = der(0x81, b"\0\xaa"), der(0x82, b"\0\xbb")
    for behind, title in (
        (two + one, "unique IDs in wrong order"),
        (EXTENSIONS + two, "subjectUniqueID behind extensions"),
        (one + one, "issuerUniqueID twice"),
        (EXTENSIONS + EXTENSIONS, "extensions twice"),
        (der(0xA4, b"\x30\0"), "tag a4"),
        (der(0xA1, der(0x03, b"\0\xaa")), "issuerUniqueID constructed"),
        (der(0x83, b"\x30\0"), "extensions primitive"),
        (b"\x05\0", "a NULL"),
        (b"\0", "a zero byte"),
        (key_info(6), "a second key"),
    ):
        yield certificate(behind=behind), f"behind the key: {title}", "der-left-over"
    for outer, title in ((ES256, "another"), (b"", "missing"), (b"\x31" + EDDSA[1:], "a SET"), (der(0x30, oid("1.3.101.112"), b"\x05\0"), "with NULL")):
        yield certificate(outer=outer), f"outer signatureAlgorithm {title}", "der-signature"
    for value, title in ((b"", "missing"), (der(0x04, bytes(64)), "an OCTET STRING"), (der(0x23, der(0x03, bytes(65))), "constructed")):
        yield certificate(value=value), f"signatureValue {title}", "der-signature"
    for more, title in ((b"\x05\0", "a NULL"), (b"\0", "a zero byte"), (der(0x03, bytes(65)), "a second signature")):
        yield certificate(more=more), f"inside the certificate, behind the signature: {title}", "der-left-over"
    good = certificate()
    for extra, title in ((b"\0", "a zero byte"), (b"\0\0", "two zero bytes"), (good, "the certificate again")):
        yield good + extra, f"behind the certificate: {title}", "der-left-over"
    for size in sorted({*raw_cbor.cuts(good), 5, 8, 10, 17, 30, len(good) - 66, len(good) - 67, len(good) - 70}):
        yield good[:size], f"cut behind byte {size} of {len(good)}", "der-cut"
    shorter = der(0x30, good[3:-30])
    yield shorter, "outer length mended, signature cut", "der-cut"


def key_info_faults():
    """(curve of the control, certificate, title, flag)"""

    def with_algorithm(curve, *parts):
        return certificate(key=key_info(curve, algorithm=der(0x30, *parts)))

    ec = oid("1.2.840.10045.2.1")
    for text, title in (
        ("1.3.132.0.10", "secp256k1"),
        ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
        ("1.2.840.10045.3.1.1", "P-192"),
        ("1.3.132.0.33", "P-224"),
        ("1.2.840.10045.3.1", "an OID one arc short"),
        ("1.2.840.10045.3.1.7.1", "an OID one arc long"),
        ("1.3.101.112", "Ed25519"),
    ):
        yield 1, with_algorithm(1, ec, oid(text)), f"EC key on {title}", "x509-curve"
    yield 1, with_algorithm(1, ec), "EC key without parameters", "x509-curve"
    yield 1, with_algorithm(1, ec, b"\x05\0"), "EC key with NULL for parameters", "x509-curve"
    yield 1, with_algorithm(1, ec, der(0x30, der(0x02, b"\1"))), "EC key with explicit parameters", "x509-curve"
    yield 1, with_algorithm(1, ec, oid(OIDS[1]), b"\x05\0"), "EC key, NULL behind the curve", "x509-curve"
    yield 1, with_algorithm(1, ec, b"\x86" + oid(OIDS[1])[1:]), "EC key, curve with tag 86", "x509-curve"
    yield 1, with_algorithm(1, oid(OIDS[1]), ec), "EC key, OIDs exchanged", "x509-curve"
    yield 1, with_algorithm(1, oid(OIDS[1])), "EC key, only the curve", "x509-curve"
    for curve, key_curve in ((1, 2), (2, 1), (3, 2), (2, 3)):
        title = f"{CURVES[curve]} point with the OID of {CURVES[key_curve]}"
        yield curve, with_algorithm(curve, ec, oid(OIDS[key_curve])), title, "x509-curve"
    for text, title in (
        ("1.2.840.113549.1.1.1", "RSA"),
        ("1.3.101.111", "X448"),
        ("1.3.101.113", "Ed448"),
        ("1.3.101.112.1", "an OID one arc long"),
        ("1.3.101", "an OID one arc short"),
        ("1.3.14.3.2.26", "SHA-1"),
    ):
        yield 6, with_algorithm(6, oid(text)), f"32-byte key of {title}", "x509-curve"
    for more, title in ((b"\x05\0", "NULL"), (der(0x30), "an empty SEQUENCE"), (oid(OIDS[1]), "a curve")):
        yield 6, with_algorithm(6, oid(OIDS[6]), more), f"Ed25519 key with {title} for parameters", "x509-curve"
        yield 4, with_algorithm(4, oid(OIDS[4]), more), f"X25519 key with {title} for parameters", "x509-curve"
    yield 6, with_algorithm(6), "no OID at all", "x509-curve"
    yield 6, with_algorithm(6, b"\x06\0"), "OID of no bytes", "x509-curve"
    yield 6, certificate(key=key_info(6, algorithm=b"\x31" + der(0x30, oid(OIDS[6]))[1:])), "algorithm is a SET", "der-tag"
    for curve in CURVES:
        value = point(curve)
        curve_name, size = CURVES[curve], SIZES[curve]

        def bits(data, unused=b"\0", tag=0x03, curve=curve):
            return certificate(key=key_info(curve, bits=der(tag, unused, data)))

        yield curve, bits(value[:-1]), f"{curve_name} key one byte short", "x509-length"
        yield curve, bits(value + b"\0"), f"{curve_name} key one byte long", "x509-length"
        yield curve, bits(b""), f"{curve_name} key of no bytes", "x509-length"
        for unused in (1, 7, 8, 255) if curve in (1, 6) else (1,):
            yield curve, bits(value, bytes([unused])), f"{curve_name} key with {unused} unused bits", "x509-bits"
        if curve in (1, 2, 3):
            yield curve, bits(b"\0"), f"{curve_name}: point at infinity", "x509-point"
            yield curve, bits(value[: 1 + size]), f"{curve_name}: form 04 with x alone", "x509-point"
            yield curve, bits(b"\2" + value[1:]), f"{curve_name}: form 02 with x and y", "x509-point"
            yield curve, bits(b"\2" + value[1:size]), f"{curve_name}: form 02, x one byte short", "x509-point"
            for form in (0, 1, 5, 6, 7, 0x84):
                if curve == 1 or form == 6:
                    yield curve, bits(bytes([form]) + value[1:]), f"{curve_name}: form {form:02x} with x and y", "x509-point"
            yield curve, bits(value[1:]), f"{curve_name}: x and y without form", "x509-point"
        else:
            yield curve, bits(b"\x04" + value), f"{curve_name} key with a form byte", "x509-point"
            yield curve, bits(der(0x04, value)), f"{curve_name} key in an OCTET STRING", "x509-point"
    yield 6, certificate(key=key_info(6, bits=der(0x03))), "BIT STRING of no bytes", "x509-bits"
    yield 6, certificate(key=key_info(6, bits=der(0x04, b"\0", point(6)))), "OCTET STRING for the key", "x509-bits"
    yield 6, certificate(key=key_info(6, bits=der(0x23, der(0x03, b"\0", point(6))))), "BIT STRING constructed", "x509-bits"
    yield 6, certificate(key=key_info(6, bits=b"")), "no BIT STRING", "x509-bits"
    for more, title in ((b"\x05\0", "a NULL"), (b"\0", "a zero byte"), (der(0x03, b"\0", point(6)), "a second BIT STRING")):
        yield 6, certificate(key=key_info(6, more=more)), f"behind the key bits: {title}", "der-left-over"
    yield 6, certificate(key=der(0x30, der(0x03, b"\0", point(6)), der(0x30, oid(OIDS[6])))), "key before its algorithm", "der-tag"
    yield 6, certificate(key=b"\x31" + key_info(6)[1:]), "subjectPublicKeyInfo is a SET", "der-tag"
    yield 6, certificate(key=b""), "no subjectPublicKeyInfo", "der-tag"


def build_x509():
    book = Book("common", "credential", 2001)
    all_notes(book)
    w = Writer(book, "x509")
    controls = fine_certificates(w)
    for faults in (length_faults(), shape_faults()):
        for data, title, flag in faults:
            w.bad(controls[6], data, title, flag)
    for curve, data, title, flag in key_info_faults():
        w.bad(controls[curve], data, title, flag, (READ,))
    good = certificate()
    pem = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    for data, title in (
        (pem, "PEM"),
        (bstr(good), "in a CBOR byte string"),
        (array(bstr(good), bstr(good)), "a chain (x5chain)"),
        (der(0x30, good, good), "two certificates in a SEQUENCE"),
        (ccs(entries_of(6)), "a claims set"),
        (key_info(6), "the key without its certificate"),
    ):
        w.bad(controls[6], data, title, "wrong-format", (ONE,))
    return book.document()


def all_notes(book):
    raw_cbor.notes(book)
    key_notes(book)
    note = book.note
    note("cnf", "the key is looked for in another place, or a missing cnf is not noticed", "a key that was never confirmed is used", "M61")
    note("sign1-shape", "parts of another number or type are taken", "memory is misread", "M61")
    note("wrong-format", "the format is guessed from the bytes", "members store and hash different credentials", "M61")
    note("der-length", "lengths that are indefinite, not minimal or too long are taken", "one certificate in many encodings, or memory behind it is read")
    note("der-tag", "a tag is not looked at", "another field is read as the key")
    note("der-version", "the version is skipped unread", "fields are off by one")
    note("der-left-over", "bytes nobody announced are ignored", "one key in many credentials: other AAD, other pairwise keys")
    note("der-cut", "an element is read past the end", "memory behind the certificate is read")
    note("der-signature", "inner and outer algorithm are not held against each other", "a signature is checked with the wrong algorithm")
    note("der-skipped", "parts nobody asks for make the certificate fail", "legal credentials are refused")
    note("x509-curve", "an OID is compared in part, or parameters are ignored", "a point is used on another curve")
    note("x509-length", "the length of the key is not held against the curve", "memory behind the key is read")
    note("x509-bits", "unused bits or the type of the key's string are ignored", "the key is shifted or misread")
    note("x509-point", "a form of point is taken for another", "the wrong point, or one that is none")


def files():
    return {
        "common/credential-ccs.json": build_ccs(),
        "common/credential-cwt.json": build_cwt(),
        "common/credential-x509.json": build_x509(),
    }
