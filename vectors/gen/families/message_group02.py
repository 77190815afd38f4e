"""Messages of Group OSCORE -02 (2018): one mode, the signature in the clear inside the option."""

from dataclasses import replace

import coap
import nonce as nonces
import primitives as prim
import signature as countersign
from endpoint import Endpoint, Exchange, Faults, security
from families.message_group28 import _add_order, _base_point, _identity_r, _shifted_r, _torsion_point
from families.message_maker import Group, Params, Theme, flip, message, option_of, path, payload_of, pick, rewrite
from families.message_shared import bend, class_tests, element, exchanged, frames, inner_tests, observe_tests, tampered, without
from oscore_option import build, parse
from primitives import cbor

GET, PUT, CHANGED, CONTENT = 0x01, 0x03, 0x44, 0x45
EDDSA, ES256, ES384, ES512 = -8, -7, -35, -36
SIGNATURES = (EDDSA, ES256, ES384, ES512)
AEADS = (10, 11, 12, 13, 30, 31, 32, 33, 1, 2, 3, 24)
READINGS = ("S1/E1", "S2/E1", "S3/E1", "S1/E0", "S2/E0", "S3/E0")
PIVS = (0, 1, 255, 256, 65535, 65536, 2**24 - 1, 2**24, 2**32 - 1, 2**32, 2**40 - 1)
NAME = "group-02"


def get(name, *options, **more):
    return message(GET, *path("lamp"), *options, name=name, **more)


def answer(name, *options, payload=b"22.3", code=CONTENT, **more):
    return message(code, *options, payload=payload, name=name, **more)


def reply(theme, title, req, case, plain, flags=(), **how):
    how.setdefault("kid_context", False)
    return theme.response(title, req, case, plain, flags, **how)


def _size(case):
    return prim.signature_len(case.theme.contexts[case.params.sender]["signature"])


def _with_option(size, **fields):
    def change(wire):
        return rewrite(wire, option=build(replace(parse(option_of(wire), NAME, "response", size), **fields)))

    return change


# ---- algorithms and readings ----


def algorithms():
    theme = Theme(NAME, "algorithms", 1001)
    for reading in READINGS:
        for sig in (EDDSA, ES256):
            group = Group(theme, f"{reading.lower().replace('/', '-')}-{-sig}", NAME, reading=reading, signature=sig)
            _three(theme, group, f"reading {reading}, signature {sig}", ["G02-3-03", "G02-3-04"], ["key-derivation", "reading"])
    for at, alg in enumerate(AEADS):
        hkdf = (5, 7)[at % 2]
        group = Group(theme, f"aead{alg}", NAME, aead=alg, hkdf=hkdf, signature=EDDSA)
        _three(theme, group, f"AEAD {alg}, HKDF {hkdf}", ["G02-2-01", "G02-2-12", "G02-3-04"], ["key-derivation"])
    for at, fmt in enumerate(("ccs", "cwt", "x509")):
        for sig in SIGNATURES:
            group = Group(theme, f"{fmt}-{-sig}", NAME, fmt=fmt, signature=sig, hkdf=(5, 7)[at % 2])
            _three(theme, group, f"credentials {fmt}, signature {sig}", ["G02-2-04", "G02-2-10", "G02-3-11"], ["key-derivation"])
    return theme


def _three(theme, group, called, req, flags):
    tag = group.tag
    one = theme.request(f"{called}: request", req + ["G02-4.1-01"], *group.two(), get(tag), flags, ssn=len(tag) * 77)
    size = _size(one)
    bare = reply(theme, f"{called}: response with the nonce of the request", req + ["G02-4.3-03"], one, answer(tag), flags)
    own = reply(
        theme, f"{called}: response with Partial IV", req + ["G02-4.3-03"], one, answer(tag), flags, own_partial_iv=True, ssn=300
    )
    for case, kind in ((one, "request"), (bare, "response"), (own, "response with Partial IV")):
        found = ["G02-4.2-04" if case is one else "G02-4.4-04"]
        case.reject(
            "signature-invalid",
            f"{called}: {kind}, signature changed",
            found,
            ["signature-checked"],
            lambda wire: rewrite(wire, option=build(_flipped(parse(option_of(wire), NAME, "response", size)))),
        )
    one.reject(
        "decryption-failed",
        f"{called}: request, tag changed",
        ["G02-4.2-04"],
        ["ciphertext-changed"],
        lambda wire: rewrite(wire, payload=flip(payload_of(wire), -1)),
    )


def _flipped(option):
    return replace(option, signature=flip(option.signature, 5))


# ---- identifiers, numbers, options ----


