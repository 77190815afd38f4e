"""The cose family, kind `structures`: external_aad, Enc_structure and what is signed, byte for byte.

Every positive is read back by the strict CBOR reader and compared element by element; anchors of the texts stand below.
"""

import hashlib

import aad
import primitives as prim
import signature as countersign
from families.context_book import ContextBook, note

NOTES = {
    "null-algorithm": note(
        "an algorithm that is not set is left out, zero or an empty string instead of null",
        "tags and signatures verify with the same stack only",
        "M30",
    ),
    "algorithm-encoding": note("a negative or large algorithm number in another than its shortest form", "no other stack verifies", "M30"),
    "element-order": note("two elements exchanged, or one taken from the wrong role", "verifies until the two differ", "M30", "M29"),
    "length-edge": note("a length at the edge of a CBOR head, or kept in a byte", "long credentials, options or payloads fail", "M30", "M26"),
    "empty": note("null or nothing in the place of an empty string", "fails where a value is empty", "M30"),
    "reading": note("sign_protected, context text or external_aad after another reading of the text", "signatures fail between stacks", "M30"),
    "not-covered": note("a value that the dialect leaves out of its AAD gets into it", "fails between stacks", "M29", "M30"),
}

ALGORITHMS = ("aead", "group_enc", "signature", "agreement")
READINGS_02 = ("S1/E1", "S2/E1", "S3/E1", "S1/E0", "S2/E0", "S3/E0")


def stream(text, length):
    return hashlib.shake_256(b"muster-cose|" + text.encode()).digest(length)


def algorithms(aead=None, group_enc=None, signature=None, agreement=None):
    return dict(zip(ALGORITHMS, (aead, group_enc, signature, agreement)))


def hexed(value):
    return None if value is None else value.hex()


def structures(dialect, given):
    """The three structures; what is signed only where there is a signature and a ciphertext."""
    array = aad.aad_array(
        dialect,
        given["algorithms"],
        given["request_kid"],
        given["request_piv"],
        given["request_kid_context"],
        given["option"],
        given["sender_cred"],
        given["gm_cred"],
    )
    external = aad.external_aad(array)
    enc = aad.enc_structure(external)
    signed = None
    if dialect != "oscore" and given["algorithms"]["signature"] is not None and given["ciphertext"] is not None:
        signed = countersign.to_be_signed(dialect, given["reading"], external, given["ciphertext"])
    read_back(dialect, given, external, enc, signed)
    return {"external_aad": external.hex(), "enc_structure": enc.hex(), "to_be_signed": hexed(signed)}


def read_back(dialect, given, external, enc, signed):
    numbers = [given["algorithms"][name] for name in ALGORITHMS]
    shown = {"oscore": numbers[:1], "group-02": [numbers[0], numbers[2]], "group-28": numbers}[dialect]
    expected = [1, shown, given["request_kid"], given["request_piv"], b""]
    if dialect == "group-28":
        expected += [given[name] for name in ("request_kid_context", "option", "sender_cred", "gm_cred")]
    assert prim.cbor_read(external) == expected
    assert prim.cbor_read(enc)[1:] == [b"", external] and enc.startswith(b"\x83\x68Encrypt0\x40")
    if signed is None:
        return
    context = b"\x70CounterSignature" if (given["reading"] or "").startswith("S3") else b"\x71CounterSignature0"
    short = given["reading"] == "CS4" or given["reading"].startswith("S2")
    covered = b"" if given["reading"].endswith("E0") else external
    assert signed[1:].startswith(context)
    assert prim.cbor_read(signed)[1:] == [b""] * (1 if short else 2) + [covered, given["ciphertext"]]


class CoseBook(ContextBook):
    def __init__(self, dialect, base):
        super().__init__("cose", dialect, f"{dialect}/cose-structures.json", 20262, 501, NOTES)
        self.base = base

    def ok(self, title, req, flags=(), **change):
        given = self.base | change
        expect = structures(self.dialect, given)
        shown = {key: value.hex() if isinstance(value, bytes) else value for key, value in given.items()}
        self.add(title, req, flags, kind="structures", **shown, expect=expect)
        return expect


