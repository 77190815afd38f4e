"""The derive family: contexts and the keys they give, or the reason why they are refused.

Every positive is checked by its mirror: what one side derives for the other as recipient is what the other derives for itself.
Every negative differs from a positive of the same file by the keys named in `change`.
"""

import hashlib

import anchors
import kdf
import primitives as prim
from families.context_book import ContextBook, note
from primitives import ED25519, P256, P384, P521, X25519, KeyPair

NOTES = {
    "kdf": note(
        "salt and input keying material swapped, type as bytes, wrong length or algorithm in info",
        "keys of its own that no other stack has; a round trip with itself does not show it",
        "M31",
    ),
    "unequal-algorithms": note(
        "length or number of the wrong one of two algorithms, Common IV cut at its tail",
        "interoperates until the two algorithms differ",
        "M18",
        "M31",
    ),
    "hmac-key": note("a salt longer than the hash's block is not hashed, or a short one not padded", "wrong keys for long salts"),
    "id-context": note("absent and empty ID Context taken for one, or a head that is not the shortest", "wrong keys"),
    "id-length": note("identifiers longer than the nonce allows", "a field of the nonce is overrun: memory error or equal nonces", "M17"),
    "duplicate-id": note("two contexts under one identifier", "the first peer loses its window, or two senders share nonces", "M23"),
    "algorithm": note("an algorithm number that is not one for this use is taken", "no integrity, or a crash far from the cause"),
    "contradiction": note("a set-up that contradicts itself or lacks something is taken", "endpoints disagree on lengths, keys or AAD"),
    "pairwise-order": note(
        "credentials left out of the pairwise key or in the order of roles instead of sender and recipient",
        "two pairs, or both directions of a pair, share a key",
        "M32",
    ),
    "credential-bytes": note("a credential is decoded and encoded again before use", "keys that depend on the encoder"),
    "curve-map": note("Ed25519 key used for X25519 without or with a wrong map", "shared secret that no other stack has"),
    "invalid-point": note("a point that is not on the curve is used", "the private key leaks through crafted credentials"),
    "small-order": note("a point of small order is used", "the secret is known to everybody", "M34"),
    "foreign-key": note("private key of another credential", "signatures and keys that no peer can verify"),
    "credential": note("a credential that breaks its format is taken", "parser bugs; a key other than the one that was certified", "M61"),
}

SECRET = "0102030405060708090a0b0c0d0e0f10"
SALT = "9e7ca92223786340"
AEADS = (10, 11, 12, 13, 30, 31, 32, 33, 1, 2, 3, 24)
CTRS = (-65534, -65533, -65532)
CURVE_NAMES = {ED25519: "Ed25519", X25519: "X25519", P256: "P-256", P384: "P-384", P521: "P-521"}
SIGNATURE_OF = {ED25519: -8, P256: -7, P384: -35, P521: -36}
SIGNATURE_NAMES = {-8: "EdDSA", -7: "ES256", -35: "ES384", -36: "ES512"}


def stream(text, length):
    return hashlib.shake_256(b"muster-derive|" + text.encode()).hexdigest(length)


PEOPLE = {}


def pair(curve, name):
    one = KeyPair.from_seed(curve, name)
    PEOPLE[curve, one.public.x] = one
    return one


def credential(one, name, fmt="ccs", compressed=False, **more):
    if fmt == "ccs":
        return prim.make_ccs(one, name, compressed, **more).hex()
    if fmt == "cwt":
        return prim.make_cwt(one, "issuer", name, compressed, **more).hex()
    return prim.make_x509(one, name, compressed=compressed, **more).hex()


def me(identifier, one, name, fmt="ccs", compressed=False, **more):
    return {"id": identifier, "credential": credential(one, name, fmt, compressed, **more), "private_key": one.private.hex()}


def peer(identifier, one, name, fmt="ccs", compressed=False, **more):
    return {"id": identifier, "credential": credential(one, name, fmt, compressed, **more)}


def gm_credential(curve=ED25519, fmt="ccs"):
    return credential(pair(curve, "manager"), "manager", fmt)


def without(context, *names):
    return {key: value for key, value in context.items() if key not in names}


def name_of(alg):
    cipher, key, nonce, tag = prim.CIPHERS[alg]
    return f"{cipher.upper() if cipher != 'chacha' else 'ChaCha20'} {alg} (key {key}, nonce {nonce}, tag {tag})"


class DeriveBook(ContextBook):
    def __init__(self, dialect, path, seed, first):
        super().__init__("derive", dialect, path, seed, first, NOTES)
        self.positives = {}

    def ok(self, title, context, req, flags=()):
        key = repr(context)
        assert key not in self.positives, f"twice: {title}"
        keys = kdf.derive(context)
        check_mirror(context, keys)
        self.positives[key] = self.add(title, req, flags, context=self.context(context), expect=keys.expect())
        return self.positives[key]

    def no(self, title, good, change, reason, req, flags):
        """`good` is the context of a positive; a value of `...` in `change` leaves the key out."""
        bad = {key: value for key, value in (good | change).items() if value is not ...}
        assert bad != good, title
        control = self.positives[repr(good)]
        try:
            kdf.derive(bad)
        except prim.Refused as refusal:
            assert refusal.reason == reason, f"{title}: {refusal.reason} ({refusal})"
        else:
            raise AssertionError(f"{title}: not refused")
        return self.add(title, req, flags, reason, control, context=self.context(bad), expect=None)


def mirror(context, index):
    """The context of recipient `index`, or None when its private key is not known here."""
    whole = kdf.full(context)
    sender, other = whole["sender"], whole["recipients"][index]
    if sender is None:
        return None
    if context["dialect"] == "oscore":
        return context | {"sender": {"id": other["id"]}, "recipients": [{"id": sender["id"]}]}
    if other.get("credential") is None:
        return None
    public = prim.parse_credential(whole["cred_format"], bytes.fromhex(other["credential"]))
    known = PEOPLE.get((public.curve, public.x))
    if known is None or not known.public.same_key(public):
        return None
    owner = {"id": other["id"], "credential": other["credential"], "private_key": known.private.hex()}
    return context | {"sender": owner, "recipients": [{"id": sender["id"], "credential": sender["credential"]}]}