def fields():
    theme = Theme(NAME, "fields", 1501)
    gids = {
        "0": b"",
        "1": b"\x37",
        "3": b"\x44\x61\x6c",
        "8": pick("gid 8", 8),
        "32": pick("gid 32", 32),
        "150": pick("gid 150", 150),
    }
    for length in range(8):
        label = list(gids)[length % 6]
        ids = {
            "alice": pick("id of alice", 7)[:length],
            "bob": pick("id of bob", 7)[: 7 - length],
            "carol": pick("id of carol", 7)[:3],
        }
        group = Group(theme, f"id{length}", NAME, gid=gids[label], ids=ids, signature=EDDSA, salt_len=None if length % 2 else 8)
        tag, called = f"id{length}", f"kid of {length} and {7 - length} bytes, Gid of {label}"
        one = theme.request(
            f"{called}: request", ["G02-3-14", "G02-3-10"], *group.two(), get(tag), ["empty-id", "nonce"], ssn=length
        )
        for own in (False, True):
            for kid_context in (False, True):
                what = (
                    " and ".join(name for name, there in (("Partial IV", own), ("kid context", kid_context)) if there)
                    or "kid only"
                )
                reply(
                    theme,
                    f"{called}: response, {what}",
                    ["G02-3-02", "G02-3-08"],
                    one,
                    answer(tag),
                    ["empty-id", "nonce"],
                    own_partial_iv=own,
                    kid_context=kid_context,
                    ssn=256,
                )
    for sig, gid_len in ((EDDSA, 187), (ES384, 155), (ES512, 119)):
        # flags, Partial IV, s, Gid, signature, kid: 255 bytes
        tag = f"long{-sig}"
        group = Group(theme, tag, NAME, gid=pick("long gid", gid_len), ids={"alice": b"\x25"}, signature=sig)
        one = theme.request(f"option of 255 bytes, signature {sig}", ["G02-3-12"], *group.two(), get(tag), ["long-option"])
        assert len(option_of(one.wire)) == 255, len(option_of(one.wire))
        one.reject(
            "option-malformed",
            f"option of 256 bytes, signature {sig}",
            ["G02-3-12"],
            ["long-option"],
            lambda wire: rewrite(wire, option=option_of(wire) + b"\0"),
        )
    group = Group(theme, "count", NAME, signature=EDDSA)
    _numbers(theme, group)
    how = {"ssn": 500}
    class_tests(theme, group.two(), how, ["G02-4.1-04"])
    observe_tests(theme, group.two(), how, {"kid_context": False}, ["G02-7.2-02"])
    for length in (0, 1, 12, 16, 64, 255, 256, 1023, 1024):
        plain = message(PUT, *path("store"), payload=pick(f"payload {length}", length) or None, name=f"payload {length}")
        one = theme.request(f"request, payload of {length} bytes", ["G02-3-15"], *group.two(), plain, opened=plain, ssn=length)
        back = answer(f"payload {length}", payload=pick(f"reply {length}", length) or None)
        reply(theme, f"response, payload of {length} bytes", ["G02-3-15"], one, back, opened=back)
    return theme