# ---- oscore ----


def oscore():
    base = {"algorithms": algorithms(10), "request_kid": b"\x00", "request_piv": b"\x25", "request_kid_context": None}
    base |= {"option": bytes.fromhex("092500"), "sender_cred": None, "gm_cred": None, "ciphertext": None, "reading": None}
    book = CoseBook("oscore", base)
    req = ["O-5.4-01", "O-5.4-02"]
    found = book.ok("the example of RFC 8613 section 5.4", req)
    assert found["enc_structure"] == "8368456e63727970743040498501810a4100412540"
    found = book.ok("an empty kid", req, ["empty"], request_kid=b"", request_piv=b"\x14")
    assert found["enc_structure"] == "8368456e63727970743040488501810a40411440"  # RFC 8613 C.4
    for alg in (1, 3, 11, 12, 13, 24, 30, 31, 32, 33):
        book.ok(f"AEAD {alg}", req, ["algorithm-encoding"], algorithms=algorithms(alg))
    for length in (2, 6, 7):
        book.ok(f"kid of {length} bytes", req, ["length-edge"], request_kid=stream("kid", length))
    for piv in ("00", "ff", "0100", "010000", "01000000", "ffffffffff"):
        book.ok(f"Partial IV {piv}", req + ["O-5.4-03"], ["element-order"], request_piv=bytes.fromhex(piv))
    book.ok("kid and Partial IV of equal bytes", req, ["element-order"], request_kid=b"\x25\x05", request_piv=b"\x25\x05")
    flags = ["not-covered"]
    context = bytes.fromhex("37cbf3210017a2d3")
    option = bytes.fromhex("19250837cbf3210017a2d300")
    found = book.ok("kid context and option do not enter", req, flags, request_kid_context=context, option=option)
    assert found["enc_structure"] == "8368456e63727970743040498501810a4100412540"
    book.ok("the option of a response does not enter", req + ["O-5.4-03"], flags, option=b"")
    book.ok("everything at its longest", req, ["length-edge"], request_kid=b"\xff" * 7, request_piv=b"\xff" * 5, algorithms=algorithms(33))
    return book


# ---- group-02 ----


def group_02():
    ciphertext = bytes.fromhex("d0ba0819f6c0c1a96b89546491d2")
    base = {"algorithms": algorithms(10, None, -8), "request_kid": b"\x25", "request_piv": b"\x05"}
    base |= {"request_kid_context": b"\x44\x61\x6c", "option": bytes.fromhex("39050344616c"), "sender_cred": None, "gm_cred": None}
    base |= {"ciphertext": ciphertext, "reading": "S1/E1"}
    book = CoseBook("group-02", base)
    req = ["G02-3-04", "G02-3-05"]
    signed = req + ["G02-3-03"]
    for reading in READINGS_02:
        found = book.ok(f"request, reading {reading}", signed, ["reading"], reading=reading)
        if reading == "S1/E1":
            assert found["external_aad"] == "8501820a274125410540"
            head = "8571436f756e7465725369676e617475726530"
            assert found["to_be_signed"] == head + "40404a8501820a2741254105404ed0ba0819f6c0c1a96b89546491d2"
    response = {"ciphertext": bytes.fromhex("e0ef3a293f323cc0fd6dd6fc5a77"), "option": b"\x28"}
    for reading in READINGS_02[1:4]:
        book.ok(f"response, reading {reading}", signed + ["G02-4.3-02"], ["reading"], reading=reading, **response)
    for number in (-8, -7, -35, -36):
        title = f"signature {number}, AEAD 24"
        book.ok(title, signed, ["algorithm-encoding"], algorithms=algorithms(24, None, number))
    for length in (1, 9, 23, 24, 255, 256, 600, 65535, 65536):
        title = f"ciphertext of {length} bytes"
        book.ok(title, signed, ["length-edge"], ciphertext=stream("ciphertext", length))
    # Only unlikely numbers bring this external_aad to the edge of a one-byte head.
    for alg, kid_len, length in ((-65536, 7, 23), (-65537, 6, 24), (-65537, 7, 25)):
        edge = {"algorithms": algorithms(alg, None, -36), "request_kid": stream("kid", kid_len), "request_piv": b"\x01" * 5}
        found = book.ok(f"external_aad of {length} bytes", signed, ["length-edge"], **edge)
        assert len(found["external_aad"]) == 2 * length
    for kid in (b"", b"\x25" * 7):
        book.ok(f"kid of {len(kid)} bytes", req, ["empty"] if not kid else ["length-edge"], request_kid=kid)
    book.ok("the Gid does not enter", ["G02-3-05"], ["not-covered"], request_kid_context=b"\x44\x61\x6d")
    book.ok("credentials do not enter", ["G02-3-05"], ["not-covered"], sender_cred=b"\xa1\x08\x00", gm_cred=b"\xa0")
    book.ok("no ciphertext: encryption only", ["G02-3-04"], ciphertext=None)
    return book