def check_mirror(context, keys):
    for index, recipient in enumerate(keys.recipients):
        other = mirror(context, index)
        if other is None:
            continue
        theirs = kdf.derive(other)
        assert theirs.sender_key == recipient.key and theirs.sender_info == recipient.info
        assert theirs.recipients[0].key == keys.sender_key and theirs.common_iv == keys.common_iv
        assert theirs.signature_encryption_key == keys.signature_encryption_key
        for ours in keys.pairwise:
            if ours.id == recipient.id:
                (back,) = theirs.pairwise
                assert back.shared_secret == ours.shared_secret
                assert (back.sender_key, back.recipient_key) == (ours.recipient_key, ours.sender_key)
                assert back.sender_key != back.recipient_key


# ---- oscore ----

DERIVATION = ("O-3.2.1-01", "O-3.2.1-02")


def oscore(**change):
    base = {"dialect": "oscore", "master_secret": SECRET, "master_salt": SALT}
    return base | {"sender": {"id": "0a"}, "recipients": [{"id": "b0c1"}]} | change


def oscore_algorithms():
    book = DeriveBook("oscore", "oscore/derive-algorithms.json", 20261, 101)
    for alg in AEADS:
        long = prim.nonce_len(alg) > 7
        ids = {"sender": {"id": "0a"}, "recipients": [{"id": "b0c1" if long else "b0"}]}
        for hkdf in (5, 7):
            title = f"{name_of(alg)} with HKDF {hkdf}"
            book.ok(title, oscore(hkdf=hkdf, aead=alg, **ids), DERIVATION + ("O-5.2-03",), ["kdf"])
    good = oscore(hkdf=5, aead=10)
    numbers = [0, 4, 5, 9, 14, 15, 23, 25, 29, 34, 255, 256, 65535, -1, -8, -25]
    numbers += [-65529, -65530, -65531, -65532, -65533, -65534, -65535, 2147483647, -2147483648]
    for alg in numbers:
        kind = "AES-CTR" if -65535 < alg < -65531 else "AES-CBC" if -65532 < alg < -65528 else "no AEAD"
        book.no(f"AEAD {alg} is {kind}", good, {"aead": alg}, "algorithm-unknown", ["O-5.2-03"], ["algorithm"])
    for hkdf in (0, 4, 6, 8, 10, 256, -10, -11, 2147483647):
        title = f"HKDF {hkdf} is neither 5 nor 7"
        book.no(title, good, {"hkdf": hkdf}, "algorithm-unknown", ["O-3.2.1-01"], ["algorithm"])
    book.no("no AEAD at all", good, {"aead": None}, "context-invalid", ["O-3.2-02"], ["contradiction"])
    for name, number in (("group_enc", 10), ("group_enc", -65534), ("signature", -8), ("agreement", -27)):
        title = f"an OSCORE context has no {name} ({number})"
        book.no(title, good, {name: number}, "context-invalid", ["O-3.2-01"], ["contradiction"])
    return book


def oscore_inputs():
    book = DeriveBook("oscore", "oscore/derive-inputs.json", 20261, 201)
    salts = [None, "", "00", "00" * 32, "00" * 63, "00" * 64, "00" * 65, "00" * 128, "00" * 129]
    salts += [stream("salt", n) for n in (1, 32, 63, 64, 65, 127, 128, 129, 300)]
    for hkdf in (5, 7):
        for salt in salts:
            zero = "" if salt is None or not salt else " zero" if set(salt) == {"0"} else ""
            text = "null" if salt is None else f"{len(salt) // 2}{zero} bytes"
            context = oscore(hkdf=hkdf, master_salt=salt)
            book.ok(f"salt {text}, HKDF {hkdf}", context, ("O-3.2.1-02", "O-3.2.1-05"), ["hmac-key"])
    same = [kdf.derive(oscore(master_salt=s)).sender_key for s in (None, "", "00", "00" * 32, "00" * 64)]
    assert len(set(same)) == 1 and kdf.derive(oscore(master_salt="00" * 65)).sender_key != same[0]
    for length in (1, 8, 32, 64, 65, 200):
        context = oscore(master_secret=stream("secret", length))
        book.ok(f"Master Secret of {length} bytes", context, ("O-3.2-01", "O-3.2.1-02"), ["kdf"])
    secret = oscore(master_secret=stream("secret", 1))
    book.no("empty Master Secret", secret, {"master_secret": ""}, "context-invalid", ["O-3.2-01"], ["contradiction"])
    for length in (None, 0, 1, 8, 23, 24, 100, 255, 256, 300):
        value = None if length is None else stream("id context", length)
        text = "absent" if length is None else f"of {length} bytes"
        req = ("O-3.2.1-03", "O-3.2.1-04", "O-3.3-05")
        book.ok(f"ID Context {text}", oscore(id_context=value), req, ["id-context"])
    oscore_identifiers(book)
    return book