def _numbers(theme, group):
    requests = {}
    for number in PIVS:
        one = theme.request(
            f"Partial IV {number} in a request", ["G02-3-13"], *group.two(), get(f"n{number}"), ["partial-iv"], ssn=number
        )
        requests[number] = one
        reply(theme, f"response with the nonce of request {number}", ["G02-4.3-03"], one, answer(f"n{number}"), ["partial-iv"])
        reply(
            theme,
            f"Partial IV {number} in a response",
            ["G02-4.3-03"],
            one,
            answer(f"n{number}"),
            ["partial-iv"],
            own_partial_iv=True,
            ssn=number,
        )
    last = requests[2**40 - 1]
    last.refuse("ssn-exhausted", "no Partial IV behind 2^40-1: request", ["G02-4.1-03"], ["ssn-wraps"], ssn=2**40)
    own = reply(
        theme,
        "the last Partial IV in a response",
        ["G02-4.1-03"],
        last,
        answer(f"n{2**40 - 1}"),
        ["ssn-wraps"],
        own_partial_iv=True,
        ssn=2**40 - 1,
    )
    own.refuse("ssn-exhausted", "no Partial IV behind 2^40-1: response", ["G02-4.1-03"], ["ssn-wraps"], ssn=2**40)
    reply(
        theme,
        "a response without Partial IV needs no number",
        ["G02-4.3-03"],
        last,
        answer(f"n{2**40 - 1}"),
        ["ssn-wraps"],
        ssn=2**40,
    )
    for number, size in ((0, 2), (1, 2), (255, 3), (256, 5)):
        wide = number.to_bytes(size, "big")
        requests[number].reject(
            "decryption-failed",
            f"Partial IV {number} padded to {size} bytes on the way",
            ["G02-3-13"],
            ["padded-partial-iv"],
            _with_option(64, partial_iv=wide),
        )
        theme.request(
            f"Partial IV {number} sent with {size} bytes, and so in the AAD",
            ["G02-3-13"],
            *group.two(),
            requests[number].params.plain,
            ["padded-partial-iv"],
            ssn=number,
            opened=requests[number].params.plain,
            faults=Faults(option_fields=lambda option, t, w=wide: replace(option, partial_iv=w), aad_array=element(3, wide)),
        )
    for number in (256, 65536):
        requests[number].reject(
            "decryption-failed",
            f"Partial IV {number} with its zero bytes at the end dropped",
            ["G02-3-13"],
            ["partial-iv-cut"],
            _with_option(64, partial_iv=number.to_bytes(5, "big").strip(b"\0")),
        )
    own = reply(
        theme, "response to be padded", ["G02-3-13"], requests[0], answer("n0"), ["padded-partial-iv"], own_partial_iv=True, ssn=7
    )
    for size in (2, 5):
        reply(
            theme,
            f"nothing covers the Partial IV of a response: 7 padded to {size} bytes opens",
            ["G02-3-13"],
            requests[0],
            answer("n0"),
            ["padded-partial-iv"],
            own_partial_iv=True,
            ssn=7,
            wire=_with_option(64, partial_iv=(7).to_bytes(size, "big")),
            opened=answer("n0"),
        )
    for what, wrong in (("8", b"\x08"), ("none", None)):
        own.reject(
            "decryption-failed",
            f"Partial IV 7 of a response changed to {what}",
            ["G02-4.3-03"],
            ["response-nonce"],
            _with_option(64, partial_iv=wrong),
        )
    _wrong_nonces(theme, group, requests[256])


def _wrong_nonces(theme, group, case):
    sec = security(theme.contexts["count-alice"])
    alice, bob, iv = sec.sender_id, group.ids["bob"], sec.keys.common_iv

    def raw(size, identifier, piv):
        return bytes(a ^ b for a, b in zip(size + identifier + piv, iv))

    piv, three, right, bob_id = (256).to_bytes(5, "big"), (3).to_bytes(5, "big"), alice.rjust(7, b"\0"), bob.rjust(7, b"\0")
    for what, made in {
        "identifier padded on the right": raw(b"\x01", alice.ljust(7, b"\0"), piv),
        "Partial IV padded on the right": raw(b"\x01", right, b"\x01\0\0\0\0"),
        "no size byte": raw(b"\0", right, piv),
    }.items():
        case.reject("decryption-failed", f"request, nonce: {what}", ["G02-2-12"], ["nonce"], nonce=bend(made))
    own = reply(
        theme, "response for the nonce", ["G02-4.3-03"], case, answer("n256"), ["response-nonce"], own_partial_iv=True, ssn=3
    )
    for what, made in {
        "nonce of the request": raw(b"\x01", right, piv),
        "ID of the client": raw(b"\x01", right, three),
        "Partial IV of the request": raw(b"\x02", bob_id, piv),
    }.items():
        own.reject(
            "decryption-failed", f"response with Partial IV, nonce: {what}", ["G02-4.3-03"], ["response-nonce"], nonce=bend(made)
        )
    bare = reply(theme, "response for the nonce of the request", ["G02-4.3-03"], case, answer("n256"), ["response-nonce"], ssn=3)
    for what, made in {
        "ID of the server": raw(b"\x02", bob_id, piv),
        "number of the server": raw(b"\x02", bob_id, three),
    }.items():
        bare.reject(
            "decryption-failed",
            f"response without Partial IV, nonce: {what}",
            ["G02-4.3-03"],
            ["response-nonce"],
            nonce=bend(made),
        )


# ---- what must not pass ----


def _triple(theme, group, tag, payload=b"open, please"):
    plain, back = message(PUT, *path("lock"), payload=payload, name=tag), answer(tag, code=CHANGED, payload=payload)
    one = theme.request("request that is bent below", ["G02-4.1-01"], *group.two(), plain, ssn=0x1234)
    bare = reply(theme, "response that is bent below", ["G02-4.3-02"], one, back)
    own = reply(theme, "response with Partial IV that is bent below", ["G02-4.3-03"], one, back, own_partial_iv=True, ssn=5)
    return [("request", one), ("response", bare), ("response with Partial IV", own)]


