"""Messages of Group OSCORE -28."""

from dataclasses import replace

import coap
import nonce as nonces
import primitives as prim
import signature as countersign
from endpoint import Faults, security
from families.message_maker import Group, Theme, credential, flip, message, option_of, path, payload_of, pick, rewrite
from families.message_shared import bend, class_tests, element, exchanged, frames, inner_tests, observe_tests, tampered, without
from oscore_option import Option, build, parse
from primitives import KeyPair, cbor

GET, PUT, CHANGED, CONTENT = 0x01, 0x03, 0x44, 0x45
EDDSA, ES256, ES384, ES512 = -8, -7, -35, -36
SIGNATURES = (EDDSA, ES256, ES384, ES512)
GROUP_ENC = (10, 11, 12, 13, 30, 31, 32, 33, 1, 2, 3, 24, -65534, -65533, -65532)
AEADS = GROUP_ENC[:12]
PIVS = (0, 1, 255, 256, 65535, 65536, 2**24 - 1, 2**24, 2**32 - 1, 2**32, 2**40 - 1)
GROUP, PAIRWISE = "group", "pairwise"
NAME = "group-28"


def agreement(hkdf):
    return {5: -27, 7: -28}[hkdf]


def get(name, *options, **more):
    return message(GET, *path("lamp"), *options, name=name, **more)


def answer(name, *options, payload=b"22.3", code=CONTENT, **more):
    return message(code, *options, payload=payload, name=name, **more)


def fails(mode):
    """What the first cryptographic check says in this mode."""
    return "signature-invalid" if mode == GROUP else "decryption-failed"


def target_of(mode, group, name="bob"):
    return group.ids[name] if mode == PAIRWISE else None


def ask(theme, title, req, group, mode, plain, flags=(), names=None, **how):
    how.setdefault("target", target_of(mode, group))
    return theme.request(title, req, *(names or group.two()), plain, flags, mode=mode, **how)


def reply(theme, title, req, case, group, mode, plain, flags=(), **how):
    how.setdefault("target", target_of(mode, group, "alice"))
    how.setdefault("kid", case.params.mode == GROUP)
    how.setdefault("kid_context", False)
    return theme.response(title, req, case, plain, flags, mode=mode, **how)


# ---- algorithms ----


def group_algorithms():
    """Groups that have only group mode."""
    theme = Theme(NAME, "group-algorithms", 1001)
    for at, alg in enumerate(GROUP_ENC):
        hkdf, sig, reading = (5, 7)[at % 2], SIGNATURES[at % 4], ("CS5", "CS4")[at % 3 == 2]
        tag = f"enc{alg}".replace("-", "m")
        group = Group(theme, tag, NAME, group_enc=alg, signature=sig, hkdf=hkdf, reading=reading)
        called = f"Group Encryption Algorithm {alg}, Signature Algorithm {sig}, HKDF {hkdf}, {reading}"
        req = ["GO-7.1-01", "GO-3.4-03", "GO-2.1.4-01", "GO-3.1-04"]
        req += ["GO-2.1.7-04", "GO-2.1.7-05", "GO-10-04"] if alg < 0 else []
        flags = ["key-derivation", "group-aad"]
        one = ask(theme, f"{called}: request", req, group, GROUP, get(tag), flags, ssn=at * 100)
        bare = reply(
            theme, f"{called}: response with the nonce of the request", req + ["GO-3.3-03"], one, group, GROUP, answer(tag), flags
        )
        own = reply(
            theme,
            f"{called}: response with Partial IV",
            req + ["GO-3.3-03", "GO-4.2-06"],
            one,
            group,
            GROUP,
            answer(tag),
            flags,
            own_partial_iv=True,
            ssn=at + 256,
        )
        for case, kind in ((one, "request"), (bare, "response"), (own, "response with Partial IV")):
            size = prim.signature_len(sig)
            for what, at_byte in (
                ("ciphertext", 0),
                ("last byte of the ciphertext", -size - 1),
                ("signature", -size),
                ("end of the signature", -1),
            ):
                case.reject(
                    "signature-invalid",
                    f"{called}: {kind}, {what} changed",
                    ["GO-7.4-06"] if case is not one else ["GO-7.2-10"] + ["GO-7.2-07"] * ("ciphertext" in what),
                    ["signature-checked"],
                    lambda wire, at_byte=at_byte: rewrite(wire, payload=flip(payload_of(wire), at_byte)),
                )
    for alg in (-65534, -65533, -65532):
        _counter_one(theme, alg)
    return theme


def _counter_one(theme, alg):
    """Encrypted as GCM would, from counter 1: the signature verifies, the plaintext is garbage.

    Garbage can be a message by chance, so a payload is looked for with which it is none.
    """
    tag = f"enc{alg}".replace("-", "m")
    sec = security(theme.contexts[f"{tag}-alice"])

    def skipped(old, trace):
        block = bytes(16)
        return prim.aead_seal(alg, trace["key"], trace["nonce"], None, block + trace["plaintext"])[16:]

    for number in range(100):
        plain = get(tag, payload=pick(f"{tag} {number}", 20))
        message_plain = coap.split(coap.parse(plain), "request").plaintext
        made = nonces.nonce(sec.keys.common_iv, 12, sec.sender_id, b"\x07")
        garbage = prim.aead_open(
            alg,
            sec.keys.sender_key,
            made,
            None,
            skipped(None, {"key": sec.keys.sender_key, "nonce": made, "plaintext": message_plain}),
        )
        try:
            coap.merge(coap.parse(plain), garbage, "request")
        except coap.InnerMalformed:
            break
    names = f"{tag}-alice", f"{tag}-bob"
    one = theme.request(
        f"Group Encryption Algorithm {alg}: request, counter from 0",
        ["GO-2.1.7-05"],
        *names,
        plain,
        ["counter"],
        mode=GROUP,
        ssn=7,
    )
    one.reject(
        "inner-malformed",
        f"Group Encryption Algorithm {alg}: request, counter from 1",
        ["GO-2.1.7-05"],
        ["counter"],
        ciphertext=skipped,
    )


def pairwise_algorithms():
    """Groups that have only pairwise mode: keys of credentials are for the agreement."""
    theme = Theme(NAME, "pairwise-algorithms", 1301)
    curves = (prim.X25519, prim.P256, prim.ED25519, prim.P384, prim.P521)
    for at, alg in enumerate(AEADS):
        hkdf, curve = (5, 7)[at % 2], curves[at % 5]
        tag = f"aead{alg}"
        group = Group(theme, tag, NAME, aead=alg, agreement=agreement(hkdf), hkdf=hkdf, curve=curve)
        called = f"AEAD Algorithm {alg}, keys of curve {curve}, HKDF {hkdf}"
        req = ["GO-2.5.1-01", "GO-2.5.1-03", "GO-2.5.1-07", "GO-3.4-04", "GO-3.4-05", "GO-2.3-02"]
        flags = ["key-derivation", "pairwise-key", "group-aad"]
        one = ask(theme, f"{called}: request", req, group, PAIRWISE, get(tag), flags, ssn=at * 100)
        bare = reply(theme, f"{called}: response with the nonce of the request", req, one, group, PAIRWISE, answer(tag), flags)
        own = reply(
            theme,
            f"{called}: response with Partial IV",
            req,
            one,
            group,
            PAIRWISE,
            answer(tag),
            flags,
            own_partial_iv=True,
            ssn=at + 256,
        )
        for case, kind in ((one, "request"), (bare, "response"), (own, "response with Partial IV")):
            case.reject(
                "decryption-failed",
                f"{called}: {kind}, tag changed",
                ["GO-7.2-14" if case is one else "GO-7.4-12"],
                ["ciphertext-changed"],
                lambda wire: rewrite(wire, payload=flip(payload_of(wire), -1)),
            )
    return theme


PAIRINGS = (
    (10, 10),
    (10, 24),
    (24, 10),
    (12, 24),
    (24, 12),
    (10, 12),
    (12, 10),
    (-65534, 10),
    (-65533, 12),
    (-65532, 24),
    (3, 30),
    (33, 1),
    (1, 13),
    (31, 2),
    (11, 32),
    (2, 11),
)