def oscore_identifiers(book):
    for alg, longest in ((10, 7), (24, 6), (12, 1)):
        for length in range(longest + 1):
            context = oscore(aead=alg, sender={"id": stream("sender id", length)}, recipients=[{"id": "ff"}])
            title = f"Sender ID of {length} of at most {longest} bytes, AEAD {alg}"
            book.ok(title, context, ("O-3.3-02", "O-3.3-03", "O-3.2.1-04"), ["id-length"])
        change = {"sender": {"id": stream("sender id", longest + 1)}}
        title = f"Sender ID of {longest + 1} bytes where {longest} fit, AEAD {alg}"
        book.no(title, context, change, "context-invalid", ["O-3.3-02"], ["id-length"])
        context = oscore(aead=alg, sender={"id": "01"}, recipients=[{"id": stream("recipient id", longest)}])
        book.ok(f"Recipient ID of {longest} bytes, AEAD {alg}", context, ["O-3.3-02"], ["id-length"])
        change = {"recipients": [{"id": stream("recipient id", longest + 1)}]}
        title = f"Recipient ID of {longest + 1} bytes where {longest} fit, AEAD {alg}"
        book.no(title, context, change, "context-invalid", ["O-3.3-02"], ["id-length"])
    change = {"recipients": [{"id": stream("recipient id", 200)}]}
    book.no("Recipient ID of 200 bytes", context, change, "context-invalid", ["O-3.3-02"], ["id-length"])
    many = oscore(sender={"id": ""}, recipients=[{"id": i} for i in ("00", "01", "0001", "0100", "000000")])
    book.ok("identifiers that differ by zero bytes only", many, ("O-3.3-01", "O-3.3-03"), ["duplicate-id"])
    book.ok("no Recipient Context yet", oscore(recipients=[]), ["O-3.2.1-02"])
    req = ["O-3.3-01"]
    for own in ("", "00", "0001"):
        change = {"sender": {"id": own}, "recipients": [{"id": own}]}
        title = f"Sender ID and Recipient ID both h'{own}'"
        book.no(title, many, change, "context-invalid", req, ["duplicate-id"])
    change = {"sender": {"id": "0100"}}
    book.no("Sender ID equals the fourth of five Recipient IDs", many, change, "context-invalid", req, ["duplicate-id"])
    change = {"recipients": [{"id": "01"}, {"id": "02"}, {"id": "01"}]}
    book.no("two Recipient Contexts with one ID", many, change, "context-invalid", ["O-3.3-04"], ["duplicate-id"])
    change = {"recipients": [{"id": "01"}, {"id": "01"}], "sender": {"id": "02"}}
    book.no("the same Recipient Context twice in a row", many, change, "context-invalid", ["O-3.3-04"], ["duplicate-id"])
    oscore_windows(book)


def oscore_windows(book):
    for size in (1, 64):
        book.ok(f"replay windows of {size}", oscore(window_size=size), ["O-7.4-03"])
    for size in (0, 65, 65535):
        title = f"replay windows of {size} are none"
        book.no(title, oscore(window_size=1), {"window_size": size}, "context-invalid", ["O-7.4-03"], ["contradiction"])
    room = oscore(max_recipients=1)
    book.ok("room for exactly the Recipient Contexts there are", room, ["O-3.2-01"])
    book.no("no room for the Recipient Context", room, {"max_recipients": 0}, "context-invalid", ["O-3.2-01"], ["contradiction"])


# ---- group-02 ----

G02 = ("G02-2-03", "G02-2-12")


def g02(signature=-8, fmt="ccs", compressed=False, **change):
    curve = prim.signature_curve(signature)
    base = {"dialect": "group-02", "signature": signature, "master_secret": SECRET, "master_salt": SALT}
    base |= {"id_context": "44616c", "cred_format": fmt}
    base |= {"sender": me("25", pair(curve, "alice"), "alice", fmt, compressed)}
    return base | {"recipients": [peer("52", pair(curve, "bob"), "bob", fmt, compressed)]} | change


def group_02():
    book = DeriveBook("group-02", "group-02/derive.json", 20261, 101)
    for index, alg in enumerate(AEADS):
        context = g02(aead=alg, hkdf=5 if index % 2 else 7)
        book.ok(f"{name_of(alg)}, HKDF {context['hkdf']}", context, G02 + ("G02-2-01",), ["kdf"])
    for signature, name in SIGNATURE_NAMES.items():
        for fmt in ("ccs", "cwt", "x509"):
            for compressed in (False, True) if signature != -8 else (False,):
                title = f"{name}, credentials {fmt}{' with compressed points' if compressed else ''}"
                book.ok(title, g02(signature, fmt, compressed), G02 + ("G02-2-08", "G02-2-10"), ["credential"])
    keys = {kdf.derive(g02(signature)).sender_key for signature in SIGNATURE_NAMES}
    assert len(keys) == 1, "alg_countersign does not enter info"
    for length in (0, 1, 8, 24, 100):
        book.ok(f"Gid of {length} bytes", g02(id_context=stream("gid", length)), ["G02-2-03"], ["id-context"])
    for salt in (None, stream("salt", 65)):
        book.ok(f"salt {'null' if salt is None else '65 bytes'}", g02(master_salt=salt), ["G02-2-12"], ["hmac-key"])
    group_02_members(book)
    group_02_refused(book)
    return book


def group_02_members(book):
    carol, dave = pair(ED25519, "carol"), pair(ED25519, "dave")
    silent = g02(sender=None, recipients=[peer("", carol, "carol"), peer("25", dave, "dave")])
    book.ok("a silent server: no Sender Context", silent, ["G02-2-07", "G02-1.1-02"])
    book.ok("a recipient whose credential is not known", g02(recipients=[{"id": "52"}, peer("53", dave, "dave")]), ["G02-2-09", "G02-2-11"])
    book.ok("a member that was not heard yet gets no key", g02(members=[peer("54", carol, "carol")]), ["G02-2-09"])
    longest = g02(sender=me("25" * 7, pair(ED25519, "alice"), "alice"))
    book.ok("Sender ID of 7 bytes", longest, ["G02-3-14"], ["id-length"])
    change = {"sender": me("25" * 8, pair(ED25519, "alice"), "alice")}
    book.no("Sender ID of 8 bytes", longest, change, "context-invalid", ["G02-3-14"], ["id-length"])
    change = {"recipients": [peer("52" * 8, pair(ED25519, "bob"), "bob")]}
    book.no("Recipient ID of 8 bytes", longest, change, "context-invalid", ["G02-3-14"], ["id-length"])
    short = g02(aead=12, sender=me("", pair(ED25519, "alice"), "alice"))
    book.ok("empty Sender ID, nonce of 7", short, ["G02-3-14"], ["id-length"])
    change = {"members": [peer("5455", carol, "carol")]}
    book.no("ID of a member of 2 bytes where 1 fits", short, change, "context-invalid", ["G02-3-14"], ["id-length"])
    plain = g02(members=[peer("54", carol, "carol")])
    for title, change in (
        ("Sender ID equals a Recipient ID", {"recipients": [peer("25", dave, "dave")]}),
        ("two recipients with one ID", {"recipients": [peer("52", dave, "dave"), {"id": "52"}]}),
        ("Sender ID equals that of a member", {"members": [peer("25", carol, "carol")]}),
        ("a recipient and a member with one ID", {"members": [peer("52", carol, "carol")]}),
    ):
        book.no(title, plain, change, "context-invalid", ["G02-6-04"], ["duplicate-id"])