def refusals():
    theme = Theme(NAME, "refusals", 2501)
    group = Group(theme, "guard", NAME, signature=EDDSA)
    three = _triple(theme, group, "guard")
    by = dict(three)
    for kind, case in three:
        _associated_data(group, case, kind)
        _keys(theme, group, case, kind)
        _options(group, case, kind)
        req = {"payload": "G02-3-15", "plain": "G02-4.4-06" if kind != "request" else "G02-4-01", "token": "G02-4.4-02"}
        if kind != "response with Partial IV":
            frames(case, kind, req, "G02-4-01", kind != "request")
            inner_tests(case, kind, ["O-5.3-02"], kind != "request")
            for length in range(1, 9):
                case.reject(
                    "payload-short",
                    f"{kind} with {length} bytes of payload",
                    ["G02-3-15"],
                    ["payload-short"],
                    lambda wire, n=length: rewrite(wire, payload=payload_of(wire)[:n]),
                )
        tampered(case, kind, "decryption-failed", ["G02-4-02"])
    _bindings(theme, group, by)
    _set_ups(theme, group, by)
    _rekey(theme)
    return theme


def _associated_data(group, case, kind):
    table = {
        "G02-3-04": {
            "algorithms without alg_countersign": element(1, [10]),
            "algorithms exchanged": element(1, [-8, 10]),
            "alg_countersign -7": element(1, [10, -7]),
            "alg_aead 11": element(1, [11, -8]),
            "four algorithms, as today": element(1, [10, None, -8, None]),
        },
        "G02-3-05": {
            "Gid inside": lambda array, t: array[:3] + [b"\x44\x61\x6c"] + array[3:],
            "Gid as last element": lambda array, t: array + [b"\x44\x61\x6c"],
            "oscore_version 2": element(0, 2),
            "options left out": without(4),
            "options not empty": element(4, b"\x3a"),
        },
        "G02-4.3-02": {
            "request_kid of the server": element(2, group.ids["bob"]),
            "request_kid empty": element(2, b""),
            "request_piv padded": element(3, b"\x00\x12\x34"),
            "request_piv 05": element(3, b"\x05"),
            "request_kid and request_piv exchanged": exchanged(2, 3),
        },
    }
    for req, rows in table.items():
        for what, wrong in rows.items():
            case.reject("decryption-failed", f"AAD of a {kind}: {what}", [req], ["aad"], aad_array=wrong)
            case.reject(
                "signature-invalid",
                f"AAD of a {kind}, for the signature only: {what}",
                [req, "G02-3-03"],
                ["aad", "signature-checked"],
                signed_external_aad=lambda old, t, w=wrong: cbor(w(t["aad_array"], t)),
            )
    case.reject(
        "decryption-failed",
        f"AAD of a {kind}: right in the signature only",
        ["G02-4.2-03"],
        ["aad"],
        enc_external_aad=lambda old, t: cbor([1, [10], t["request_kid"], t["request_piv"], b""]),
    )
    case.reject(
        "decryption-failed",
        f"AAD of a {kind}: not wrapped",
        ["G02-3-05"],
        ["aad"],
        enc_structure=lambda old, t: old[: len(old) - len(cbor(t["external_aad"]))] + t["external_aad"],
    )


def _keys(theme, group, case, kind):
    name, other = ("alice", "bob") if kind == "request" else ("bob", "alice")
    sec = security(theme.contexts[f"guard-{name}"])
    salt, secret, gid, own = (
        bytes.fromhex(sec.context["master_salt"]),
        bytes.fromhex(sec.context["master_secret"]),
        sec.id_context,
        sec.sender_id,
    )
    for what, key in {
        "Recipient Key": sec.peers[group.ids[other]].key,
        "Sender Key of a third member": sec.peers[group.ids["carol"]].key,
        "salt and secret exchanged": prim.hkdf(5, secret, salt, cbor([own, gid, 10, "Key", 16]), 16),
        "id_context nil": prim.hkdf(5, salt, secret, cbor([own, None, 10, "Key", 16]), 16),
        "type key in small letters, as on slides": prim.hkdf(5, salt, secret, cbor([own, gid, 10, "key", 16]), 16),
        "type as byte string": prim.hkdf(5, salt, secret, cbor([own, gid, 10, b"Key", 16]), 16),
        "alg_countersign in the info": prim.hkdf(5, salt, secret, cbor([own, gid, 10, -8, "Key", 16]), 16),
        "L of 32": prim.hkdf(5, salt, secret, cbor([own, gid, 10, "Key", 32]), 16),
    }.items():
        case.reject("decryption-failed", f"key of a {kind}: {what}", ["G02-2-12", "G02-2-03"], ["key-derivation"], key=bend(key))