# ---- group-28 ----


def group_28():
    sender = prim.make_ccs(prim.KeyPair.from_seed(prim.ED25519, "alice"), "alice")
    manager = prim.make_ccs(prim.KeyPair.from_seed(prim.ED25519, "manager"), "manager")
    base = {"algorithms": algorithms(24, 10, -8, -27), "request_kid": b"\x25", "request_piv": b"\x05"}
    base |= {"request_kid_context": b"\x44\x61\x6c", "option": bytes.fromhex("39050344616c25"), "sender_cred": sender}
    base |= {"gm_cred": manager, "ciphertext": stream("ciphertext", 14), "reading": "CS5"}
    book = CoseBook("group-28", base)
    anchor(book)
    readings(book)
    numbers(book)
    edges(book)
    orders(book)
    return book


REQ = ["GO-3.4-01", "GO-3.4-02"]
SIGNED = REQ + ["GO-3.1-03", "GO-3.1-04", "GO-3.1-05", "GO-3.1-06"]


def anchor(book):
    """The skeleton in the summary of section 6: one algorithm for both modes."""
    short = {"algorithms": algorithms(10, 10, -8, -27), "sender_cred": b"\xa0", "gm_cred": b"\xa1\x00\x00"}
    found = book.ok("request of the figures, both encryption algorithms 10", SIGNED, ["element-order"], **short)
    assert found["external_aad"] == "8901840a0a27381a412541054043" + "44616c" + "4739050344616c25" + "41a0" + "43a10000"


def readings(book):
    pairwise = {"algorithms": algorithms(10, None, None, -27), "option": bytes.fromhex("19050344616c25")}
    for reading in ("CS5", "CS4"):
        for title, option, piv in (
            ("request", "39050344616c25", "05"),
            ("response without Partial IV", "2852", "05"),
            ("response with Partial IV and kid context", "390003446c6c52", "05"),
            ("response to a pairwise request", "20", "05"),
        ):
            change = {"option": bytes.fromhex(option), "request_piv": bytes.fromhex(piv), "reading": reading}
            book.ok(f"{title}, group mode, {reading}", SIGNED, ["reading"], **change)
    book.ok("pairwise request: nothing is signed", REQ, ["null-algorithm"], **pairwise)
    book.ok("pairwise response, empty option", REQ + ["GO-3.4-11"], ["empty"], **pairwise | {"option": b""})
    book.ok("no ciphertext: encryption only", REQ, ciphertext=None)