def bad_credentials(one, name):
    """(title, format, bytes) of credentials that cannot be read."""
    ccs, cwt, x509 = (bytes.fromhex(credential(one, name, fmt)) for fmt in ("ccs", "cwt", "x509"))
    yield "empty credential", "ccs", b""
    yield "CCS with its last byte missing", "ccs", ccs[:-1]
    yield "CCS with a byte behind it", "ccs", ccs + b"\0"
    yield "tagged CCS", "ccs", b"\xd8\x3d" + ccs
    yield "CCS without confirmation", "ccs", prim.cbor({2: name})
    yield "CCS whose confirmation has no COSE_Key", "ccs", prim.cbor({2: name, 8: {3: b"kid"}})
    yield "CWT with its tag 18", "cwt", b"\xd2" + cwt
    yield "CWT with its last byte missing", "cwt", cwt[:-1]
    yield "CCS where a CWT is due", "cwt", ccs
    yield "certificate with its last byte missing", "x509", x509[:-1]
    yield "certificate with a byte behind it", "x509", x509 + b"\0"
    yield "CCS where a certificate is due", "x509", ccs


def group_02_refused(book):
    good = g02()
    algorithms = ["algorithm"]
    for number in (0, -6, -9, -37, -38, -39, -47, -257, 10, 2147483647):
        title = f"signature {number} is none of the four"
        book.no(title, good, {"signature": number}, "algorithm-unknown", ["G02-2-04", "G02-2-06"], algorithms)
    book.no("AES-CTR as AEAD", good, {"aead": -65534}, "algorithm-unknown", ["G02-2-01"], algorithms)
    book.no("HKDF 6", good, {"hkdf": 6}, "algorithm-unknown", ["G02-2-12"], algorithms)
    for title, change, req in (
        ("no Gid", {"id_context": None}, "G02-2-02"),
        ("no credential format", {"cred_format": None}, "G02-2-08"),
        ("no signature algorithm", {"signature": None}, "G02-2-04"),
        ("no AEAD", {"aead": None}, "G02-2-01"),
        ("a Group Encryption Algorithm, which this draft has not", {"group_enc": 10}, "G02-2-01"),
        ("a key agreement, which this draft has not", {"agreement": -27}, "G02-2-01"),
        ("empty Master Secret", {"master_secret": ""}, "G02-2-12"),
        ("sender without private key", {"sender": good["sender"] | {"private_key": None}}, "G02-2-08"),
        ("sender without credential", {"sender": good["sender"] | {"credential": None}}, "G02-2-08"),
    ):
        book.no(title, good, change, "context-invalid", [req], ["contradiction"])
    for title, fmt, raw in bad_credentials(pair(ED25519, "bob"), "bob"):
        change = {"recipients": [{"id": "52", "credential": raw.hex()}]}
        book.no(title, g02(fmt=fmt), change, "credential-malformed", ["G02-2-10"], ["credential"])
    change = {"recipients": [peer("52", pair(P256, "bob"), "bob")]}
    book.no("P-256 key in a group of EdDSA", good, change, "credential-malformed", ["G02-2-04"], ["credential"])
    change = {"recipients": [peer("52", pair(X25519, "bob"), "bob")]}
    book.no("X25519 key in a group of EdDSA", good, change, "credential-malformed", ["G02-2-04"], ["credential"])
    change = {"recipients": [peer("52", pair(ED25519, "bob"), "bob", alg=-7)]}
    book.no("Ed25519 key restricted to ES256", good, change, "credential-malformed", ["G02-2-04"], ["credential"])
    foreign_keys(book, good, pair(ED25519, "alice"), "G02-2-08")
    bad_points(book, g02(-7), "52", P256, ["G02-2-10"])


def foreign_keys(book, good, one, req):
    for title, raw in (
        ("private key of somebody else", KeyPair.from_seed(one.public.curve, "mallory").private),
        ("private key with one bit changed", bytes([one.private[0] ^ 8]) + one.private[1:]),
        ("private key one byte short", one.private[:-1]),
        ("private key one byte long", one.private + b"\0"),
        ("empty private key", b""),
    ):
        change = {"sender": good["sender"] | {"private_key": raw.hex()}}
        book.no(title, good, change, "key-invalid", [req], ["foreign-key"])


def bad_points(book, good, identifier, curve, req):
    """EC points that are none, in a CCS of the only recipient."""
    size, public = prim.CURVE_LEN[curve], pair(curve, "bob").public
    field = prim._EC[curve][0].curve.p()
    x = int.from_bytes(public.x, "big")
    while True:  # an x that no point has
        x += 1
        try:
            prim.PublicKey(curve, x.to_bytes(size, "big"), None, False).point()
        except prim.KeyInvalid:
            break
    off = x.to_bytes(size, "big")
    flipped = public.y[:-1] + bytes([public.y[-1] ^ 1])
    points = [
        ("y with one bit changed", prim.PublicKey(curve, public.x, flipped)),
        ("x and y exchanged", prim.PublicKey(curve, public.y, public.x)),
        ("x and y of zero", prim.PublicKey(curve, bytes(size), bytes(size))),
        ("y of the field's prime", prim.PublicKey(curve, public.x, field.to_bytes(size, "big"))),
        ("x of the field's prime, compressed", prim.PublicKey(curve, field.to_bytes(size, "big"), None, True)),
        ("an x without point, compressed, y even", prim.PublicKey(curve, off, None, False)),
        ("an x without point, compressed, y odd", prim.PublicKey(curve, off, None, True)),
    ]
    for title, point in points:
        key = {1: 2, -1: curve, -2: point.x, -3: point.y_odd if point.y is None else point.y}
        raw = prim.cbor({2: "bob", 8: {1: key}})
        change = {"recipients": [{"id": identifier, "credential": raw.hex()}]}
        book.no(f"{CURVE_NAMES[curve]}: {title}", good, change, "key-invalid", req, ["invalid-point"])