def _options(group, case, kind):
    is_request = kind == "request"
    mine, other = ("alice", "bob") if is_request else ("bob", "alice")
    good = option_of(case.wire)
    cut = parse(good, NAME, "response", 64)
    head = len(good) - 64 - len(cut.kid)

    def no(reason, what, req, value, flags=("option",)):
        case.reject(reason, f"{kind}, {what}", [req], list(flags), lambda wire: rewrite(wire, option=value))

    malformed = {
        "empty option": b"",
        "lone zero byte": b"\0",
        "bit 0x80": bytes([good[0] | 0x80]) + good[1:],
        "bit 0x40": bytes([good[0] | 0x40]) + good[1:],
        "bit 0x20 clear, signature there": bytes([good[0] & ~0x20]) + good[1:],
        "bit 0x20 clear, signature taken off": bytes([good[0] & ~0x20]) + good[1:head] + cut.kid,
        "bit 0x08 clear": bytes([good[0] & ~0x08]) + good[1:],
        "bit 0x08 clear and kid taken off": bytes([good[0] & ~0x08]) + good[1 : head + 64],
        "n of 6": bytes([good[0] & 0xF8 | 6]) + good[1:] + bytes(8),
        "n of 7": bytes([good[0] & 0xF8 | 7]) + good[1:] + bytes(8),
        "signature taken off": good[:head] + cut.kid,
        "signature cut by a byte and no kid": good[: head + 63],
        "signature of no bytes": good[:head],
        "kid of 8 bytes": good[: head + 64] + bytes(8),
    }
    for what, value in malformed.items():
        no(
            "option-malformed",
            f"option with {what}" if what[0] != "e" and what[0] != "l" else what,
            "G02-3-09" if "0x20" in what else "G02-3-06" if "0x08" in what else "G02-3-12" if "cut" in what else "G02-4-01",
            value,
            ["option", "signature-place"],
        )
    if is_request:
        no("option-malformed", "s beyond the end", "G02-3-12", good[:3] + b"\xfa" + good[4:])
        for size in (2, 3, 5):
            no("option-malformed", f"option cut to {size} bytes", "G02-3-12", good[:size])
        no("partial-iv-missing", "Partial IV taken off", "G02-3-13", bytes([good[0] & 0xF8]) + good[3:])
        no(
            "kid-context-missing",
            "kid context taken off",
            "G02-3-07",
            bytes([good[0] & ~0x10]) + good[1:3] + good[head:],
            ["unknown-gid"],
        )
        for what, gid in (
            ("of another group", b"\x44\x61\x6d"),
            ("one byte longer", b"\x44\x61\x6c\x00"),
            ("one byte shorter", b"\x44\x61"),
            ("that is empty", b""),
        ):
            case.reject(
                "context-not-found",
                f"{kind}, kid context {what}",
                ["G02-2-02", "G02-4.2-02", "G02-3-10"],
                ["unknown-gid"],
                _with_option(64, kid_context=gid),
            )
    else:
        case.reject(
            "context-not-found",
            f"{kind}, kid context of another group",
            ["G02-3-08"],
            ["unknown-gid"],
            _with_option(64, kid_context=b"\x44\x61\x6d"),
        )
        case.reject(
            "context-not-found", f"{kind}, empty kid context", ["G02-3-08"], ["unknown-gid"], _with_option(64, kid_context=b"")
        )
    no(
        "recipient-unknown",
        "kid before the signature",
        "G02-3-11",
        good[:head] + cut.kid + cut.signature,
        ["signature-place", "kid"],
    )
    for what, kid, reason in (
        ("of nobody", b"\x99", "recipient-unknown"),
        ("that is empty", b"", "recipient-unknown"),
        ("with a zero byte before", b"\0" + group.ids[mine], "recipient-unknown"),
        ("of a third member", group.ids["carol"], "decryption-failed"),
        ("of the receiver", group.ids[other], "own-kid"),
    ):
        flags = ["reflection"] if reason == "own-kid" else ["kid"]
        case.reject(
            reason,
            f"{kind}, kid {what}",
            ["G02-4.2-07" if reason == "own-kid" else "G02-4.2-05" if is_request else "G02-4.4-02"],
            flags,
            _with_option(64, kid=kid),
        )
    if not is_request:
        piv = cut.partial_iv
        case.reject(
            "decryption-failed",
            f"{kind}, Partial IV changed",
            ["G02-4.3-03"],
            ["response-nonce"],
            _with_option(64, partial_iv=b"\x06" if piv else b"\x00"),
        )