def pairings():
    """Both modes with different algorithms: nonces of 7, 12, 13 bytes, keys of 16, 24, 32 bytes."""
    theme = Theme(NAME, "pairings", 1501)
    for at, (enc, aead) in enumerate(PAIRINGS):
        hkdf, sig = (5, 7)[at % 2], SIGNATURES[(at // 2) % 4]
        tag = f"g{enc}-p{aead}".replace("g-", "gm")
        group = Group(theme, tag, NAME, group_enc=enc, aead=aead, signature=sig, agreement=agreement(hkdf), hkdf=hkdf)
        called = f"group {enc}, pairwise {aead}, signature {sig}"
        req = ["GO-2.1.4-02", "GO-2.3-01", "GO-3.3-01", "GO-2.5.1-04"]
        flags = ["key-derivation", "pairwise-key", "iv-cut"]
        for asked in (GROUP, PAIRWISE):
            one = ask(theme, f"{called}: {asked} request", req, group, asked, get(tag), flags, ssn=at + 65530)
            for answered in (GROUP, PAIRWISE):
                for own in (False, True):
                    reply(
                        theme,
                        f"{called}: {answered} response{' with Partial IV' if own else ''} to a {asked} request",
                        req + ["GO-3.3-03"],
                        one,
                        group,
                        answered,
                        answer(tag),
                        flags,
                        own_partial_iv=own,
                        ssn=at * 3,
                    )
        _wrong_ivs(theme, group, called, tag)
    return theme


def _wrong_ivs(theme, group, called, tag):
    """The nonce from the last bytes of a longer Common IV, or from one that was derived shorter."""
    sec = security(theme.contexts[f"{tag}-alice"])
    for mode in (GROUP, PAIRWISE):
        alg = sec.cipher(mode)
        length, iv = prim.nonce_len(alg), sec.keys.common_iv
        if length == len(iv) or (mode == GROUP and prim.tag_len(alg) == 0):
            continue
        good = ask(theme, f"{called}: {mode} request for the Common IV", ["GO-3.3-01"], group, mode, get(tag), ["iv-cut"], ssn=9)
        short = prim.hkdf(
            sec.context["hkdf"],
            bytes.fromhex(sec.context["master_salt"]),
            bytes.fromhex(sec.context["master_secret"]),
            cbor([b"", sec.id_context, sec.context["group_enc"], "IV", length]),
            length,
        )
        for what, wrong in (("its last bytes", iv[-length:]), ("derived with the shorter length", short)):
            made = nonces.nonce(wrong, length, sec.sender_id, b"\x09")
            good.reject(
                "decryption-failed",
                f"{called}: {mode} request, Common IV: {what}",
                ["GO-2.1.4-02", "GO-3.3-01"],
                ["iv-cut"],
                nonce=bend(made),
            )


# ---- modes, kids, Partial IVs ----


def modes():
    theme = Theme(NAME, "modes", 1801)
    for reading in ("CS5", "CS4"):
        tag = reading.lower()
        group = Group(theme, tag, NAME, reading=reading, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
        for asked in (GROUP, PAIRWISE):
            one = ask(
                theme,
                f"{reading}: {asked} request",
                ["GO-4.1-04" if asked == GROUP else "GO-4.1-05", "GO-3.2-03"],
                group,
                asked,
                get(tag),
                ssn=0x1234,
            )
            want = {GROUP: 0x3A, PAIRWISE: 0x1A}[asked]
            assert option_of(one.wire)[0] == want
            for answered in (GROUP, PAIRWISE):
                _replies(theme, reading, group, one, asked, answered, tag)
    group = Group(theme, "full", NAME, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
    for mode in (GROUP, PAIRWISE):
        how = {"mode": mode, "target": target_of(mode, group), "ssn": 500}
        class_tests(theme, group.two(), how, ["GO-7.2-17", "O-4.1-04"])
        observe_tests(
            theme,
            group.two(),
            how,
            {"mode": mode, "kid": mode == GROUP, "kid_context": False, "target": target_of(mode, group, "alice")},
            ["GO-5.3.1-02", "O-4.1.3.5-05"],
        )
        for length in (0, 1, 12, 15, 16, 17, 63, 64, 255, 256, 1023, 1024):
            plain = message(PUT, *path("store"), payload=pick(f"payload {length}", length) or None, name=f"payload {length}")
            one = ask(
                theme,
                f"{mode} request, payload of {length} bytes",
                ["GO-4.1-01" if mode == GROUP else "GO-4.1-03"],
                group,
                mode,
                plain,
                opened=plain,
                ssn=length,
            )
            back = answer(f"payload {length}", payload=pick(f"reply {length}", length) or None)
            reply(
                theme,
                f"{mode} response, payload of {length} bytes",
                ["GO-7.3-05" if mode == GROUP else "GO-8.5-01"],
                one,
                group,
                mode,
                back,
                opened=back,
            )
    return theme


def _replies(theme, reading, group, one, asked, answered, tag):
    kids = (True,) if asked == GROUP else (False, True)
    for own in (False, True):
        for kid in kids:
            for kid_context in (False, True):
                what = [name for name, there in (("Partial IV", own), ("kid", kid), ("kid context", kid_context)) if there]
                case = reply(
                    theme,
                    f"{reading}: {answered} response to a {asked} request, {' and '.join(what) or 'no field'}",
                    ["GO-3.2-01" if asked == GROUP else "GO-3.2-06", "GO-5.3.1-02", "GO-7.3-07"],
                    one,
                    group,
                    answered,
                    answer(tag),
                    ["key-derivation"],
                    own_partial_iv=own,
                    kid=kid,
                    kid_context=kid_context,
                    ssn=0x0506,
                )
                flags = (
                    (0x20 if answered == GROUP else 0) | (0x10 if kid_context else 0) | (0x08 if kid else 0) | (2 if own else 0)
                )
                assert option_of(case.wire)[:1] == (bytes([flags]) if flags else b"")


# ---- identifiers and numbers ----


def identifiers():
    theme = Theme(NAME, "identifiers", 2101)
    gids = {
        "0": b"",
        "1": b"\x37",
        "3": b"\x44\x61\x6c",
        "8": pick("gid 8", 8),
        "32": pick("gid 32", 32),
        "200": pick("gid 200", 200),
    }
    for length in range(8):
        label = list(gids)[length % 6]
        ids = {
            "alice": pick("id of alice", 7)[:length],
            "bob": pick("id of bob", 7)[: 7 - length],
            "carol": pick("id of carol", 7)[:3],
        }
        group = Group(theme, f"id{length}", NAME, gid=gids[label], ids=ids, group_enc=10, aead=30, signature=EDDSA, agreement=-27)
        _two_exchanges(theme, group, f"kid of {length} and {7 - length} bytes, Gid of {label}", f"id{length}", length)
    for at, (label, gid) in enumerate(gids.items()):
        group = Group(
            theme,
            f"gid{label}",
            NAME,
            gid=gid,
            group_enc=24,
            aead=10,
            signature=ES256,
            agreement=-27,
            salt_len=None if at % 2 else 8,
        )
        _two_exchanges(theme, group, f"Gid of {label} bytes", f"gid{label}", 70 + at)
    for size, ssn, alice in ((252, 0, b""), (245, 5, b"\xab" * 7), (248, 2**40 - 1, b"")):
        tag = f"long{size}"
        group = Group(
            theme,
            tag,
            NAME,
            gid=pick("long gid", size),
            ids={"alice": alice},
            group_enc=10,
            aead=30,
            signature=EDDSA,
            agreement=-27,
        )
        for mode in (GROUP, PAIRWISE):
            one = ask(
                theme,
                f"{mode} request, option of 255 bytes, Gid of {size}",
                ["GO-3.4-14"],
                group,
                mode,
                get(tag),
                ["long-option"],
                ssn=ssn,
            )
            assert len(option_of(one.wire)) == 255
    for size in (13, 14, 15, 16, 17, 244, 245, 246, 247):
        # The option enters the AAD as a byte string: its head grows at 24 bytes and at 256 (which an option never has).
        group = Group(
            theme, f"opt{size}", NAME, gid=pick("gid for the option", size), group_enc=10, aead=30, signature=EDDSA, agreement=-27
        )
        one = ask(
            theme,
            f"option of {size + 8} bytes in the AAD",
            ["GO-3.4-11", "GO-3.4-14"],
            group,
            GROUP if size % 2 else PAIRWISE,
            get(f"opt{size}"),
            ["group-aad"],
            ssn=0x010203040506 >> 8,
        )
        assert len(option_of(one.wire)) == size + 8
    return theme


def _two_exchanges(theme, group, called, tag, ssn):
    flags = ["empty-id", "nonce"]
    for mode in (GROUP, PAIRWISE):
        one = ask(
            theme, f"{called}: {mode} request", ["GO-2.2-02", "GO-3.3-02", "GO-4.1-16"], group, mode, get(tag), flags, ssn=ssn
        )
        reply(
            theme,
            f"{called}: {mode} response with Partial IV",
            ["GO-3.3-02", "GO-4.1-16"],
            one,
            group,
            mode,
            answer(tag),
            flags,
            own_partial_iv=True,
            ssn=ssn * 256,
        )
        if mode == GROUP:
            reply(theme, f"{called}: {mode} response without Partial IV", ["GO-4.2-06"], one, group, mode, answer(tag), flags)


def numbers():
    theme = Theme(NAME, "numbers", 2301)
    group = Group(theme, "count", NAME, group_enc=24, aead=10, signature=EDDSA, agreement=-27)
    for mode in (GROUP, PAIRWISE):
        requests = {}
        for number in PIVS:
            one = ask(
                theme,
                f"Partial IV {number} in a {mode} request",
                ["GO-4.1-15", "GO-4.2-02"],
                group,
                mode,
                get(f"n{number}"),
                ["partial-iv"],
                ssn=number,
            )
            requests[number] = one
            reply(
                theme,
                f"{mode} response with the nonce of request {number}",
                ["GO-4.2-03"],
                one,
                group,
                mode,
                answer(f"n{number}"),
                ["partial-iv"],
            )
            reply(
                theme,
                f"Partial IV {number} in a {mode} response",
                ["GO-4.2-02", "GO-3.3-03"],
                one,
                group,
                mode,
                answer(f"n{number}"),
                ["partial-iv"],
                own_partial_iv=True,
                ssn=number,
            )
        last = requests[2**40 - 1]
        last.refuse("ssn-exhausted", f"no Partial IV behind 2^40-1: {mode} request", ["GO-2.6.2-02"], ["ssn-wraps"], ssn=2**40)
        own = reply(
            theme,
            f"the last Partial IV in a {mode} response",
            ["GO-2.6.2-02"],
            last,
            group,
            mode,
            answer(f"n{2**40 - 1}"),
            ["ssn-wraps"],
            own_partial_iv=True,
            ssn=2**40 - 1,
        )
        own.refuse("ssn-exhausted", f"no Partial IV behind 2^40-1: {mode} response", ["GO-2.6.2-02"], ["ssn-wraps"], ssn=2**40)
        reply(
            theme,
            f"a {mode} response without Partial IV needs no number",
            ["GO-2.6.2-03"],
            last,
            group,
            mode,
            answer(f"n{2**40 - 1}"),
            ["ssn-wraps"],
            ssn=2**40,
        )
        _padded(theme, group, mode, requests)
        _wrong_nonces(theme, group, mode, requests)
    return theme


def _padded(theme, group, mode, requests):
    for number, size in ((0, 2), (1, 2), (255, 3), (256, 5)):
        wide = number.to_bytes(size, "big")
        requests[number].reject(
            fails(mode),
            f"{mode} request, Partial IV {number} padded to {size} bytes on the way",
            ["GO-3.4-15"],
            ["padded-partial-iv"],
            _with_option(partial_iv=wide),
        )
        ask(
            theme,
            f"{mode} request, Partial IV {number} sent with {size} bytes, and so in AAD and keystream",
            ["GO-4.1-15"],
            group,
            mode,
            requests[number].params.plain,
            ["padded-partial-iv"],
            ssn=number,
            opened=requests[number].params.plain,
            faults=Faults(
                option_fields=lambda option, trace, w=wide: replace(option, partial_iv=w),
                aad_array=element(3, wide),
                **({"keystream_salt": bend(wide)} if mode == GROUP else {}),
            ),
        )
    own = reply(
        theme,
        f"{mode} response to be padded",
        ["GO-3.4-15"],
        requests[0],
        group,
        mode,
        answer("n0"),
        ["padded-partial-iv"],
        own_partial_iv=True,
        ssn=7,
    )
    for size in (2, 5):
        own.reject(
            fails(mode),
            f"{mode} response, Partial IV 7 padded to {size} bytes on the way",
            ["GO-3.4-15"],
            ["padded-partial-iv"],
            _with_option(partial_iv=(7).to_bytes(size, "big")),
        )
    for number in (256, 65536, 2**24):
        short = number.to_bytes(5, "big").strip(b"\0")
        requests[number].reject(
            fails(mode),
            f"{mode} request, Partial IV {number} with its zero bytes at the end dropped",
            ["GO-4.1-15"],
            ["partial-iv-cut"],
            _with_option(partial_iv=short),
        )


def _with_option(**fields):
    def change(wire):
        return rewrite(wire, option=build(replace(parse(option_of(wire), NAME, "response"), **fields)))

    return change


def _raw_nonce(iv, size, identifier, piv):
    return bytes(a ^ b for a, b in zip(size + identifier + piv, iv))


def _wrong_nonces(theme, group, mode, requests):
    """The signature is right in all of these, so the nonce alone decides."""
    sec = security(theme.contexts["count-alice"])
    alice, bob, iv, width = sec.sender_id, group.ids["bob"], sec.keys.common_iv, prim.nonce_len(sec.cipher(mode)) - 6
    right_id, piv = alice.rjust(width, b"\0"), (256).to_bytes(5, "big")
    case = requests[256]
    bad = {
        "identifier padded on the right": _raw_nonce(iv, b"\x01", alice.ljust(width, b"\0"), piv),
        "Partial IV padded on the right": _raw_nonce(iv, b"\x01", right_id, b"\x01\0\0\0\0"),
        "no size byte": _raw_nonce(iv, b"\0", right_id, piv),
        "ID of the receiver": _raw_nonce(iv, b"\x02", bob.rjust(width, b"\0"), piv),
    }
    for what, made in bad.items():
        case.reject("decryption-failed", f"{mode} request, nonce: {what}", ["GO-3.3-02"], ["nonce"], nonce=bend(made))
    own = reply(
        theme,
        f"{mode} response for the nonce",
        ["GO-3.3-03"],
        case,
        group,
        mode,
        answer("n256"),
        ["response-nonce"],
        own_partial_iv=True,
        ssn=3,
    )
    bob_id, three = bob.rjust(width, b"\0"), (3).to_bytes(5, "big")
    bad = {
        "nonce of the request": _raw_nonce(iv, b"\x01", right_id, piv),
        "ID of the client": _raw_nonce(iv, b"\x01", right_id, three),
        "Partial IV of the request": _raw_nonce(iv, b"\x02", bob_id, piv),
    }
    for what, made in bad.items():
        own.reject(
            "decryption-failed",
            f"{mode} response with Partial IV, nonce: {what}",
            ["GO-3.3-03"],
            ["response-nonce"],
            nonce=bend(made),
        )
    bare = reply(
        theme,
        f"{mode} response for the nonce of the request",
        ["GO-3.3-03"],
        case,
        group,
        mode,
        answer("n256"),
        ["response-nonce"],
        ssn=3,
    )
    for what, made in {
        "ID of the server": _raw_nonce(iv, b"\x02", bob_id, piv),
        "number of the server": _raw_nonce(iv, b"\x02", bob_id, three),
    }.items():
        bare.reject(
            "decryption-failed",
            f"{mode} response without Partial IV, nonce: {what}",
            ["GO-3.3-03"],
            ["response-nonce"],
            nonce=bend(made),
        )


# ---- credentials ----


def credentials():
    theme = Theme(NAME, "credentials", 2501)
    for fmt in ("ccs", "cwt", "x509"):
        for sig in SIGNATURES:
            tag = f"{fmt}{sig}".replace("-", "-m")
            group = Group(theme, tag, NAME, fmt=fmt, group_enc=10, aead=24, signature=sig, agreement=-27)
            _exchanges_of_credentials(theme, group, f"credentials {fmt}, signature {sig}", tag)
    for fmt in ("ccs", "x509"):
        curve = prim.P256
        creds = {n: credential(fmt, KeyPair.from_seed(curve, f"{n} of {curve}"), n, compressed=True) for n in ("alice", "bob")}
        group = Group(
            theme, f"{fmt}-compressed", NAME, fmt=fmt, creds=creds, group_enc=10, aead=24, signature=ES256, agreement=-27
        )
        _exchanges_of_credentials(theme, group, f"credentials {fmt}, compressed points", f"{fmt}-compressed")
    for size in (100, 254, 255, 256, 257, 1000):
        # Lengths of sender_cred, gm_cred and of the whole external_aad cross 255 and 256.
        creds = {n: _ccs_of(n, size + at) for at, n in enumerate(("alice", "bob", "manager"))}
        group = Group(theme, f"size{size}", NAME, creds=creds, group_enc=10, aead=30, signature=EDDSA, agreement=-27)
        _exchanges_of_credentials(theme, group, f"credentials of {size} to {size + 2} bytes", f"size{size}")
    for total in (254, 255, 256, 257):
        _whole_aad(theme, total)
    plain_cbor = {"alice": _unsorted_ccs("alice"), "bob": _unsorted_ccs("bob")}
    group = Group(theme, "unsorted", NAME, creds=plain_cbor, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
    _exchanges_of_credentials(theme, group, "credentials whose map keys are not sorted are used as they are", "unsorted")
    return theme


def _exchanges_of_credentials(theme, group, called, tag):
    req = ["GO-2.4-05", "GO-3.4-12", "GO-3.4-13"]
    for mode in (GROUP, PAIRWISE):
        one = ask(theme, f"{called}: {mode} request", req, group, mode, get(tag), ["group-aad"], ssn=3)
        reply(
            theme,
            f"{called}: {mode} response",
            req,
            one,
            group,
            mode,
            answer(tag),
            ["group-aad"],
            own_partial_iv=mode == GROUP,
            ssn=4,
        )


def _ccs_of(name, size):
    """A CCS of exactly so many bytes."""
    pair = KeyPair.from_seed(prim.ED25519, f"{name} of {prim.ED25519}")
    for filler in range(size, -1, -1):
        made = prim.make_ccs(pair, name, extra={-70000: bytes(filler)})
        if len(made) == size:
            return made
    # The head of the filler may skip a size: then the subject is one letter longer.
    return next(
        made
        for filler in range(size, -1, -1)
        if len(made := prim.make_ccs(pair, name + "x", extra={-70000: bytes(filler)})) == size
    )


def _unsorted_ccs(name):
    pair = KeyPair.from_seed(prim.ED25519, f"{name} of {prim.ED25519}")
    return cbor({8: {1: {-2: pair.public.x, -1: 6, 1: 1, 3: -8}}, 2: name, 1: "issuer"})


def _whole_aad(theme, total):
    """An external_aad of exactly `total` bytes in a request of alice: the byte string head around it changes at 256."""
    for size in range(total, 40, -1):
        creds = {"alice": _ccs_of("alice", 70), "manager": _ccs_of("manager", size)} if size >= 60 else None
        if creds is None:
            break
        theme.contexts.pop(f"aad{total}-alice", None), theme.contexts.pop(f"aad{total}-bob", None)
        group = Group(theme, f"aad{total}", NAME, creds=creds, group_enc=10, aead=30, signature=EDDSA, agreement=-27)
        names = group.two()
        from families.message_maker import Params

        sealed = theme.seal_request(Params("request", *names, get(f"aad{total}"), mode=GROUP, ssn=3))
        theme._sealed.clear()
        if len(sealed.trace["external_aad"]) == total:
            for mode in (GROUP, PAIRWISE):
                one = ask(
                    theme,
                    f"external_aad of {total} bytes: {mode} request",
                    ["GO-3.4-01"],
                    group,
                    mode,
                    get(f"aad{total}"),
                    ["group-aad"],
                    ssn=3,
                )
                assert len(one.sealed.trace["external_aad"]) == total
            return
    raise AssertionError(total)


def long_aad():
    """AES-CCM writes lengths of AAD from 65280 bytes up in six bytes in place of two."""
    theme = Theme(NAME, "long-aad", 2691)
    for total in (65279, 65280):
        filler = 64000
        for _ in range(3):
            manager = prim.make_ccs(KeyPair.from_seed(prim.X25519, "manager"), "manager", extra={-70000: bytes(filler)})
            group = Group(theme, f"aad{total}", NAME, gm=manager, aead=10, agreement=-27, curve=prim.X25519)
            names = [theme.context(f"aad{total}-{n}", group.raw(n, others=[o])) for n, o in (("alice", "bob"), ("bob", "alice"))]
            from families.message_maker import Params

            sealed = theme.seal_request(Params("request", *names, get("long"), mode=PAIRWISE, target=group.ids["bob"], ssn=3))
            missing = total - len(sealed.trace["enc_structure"])
            if missing == 0:
                break
            filler += missing
            for name in names:
                del theme.contexts[name]
            theme._sealed.clear()
        one = ask(
            theme,
            f"AAD of {total} bytes",
            ["GO-3.4-14", "GO-3.4-13"],
            group,
            PAIRWISE,
            get("long"),
            ["group-aad"],
            names=names,
            ssn=3,
        )
        assert len(one.sealed.trace["enc_structure"]) == total
    return theme


# ---- rekey between request and response ----


def rekey():
    theme = Theme(NAME, "rekey", 2701)
    old = Group(theme, "old", NAME, gid=b"\xb1\x00", group_enc=10, aead=24, signature=EDDSA, agreement=-27)
    ids = {"alice": b"\x25\x02", "bob": old.ids["bob"]}
    variants = {
        "new": {"group_enc": 10, "aead": 24, "signature": EDDSA, "agreement": -27},
        "algorithms": {
            "group_enc": 24,
            "aead": 12,
            "signature": EDDSA,
            "agreement": -27,
            "ids": {"bob": b"\x52", "alice": b"\x25"},
        },
        "renamed": {"group_enc": 10, "aead": 24, "signature": EDDSA, "agreement": -27, "ids": ids, "salt_len": None},
    }
    for label, how in variants.items():
        gm = credential("ccs", KeyPair.from_seed(prim.ED25519, f"second manager {label}"), "second manager")
        new = Group(theme, label, NAME, gid=b"\xb1\x01\x00", gm=gm, **how)
        for asked in (GROUP, PAIRWISE):
            if label == "algorithms" and asked == PAIRWISE:
                continue  # bob's Recipient ID changed: the target of a pairwise request is gone
            one = ask(theme, f"{label}: {asked} request before a rekey", ["GO-7.1-03"], old, asked, get(label), ssn=0x0708)
            for answered in (GROUP,) if label == "renamed" else (GROUP, PAIRWISE):
                # With a client under a new Sender ID the server has no pairwise key for the kid of the request.
                case = reply(
                    theme,
                    f"{label}: {answered} response after a rekey to a {asked} request before it",
                    ["GO-7.3-01", "GO-7.3-04", "GO-7.3-06", "GO-3.4-10", "GO-4.2-07", "GO-7.4-18"],
                    one,
                    new,
                    answered,
                    answer(label),
                    ["rekey-values"],
                    rekeyed=new.two(),
                    own_partial_iv=True,
                    kid=True,
                    kid_context=True,
                    target=target_of(answered, new, "alice"),
                )
                if label == "new":
                    _wrong_rekeys(theme, old, new, case, answered, asked)
    return theme


def _wrong_rekeys(theme, old, new, case, mode, asked):
    called = f"{mode} response after a rekey to a {asked} request"
    before, after = security(theme.contexts["old-bob"]), security(theme.contexts["new-bob"])
    common = {
        "request_kid_context new": element(5, after.id_context),
        "sender_cred of the client": element(7, old.creds["alice"]),
        "gm_cred old": element(8, before.gm_cred),
        "request_kid of the server": element(2, after.sender_id),
        "request_piv of the response": element(3, b"\0"),
    }
    for what, wrong in common.items():
        case.reject(fails(mode), f"{called}: {what}", ["GO-3.4-10", "GO-3.4-13"], ["rekey-values"], aad_array=wrong)
    alice = before.peers[old.ids["alice"]]
    old_key = before.pairwise(alice).sender_key if mode == PAIRWISE else before.keys.sender_key
    old_nonce = nonces.nonce(before.keys.common_iv, prim.nonce_len(before.cipher(mode)), before.sender_id, b"\0")
    case.reject("decryption-failed", f"{called}: key of the old context", ["GO-7.3-01"], ["rekey-values"], key=bend(old_key))
    case.reject(
        "decryption-failed", f"{called}: Common IV of the old context", ["GO-7.3-01"], ["rekey-values"], nonce=bend(old_nonce)
    )
    if mode == GROUP:
        size = after.signature_len
        info = countersign.keystream_info(after.sender_id, before.id_context, False, size)
        case.reject(
            "signature-invalid",
            f"{called}: keystream for the old Gid",
            ["GO-4.2-07"],
            ["rekey-values", "keystream"],
            keystream_info=bend(info),
        )
        case.reject(
            "signature-invalid",
            f"{called}: old Signature Encryption Key",
            ["GO-4.2-04"],
            ["rekey-values", "keystream"],
            keystream_ikm=bend(before.keys.signature_encryption_key),
        )
    case.reject(fails(mode), f"{called}: kid context taken off", ["GO-7.3-06"], ["rekey-values"], _with_option(kid_context=None))
    case.reject(
        fails(mode),
        f"{called}: kid context set to the old Gid",
        ["GO-7.4-18"],
        ["rekey-values"],
        _with_option(kid_context=before.id_context),
    )
    case.reject(
        "context-not-found",
        f"{called}: kid context of no context",
        ["GO-7.4-20"],
        ["unknown-gid"],
        _with_option(kid_context=b"\xb1\x02"),
    )
    case.refuse(
        "nonce-reuse",
        f"{called}: the nonce of the request is of another context",
        ["GO-7.3-04"],
        ["rekey-values"],
        own_partial_iv=False,
    )


# ---- what must not pass: associated data ----


def _six(theme, group, tag, names=None, payload=b"open", modes=(GROUP, PAIRWISE)):
    """Request, response, response with Partial IV, in group and in pairwise mode."""
    plain, back = message(PUT, *path("lock"), payload=payload, name=tag), answer(tag, code=CHANGED, payload=payload[:300])
    out = []
    for mode in modes:
        one = ask(
            theme,
            f"{mode} request that is bent below",
            ["GO-7.1-01" if mode == GROUP else "GO-8.3-01"],
            group,
            mode,
            plain,
            names=names,
            ssn=0x1234,
        )
        bare = reply(
            theme, f"{mode} response that is bent below", ["GO-7.3-05" if mode == GROUP else "GO-8.5-01"], one, group, mode, back
        )
        own = reply(
            theme,
            f"{mode} response with Partial IV that is bent below",
            ["GO-3.3-03"],
            one,
            group,
            mode,
            back,
            own_partial_iv=True,
            ssn=5,
        )
        out += [(mode, "request", one), (mode, "response", bare), (mode, "response with Partial IV", own)]
    return out


def associated_data():
    theme = Theme(NAME, "refusals-aad", 3001)
    group = Group(theme, "aad", NAME, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
    alice, bob, carol = (group.creds[n] for n in ("alice", "bob", "carol"))
    for mode, kind, case in _six(theme, group, "aad"):
        is_request = kind == "request"
        mine, other = (alice, bob) if is_request else (bob, alice)
        table = {
            "GO-3.4-02": {"oscore_version 0": element(0, 0), "oscore_version 2": element(0, 2)},
            "GO-3.4-03": {"alg_aead null": element(1, [None, 10, -8, -27]), "alg_aead 10": element(1, [10, 10, -8, -27])},
            "GO-3.4-04": {
                "alg_group_enc null": element(1, [24, None, -8, -27]),
                "algorithms exchanged": element(1, [10, 24, -8, -27]),
            },
            "GO-3.4-05": {"alg_signature null": element(1, [24, 10, None, -27])},
            "GO-3.4-06": {
                "alg_pairwise_key_agreement null": element(1, [24, 10, -8, None]),
                "alg_pairwise_key_agreement -28": element(1, [24, 10, -8, -28]),
                "three algorithms": element(1, [24, 10, -8]),
                "two algorithms, as in 2018": element(1, [24, -8]),
                "algorithms as byte strings": element(1, [b"\x18", b"\x0a", b"\x27", b"\x1a"]),
            },
            "GO-3.4-08": {
                "request_kid empty": element(2, b""),
                "request_kid of the other": element(2, group.ids["bob"]),
                "request_piv padded": element(3, b"\x00\x12\x34"),
                "request_piv 05": element(3, b"\x05"),
                "request_kid and request_piv exchanged": exchanged(2, 3),
            },
            "GO-3.4-09": {
                "options not empty": element(4, b"\x3a"),
                "options null": element(4, None),
                "options left out": without(4),
            },
            "GO-3.4-10": {
                "request_kid_context left out": without(5),
                "request_kid_context empty": element(5, b""),
                "request_kid_context null": element(5, None),
                "request_kid_context of another group": element(5, b"\x44\x61\x6d"),
            },
            "GO-3.4-11": {
                "OSCORE_option left out": without(6),
                "OSCORE_option empty": element(6, b""),
                "OSCORE_option null": element(6, None),
                "OSCORE_option of another message": element(6, b"\x39\x05\x03\x44\x61\x6c\x25"),
            },
            "GO-3.4-12": {
                "sender_cred left out": without(7),
                "sender_cred empty": element(7, b""),
                "sender_cred of the receiver": element(7, other),
                "sender_cred of a third": element(7, carol),
                "sender_cred cut": element(7, mine[:-1]),
            },
            "GO-3.4-13": {
                "gm_cred left out": without(8),
                "gm_cred null": element(8, None),
                "gm_cred empty": element(8, b""),
                "gm_cred of another manager": element(8, credential("ccs", group.pairs["manager"], "another manager")),
                "sender_cred and gm_cred exchanged": exchanged(7, 8),
            },
            "GO-3.4-01": {
                "an element more": lambda array, trace: array + [b""],
                "five elements, as in RFC 8613": lambda array, trace: array[:5],
            },
        }
        for req, rows in table.items():
            for what, wrong in rows.items():
                if what == "OSCORE_option empty" and case.sealed.trace["option"] == b"":
                    continue
                flag = "group-aad" if req in ("GO-3.4-10", "GO-3.4-11", "GO-3.4-12", "GO-3.4-13") else "aad"
                case.reject(fails(mode), f"AAD of a {mode} {kind}: {what}", [req], [flag], aad_array=wrong)
        for what, wrong in {
            "array not wrapped": lambda old, trace: old[: len(old) - len(cbor(trace["external_aad"]))] + trace["external_aad"],
            "wrapped twice": lambda old, trace: cbor(["Encrypt0", b"", cbor(trace["external_aad"])]),
            "Encrypt": lambda old, trace: cbor(["Encrypt", b"", trace["external_aad"]]),
        }.items():
            case.reject(
                "decryption-failed", f"Enc_structure of a {mode} {kind}: {what}", ["GO-3.4-01"], ["aad"], enc_structure=wrong
            )
        if mode == GROUP:
            _one_sided(case, kind)
    return theme


def _one_sided(case, kind):
    """The AAD is right for one of encryption and signature only (GO-3.1-06)."""
    for what, at in (("request_kid", 2), ("OSCORE_option", 6), ("sender_cred", 7), ("gm_cred", 8)):

        def wrong(old, trace, at=at):
            return cbor(element(at, b"\x99")(trace["aad_array"], trace))

        case.reject(
            "decryption-failed",
            f"group {kind}: wrong {what} for the encryption only",
            ["GO-3.1-06"],
            ["aad"],
            enc_external_aad=wrong,
        )
        case.reject(
            "signature-invalid",
            f"group {kind}: wrong {what} for the signature only",
            ["GO-3.1-06"],
            ["aad", "signature-checked"],
            signed_external_aad=wrong,
        )


# ---- what must not pass: signature and keystream ----


def signatures():
    theme = Theme(NAME, "refusals-signature", 3501)
    for _, kind, case, group in _signed(theme, EDDSA):
        _bad_signatures(theme, group, case, f"signature {EDDSA}, {kind}", kind, EDDSA)
        _bad_keystreams(theme, group, case, f"signature {EDDSA}, {kind}", kind)
    _small_points(theme)
    _readings(theme)
    return theme


def ecdsa_signatures():
    """The slow curves do what cannot be done with the fast ones: lengths."""
    theme = Theme(NAME, "refusals-ecdsa", 4001)
    for sig in (ES256, ES384, ES512):
        for _, kind, case, group in _signed(theme, sig):
            if sig == ES256 or kind == "request":
                _bad_signatures(theme, group, case, f"signature {sig}, {kind}", kind, sig)
            elif sig == ES512 and kind == "response with Partial IV":
                _bad_keystreams(theme, group, case, f"signature {sig}, {kind}", kind)
    for sig in (ES256, ES384, ES512):
        _mirrored(theme, sig)
    return theme


def _mirrored(theme, sig):
    """Nothing asks for the smaller s: n - s is a signature too."""
    size = prim.signature_len(sig) // 2
    curve = {ES256: prim.P256, ES384: prim.P384, ES512: prim.P521}[sig]
    order = prim._EC[curve][0].order

    def other(old, trace):
        return old[:size] + (order - int.from_bytes(old[size:], "big")).to_bytes(size, "big")

    plain = get(f"sig{-sig}")
    names = f"sig{-sig}-alice", f"sig{-sig}-bob"
    theme.request(
        f"signature {sig}: n - s in place of s",
        ["GO-3.1-02"],
        *names,
        plain,
        ["ecdsa"],
        mode=GROUP,
        ssn=8,
        opened=plain,
        faults=Faults(signature=other),
    )


def _signed(theme, sig):
    group = Group(theme, f"sig{-sig}", NAME, group_enc=10, aead=24, signature=sig, agreement=-27)
    # Long enough that the signed bytes behind 255 are ciphertext, as are those of the ciphertext itself.
    six = _six(theme, group, f"sig{-sig}", payload=pick("long payload", 300), modes=(GROUP,))
    return [(mode, kind, case, group) for mode, kind, case in six]


def _bad_signatures(theme, group, case, called, kind, sig):
    size = prim.signature_len(sig)
    mine = "alice" if kind == "request" else "bob"
    other = "bob" if kind == "request" else "alice"
    req = ["GO-3.1-02", "GO-7.2-10" if kind == "request" else "GO-7.4-06"]

    def no(what, reqs=req, flags=("signature-checked",), **bends):
        case.reject("signature-invalid", f"{called}: {what}", list(reqs), list(flags), **bends)

    no("signed by a third member", flags=["foreign-signature"], private_key=bend(group.pairs["carol"].private))
    no("signed with the key of the receiver", flags=["foreign-signature"], private_key=bend(group.pairs[other].private))
    no("signed by the Group Manager", flags=["foreign-signature"], private_key=bend(group.pairs["manager"].private))
    no("all zero", signature=bend(bytes(size)))
    no("all zero, not masked", encrypted_signature=bend(bytes(size)))
    no("not masked", ["GO-4.1-02"], ["keystream"], encrypted_signature=lambda old, trace: trace["signature"])
    no("halves exchanged", signature=lambda old, trace: old[size // 2 :] + old[: size // 2])
    no("one bit of the first half", signature=lambda old, trace: flip(old, 1))
    no("one bit of the second half", signature=lambda old, trace: flip(old, size // 2 + 1))
    no("over the plaintext", ["GO-3.1-05"], ["signed-part"], to_be_signed=_over(theme, mine, group, lambda t: t["plaintext"]))
    no(
        "over the ciphertext without its tag",
        ["GO-3.1-05"],
        ["signed-part"],
        to_be_signed=_over(theme, mine, group, lambda t: t["ciphertext"][:-8]),
    )
    no(
        "over the ciphertext and a byte",
        ["GO-3.1-05"],
        ["signed-part"],
        to_be_signed=_over(theme, mine, group, lambda t: t["ciphertext"] + b"\0"),
    )
    no("over the first 255 bytes", ["GO-3.1-05"], ["signed-part"], to_be_signed=lambda old, t: old[:255])
    no(
        "over the first 255 bytes of the ciphertext",
        ["GO-3.1-05"],
        ["signed-part"],
        to_be_signed=_over(theme, mine, group, lambda t: t["ciphertext"][:255]),
    )
    head = ["CounterSignature0", b"", b""]
    for context in ("CounterSignature0V2", "CounterSignature", "Signature1", "Countersignature0"):
        no(
            f"context {context}",
            ["GO-3.1-03"],
            ["signed-part"],
            to_be_signed=lambda old, t, c=context: cbor([c, b"", b"", t["external_aad"], t["ciphertext"]]),
        )
    no(
        "sign_protected absent (CS4)",
        ["GO-3.1-04"],
        ["signed-part", "reading"],
        to_be_signed=lambda old, t: cbor(head[:2] + [t["external_aad"], t["ciphertext"]]),
    )
    no(
        "sign_protected null",
        ["GO-3.1-04"],
        ["signed-part"],
        to_be_signed=lambda old, t: cbor(head[:2] + [None, t["external_aad"], t["ciphertext"]]),
    )
    no(
        "external_aad wrapped twice",
        ["GO-3.1-06"],
        ["signed-part"],
        to_be_signed=lambda old, t: cbor(head + [cbor(t["external_aad"]), t["ciphertext"]]),
    )
    no(
        "external_aad empty (E0 of 2018)",
        ["GO-3.1-06"],
        ["signed-part"],
        to_be_signed=lambda old, t: cbor(head + [b"", t["ciphertext"]]),
    )
    no(
        "a sixth element",
        ["GO-3.1-04"],
        ["signed-part"],
        to_be_signed=lambda old, t: cbor(head + [t["external_aad"], t["ciphertext"], [b""]]),
    )
    no("signature before the ciphertext", ["GO-4.1-01"], payload=lambda old, t: old[-size:] + old[:-size])
    case.reject(
        "payload-short" if len(payload_of(case.wire)) - size < 9 + size else "signature-invalid",
        f"{called}: signature left out",
        ["GO-4.1-01", "GO-4.1-14"],
        ["signature-checked"],
        lambda wire: rewrite(wire, payload=payload_of(wire)[:-size]),
    )
    if sig == EDDSA:
        no("S plus the group order", ["GO-3.1-07"], ["ed25519"], signature=lambda old, t: old[:32] + _add_order(old[32:]))
        no(
            "R of order 1 (y = 1), S to match",
            ["GO-3.1-07"],
            ["ed25519"],
            signature=_identity_r(group.pairs[mine], (1).to_bytes(32, "little")),
        )
        no(
            "R of order 1, not canonical (y = p + 1)",
            ["GO-3.1-07"],
            ["ed25519"],
            signature=_identity_r(group.pairs[mine], (countersign.P + 1).to_bytes(32, "little")),
        )
        no("R moved by a point of order 8", ["GO-3.1-07"], ["ed25519"], signature=_shifted_r(group.pairs[mine]))
    else:
        half, order = size // 2, prim._EC[group.pairs[mine].public.curve][0].order
        for what, r, s in (
            ("r zero", 0, None),
            ("s zero", None, 0),
            ("r equal to the order", order, None),
            ("s equal to the order", None, order),
            ("r and s 1", 1, 1),
        ):

            def wrong(old, t, r=r, s=s):
                parts = [old[:half], old[half:]]
                parts = [p if n is None else n.to_bytes(half, "big") for p, n in zip(parts, (r, s))]
                return b"".join(parts)

            no(what, ["GO-3.1-07"], ["ecdsa"], signature=wrong)
        no("little-endian halves", ["GO-3.1-07"], ["ecdsa"], signature=lambda old, t: old[:half][::-1] + old[half:][::-1])


def _over(theme, name, group, part):
    sec = security(theme.contexts[f"{group.tag}-{name}"])
    return lambda old, trace: countersign.to_be_signed(NAME, sec.reading, trace["external_aad"], part(trace))


def _add_order(s):
    return (int.from_bytes(s, "little") + countersign.ORDER).to_bytes(32, "little")


def _scalar(pair):
    import hashlib

    digest = hashlib.sha512(pair.private).digest()[:32]
    return (int.from_bytes(digest, "little") & ~7 & (2**255 - 1)) | 2**254


def _challenge(r, public, signed):
    import hashlib

    return int.from_bytes(hashlib.sha512(r + public + signed).digest(), "little") % countersign.ORDER


def _identity_r(pair, r):
    """S = h * a fits R = identity; a verifier that allows such an R accepts, and the signer has given away its key."""

    def made(old, trace):
        s = _challenge(r, pair.public.x, trace["to_be_signed"]) * _scalar(pair) % countersign.ORDER
        return r + s.to_bytes(32, "little")

    return made


def _torsion_point():
    """A point of order 8."""
    y = 2
    while True:
        point = countersign.decode_point(y.to_bytes(32, "little"))
        if point is not None:
            small = countersign.multiply_point(countersign.ORDER, point)
            if countersign.multiply_point(4, small) != (0, 1):
                return small
        y += 1


def _base_point():
    y = 4 * pow(5, -1, countersign.P) % countersign.P
    return countersign.decode_point(y.to_bytes(32, "little"))


def _shifted_r(pair):
    """Verifies only where the equation is multiplied by the cofactor."""

    def made(old, trace):
        nonce = int.from_bytes(pick("nonce of a shifted R", 64), "little") % countersign.ORDER
        point = countersign.add_points(countersign.multiply_point(nonce, _base_point()), _torsion_point())
        r = countersign.encode_point(point)
        s = (nonce + _challenge(r, pair.public.x, trace["to_be_signed"]) * _scalar(pair)) % countersign.ORDER
        return r + s.to_bytes(32, "little")

    return made


def _bad_keystreams(theme, group, case, called, kind):
    is_request = kind == "request"
    alice, bob = group.ids["alice"], group.ids["bob"]
    sec = security(theme.contexts[f"{group.tag}-{'alice' if is_request else 'bob'}"])
    gid, size = sec.id_context, sec.signature_len
    origin = bob if kind == "response with Partial IV" else alice
    piv = b"\x05" if kind == "response with Partial IV" else b"\x12\x34"

    def no(what, req, **bends):
        case.reject("signature-invalid", f"{called}: keystream, {what}", req, ["keystream"], **bends)

    no("salt padded to five bytes", ["GO-4.2-02"], keystream_salt=bend(piv.rjust(5, b"\0")))
    no("salt of the nonce's length", ["GO-4.2-02"], keystream_salt=lambda old, t: t["nonce"])
    no("empty salt", ["GO-4.2-02"], keystream_salt=bend(b""))
    if kind == "response with Partial IV":
        no("Partial IV of the request", ["GO-4.2-02"], keystream_salt=bend(b"\x12\x34"))
        no("kid of the client", ["GO-4.2-06"], keystream_info=bend(cbor([alice, gid, False, size])))
    if kind == "response":
        no("kid of the server", ["GO-4.2-06"], keystream_info=bend(cbor([bob, gid, False, size])))
        no("number of the server", ["GO-4.2-03"], keystream_salt=bend(b"\0"))
    no("kid of another", ["GO-4.2-06"], keystream_info=bend(cbor([group.ids["carol"], gid, is_request, size])))
    no("empty kid", ["GO-4.2-06"], keystream_info=bend(cbor([b"", gid, is_request, size])))
    no("the other direction", ["GO-4.2-08"], keystream_info=bend(cbor([origin, gid, not is_request, size])))
    no("direction as number", ["GO-4.2-08"], keystream_info=bend(cbor([origin, gid, int(is_request), size])))
    no("another Gid", ["GO-4.2-07"], keystream_info=bend(cbor([origin, b"\x44\x61\x6d", is_request, size])))
    no("no Gid", ["GO-4.2-05"], keystream_info=bend(cbor([origin, is_request, size])))
    no("Gid before kid", ["GO-4.2-05"], keystream_info=bend(cbor([gid, origin, is_request, size])))
    no("L of 32", ["GO-4.2-09"], keystream_info=bend(cbor([origin, gid, is_request, 32])))
    no("algorithm in the info", ["GO-4.2-05"], keystream_info=bend(cbor([origin, gid, 10, is_request, size])))
    no("Sender Key", ["GO-4.2-04"], keystream_ikm=bend(sec.keys.sender_key))
    no("Master Secret", ["GO-4.2-04"], keystream_ikm=bend(bytes.fromhex(sec.context["master_secret"])))
    for what, req, info in (
        ("key with the label of before -18", "GO-2.1.9-03", [b"", gid, 10, "Group Encryption Key", 16]),
        ("key with a zero byte in its label", "GO-2.1.9-03", [b"", gid, 10, "SEKey\0", 16]),
        ("key with kid in its info", "GO-2.1.9-01", [alice, gid, 10, "SEKey", 16]),
        ("key with the AEAD Algorithm in its info", "GO-2.1.9-02", [b"", gid, 24, "SEKey", 16]),
        ("key with L of 32 in its info", "GO-2.1.9-04", [b"", gid, 10, "SEKey", 32]),
    ):
        key = prim.hkdf(5, bytes.fromhex(sec.context["master_salt"]), bytes.fromhex(sec.context["master_secret"]), cbor(info), 16)
        no(what, [req], keystream_ikm=bend(key))
    stream = prim.hkdf(5, piv, sec.keys.signature_encryption_key, cbor([origin, gid, is_request, size]), size)
    no("first block only", ["GO-4.2-01"], keystream=bend((stream[:32] * 5)[:size]))


def _small_points(theme):
    """A credential of small order verifies anything where nobody looks: R = S * B fits every message."""
    group = Group(theme, "small", NAME, group_enc=10, signature=EDDSA)
    plain = get("small")
    good = ask(theme, "request of a member with a good key", ["GO-3.1-02"], group, GROUP, plain, ssn=3)
    points = {"order 1": (0, 1)}
    torsion = _torsion_point()
    points["order 8"] = torsion
    points["order 4"] = countersign.multiply_point(2, torsion)
    points["order 2"] = countersign.multiply_point(4, torsion)
    for what, point in points.items():
        encoded = countersign.encode_point(point)
        cred = prim.make_ccs(prim.PublicKey(prim.ED25519, encoded), "alice")
        label = what.replace(" ", "-")
        bob = group.raw("bob")
        bob["recipients"] = [{"id": group.ids["alice"].hex(), "credential": cred.hex()}]
        name = theme.context(f"small-bob-{label}", bob)

        def made(old, trace, encoded=encoded):
            for s in range(1, 1000):
                r = countersign.encode_point(countersign.multiply_point(s, _base_point()))
                if _challenge_full(r, encoded, trace["to_be_signed"]) % 8 == 0:
                    return r + s.to_bytes(32, "little")
            raise AssertionError

        good.reject(
            "signature-invalid",
            f"public key of {what}, R = S * B",
            ["GO-3.1-02"],
            ["ed25519"],
            receiver=name,
            aad_array=element(7, cred),
            signature=made,
        )


def _challenge_full(r, public, signed):
    """h mod the order, as the verifier multiplies with it; its remainder by 8 decides whether h * A vanishes."""
    return _challenge(r, public, signed)


def _readings(theme):
    tags = {}
    for reading in ("CS5", "CS4"):
        group = Group(theme, "reading", NAME, reading=reading, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
        tags[reading] = {n: group.context(n, label=f"{reading.lower()}-{n}") for n in ("alice", "bob")}
    for reading, other in (("CS5", "CS4"), ("CS4", "CS5")):
        names = tags[reading]["alice"], tags[reading]["bob"]
        one = theme.request(f"{reading}: group request", ["GO-3.1-04"], *names, get("reading"), ["reading"], mode=GROUP, ssn=6)
        one.reject(
            "signature-invalid",
            f"{reading} read as {other}: group request",
            ["GO-3.1-04"],
            ["reading"],
            receiver=tags[other]["bob"],
        )
        for own in (False, True):
            back = theme.response(
                f"{reading}: group response",
                ["GO-3.1-04"],
                one,
                answer("reading"),
                ["reading"],
                mode=GROUP,
                kid=True,
                kid_context=False,
                own_partial_iv=own,
                ssn=7,
            )
            back.reject(
                "signature-invalid",
                f"{reading} read as {other}: group response",
                ["GO-3.1-04"],
                ["reading"],
                receiver=tags[other]["alice"],
            )
        two = theme.request(
            f"{reading}: pairwise request, the reading does not matter",
            ["GO-3.1-04"],
            tags[reading]["alice"],
            tags[other]["bob"],
            get("reading"),
            ["reading"],
            mode=PAIRWISE,
            target=group.ids["bob"],
            ssn=8,
        )
        assert two


# ---- what must not pass: modes, members, keys, frames ----


def members():
    theme = Theme(NAME, "refusals-members", 4501)
    group = Group(theme, "guard", NAME, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
    six = _six(theme, group, "guard", payload=b"open, please")
    for mode, kind, case in six:
        _modes_and_kids(theme, group, mode, kind, case)
        _keys(theme, group, mode, kind, case)
        req = {"payload": "GO-4.1-13", "plain": "O-2-04" if kind != "request" else "O-9-01", "token": "GO-1.1-02"}
        if kind != "response with Partial IV":
            frames(case, f"{mode} {kind}", req, "GO-7-08", kind != "request")
            inner_tests(case, f"{mode} {kind}", ["O-5.3-02", "GO-7-08"], kind != "request")
            _short(case, mode, kind)
        tampered(case, f"{mode} {kind}", fails(mode), ["GO-7-09"])
        _option_bits(case, mode, kind)
    by = {(mode, kind): case for mode, kind, case in six}
    _bindings(theme, group, by)
    _clones(theme, group, by)
    _set_ups(theme, group, by)
    _sealing(theme, group, by)
    _flags_and_gids(theme, group, by)
    return theme


def _modes_and_kids(theme, group, mode, kind, case):
    called = f"{mode} {kind}"
    is_request = kind == "request"
    mine, other = ("alice", "bob") if is_request else ("bob", "alice")
    # G says the mode; a flip is read in the other mode: 14 to 30 bytes are too short for group mode.
    flipped = _with_option(group_flag=mode == PAIRWISE)
    reason = "payload-short" if mode == PAIRWISE else "decryption-failed"
    case.reject(reason, f"{called}: Group Flag flipped", ["GO-4.1-07", "GO-6-07"], ["mode"], flipped)
    if mode == PAIRWISE:
        padded = lambda wire: rewrite(flipped(wire), payload=payload_of(wire) + bytes(64))  # noqa: E731
        case.reject(
            "signature-invalid",
            f"{called}: Group Flag set and 64 zero bytes added",
            ["GO-4.1-07"],
            ["mode", "signature-checked"],
            padded,
        )
    else:
        cut = lambda wire: rewrite(flipped(wire), payload=payload_of(wire)[:-64])  # noqa: E731
        case.reject(
            "decryption-failed",
            f"{called}: Group Flag cleared and signature cut off",
            ["GO-4.1-07"],
            ["mode", "signature-checked"],
            cut,
        )
    has_kid = parse(option_of(case.wire), NAME, "response").kid is not None
    for what, kid in (
        ("of a third member", group.ids["carol"]),
        ("of nobody", b"\x99"),
        ("with a zero byte before", b"\0" + group.ids[mine]),
        ("that is empty", b""),
    ):
        known = what == "of a third member"
        reason = fails(mode) if known else "recipient-unknown"
        if known and not is_request and case.params.request.mode == PAIRWISE:
            reason = "responder-mismatch"
        case.reject(
            reason,
            f"{called}: kid {what}",
            ["GO-3.4-15", "GO-7.2-09" if mode == GROUP else "GO-8.4-06"],
            ["kid"],
            _with_option(kid=kid),
        )
    case.reject(
        "own-kid",
        f"{called}: kid of the receiver",
        ["GO-7.2-20" if is_request else "GO-7.4-01"],
        ["reflection"],
        _with_option(kid=group.ids[other]),
    )
    if is_request:
        for what, gid in (
            ("of another group", b"\x44\x61\x6d"),
            ("one byte longer", b"\x44\x61\x6c\x00"),
            ("one byte shorter", b"\x44\x61"),
            ("that is empty", b""),
        ):
            case.reject(
                "context-not-found",
                f"{called}: kid context {what}",
                ["GO-3.2-03", "GO-7.2-01"],
                ["unknown-gid"],
                _with_option(kid_context=gid),
            )
        case.reject(
            "kid-context-missing",
            f"{called}: kid context taken off",
            ["GO-3.2-04"],
            ["unknown-gid"],
            _with_option(kid_context=None),
        )
        case.reject(
            "kid-context-missing",
            f"{called}: protected without kid context",
            ["GO-3.2-04"],
            ["unknown-gid"],
            option_fields=lambda option, t: replace(option, kid_context=None),
            aad_array=element(5, b""),
        )
        case.reject("kid-missing", f"{called}: kid taken off", ["GO-3.2-05"], ["kid"], _with_option(kid=None))
        case.reject(
            "partial-iv-missing", f"{called}: Partial IV taken off", ["GO-3.2-05"], ["option"], _with_option(partial_iv=None)
        )
        case.reject(
            "partial-iv-missing", f"{called}: empty option", ["GO-3.2-05"], ["option"], lambda wire: rewrite(wire, option=b"")
        )
    else:
        asked = case.params.request.mode
        if asked == GROUP:
            case.reject("kid-missing", f"{called}: kid taken off", ["GO-3.2-02"], ["kid"], _with_option(kid=None))
            case.reject(
                "kid-missing",
                f"{called}: protected without kid",
                ["GO-3.2-01", "GO-3.2-02"],
                ["kid"],
                option_fields=lambda option, t: replace(option, kid=None),
            )
        case.reject(
            "context-not-found",
            f"{called}: kid context of another group",
            ["GO-7.4-20"],
            ["unknown-gid"],
            _with_option(kid_context=b"\x44\x61\x6d"),
        )
        case.reject(
            fails(mode),
            f"{called}: kid context added on the way",
            ["GO-3.4-15"],
            ["group-aad"],
            _with_option(kid_context=b"\x44\x61\x6c"),
        )
        if not has_kid:
            case.reject(
                fails(mode), f"{called}: kid added on the way", ["GO-3.4-15"], ["group-aad"], _with_option(kid=group.ids["bob"])
            )
        piv = parse(option_of(case.wire), NAME, "response").partial_iv
        case.reject(
            fails(mode),
            f"{called}: Partial IV changed",
            ["GO-3.4-15"],
            ["response-nonce"],
            _with_option(partial_iv=b"\x06" if piv else b"\x00"),
        )
        if piv:
            case.reject(
                fails(mode), f"{called}: Partial IV taken off", ["GO-3.4-15"], ["response-nonce"], _with_option(partial_iv=None)
            )


def _keys(theme, group, mode, kind, case):
    """Wrong keys with everything else right, in group mode the signature too."""
    called = f"{mode} {kind}"
    name = "alice" if kind == "request" else "bob"
    peer_name = "bob" if kind == "request" else "alice"
    sec = security(theme.contexts[f"guard-{name}"])
    peer = sec.peers[group.ids[peer_name]]
    salt, secret, gid = bytes.fromhex(sec.context["master_salt"]), bytes.fromhex(sec.context["master_secret"]), sec.id_context
    if mode == GROUP:
        own = sec.sender_id
        bad = {
            "Recipient Key": peer.key,
            "salt and secret exchanged": prim.hkdf(5, secret, salt, cbor([own, gid, 10, "Key", 16]), 16),
            "algorithm of pairwise mode in the info": prim.hkdf(5, salt, secret, cbor([own, gid, 24, "Key", 16]), 16),
            "id_context nil": prim.hkdf(5, salt, secret, cbor([own, None, 10, "Key", 16]), 16),
            "type as byte string": prim.hkdf(5, salt, secret, cbor([own, gid, 10, b"Key", 16]), 16),
            "L of 32": prim.hkdf(5, salt, secret, cbor([own, gid, 10, "Key", 32]), 16),
            "no salt": prim.hkdf(5, b"", secret, cbor([own, gid, 10, "Key", 16]), 16),
        }
        for what, key in bad.items():
            case.reject(
                "decryption-failed", f"key of a {called}: {what}", ["GO-2.3-01", "GO-2.3-04"], ["key-derivation"], key=bend(key)
            )
        return
    pair = sec.pairwise(peer)
    mine, theirs, shared = group.creds[name], group.creds[peer_name], pair.shared_secret
    raw = prim.x25519(prim.ed25519_to_x25519_private(group.pairs[name].private), group.pairs[peer_name].public.x)
    seed = prim.x25519(group.pairs[name].private, prim.ed25519_to_x25519_public(group.pairs[peer_name].public.x))

    def key(salt=sec.keys.sender_key, ikm=mine + theirs + shared, info=None):
        return prim.hkdf(5, salt, ikm, info or pair.sender_info, 32)

    bad = {
        "credentials the other way round": key(ikm=theirs + mine + shared),
        "shared secret first": key(ikm=shared + mine + theirs),
        "no credentials": key(ikm=shared),
        "own credential only": key(ikm=mine + shared),
        "credential of the other only": key(ikm=theirs + shared),
        "no shared secret": key(ikm=mine + theirs),
        "credentials as byte strings": key(ikm=cbor(mine) + cbor(theirs) + shared),
        "Recipient Key as salt": key(salt=peer.key),
        "Master Salt as salt": key(salt=salt),
        "salt and IKM exchanged": key(salt=mine + theirs + shared, ikm=sec.keys.sender_key),
        "ID of the other in the info": key(info=pair.recipient_info),
        "Group Encryption Algorithm in the info": key(info=cbor([sec.sender_id, gid, 10, "Key", 32])),
        "L of 16 in the info": key(info=cbor([sec.sender_id, gid, 24, "Key", 16])),
        "empty ID in the info": key(info=cbor([b"", gid, 24, "Key", 32])),
        "public key not mapped to X25519": key(ikm=mine + theirs + raw),
        "seed as scalar": key(ikm=mine + theirs + seed),
        "Sender Key itself": sec.keys.sender_key + bytes(16),
        "pairwise key of the other direction": pair.recipient_key,
        "pairwise key with the third member": sec.pairwise(sec.peers[group.ids["carol"]]).sender_key,
    }
    for what, wrong in bad.items():
        case.reject(
            "decryption-failed", f"key of a {called}: {what}", ["GO-2.5.1-01", "GO-2.5.1-03"], ["pairwise-key"], key=bend(wrong)
        )


def _short(case, mode, kind):
    tag, tail = (8, 64) if mode == GROUP else (16, 0)
    for length in [
        n
        for n in (1, tag - 1, tag, tail - 1, tail, tail + 1, tail + tag - 1, tail + tag)
        if n > 0 and (mode == GROUP or n <= tag)
    ]:
        case.reject(
            "payload-short",
            f"{mode} {kind} with {length} bytes of payload",
            ["GO-4.1-14"],
            ["payload-short"],
            lambda wire, n=length: rewrite(wire, payload=(payload_of(wire) + bytes(80))[:n]),
        )


def _option_bits(case, mode, kind):
    good = option_of(case.wire)
    is_request = kind == "request"
    shapes = {
        "bit 0x80": bytes([good[0] | 0x80]) + good[1:] if good else b"\x80",
        "bit 0x40": bytes([good[0] | 0x40]) + good[1:] if good else b"\x40",
        "n of 6": bytes([(good[0] if good else 0) & 0xF8 | 6]) + good[1:] + bytes(8),
        "n of 7": bytes([(good[0] if good else 0) & 0xF8 | 7]) + good[1:] + bytes(8),
        "s beyond the end": b"\x19\x05\xff\x44",
        "no s": b"\x11\x05",
        "trailing byte without kid flag": b"\x01\x05\x00",
        "kid of 8 bytes": (b"\x39\x05\x03\x44\x61\x6c" if mode == GROUP else b"\x19\x05\x03\x44\x61\x6c") + bytes(8),
    }
    for what, value in shapes.items():
        req = "GO-4.1-08" if what.startswith("bit") else "GO-4.1-09" if what.startswith("n of") else "GO-4.1-10"
        case.reject(
            "option-malformed",
            f"{mode} {kind}, option with {what}",
            [req],
            ["option"],
            lambda wire, v=value: rewrite(wire, option=v),
        )
    if is_request:
        for cut in range(2, 7):
            (
                case.reject(
                    "option-malformed",
                    f"{mode} {kind}, option cut to {cut} bytes",
                    ["GO-4.1-10"],
                    ["option"],
                    lambda wire, n=cut: rewrite(wire, option=option_of(wire)[:n]),
                )
                if cut < 7 and cut != 7
                else None
            )
        for bit in range(16):
            value = flip(good, 1 + bit // 8, 1 << bit % 8)
            case.reject(
                fails(mode),
                f"{mode} {kind}, bit {bit} of the Partial IV flipped",
                ["GO-3.4-15"],
                ["group-aad"],
                lambda wire, v=value: rewrite(wire, option=v),
            )
    elif not good:
        case.reject(
            fails(mode),
            f"{mode} {kind}, empty option sent as 00",
            ["GO-4.1-12", "GO-3.4-11"],
            ["group-aad"],
            lambda wire: rewrite(wire, option=b"\0"),
        )


def _bindings(theme, group, by):
    names = group.two()
    for mode in (GROUP, PAIRWISE):
        first, bare, own = by[mode, "request"], by[mode, "response"], by[mode, "response with Partial IV"]
        plain = coap.encode(replace(coap.parse(first.params.plain), message_id=7))
        second = theme.request(
            f"another {mode} request with the same Token",
            ["GO-5-01"],
            *names,
            plain,
            ["response-binding"],
            mode=mode,
            target=first.params.target,
            ssn=0x1235,
        )
        other_mode = PAIRWISE if mode == GROUP else GROUP
        third = theme.request(
            f"the same as a {other_mode} request with the same Token",
            ["GO-5-01"],
            *names,
            plain,
            ["response-binding"],
            mode=other_mode,
            target=target_of(other_mode, group),
            ssn=0x1236,
        )
        for case, kind in ((bare, "response"), (own, "response with Partial IV")):
            case.reject(
                fails(mode),
                f"{mode} {kind} to another request with the same Token",
                ["GO-5-01", "GO-3.4-08"],
                ["response-binding"],
                request=second.wire,
            )
        assert third
        thrown = rewrite(first.wire, code=CHANGED)
        bare.reject("own-kid", f"{mode} request thrown back as a response", ["GO-7.4-01"], ["reflection"], thrown)
        stripped = rewrite(first.wire, code=CHANGED, option=b"\x28" + group.ids["bob"] if mode == GROUP else b"")
        bare.reject(
            fails(mode), f"{mode} request thrown back as a response of the server", ["GO-4.2-08"], ["reflection"], stripped
        )
        looped = theme.request(
            f"{mode} request of the server",
            ["GO-7.2-20"],
            names[1],
            names[0],
            plain,
            [],
            mode=mode,
            target=target_of(mode, group, "alice"),
            ssn=9,
        )
        mine = theme.seal_request(replace(looped.params, sender=names[0], receiver=names[1], target=target_of(mode, group)))
        looped.reject(
            "own-kid",
            f"own {mode} request comes back",
            ["GO-7.2-20" if mode == GROUP else "GO-8.4-07"],
            ["reflection"],
            mine.message,
        )
    _third_member(theme, group, by)


def _third_member(theme, group, by):
    """Carol answers what was asked of Bob, and asks in the name of Alice."""
    carol = group.context("carol")
    names = group.two()
    asked = by[GROUP, "request"]
    from families.message_maker import Params

    params = Params("request", names[0], carol, asked.params.plain, mode=GROUP, ssn=0x1234)
    for mode in (GROUP, PAIRWISE):
        theme.response(
            f"{mode} response of a third member to a group request",
            ["GO-8.6-03", "GO-5.3-03"],
            params,
            answer("guard", code=CHANGED),
            [],
            mode=mode,
            target=target_of(mode, group, "alice"),
            kid=True,
            kid_context=False,
        )
    for mode in (GROUP, PAIRWISE):
        control = theme.response(
            f"{mode} response with kid to a pairwise request",
            ["GO-3.2-06", "GO-7.4-07"],
            by[PAIRWISE, "request"],
            answer("guard", code=CHANGED),
            ["responder"],
            mode=mode,
            target=target_of(mode, group, "alice"),
            kid=True,
            kid_context=False,
        )
        made = _answer_of_carol(theme, group, by[PAIRWISE, "request"], mode, kid=True)
        control.reject(
            "responder-mismatch",
            f"{mode} response of a third member to a pairwise request",
            ["GO-7.4-09"],
            ["responder"],
            made=made,
        )
        silent = theme.response(
            f"{mode} response without kid to a pairwise request",
            ["GO-7.4-08"],
            by[PAIRWISE, "request"],
            answer("guard", code=CHANGED),
            ["responder"],
            mode=mode,
            target=target_of(mode, group, "alice"),
            kid=False,
            kid_context=False,
        )
        made = _answer_of_carol(theme, group, by[PAIRWISE, "request"], mode, kid=False)
        silent.reject(
            fails(mode),
            f"{mode} response of a third member without kid to a pairwise request",
            ["GO-7.4-08", "GO-7.4-09"],
            ["responder"],
            made=made,
        )
    request = by[PAIRWISE, "request"]
    request.reject(
        "decryption-failed", "pairwise request for another member", ["GO-8.4-09"], ["pairwise-key", "responder"], receiver=carol
    )
    key = security(theme.contexts[carol]).keys.sender_key
    by[GROUP, "request"].reject(
        "decryption-failed",
        "group request under the Sender Key of a third member, signature right",
        ["GO-7.2-13"],
        ["kid"],
        key=bend(key),
    )


def _answer_of_carol(theme, group, request, mode, kid):
    from endpoint import Endpoint, Exchange

    carol = Endpoint(group.raw("carol"))
    outer = coap.parse(request.wire)
    option = parse(option_of(request.wire), NAME, "request")
    exchange = Exchange(
        carol.security,
        outer.token,
        request.params.mode,
        option.kid,
        option.partial_iv,
        option.kid_context,
        group.ids["alice"],
        False,
        False,
    )
    sealed = carol.seal_response(exchange, answer("guard", code=CHANGED), mode, kid=kid)
    return sealed.message, sealed.trace


def _clones(theme, group, by):
    """A group with the same secrets and Gid, but another manager or other credentials (GO-3.4-12, GO-3.4-13)."""
    other_gm = credential("ccs", KeyPair.from_seed(prim.ED25519, "manager of the clone"), "manager of the clone")
    clone = Group(theme, "guard", NAME, gm=other_gm, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
    renamed = {n: credential("ccs", group.pairs[n], f"{n} again") for n in ("alice", "bob")}
    again = Group(theme, "guard", NAME, creds=renamed, group_enc=10, aead=24, signature=EDDSA, agreement=-27)
    for label, what, twin, req in (
        ("clone", "another Group Manager", clone, "GO-3.4-13"),
        ("again", "other credentials of the same keys", again, "GO-3.4-12"),
    ):
        names = {n: twin.context(n, label=f"{label}-{n}") for n in ("alice", "bob")}
        for (mode, kind), case in by.items():
            receiver = names["bob" if kind == "request" else "alice"]
            case.reject(fails(mode), f"{mode} {kind} in a group with {what}", [req], ["group-aad", "clone"], receiver=receiver)
    settings = {
        "signature -7 in the AAD": {"agreement": None},
    }
    for label, changed in settings.items():
        twin = Group(theme, "guard", NAME, group_enc=10, aead=24, signature=EDDSA, **changed)
        name = twin.context("bob", label="guard-bob-no-agreement")
        by[GROUP, "request"].reject(
            "signature-invalid", "group request, receiver without key agreement", ["GO-3.4-06"], ["group-aad"], receiver=name
        )
        by[PAIRWISE, "request"].reject(
            "mode-unsupported",
            "pairwise request, receiver without key agreement",
            ["GO-6-03", "GO-2.1.10-01"],
            ["mode"],
            receiver=name,
        )
    only_group = Group(theme, "guard", NAME, group_enc=10, signature=EDDSA).context("bob", label="guard-bob-group-only")
    by[PAIRWISE, "request"].reject(
        "mode-unsupported",
        "pairwise request, receiver without AEAD Algorithm",
        ["GO-6-03", "GO-2.1.1-02", "GO-6-02"],
        ["mode"],
        receiver=only_group,
    )
    only_pairwise = Group(theme, "guard", NAME, aead=24, agreement=-27, signature=EDDSA).context(
        "bob", label="guard-bob-pairwise-only"
    )
    by[GROUP, "request"].reject(
        "mode-unsupported",
        "group request, receiver without Group Encryption Algorithm",
        ["GO-6-05", "GO-2.1.7-02", "GO-6-04"],
        ["mode"],
        receiver=only_pairwise,
    )
    unsigned = Group(theme, "guard", NAME, group_enc=10, aead=24, agreement=-27, curve=prim.ED25519).context(
        "bob", label="guard-bob-unsigned"
    )
    by[GROUP, "request"].reject(
        "mode-unsupported",
        "group request, receiver without Signature Algorithm",
        ["GO-6-05", "GO-2.1.8-01"],
        ["mode"],
        receiver=unsigned,
    )


def _set_ups(theme, group, by):
    silent = theme.context(
        "guard-silent", {**group.common, "sender": None, "recipients": [group.listed("alice"), group.listed("carol")]}
    )
    theme.request(
        "a silent server opens group requests",
        ["GO-2-02"],
        "guard-alice",
        silent,
        by[GROUP, "request"].params.plain,
        [],
        mode=GROUP,
        ssn=0x1234,
    )
    by[PAIRWISE, "request"].reject("mode-unsupported", "pairwise request, silent server", ["GO-8-03"], ["mode"], receiver=silent)
    alone = theme.context("guard-bob-alone", {**group.raw("bob", others=["carol"])})
    for mode in (GROUP, PAIRWISE):
        by[mode, "request"].reject(
            "recipient-unknown",
            f"{mode} request of nobody known",
            ["GO-7.2-04" if mode == GROUP else "GO-8.4-06"],
            ["kid"],
            receiver=alone,
        )
    blank = group.raw("bob", others=["carol"])
    blank["recipients"] = blank["recipients"] + [{"id": group.ids["alice"].hex(), "credential": None}]
    blank = theme.context("guard-bob-blank", blank)
    for mode in (GROUP, PAIRWISE):
        by[mode, "request"].reject(
            "credential-missing", f"{mode} request, credential not known", ["GO-7.2-05"], ["kid"], receiver=blank
        )
    member = group.raw("bob", others=["carol"])
    member["members"] = [group.listed("alice")]
    member = theme.context("guard-bob-member", member)
    for mode in (GROUP, PAIRWISE):
        theme.request(
            f"{mode} request of a member not heard before",
            ["GO-7.2-03" if mode == GROUP else "GO-8.4-05"],
            "guard-alice",
            member,
            by[mode, "request"].params.plain,
            [],
            mode=mode,
            target=by[mode, "request"].params.target,
            ssn=0x1234,
        )
    lost = theme.context("guard-bob-lost", group.raw("bob", windows="invalid"))
    policy = theme.context("guard-bob-fresh", group.raw("bob", freshness_ms=1000))
    full = group.raw("bob", others=["carol"], max_recipients=1)
    full["members"] = [group.listed("alice")]
    full = theme.context("guard-bob-full", full)
    for mode in (GROUP, PAIRWISE):
        by[mode, "request"].reject(
            "echo-required", f"{mode} request, window of lost state", ["GO-2.6.1.2-03", "GO-9-01"], ["lost-window"], receiver=lost
        )
        by[mode, "request"].reject(
            "echo-required", f"{mode} request, freshness asked for", ["GO-9-20"], ["lost-window"], receiver=policy
        )
        by[mode, "request"].reject(
            "echo-required",
            f"{mode} request, another Recipient Context makes way",
            ["GO-2.6.1.2-01"],
            ["lost-window"],
            receiver=full,
        )


def _sealing(theme, group, by):
    ones = by[GROUP, "request"], by[PAIRWISE, "request"], by[GROUP, "response"], by[PAIRWISE, "response"]
    for case in ones:
        mode, kind = case.params.mode, case.params.direction
        nested = coap.encode(replace(coap.parse(case.params.plain), options=[(9, b"")]))
        case.refuse(
            "already-protected", f"{mode} {kind} that has an OSCORE option already", ["O-4.1.3.7-01"], ["nested"], plain=nested
        )
        wrong = answer("guard") if kind == "request" else get("guard")
        case.refuse(
            "coap-malformed", f"{mode} {kind} with a code of the other direction", ["O-4.2-07"], ["inner-code"], plain=wrong
        )
    by[GROUP, "request"].refuse(
        "sender-missing", "a silent server is asked for a request", ["GO-2-02"], ["silent-server"], sender="guard-silent"
    )
    by[PAIRWISE, "request"].refuse(
        "recipient-unknown", "pairwise request to nobody known", ["GO-8.1-01"], ["kid"], target=b"\x99"
    )
    by[PAIRWISE, "request"].refuse("recipient-unknown", "pairwise request without target", ["GO-8.1-01"], ["kid"], target=None)
    case = by[PAIRWISE, "request"]
    case.refuse(
        "mode-unsupported",
        "pairwise request without AEAD Algorithm",
        ["GO-2.1.1-02"],
        ["mode"],
        sender="guard-bob-group-only",
        target=group.ids["alice"],
    )
    by[GROUP, "request"].refuse(
        "mode-unsupported",
        "group request without Group Encryption Algorithm",
        ["GO-2.1.7-02"],
        ["mode"],
        sender="guard-bob-pairwise-only",
    )
    case.refuse(
        "credential-missing",
        "pairwise request to a member without credential",
        ["GO-8.1-01"],
        ["kid"],
        sender="guard-bob-blank",
        target=group.ids["alice"],
    )
    silent_answer = replace(
        by[GROUP, "response"].params, sender="guard-silent", request=replace(by[GROUP, "request"].params, receiver="guard-silent")
    )
    control = by[GROUP, "response"]
    moved = type(control)(control.theme, control.id, silent_answer, control.sealed, control.wire, control.got)
    moved.refuse("sender-missing", "a silent server is asked for a response", ["GO-1.1-01"], ["silent-server"])


def _flags_and_gids(theme, group, by):
    """Makers whose faults a lenient receiver would share, so that it would accept."""
    for (mode, kind), case in by.items():
        # Protected in one mode, with the Group Flag of the other, and that flag in the AAD.
        case.reject(
            "decryption-failed" if mode == GROUP else "payload-short",
            f"{mode} {kind} made with the Group Flag of the other mode",
            ["GO-4.1-04" if mode == GROUP else "GO-4.1-05", "GO-4.1-07"],
            ["mode"],
            option_fields=lambda option, t: replace(option, group_flag=not option.group_flag),
        )
    own, foreign = b"\x44\x61\x6c", b"\x44\x61\x6d"
    for mode in (GROUP, PAIRWISE):
        case = by[mode, "request"]
        case.reject(
            "kid-context-missing",
            f"{mode} request without kid context, the Gid in the AAD all the same",
            ["GO-3.2-04"],
            ["unknown-gid"],
            option_fields=lambda option, t: replace(option, kid_context=None),
        )
        for what, shown in (("another Gid", foreign), ("an empty Gid", b"")):
            for bound, value in (("that one", shown), ("the right one", own)):
                case.reject(
                    "context-not-found",
                    f"{mode} request made with {what} as kid context and {bound} in the AAD",
                    ["GO-7.2-01", "GO-3.2-03"],
                    ["unknown-gid"],
                    option_fields=lambda option, t, g=shown: replace(option, kid_context=g),
                    aad_array=element(5, value),
                )
    for (mode, kind), case in by.items():
        if kind != "request":
            case.reject(
                "context-not-found",
                f"{mode} {kind} made with another Gid as kid context",
                ["GO-7.4-20"],
                ["unknown-gid"],
                option_fields=lambda option, t: replace(option, kid_context=foreign),
            )


def themes():
    return [
        group_algorithms(),
        pairwise_algorithms(),
        pairings(),
        modes(),
        identifiers(),
        numbers(),
        credentials(),
        long_aad(),
        rekey(),
        associated_data(),
        signatures(),
        ecdsa_signatures(),
        members(),
    ]