# ---- group-28 ----


def g28(aead=None, group_enc=None, signature=None, agreement=None, curve=ED25519, fmt="ccs", compressed=False, **change):
    base = {"dialect": "group-28", "hkdf": 7 if agreement == -28 else 5}
    base |= {"aead": aead, "group_enc": group_enc, "signature": signature, "agreement": agreement}
    base |= {"master_secret": SECRET, "master_salt": SALT, "id_context": "44616c", "cred_format": fmt}
    base |= {"gm_cred": gm_credential(ED25519, fmt)}
    base |= {"sender": me("25", pair(curve, "alice"), "alice", fmt, compressed)}
    return base | {"recipients": [peer("", pair(curve, "bob"), "bob", fmt, compressed)]} | change


def both(aead=24, group_enc=10, curve=ED25519, **change):
    return g28(aead, group_enc, SIGNATURE_OF[curve], change.pop("agreement", -27), curve, **change)


GROUP = ("GO-2.1.9-01", "GO-2.1.9-02", "GO-2.1.9-03", "GO-2.1.9-04", "GO-2.3-01")
PAIR = ("GO-2.5.1-01", "GO-2.5.1-02", "GO-2.5.1-03", "GO-2.5.1-04", "GO-2.5.1-05", "GO-2.5.1-06")
BOTH = ("GO-2.1.4-02", "GO-2.3-01", "GO-2.3-03", "GO-2.3-04", "GO-2.5.1-04")


def group_28_algorithms():
    book = DeriveBook("group-28", "group-28/derive-algorithms.json", 20261, 101)
    for index, alg in enumerate(AEADS + CTRS):
        context = g28(None, alg, -8, None, hkdf=7 if index % 3 == 0 else 5)
        req = GROUP + ("GO-2.1.4-01",) + (("GO-2.1.4-03",) if alg < 0 else ())
        book.ok(f"group mode only: {name_of(alg)}, HKDF {context['hkdf']}", context, req, ["kdf"])
    for index, alg in enumerate(AEADS):
        context = g28(alg, None, None, -28 if index % 3 == 0 else -27)
        req = PAIR + ("GO-2.1.4-01", "GO-2.3-02")
        book.ok(f"pairwise mode only: {name_of(alg)}, HKDF {context['hkdf']}", context, req, ["kdf", "pairwise-order"])
    # Each Group Encryption Algorithm meets AEADs that differ in key, nonce or both.
    for index, group_enc in enumerate(AEADS + CTRS):
        for step in (0, 1, 2, 3):
            aead = AEADS[(index * 5 + step * 3 + 1) % len(AEADS)]
            agreement = -28 if (index + step) % 4 == 0 else -27
            title = f"group {name_of(group_enc)}, pairwise {name_of(aead)}, {agreement}"
            book.ok(title, both(aead, group_enc, agreement=agreement), BOTH, ["unequal-algorithms"])
    half_modes(book)
    return book


def half_modes(book):
    """An algorithm that is set shapes lengths even where its mode is not set up."""
    flags = ["unequal-algorithms"]
    req = ("GO-2.1.4-02", "GO-2.1.10-01", "GO-2.3-01")
    book.ok("AEAD set, no key agreement: no pairwise keys, Common IV of 13", g28(10, 24, -8, None), req, flags)
    book.ok("AEAD of nonce 7 shapes nothing but the longest ID", g28(12, 10, -8, None), req, flags)
    book.ok("key agreement set, no AEAD", g28(None, 24, -8, -27), ("GO-2.1.1-02", "GO-2.1.4-01"), flags)
    req = ("GO-2.1.8-01", "GO-2.3-01", "GO-2.1.4-02")
    book.ok("Group Encryption Algorithm set, no signature: no group mode, but it derives the keys", g28(10, 3, None, -27), req, flags)
    req = ("GO-2.1.7-02", "GO-2.3-02")
    book.ok("signature set, no Group Encryption Algorithm", g28(10, None, -8, -27), req, flags)


def group_28_inputs():
    book = DeriveBook("group-28", "group-28/derive-inputs.json", 20261, 301)
    for length in (0, 1, 3, 8, 23, 24, 100, 256):
        context = both(id_context=stream("gid", length))
        book.ok(f"Gid of {length} bytes", context, ("GO-2.1.3-01", "GO-2.5.1-05"), ["id-context"])
    for hkdf, agreement in ((5, -27), (7, -28)):
        for salt in (None, "", "00" * 8, stream("salt", 64), stream("salt", 65), stream("salt", 129)):
            text = "null" if salt is None else f"{len(salt) // 2} bytes{' of zero' if salt and set(salt) == {'0'} else ''}"
            context = both(master_salt=salt, agreement=agreement)
            book.ok(f"salt {text}, HKDF {hkdf}", context, ("GO-2.3-05", "GO-2.6.3.2-03"), ["hmac-key"])
    people_28(book)
    identifiers_28(book)
    return book