def signatures():
    theme = Theme(NAME, "refusals-signature", 3001)
    for sig in SIGNATURES:
        tag = f"sig{-sig}"
        group = Group(theme, tag, NAME, signature=sig)
        for kind, case in _triple(theme, group, tag, pick("long payload", 300)):
            if kind == "request" or sig in (EDDSA, ES256):
                _bad_signatures(theme, group, case, f"signature {sig}, {kind}", kind, sig)
    _readings(theme)
    _small_points(theme)
    return theme


def _bad_signatures(theme, group, case, called, kind, sig):
    size = prim.signature_len(sig)
    name, other = ("alice", "bob") if kind == "request" else ("bob", "alice")
    reading = "S1/E1"
    found = ["G02-2-10", "G02-4.2-04" if kind == "request" else "G02-4.4-04"]

    def no(what, reqs=found, flags=("signature-checked",), **bends):
        case.reject("signature-invalid", f"{called}: {what}", list(reqs), list(flags), **bends)

    def over(part):
        return lambda old, t: countersign.to_be_signed(NAME, reading, t["external_aad"], part(t))

    no("signed by a third member", flags=["foreign-signature"], private_key=bend(group.pairs["carol"].private))
    no("signed with the key of the receiver", flags=["foreign-signature"], private_key=bend(group.pairs[other].private))
    no("all zero", signature=bend(bytes(size)))
    no("random", signature=bend(pick("random signature", size)))
    no("halves exchanged", signature=lambda old, t: old[size // 2 :] + old[: size // 2])
    no("one bit of the first half", signature=lambda old, t: flip(old, 1))
    no("one bit of the second half", signature=lambda old, t: flip(old, size // 2 + 1))
    no("over the plaintext", ["G02-3-03"], ["signed-part"], to_be_signed=over(lambda t: t["plaintext"]))
    no("over the ciphertext without its tag", ["G02-3-03"], ["signed-part"], to_be_signed=over(lambda t: t["ciphertext"][:-8]))
    no("over the first 255 bytes", ["G02-3-03"], ["signed-part"], to_be_signed=lambda old, t: old[:255])
    no(
        "over the first 255 bytes of the ciphertext",
        ["G02-3-03"],
        ["signed-part"],
        to_be_signed=over(lambda t: t["ciphertext"][:255]),
    )
    no(
        "context Signature1",
        ["G02-3-03"],
        ["signed-part"],
        to_be_signed=lambda old, t: cbor(["Signature1", b"", b"", t["external_aad"], t["ciphertext"]]),
    )
    no(
        "external_aad not wrapped",
        ["G02-3-03"],
        ["signed-part"],
        to_be_signed=lambda old, t: cbor(["CounterSignature0", b"", b"", t["aad_array"], t["ciphertext"]]),
    )
    for wrong in READINGS[1:]:
        no(
            f"made by {wrong}",
            ["G02-3-03"],
            ["reading"],
            to_be_signed=lambda old, t, w=wrong: countersign.to_be_signed(NAME, w, t["external_aad"], t["ciphertext"]),
        )
    if sig == EDDSA:
        pair = group.pairs[name]
        no("S plus the group order", ["G02-2-06"], ["ed25519"], signature=lambda old, t: old[:32] + _add_order(old[32:]))
        no("R of order 1, S to match", ["G02-2-06"], ["ed25519"], signature=_identity_r(pair, (1).to_bytes(32, "little")))
        no("R moved by a point of order 8", ["G02-2-06"], ["ed25519"], signature=_shifted_r(pair))
    else:
        half, order = size // 2, prim._EC[group.pairs[name].public.curve][0].order
        for what, at, number in (
            ("r zero", 0, 0),
            ("s zero", 1, 0),
            ("r equal to the order", 0, order),
            ("s equal to the order", 1, order),
        ):

            def wrong(old, t, at=at, number=number):
                parts = [old[:half], old[half:]]
                parts[at] = number.to_bytes(half, "big")
                return b"".join(parts)

            no(what, ["G02-2-04"], ["ecdsa"], signature=wrong)


def _readings(theme):
    names = {}
    for reading in READINGS:
        group = Group(theme, "reading", NAME, reading=reading, signature=EDDSA)
        names[reading] = [group.context(n, label=f"{reading.lower().replace('/', '-')}-{n}") for n in ("alice", "bob")]
    for reading in READINGS:
        one = theme.request(f"{reading}: request", ["G02-3-03"], *names[reading], get("reading"), ["reading"], ssn=6)
        back = reply(theme, f"{reading}: response", ["G02-3-03"], one, answer("reading"), ["reading"])
        for other in READINGS:
            if other != reading:
                one.reject(
                    "signature-invalid",
                    f"{reading} read as {other}: request",
                    ["G02-3-03"],
                    ["reading"],
                    receiver=names[other][1],
                )
        other = READINGS[(READINGS.index(reading) + 1) % 6]
        back.reject(
            "signature-invalid", f"{reading} read as {other}: response", ["G02-3-03"], ["reading"], receiver=names[other][0]
        )


def _small_points(theme):
    group = Group(theme, "small", NAME, signature=EDDSA)
    good = theme.request("request of a member with a good key", ["G02-2-06"], *group.two(), get("small"), [], ssn=3)
    torsion = _torsion_point()
    for label, factor in (("8", 1), ("4", 2), ("2", 4), ("1", 8)):
        encoded = countersign.encode_point(countersign.multiply_point(factor, torsion))
        bob = group.raw("bob")
        bob["recipients"] = [
            {"id": group.ids["alice"].hex(), "credential": prim.make_ccs(prim.PublicKey(prim.ED25519, encoded), "alice").hex()}
        ]
        name = theme.context(f"small-bob-{label}", bob)

        def made(old, t, encoded=encoded):
            from families.message_group28 import _challenge

            for s in range(1, 1000):
                r = countersign.encode_point(countersign.multiply_point(s, _base_point()))
                if _challenge(r, encoded, t["to_be_signed"]) % 8 == 0:
                    return r + s.to_bytes(32, "little")
            raise AssertionError

        good.reject(
            "signature-invalid",
            f"public key of order {label}, R = S * B",
            ["G02-2-06"],
            ["ed25519"],
            receiver=name,
            signature=made,
        )


def _bindings(theme, group, by):
    names = group.two()
    first = by["request"]
    plain = coap.encode(replace(coap.parse(first.params.plain), message_id=7))
    second = theme.request("another request with the same Token", ["G02-4.4-03"], *names, plain, ["response-binding"], ssn=0x1235)
    for kind in ("response", "response with Partial IV"):
        by[kind].reject(
            "decryption-failed",
            f"{kind} to another request with the same Token",
            ["G02-4.4-03"],
            ["response-binding"],
            request=second.wire,
        )
    by["response"].reject(
        "own-kid", "request thrown back as a response", ["G02-4.2-07"], ["reflection"], rewrite(first.wire, code=CHANGED)
    )
    stripped = _with_option(64, partial_iv=None, kid_context=None, kid=group.ids["bob"])
    by["response"].reject(
        "decryption-failed",
        "request thrown back as a response of the server",
        ["G02-4.4-03"],
        ["reflection"],
        lambda wire: stripped(rewrite(first.wire, code=CHANGED)),
    )
    looped = theme.request("request of the server", ["G02-4.2-07"], names[1], names[0], plain, [], ssn=9)
    mine = theme.seal_request(replace(looped.params, sender=names[0], receiver=names[1]))
    looped.reject("own-kid", "own request comes back", ["G02-4.2-07"], ["reflection"], mine.message)
    carol = group.context("carol")
    params = Params("request", names[0], carol, first.params.plain, ssn=0x1234)
    reply(theme, "response of a third member", ["G02-4.4-05"], params, answer("guard", code=CHANGED))
    # A member knows all symmetric keys: only the signature tells members apart.
    sec = security(theme.contexts["guard-alice"])
    carol_key = sec.peers[group.ids["carol"]].key
    first.reject(
        "signature-invalid",
        "a third member's kid, key and nonce, signed by the sender",
        ["G02-2-10", "G02-4.2-04"],
        ["foreign-signature", "kid"],
        option_fields=lambda option, t: replace(option, kid=group.ids["carol"]),
        key=bend(carol_key),
        nonce=bend(nonces.nonce(sec.keys.common_iv, 13, group.ids["carol"], b"\x12\x34")),
        aad_array=element(2, group.ids["carol"]),
    )
    exchange = Exchange(
        security(group.raw("carol")),
        coap.parse(first.wire).token,
        None,
        group.ids["alice"],
        b"\x12\x34",
        b"\x44\x61\x6c",
        group.ids["alice"],
        False,
        False,
    )
    member = Endpoint(group.raw("carol"))
    bob_key = member.security.peers[group.ids["bob"]].key
    forged = member.seal_response(
        exchange,
        answer("guard", code=CHANGED, payload=b"open, please"),
        faults=Faults(option_fields=lambda option, t: replace(option, kid=group.ids["bob"]), key=bend(bob_key)),
    )
    by["response"].reject(
        "signature-invalid",
        "response of a third member under the kid and key of the server",
        ["G02-4.4-04", "G02-3-02"],
        ["foreign-signature", "kid"],
        made=(forged.message, forged.trace),
    )


def _set_ups(theme, group, by):
    request, response = by["request"], by["response"]
    names = group.two()
    alone = theme.context("guard-bob-alone", group.raw("bob", others=["carol"]))
    request.reject("recipient-unknown", "request of nobody known", ["G02-2-11"], ["kid"], receiver=alone)
    blank = group.raw("bob", others=["carol"])
    blank["recipients"] = blank["recipients"] + [{"id": group.ids["alice"].hex(), "credential": None}]
    request.reject(
        "credential-missing",
        "request, credential not known",
        ["G02-2-11"],
        ["kid"],
        receiver=theme.context("guard-bob-blank", blank),
    )
    member = group.raw("bob", others=["carol"])
    member["members"] = [group.listed("alice")]
    member = theme.context("guard-bob-member", member)
    theme.request(
        "request of a member not heard before", ["G02-4.2-01", "G02-2-09"], names[0], member, request.params.plain, [], ssn=0x1234
    )
    asking = group.raw("alice", others=["carol"])
    asking["members"] = [group.listed("bob")]
    asking = theme.context("guard-alice-member", asking)
    one = theme.request(
        "request to a member not heard before", ["G02-4.4-01"], asking, names[1], request.params.plain, [], ssn=0x1234
    )
    reply(theme, "response of a member not heard before", ["G02-4.4-01"], one, response.params.plain)
    silent = theme.context("guard-silent", {**group.common, "sender": None, "recipients": [group.listed("alice")]})
    theme.request(
        "a silent server opens requests", ["G02-2-07", "G02-1.1-02"], names[0], silent, request.params.plain, [], ssn=0x1234
    )
    request.refuse("sender-missing", "a silent server is asked for a request", ["G02-1.1-01"], ["silent-server"], sender=silent)
    quiet = replace(response.params, sender=silent, request=replace(request.params, receiver=silent))
    moved = type(response)(theme, response.id, quiet, response.sealed, response.wire, response.got)
    moved.refuse("sender-missing", "a silent server is asked for a response", ["G02-1.1-01"], ["silent-server"])
    lost = theme.context("guard-bob-lost", group.raw("bob", windows="invalid"))
    policy = theme.context("guard-bob-fresh", group.raw("bob", freshness_ms=1000))
    request.reject("echo-required", "request, window of lost state", ["G02-E.3-01"], ["lost-window"], receiver=lost)
    request.reject("echo-required", "request, freshness asked for", ["G02-5-01"], ["lost-window"], receiver=policy)
    for case in (request, response):
        nested = coap.encode(replace(coap.parse(case.params.plain), options=[(9, b"")]))
        case.refuse(
            "already-protected",
            f"{case.params.direction} that has an OSCORE option already",
            ["O-4.1.3.7-01"],
            ["nested"],
            plain=nested,
        )
    twin = Group(theme, "guard", NAME, signature=ES256)
    name = twin.context("bob", label="guard-bob-es256")
    request.reject(
        "decryption-failed",
        "request, receiver with another Signature Algorithm of the same length",
        ["G02-2-04"],
        ["aad"],
        receiver=name,
    )


def _rekey(theme):
    """Running exchanges are finished under the context of their request (R12)."""
    old = Group(theme, "old", NAME, gid=b"\xb1\x00", signature=EDDSA)
    new = Group(theme, "new", NAME, gid=b"\xb1\x01", signature=EDDSA)
    one = theme.request("request before a rekey", ["G02-2.1-04"], *old.two(), get("rekey"), [], ssn=3)
    case = None
    for own in (False, True):
        case = theme.response(
            "response after a rekey, under the context of the request",
            ["G02-2.1-04"],
            one,
            answer("rekey"),
            [],
            rekeyed=new.two(),
            own_partial_iv=own,
            kid_context=own,
            ssn=4,
        )
    case.reject(
        "context-not-found",
        "response after a rekey, kid context of the new context",
        ["G02-4.4-02"],
        ["unknown-gid"],
        _with_option(64, kid_context=b"\xb1\x01"),
    )
    one.reject(
        "context-not-found",
        "request of before the rekey, receiver after it",
        ["G02-2.1-04", "G02-4.2-02"],
        ["unknown-gid"],
        receiver=new.context("bob"),
    )


def themes():
    return [algorithms(), fields(), refusals(), signatures()]