def numbers(book):
    sets = [(24, 10, -8, -27), (None, 10, -8, None), (10, None, None, -27), (10, 24, -8, None), (None, 24, -8, -27)]
    sets += [(10, 3, None, -27), (10, None, -8, -27), (None, None, None, None), (None, 10, None, None), (None, None, -8, None)]
    sets += [(None, None, None, -28), (10, None, None, None)]
    for chosen in sets:
        text = ", ".join("null" if number is None else str(number) for number in chosen)
        req = REQ + ["GO-3.4-03", "GO-3.4-04", "GO-3.4-05", "GO-3.4-06"]
        book.ok(f"algorithms {text}", req, ["null-algorithm"], algorithms=algorithms(*chosen))
    for number in (-65534, -65533, -65532, 1, 11, 13, 30, 33):
        title = f"Group Encryption Algorithm {number}"
        book.ok(title, REQ + ["GO-3.4-07"], ["algorithm-encoding"], algorithms=algorithms(24, number, -7, -28))
    for number in (-7, -35, -36):
        book.ok(f"signature {number}", REQ + ["GO-3.4-07"], ["algorithm-encoding"], algorithms=algorithms(10, 24, number, -27))
    for number in (23, 24, 255, 256, 65535, 65536, -24, -25, -256, -257, -65536, -65537):
        title = f"an AEAD number of {number}: shortest form"
        book.ok(title, REQ + ["GO-3.4-07"], ["algorithm-encoding"], algorithms=algorithms(number, 10, -8, -27))


def edges(book):
    """Each byte string at the edges of its head, the option at its longest, and the whole at the edges of its own head."""
    req = REQ + ["GO-3.4-14"]
    for length in (0, 1, 22, 23, 24, 249):
        gid = stream("gid", length)
        option = bytes([0x39, 5, length]) + gid + b"\x25"
        book.ok(f"Gid of {length} bytes", req + ["GO-3.4-10"], ["length-edge"], request_kid_context=gid, option=option)
    for length in (1, 23, 24, 254, 255):
        option = bytes([0x28]) + stream("option", length - 1)
        book.ok(f"option of {length} bytes", req + ["GO-3.4-11"], ["length-edge"], option=option)
    for name, ident in (("sender_cred", "GO-3.4-12"), ("gm_cred", "GO-3.4-13")):
        for length in (0, 1, 23, 24, 255, 256, 1024):
            flags = ["length-edge"] if length else ["empty"]
            book.ok(f"{name} of {length} bytes", req + [ident], flags, **{name: stream(name, length)})
    for length in (1, 9, 23, 24, 255, 256, 600, 65535, 65536):
        title = f"ciphertext of {length} bytes"
        book.ok(title, SIGNED, ["length-edge"], ciphertext=stream("ciphertext", length))
    empty = len(structures("group-28", book.base | {"gm_cred": bytes(100)})["external_aad"]) // 2 - 100
    for length in (255, 256):
        found = book.ok(f"external_aad of {length} bytes", req, ["length-edge"], gm_cred=stream("fill", length - empty))
        assert len(found["external_aad"]) == 2 * length


def orders(book):
    """Values that are alike in all but their place."""
    sender, manager = book.base["sender_cred"], book.base["gm_cred"]
    req = REQ + ["GO-3.4-12", "GO-3.4-13"]
    book.ok("credentials of sender and Group Manager exchanged", req, ["element-order"], sender_cred=manager, gm_cred=sender)
    book.ok("the Group Manager is the sender", req, ["element-order"], sender_cred=manager)
    same = {"request_kid": b"\x05", "request_piv": b"\x05", "request_kid_context": b"\x05", "option": b"\x05"}
    book.ok("kid, Partial IV, kid context and option of equal bytes", REQ, ["element-order"], **same)
    found = book.ok("everything empty that may be", REQ, ["empty"], request_kid=b"", request_kid_context=b"", option=b"", gm_cred=b"")
    assert found["external_aad"].endswith("40")
    for piv in ("00", "ff", "0100", "ffffffffff"):
        title = f"Partial IV {piv} of the request"
        option = bytes([0x38 | len(piv) // 2]) + bytes.fromhex(piv) + b"\x03Dal%"
        book.ok(title, REQ + ["GO-3.4-08"], ["element-order"], request_piv=bytes.fromhex(piv), option=option)
    old = {"request_kid_context": b"\x44\x61\x6c", "option": bytes.fromhex("39000344616d52"), "request_kid": b"\x24"}
    book.ok("response under a newer Gid: request_kid_context is the old one", REQ + ["GO-3.4-10"], ["element-order"], **old)


def files():
    return {book.path: book.document() for book in (oscore(), group_02(), group_28())}