def people_28(book):
    carol, dave = pair(ED25519, "carol"), pair(ED25519, "dave")
    others = [peer("", pair(ED25519, "bob"), "bob"), peer("25", carol, "carol"), peer("0025", dave, "dave")]
    context = both(sender=me("2500", pair(ED25519, "alice"), "alice"), recipients=others)
    book.ok("three recipients, identifiers that differ by zero bytes", context, PAIR, ["pairwise-order", "duplicate-id"])
    found = kdf.derive(context)
    assert len({p.sender_key for p in found.pairwise} | {p.recipient_key for p in found.pairwise}) == 6
    context = both(recipients=others[:1] + [{"id": "77"}])
    book.ok("a recipient without credential gets no pairwise keys", context, ["GO-2.5.1-01", "GO-2.2-03"])
    context = both(sender=None, recipients=others)
    book.ok("a silent server: no Sender Context, no pairwise keys", context, ["GO-2-02"])
    context = both(members=[peer("54", carol, "carol")])
    book.ok("a member that was not heard yet gets no keys", context, ["GO-7.2-03"])
    context = both(gm_cred="00ff", recipients=others[:1])
    book.ok("the credential of the Group Manager is bytes and nothing else", context, ["GO-2.4-05"], ["credential-bytes"])
    strange = prim.make_ccs(pair(ED25519, "bob"), "bob", extra={4: 1893456000, -70000: [{1: b""}, None]}).hex()
    context = both(recipients=[{"id": "", "credential": strange}])
    book.ok("a CCS with claims that nobody reads enters the pairwise keys as it is", context, ["GO-2.4-05"], ["credential-bytes"])
    turned = prim.cbor({8: {1: {-2: pair(ED25519, "bob").public.x, -1: 6, 1: 1}}, 2: "bob"}).hex()
    context = both(recipients=[{"id": "", "credential": turned}])
    book.ok("a CCS whose keys stand in another order", context, ["GO-2.4-05"], ["credential-bytes"])


def identifiers_28(book):
    alice, bob = pair(ED25519, "alice"), pair(ED25519, "bob")
    cases = ((10, 10, 7), (10, 24, 6), (24, 10, 6), (10, -65534, 6), (12, 10, 1), (10, 33, 1), (None, 10, 7), (12, None, 1))
    for aead, group_enc, longest in cases:
        modes = {"signature": None if group_enc is None else -8, "agreement": None if aead is None else -27}
        context = g28(aead, group_enc, sender=me("25" * longest, alice, "alice"), **modes)
        title = f"AEAD {aead}, group {group_enc}: Sender ID of {longest} bytes"
        book.ok(title, context, ["GO-2.2-02"], ["id-length"])
        change = {"sender": me("25" * (longest + 1), alice, "alice")}
        title = f"AEAD {aead}, group {group_enc}: Sender ID of {longest + 1} bytes"
        book.no(title, context, change, "context-invalid", ["GO-2.2-02"], ["id-length"])
        change = {"recipients": [peer("52" * (longest + 1), bob, "bob")]}
        title = f"AEAD {aead}, group {group_enc}: Recipient ID of {longest + 1} bytes"
        book.no(title, context, change, "context-invalid", ["GO-2.2-02"], ["id-length"])
    good = both(members=[peer("54", pair(ED25519, "carol"), "carol")])
    dave = pair(ED25519, "dave")
    for title, change in (
        ("Sender ID equals a Recipient ID", {"recipients": [peer("25", dave, "dave")]}),
        ("two recipients with one ID", {"recipients": [peer("52", dave, "dave"), peer("52", bob, "bob")]}),
        ("two recipients with an empty ID", {"recipients": [peer("", dave, "dave"), {"id": ""}]}),
        ("Sender ID equals that of a member", {"members": [peer("25", dave, "dave")]}),
        ("a recipient and a member with one ID", {"members": [peer("", dave, "dave")]}),
    ):
        book.no(title, good, change, "context-invalid", ["GO-2.2-01"], ["duplicate-id"])


# ---- credentials and key agreement ----


def group_28_agreement():
    book = DeriveBook("group-28", "group-28/derive-agreement.json", 20261, 401)
    for curve, name in CURVE_NAMES.items():
        for fmt in ("ccs", "cwt", "x509"):
            req = PAIR + (("GO-2.5.1-08", "GO-2.5.2.1-02", "GO-2.5.2.1-03") if curve == ED25519 else ("GO-2.5.1-07",))
            flags = ["pairwise-order", "curve-map" if curve == ED25519 else "credential-bytes"]
            context = g28(10, None, None, -27, curve, fmt)
            book.ok(f"pairwise mode only, {name}, {fmt}", context, req, flags)
            if curve in (P256, P384, P521):
                context = g28(10, None, None, -28, curve, fmt, True)
                book.ok(f"pairwise mode only, {name}, {fmt}, compressed points", context, req, flags)
            if curve != X25519:
                context = both(curve=curve, fmt=fmt, agreement=-28)
                book.ok(f"both modes, {name}, {fmt}", context, req, flags)
    for wanted, agreement in ((-8, None), (-8, -27)):
        alice, bob = pair(ED25519, "alice"), pair(ED25519, "bob")
        context = g28(10, 24, -8, agreement, sender=me("25", alice, "alice", alg=wanted), recipients=[peer("", bob, "bob", alg=wanted)])
        book.ok(f"keys that name EdDSA themselves, key agreement {agreement}", context, ["GO-2.4-03", "GO-2.4-04"], ["credential"])
    alice, bob = pair(X25519, "alice"), pair(X25519, "bob")
    context = g28(10, None, None, -27, sender=me("25", alice, "alice", alg=-27), recipients=[peer("", bob, "bob", alg=-27)])
    book.ok("keys that name ECDH-SS themselves", context, ["GO-2.4-03", "GO-2.4-04"], ["credential"])
    mixed = both(recipients=[peer("", pair(ED25519, "bob"), "bob", alg=-8), peer("01", pair(ED25519, "carol"), "carol")])
    book.ok("one key names its algorithm, the other does not", mixed, ["GO-2.4-03"], ["credential"])
    montgomery(book)
    edwards(book)
    for curve in (P256, P384, P521):
        bad_points(book, g28(10, None, None, -27, curve), "", curve, ["GO-2.5.1-07", "GO-14.16-02"])
    return book


def raw_peer(curve, x):
    return [{"id": "", "credential": prim.make_ccs(prim.PublicKey(curve, x), "bob").hex()}]


def montgomery(book):
    """X25519 keys: what RFC 7748 reads, and the points of small order."""
    good = g28(10, None, None, -27, X25519)
    public = pair(X25519, "bob").public.x
    p = prim.P25519
    high = bytes(public[:31]) + bytes([public[31] | 0x80])
    book.ok("X25519 key with its top bit set", good | {"recipients": raw_peer(X25519, high)}, ["GO-2.5.1-07"], ["curve-map"])
    above = (p + 9).to_bytes(32, "little")
    book.ok("X25519 key of p + 9, the base point", good | {"recipients": raw_peer(X25519, above)}, ["GO-2.5.1-07"], ["curve-map"])
    book.ok("X25519 key 9, the base point", good | {"recipients": raw_peer(X25519, (9).to_bytes(32, "little"))}, ["GO-2.5.1-07"])
    order_8 = sorted((1 + y) * pow(1 - y, -1, p) % p for y in prim.SMALL_ORDER_YS - {1, 0, p - 1})
    points = [("0", 0), ("1", 1), ("of order 8, first", order_8[0]), ("of order 8, second", order_8[1])]
    points += [("p - 1", p - 1), ("p", p), ("p + 1", p + 1), ("0 with the top bit", 2**255), ("1 with the top bit", 2**255 + 1)]
    for title, u in points:
        change = {"recipients": raw_peer(X25519, u.to_bytes(32, "little"))}
        book.no(f"X25519 key {title}: all-zero secret", good, change, "agreement-zero", ["GO-2.5.1-06"], ["small-order"])


def edwards(book):
    """Ed25519 keys that have no image, no point, or an image of small order."""
    good = both()
    book.ok("both modes, Ed25519, HKDF-256", good, PAIR + ("GO-2.5.2.1-02",), ["curve-map"])
    p = prim.P25519
    no_point = next(y for y in range(2, 99) if not _is_point(y))
    high = 2**255
    one = [("y = 1", 1), ("y = 1 with its sign bit", 1 + high), ("y = -1", p - 1), ("y = -1 with its sign bit", p - 1 + high)]
    none = [("y = p", p), ("y = p + 1", p + 1), ("y = 2^255 - 1", high - 1), (f"y = {no_point} of no point", no_point)]
    for req, points in (("GO-2.5.2.1-01", one), ("GO-2.5.2.1-02", none)):
        for title, y in points:
            change = {"recipients": raw_peer(ED25519, y.to_bytes(32, "little"))}
            book.no(f"Ed25519 key {title}", good, change, "key-invalid", [req, "GO-14.16-02"], ["curve-map", "small-order"])
    small = [("y = 0, order 4", 0), ("y = 0 with its sign bit, order 4", 2**255)]
    for number, y in enumerate(sorted(prim.SMALL_ORDER_YS - {1, 0, p - 1})):
        small += [(f"of order 8, number {2 * number + 1}", y), (f"of order 8, number {2 * number + 2}", y + 2**255)]
    for title, y in small:
        change = {"recipients": raw_peer(ED25519, y.to_bytes(32, "little"))}
        book.no(f"Ed25519 key {title}: all-zero secret", good, change, "agreement-zero", ["GO-2.5.1-06", "GO-14.16-02"], ["small-order"])
    group_only = g28(None, 10, -8, None)
    context = group_only | {"recipients": raw_peer(ED25519, (1).to_bytes(32, "little"))}
    book.ok("Ed25519 y = 1 without key agreement is judged with its signatures", context, ["GO-2.5.2.1-01"], ["small-order"])
    odd = bytes.fromhex(prim.KeyPair.from_seed(ED25519, "bob").public.x.hex())
    flipped = odd[:31] + bytes([odd[31] ^ 0x80])
    context = both(recipients=raw_peer(ED25519, flipped))
    title = "the sign bit of Ed25519 does not enter the shared secret, its credential enters the keys"
    book.ok(title, context, ["GO-2.5.2.1-02"], ["curve-map"])
    straight = kdf.derive(both()).pairwise[0]
    assert kdf.derive(context).pairwise[0].shared_secret == straight.shared_secret


def _is_point(y):
    try:
        prim._decode_y(y.to_bytes(32, "little"))
    except prim.KeyInvalid:
        return False
    return True


def group_28_refused():
    book = DeriveBook("group-28", "group-28/derive-refused.json", 20261, 601)
    good = both()
    group, pairwise = g28(None, 10, -8, None), g28(10, None, None, -27)
    book.ok("control: both modes", good, BOTH)
    book.ok("control: group mode only", group, GROUP)
    book.ok("control: pairwise mode only", pairwise, PAIR)
    algorithms_refused(book, good)
    contradictions(book, good, group, pairwise)
    credentials_refused(book, good, pairwise)
    return book


def algorithms_refused(book, good):
    cases = [("aead", n, "GO-2.1.1-01") for n in (0, 4, 14, 25, -65534, -65533, -65532, -65531, -65530, -65529)]
    cases += [("group_enc", n, "GO-2.1.7-07") for n in (-65531, -65530, -65529)]
    cases += [("group_enc", n, "GO-2.1.7-08") for n in (0, 4, 5, 14, 25, 34, -8, -65528, -65535, 65534, 2147483647)]
    cases += [("signature", n, "GO-2.4-03") for n in (0, 5, -6, -9, -37, -47, -27, 8, -2147483648)]
    cases += [("agreement", n, "GO-2.1.10-02") for n in (0, -25, -26, -29, -31, -34, -8, 27)]
    cases += [("hkdf", n, "GO-2.1.2-01") for n in (0, 4, 6, -10, -27)]
    for name, number, req in cases:
        book.no(f"{name} {number}", good, {name: number}, "algorithm-unknown", [req], ["algorithm"])


def contradictions(book, good, group, pairwise):
    no_key = good["sender"] | {"private_key": None}
    no_credential = good["sender"] | {"credential": None}
    for title, base, change, req in (
        ("no algorithm at all", group, {"group_enc": None, "signature": None}, "GO-2-03"),
        ("group mode without signature", group, {"signature": None}, "GO-2.1.8-01"),
        ("group mode without Group Encryption Algorithm", group, {"group_enc": None}, "GO-2.1.7-02"),
        ("pairwise mode without AEAD", pairwise, {"aead": None}, "GO-2.1.1-02"),
        ("pairwise mode without key agreement", pairwise, {"agreement": None}, "GO-2.1.10-01"),
        ("two halves: AEAD and signature", pairwise, {"agreement": None, "signature": -8}, "GO-2-03"),
        ("two halves: group encryption and key agreement", group, {"signature": None, "agreement": -27}, "GO-2-03"),
        ("key agreement with HKDF-512, HKDF 5", good, {"agreement": -28}, "GO-2.1.10-03"),
        ("key agreement with HKDF-256, HKDF 7", good, {"hkdf": 7}, "GO-2.1.10-04"),
        ("pairwise mode only, key agreement with HKDF-512, HKDF 5", pairwise, {"agreement": -28}, "GO-2.1.10-04"),
        ("no Gid", good, {"id_context": None}, "GO-2.1.3-01"),
        ("no credential format", good, {"cred_format": None}, "GO-2.1.5-01"),
        ("no credential of the Group Manager", good, {"gm_cred": None}, "GO-2.1.6-01"),
        ("no credential of the Group Manager, pairwise mode only", pairwise, {"gm_cred": ...}, "GO-2.1.6-01"),
        ("sender without private key", good, {"sender": no_key}, "GO-2.4-04"),
        ("sender without credential", good, {"sender": no_credential}, "GO-2.4-04"),
        ("empty Master Secret", good, {"master_secret": ""}, "GO-2.2-01"),
        ("replay windows of 0", good, {"window_size": 0}, "GO-5.3-06"),
        ("replay windows of 65", good, {"window_size": 65}, "GO-5.3-06"),
        ("no room for the Recipient Context", good, {"max_recipients": 0}, "GO-2.2-04"),
    ):
        book.no(title, base, change, "context-invalid", [req], ["contradiction"])


def credentials_refused(book, good, pairwise):
    formats = {fmt: both(fmt=fmt) for fmt in ("cwt", "x509")} | {"ccs": good}
    for fmt in ("cwt", "x509"):
        book.ok(f"control: both modes, {fmt}", formats[fmt], BOTH)
    for title, fmt, raw in bad_credentials(pair(ED25519, "bob"), "bob"):
        change = {"recipients": [{"id": "", "credential": raw.hex()}]}
        req = "GO-2.4-06" if "tag" in title else "GO-2.4-01"
        book.no(f"recipient: {title}", formats[fmt], change, "credential-malformed", [req], ["credential"])
    for title, fmt, raw in bad_credentials(pair(ED25519, "alice"), "alice"):
        if "missing" in title or "tag" in title:
            change = {"sender": formats[fmt]["sender"] | {"credential": raw.hex()}}
            book.no(f"sender: {title}", formats[fmt], change, "credential-malformed", ["GO-2.4-01"], ["credential"])
    for curve in (X25519, P256, P384, P521):
        change = {"recipients": [peer("", pair(curve, "bob"), "bob")]}
        title = f"{CURVE_NAMES[curve]} key in a group of EdDSA"
        book.no(title, good, change, "credential-malformed", ["GO-2.4-04"], ["credential"])
    change = {"sender": me("25", pair(X25519, "alice"), "alice"), "recipients": [peer("", pair(X25519, "bob"), "bob")]}
    book.no("X25519 keys throughout in a group of EdDSA", good, change, "credential-malformed", ["GO-2.4-04"], ["credential"])
    change = {"recipients": [peer("", pair(ED25519, "bob"), "bob", alg=-27)]}
    book.no("Ed25519 key restricted to key agreement, group mode", good, change, "credential-malformed", ["GO-2.4-04"], ["credential"])
    change = {"recipients": [peer("", pair(ED25519, "bob"), "bob", alg=-28)]}
    book.no("key restricted to -28 in a group of -27", pairwise, change, "credential-malformed", ["GO-2.4-04"], ["credential"])
    for curve in (X25519, P256):
        change = {"recipients": [peer("", pair(curve, "bob"), "bob")]}
        title = f"{CURVE_NAMES[curve]} key of the recipient, Ed25519 key of the sender"
        book.no(title, pairwise, change, "credential-malformed", ["GO-2.5.1-06"], ["credential"])
    foreign_keys(book, good, pair(ED25519, "alice"), "GO-2.5.1-06")
    for curve in (X25519, P256, P384, P521):
        base = g28(10, None, None, -27, curve)
        book.ok(f"control: pairwise mode only, {CURVE_NAMES[curve]}", base, PAIR)
        change = {"sender": base["sender"] | {"private_key": KeyPair.from_seed(curve, "mallory").private.hex()}}
        title = f"{CURVE_NAMES[curve]} private key of somebody else"
        book.no(title, base, change, "key-invalid", ["GO-2.5.1-06"], ["foreign-key"])
        if curve != X25519:
            for title, scalar in (("zero", 0), ("the order of the curve", prim._EC[curve][0].order)):
                change = {"sender": base["sender"] | {"private_key": scalar.to_bytes(prim.CURVE_LEN[curve], "big").hex()}}
                title = f"{CURVE_NAMES[curve]} private key is {title}"
                book.no(title, base, change, "key-invalid", ["GO-2.5.1-06"], ["foreign-key"])


def files():
    anchors.check()
    books = (oscore_algorithms, oscore_inputs, group_02, group_28_algorithms, group_28_inputs, group_28_agreement, group_28_refused)
    return {book.path: book.document() for book in (make() for make in books)}
