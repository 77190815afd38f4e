"""Messages of RFC 8613."""

from dataclasses import replace

import coap
import oscore_option
import primitives as prim
from endpoint import Endpoint
from families.message_maker import Theme, flip, message, option_of, oscore_pair, path, payload_of, pick, rewrite
from oscore_option import Option, build

AEADS = (10, 11, 12, 13, 30, 31, 32, 33, 1, 2, 3, 24)
PIVS = (0, 1, 255, 256, 65535, 65536, 2**24 - 1, 2**24, 2**32 - 1, 2**32, 2**40 - 1)
GET, POST, PUT, FETCH = 0x01, 0x02, 0x03, 0x05
CHANGED, CONTENT, BAD, NOT_FOUND, FAILED = 0x44, 0x45, 0x80, 0x84, 0xA0


def get(name, *options, **more):
    return message(GET, *path("light"), *options, name=name, **more)


def answer(name, *options, payload=b"on", code=CONTENT, **more):
    return message(code, *options, payload=payload, name=name, **more)


# ---- algorithms ----


def algorithms():
    theme = Theme("oscore", "algorithms", 1001)
    for hkdf in (5, 7):
        for aead in AEADS:
            _one_algorithm(theme, aead, hkdf)
    return theme


def _one_algorithm(theme, aead, hkdf):
    longest = prim.nonce_len(aead) - 6
    tag = f"a{aead}-h{hkdf}"
    client, server = (b"", b"\x01") if longest == 1 else (b"\xc1", pick(f"server {tag}", longest))
    names = oscore_pair(theme, tag, client, server, id_context=b"\x37\xcb" if hkdf == 7 else None, aead=aead, hkdf=hkdf)
    called = f"AEAD {aead}, HKDF {hkdf}"
    req = ["O-3.2.1-02", "O-5.2-01", "O-5.4-02"]
    one = theme.request(f"{called}: request", req + ["O-8.1-01"], *names, get(tag), ["key-derivation"], ssn=aead)
    reply = answer(tag)
    bare = theme.response(f"{called}: response with the nonce of the request", req + ["O-5.2-02"], one, reply, ["key-derivation"])
    own = theme.response(
        f"{called}: response with its own Partial IV",
        req + ["O-5.2-02", "O-8.3-02"],
        one,
        reply,
        ["key-derivation"],
        own_partial_iv=True,
        ssn=300,
    )
    for case, kind in ((one, "request"), (bare, "response"), (own, "response with Partial IV")):
        failing = ["O-8.2-05"] if case is one else ["O-8.4-03"]
        case.reject(
            "decryption-failed",
            f"{called}: {kind} with the last bit of the tag flipped",
            failing,
            ["ciphertext-changed"],
            lambda wire: rewrite(wire, payload=flip(payload_of(wire), -1)),
        )
        case.reject(
            "decryption-failed",
            f"{called}: {kind} with the first byte of the ciphertext changed",
            failing,
            ["ciphertext-changed"],
            lambda wire: rewrite(wire, payload=flip(payload_of(wire), 0, 0x80)),
        )
        if case is not bare:
            case.reject(
                "decryption-failed",
                f"{called}: {kind} with a tag cut by one byte",
                ["O-6.2-01"] + failing,
                ["tag-cut"],
                lambda wire: rewrite(wire, payload=payload_of(wire)[:-1]),
            )
    if hkdf == 5:
        size = prim.tag_len(aead)
        for length in range(1, size + 1):
            one.reject(
                "payload-short",
                f"{called}: request with {length} bytes of payload",
                ["O-6.2-02"],
                ["payload-short"],
                lambda wire, length=length: rewrite(wire, payload=payload_of(wire)[:length]),
            )


# ---- identifiers ----


def identifiers():
    theme = Theme("oscore", "identifiers", 1501)
    contexts = {"none": None, "empty": b"", "1": b"\x37", "8": pick("id context", 8), "64": pick("id context 64", 64)}
    cases = {}
    for length in range(8):
        for label, id_context in contexts.items():
            tag = f"id{length}-{label}"
            client, server = pick("client id", 7)[:length], pick("server id", 7)[: 7 - length]
            names = oscore_pair(theme, tag, client, server, id_context=id_context, salt_len=None if length % 2 else 8)
            called = f"Sender ID of {length}, Recipient ID of {7 - length} bytes, ID Context {label}"
            req = ["O-3.3-02", "O-3.3-05", "O-5-08", "O-5.2-01"] + (["O-3.3-03"] if length in (0, 7) else [])
            flags = ["empty-id"] if length in (0, 7) else []
            one = theme.request(
                f"{called}: request", req, *names, get(tag), flags, ssn=length, kid_context=None if id_context is None else True
            )
            theme.response(
                f"{called}: response with Partial IV", req, one, answer(tag), flags, own_partial_iv=True, ssn=256 + length
            )
            if id_context is not None:
                silent = theme.request(
                    f"{called}: request without kid context",
                    ["O-5-10", "O-5.1-01"],
                    *names,
                    get(tag),
                    flags,
                    ssn=length + 70,
                    kid_context=False,
                )
                cases[tag, "silent"] = silent
            cases[tag] = one
    _wrong_names(theme, cases)
    _long_id_context(theme)
    return theme


def _with_option(**fields):
    def change(wire):
        old = oscore_option.parse(option_of(wire), "oscore", "response")
        return rewrite(wire, option=build(replace(old, **fields)))

    return change


def _wrong_names(theme, cases):
    no_context = ["O-8.2-03", "O-5-12"]
    for tag in ("id1-8", "id0-64", "id3-1"):
        case = cases[tag]
        good = theme.contexts[case.params.receiver]["id_context"]
        right = bytes.fromhex(good)
        for what, wrong in (
            ("of another context", pick(f"other {tag}", len(right))),
            ("one byte longer", right + b"\0"),
            ("one byte shorter", right[:-1]),
            ("that is empty", b""),
        ):
            if wrong != right:
                case.reject(
                    "context-not-found",
                    f"{tag}: kid context {what}",
                    no_context,
                    ["kid-context-ignored"],
                    _with_option(kid_context=wrong),
                )
    for tag in ("id1-none", "id0-none", "id4-empty", "id0-empty"):
        wrong = b"\x37" if tag.endswith("empty") else b""
        cases[tag].reject(
            "context-not-found",
            f"{tag}: kid context {wrong.hex() or 'empty'} where the ID Context is another",
            no_context,
            ["kid-context-ignored", "empty-is-none"],
            _with_option(kid_context=wrong),
        )
    for tag in ("id0-none", "id1-none", "id6-8", "id7-empty"):
        case = cases[tag]
        kid = bytes.fromhex(theme.contexts[case.params.sender]["sender"]["id"])
        own = bytes.fromhex(theme.contexts[case.params.receiver]["sender"]["id"])
        wrongs = {"of nobody": flip(kid, 0) if kid else b"\x99", "of the server itself": own}
        if kid:
            wrongs |= {"that is empty": b"", "cut by a byte": kid[:-1]}
        if len(kid) < 7:
            wrongs["with a zero byte behind"] = kid + b"\0"
            wrongs["with a zero byte before"] = b"\0" + kid
        for what, wrong in wrongs.items():
            if wrong != kid and (what == "of the server itself" or wrong != own):
                case.reject(
                    "context-not-found",
                    f"{tag}: kid {what}",
                    ["O-8.2-03", "O-5-08"],
                    ["unknown-kid"],
                    _with_option(kid=wrong),
                )
    # An ID Context that one side lacks: keys differ, and with kid context shown the context is not even found.
    for tag, label in (("id2-8", "8"), ("id2-empty", "empty")):
        case = cases[tag, "silent"]
        server = dict(theme.contexts[case.params.receiver], id_context=None)
        name = theme.context(f"{tag}-server-without", server)
        case.reject(
            "decryption-failed",
            f"{tag}: server without ID Context, kid context not shown",
            ["O-3.2.1-03"],
            ["empty-is-none" if label == "empty" else "key-derivation"],
            receiver=name,
        )
        cases[tag].reject(
            "context-not-found",
            f"{tag}: server without ID Context, kid context shown",
            ["O-5-12"],
            ["empty-is-none"],
            receiver=name,
        )


def _long_id_context(theme):
    """The option has 255 bytes: flags, Partial IV, s, kid context, kid."""
    for size, ssn, client in ((252, 0, b""), (245, 5, b"\xab" * 7), (248, 2**40 - 1, b"")):
        tag = f"long{size}"
        names = oscore_pair(theme, tag, client, b"\x01", id_context=pick("long id context", size))
        one = theme.request(
            f"ID Context of {size} bytes, option of 255 bytes",
            ["O-2-06", "O-3.3-05"],
            *names,
            get(tag),
            ["long-option"],
            ssn=ssn,
            kid_context=True,
        )
        assert len(option_of(one.wire)) == 255
        one.reject(
            "option-malformed",
            f"ID Context of {size} bytes, option one byte longer",
            ["O-2-06"],
            ["long-option"],
            lambda wire: rewrite(wire, option=option_of(wire) + b"\0"),
        )


# ---- numbers ----


def numbers():
    theme = Theme("oscore", "numbers", 2001)
    names = oscore_pair(theme, "count", b"\x0c", b"\x5e\x01")
    requests = {}
    for number in PIVS:
        one = theme.request(
            f"Partial IV {number} in a request", ["O-5-03", "O-5.2-01"], *names, get(f"n{number}"), ["partial-iv"], ssn=number
        )
        requests[number] = one
        reply = answer(f"n{number}")
        theme.response(
            f"response with the nonce of request {number}", ["O-5.2-02", "O-5.4-03"], one, reply, ["partial-iv"], ssn=9
        )
        theme.response(
            f"Partial IV {number} in a response",
            ["O-5.2-02", "O-8.3-02"],
            requests[1] if number else requests[0],
            answer(f"n{1 if number else 0}", token=coap.parse(requests[1 if number else 0].params.plain).token),
            ["partial-iv"],
            own_partial_iv=True,
            ssn=number,
        )
    _exhausted(theme, requests)
    _padded(theme, requests)
    _wrong_nonces(theme, requests)
    return theme


def _exhausted(theme, requests):
    last = requests[2**40 - 1]
    last.refuse("ssn-exhausted", "no Partial IV behind 2^40-1: request", ["O-7.2.1-01", "O-7.2.1-02"], ["ssn-wraps"], ssn=2**40)
    plain = answer(f"n{2**40 - 1}")
    own = theme.response(
        "the last Partial IV in a response", ["O-7.2.1-01"], last, plain, ["ssn-wraps"], own_partial_iv=True, ssn=2**40 - 1
    )
    own.refuse("ssn-exhausted", "no Partial IV behind 2^40-1: response", ["O-7.2.1-02"], ["ssn-wraps"], ssn=2**40)
    theme.response(
        "a response with the nonce of the request needs no number",
        ["O-8.3-03"],
        last,
        plain,
        ["ssn-wraps"],
        own_partial_iv=False,
        ssn=2**40,
    )


def _padded(theme, requests):
    padded = ["O-5-04"]
    for number, size in ((0, 2), (0, 5), (1, 2), (255, 3), (256, 4), (65536, 5)):
        wide = number.to_bytes(size, "big")
        requests[number].reject(
            "decryption-failed",
            f"Partial IV {number} padded to {size} bytes on the way",
            padded,
            ["padded-partial-iv"],
            _with_option(partial_iv=wide),
        )
        theme.request(
            f"Partial IV {number} sent with {size} bytes, and so in the AAD",
            padded,
            requests[number].params.sender,
            requests[number].params.receiver,
            requests[number].params.plain,
            ["padded-partial-iv"],
            ssn=number,
            opened=requests[number].params.plain,
            faults=_faults(
                option_fields=lambda option, trace, wide=wide: replace(option, partial_iv=wide),
                aad_array=lambda array, trace, wide=wide: array[:3] + [wide] + array[4:],
            ),
        )
    for number in (256, 65536, 2**24):
        short = number.to_bytes(5, "big").strip(b"\0")
        requests[number].reject(
            "decryption-failed",
            f"Partial IV {number} with its zero bytes at the end dropped",
            ["O-5-03"],
            ["partial-iv-cut"],
            _with_option(partial_iv=short),
        )
    zero = requests[0]
    zero.reject(
        "partial-iv-missing", "Partial IV 0 sent as none", ["O-5-03", "O-5-07"], ["partial-iv-cut"], _with_option(partial_iv=None)
    )
    own = theme.response(
        "response to be padded", ["O-8.3-02"], zero, answer("n0"), ["padded-partial-iv"], own_partial_iv=True, ssn=7
    )
    for size in range(2, 6):
        theme.response(
            f"nothing covers the Partial IV of a response: 7 padded to {size} bytes opens",
            ["O-5-05"],
            zero,
            answer("n0"),
            ["padded-partial-iv"],
            own_partial_iv=True,
            ssn=7,
            wire=_with_option(partial_iv=(7).to_bytes(size, "big")),
            opened=answer("n0"),
        )
    for what, wrong in (("8", b"\x08"), ("0700", b"\x07\x00"), ("none", None)):
        own.reject(
            "decryption-failed",
            f"Partial IV 7 of a response changed to {what}",
            ["O-5.2-02"],
            ["response-nonce"],
            _with_option(partial_iv=wrong),
        )


def _faults(**bends):
    from endpoint import Faults

    return Faults(**bends)


def _nonce_of(common_iv, size, identifier, piv):
    """A nonce from fields that need not be those of the text."""
    partial = size + identifier.ljust(7, b"\0") + piv.ljust(5, b"\0")
    return bytes(a ^ b for a, b in zip(partial, common_iv))


def _wrong_nonces(theme, requests):
    case = requests[256]
    from endpoint import security

    client = security(theme.contexts[case.params.sender])
    server = security(theme.contexts[case.params.receiver])
    iv, cid, sid = client.keys.common_iv, client.sender_id, server.sender_id
    right_id, right_piv = cid.rjust(7, b"\0"), (256).to_bytes(5, "big")
    bad = {
        "identifier padded on the right": _nonce_of(iv, b"\x01", cid, right_piv),
        "Partial IV padded on the right": _nonce_of(iv, b"\x01", right_id, b"\x01"),
        "no size byte": _nonce_of(iv, b"\x00", right_id, right_piv),
        "size byte 7": _nonce_of(iv, b"\x07", right_id, right_piv),
        "Recipient ID as identifier": _nonce_of(iv, b"\x02", sid.rjust(7, b"\0"), right_piv),
        "no Common IV": bytes(b"\x01" + right_id + right_piv),
        "Partial IV 1 in place of 256": _nonce_of(iv, b"\x01", right_id, (1).to_bytes(5, "big")),
    }
    for what, nonce in bad.items():
        case.reject(
            "decryption-failed", f"nonce of a request: {what}", ["O-5.2-01"], ["nonce"], nonce=lambda old, trace, n=nonce: n
        )
    own = theme.response(
        "response to request 256, with Partial IV",
        ["O-5.2-02"],
        case,
        answer("n256"),
        ["response-nonce"],
        own_partial_iv=True,
        ssn=3,
    )
    sid_right, three = sid.rjust(7, b"\0"), (3).to_bytes(5, "big")
    bad = {
        "nonce of the request": _nonce_of(iv, b"\x01", right_id, right_piv),
        "ID of the client": _nonce_of(iv, b"\x01", right_id, three),
        "Partial IV of the request": _nonce_of(iv, b"\x02", sid_right, right_piv),
        "identifier padded on the right": _nonce_of(iv, b"\x02", sid, three),
        "size byte of the client's ID": _nonce_of(iv, b"\x01", sid_right, three),
    }
    for what, nonce in bad.items():
        own.reject(
            "decryption-failed",
            f"nonce of a response with Partial IV: {what}",
            ["O-5.2-02"],
            ["response-nonce"],
            nonce=lambda old, trace, n=nonce: n,
        )
    bare = theme.response(
        "response to request 256, without Partial IV", ["O-5.2-02"], case, answer("n256"), ["response-nonce"], ssn=3
    )
    bad = {
        "ID of the server": _nonce_of(iv, b"\x02", sid_right, right_piv),
        "number of the server": _nonce_of(iv, b"\x02", sid_right, three),
        "Partial IV 0": _nonce_of(iv, b"\x01", right_id, bytes(5)),
    }
    for what, nonce in bad.items():
        bare.reject(
            "decryption-failed",
            f"nonce of a response without Partial IV: {what}",
            ["O-5.2-02"],
            ["response-nonce"],
            nonce=lambda old, trace, n=nonce: n,
        )


# ---- options ----

E_OPTIONS = {1: b"\x7b", 4: b"\x2b", 5: b"", 8: b"loc", 11: b"light", 12: b"\x3c", 15: b"first=1", 17: b"\x00", 20: b"q=2"}
U_OPTIONS = {3: b"lamp.example", 7: b"\x16\x33", 16: b"\x0a", 21: b"", 39: b"coap"}
EU_OPTIONS = {
    14: b"\x05",
    19: b"\x0e",
    23: b"\x16",
    27: b"\x0e",
    28: b"\x04\x00",
    31: b"\x1e",
    60: b"\x02\x00",
    252: b"echo-val",
    258: b"\x1a",
    292: b"\x01",
}
CLASS_REQ = {1: "01", 4: "02", 5: "03", 8: "04", 11: "05", 12: "06", 15: "07", 17: "08", 20: "09"}
U_REQ = {3: "O-4.1.2-01", 7: "O-4.1.2-02", 35: "O-4.1.2-03", 39: "O-4.1.2-04", 16: "O-4.1.2-05", 21: "O-4.1.2-05"}


def options():
    theme = Theme("oscore", "options", 2501)
    names = oscore_pair(theme, "opt", b"\x0a\x0b", b"\x5e", id_context=b"\x01\x02\x03")
    how = {"kid_context": True, "ssn": 40}
    _inner_options(theme, names, how)
    _outer_options(theme, names, how)
    _proxy_uri(theme, names, how)
    _observe(theme, names, how)
    _payloads(theme, names, how)
    _faulty_plaintexts(theme, names, how)
    return theme


def _inner_options(theme, names, how):
    for number, value in E_OPTIONS.items():
        plain = message(POST, (number, value), payload=b"x", name=f"e{number}")
        case = theme.request(
            f"option {number}, class E, in a request",
            [f"O-4.1.1-{CLASS_REQ[number]}", "O-4.1.1-10"],
            *names,
            plain,
            ["class-e-outside"],
            opened=plain,
            **how,
        )
        assert not coap.parse(case.wire).has(number)
        reply = answer(f"e{number}", (number, value), token=coap.parse(plain).token)
        theme.response(
            f"option {number}, class E, in a response",
            [f"O-4.1.1-{CLASS_REQ[number]}"],
            case,
            reply,
            ["class-e-outside"],
            opened=reply,
        )
    for number, value in EU_OPTIONS.items():
        plain = message(POST, (number, value), payload=b"x", name=f"eu{number}")
        req = ["O-4.1-05"] if number in (252, 292) else ["O-4.1.3.6-01", "O-4.1-04"] if number == 258 else ["O-4.1-04"]
        theme.request(
            f"option {number}, class E and U, goes inside", req, *names, plain, ["class-e-outside"], opened=plain, **how
        )
    for number in (2, 10, 13, 31, 65, 267, 268, 269, 270, 524, 525, 2049, 4096, 65000, 65535):
        plain = message(POST, (number, b"u"), (number, b""), name=f"unknown{number}")
        theme.request(
            f"option {number}, unknown, twice: class E", ["O-4.1-01"], *names, plain, ["class-e-outside"], opened=plain, **how
        )
    for length in (0, 1, 12, 13, 14, 255, 268, 269, 270, 300):
        plain = message(POST, (11, b"a"), (15, pick("value", length)), (15, b""), payload=b"\xff", name=f"len{length}")
        theme.request(f"Inner option value of {length} bytes", ["O-5.3-01"], *names, plain, [], opened=plain, **how)
    everything = sorted({**E_OPTIONS, **U_OPTIONS, **EU_OPTIONS, 6: b""}.items())
    plain = message(FETCH, *everything, payload=b"all", name="everything")
    theme.request(
        "every option with a class of its own at once",
        ["O-4.1.2-05", "O-5.3-01"],
        *names,
        plain,
        ["class-u-inside"],
        opened=plain,
        **how,
    )


def _outer_options(theme, names, how):
    for number, value in U_OPTIONS.items():
        plain = message(PUT, *path("a", "b"), (number, value), payload=b"x", name=f"u{number}")
        case = theme.request(
            f"option {number}, class U, stays outside and is kept",
            [U_REQ[number]],
            *names,
            plain,
            ["class-u-inside"],
            opened=plain,
            **how,
        )
        assert coap.parse(case.wire).values(number) == [value] and number not in dict(
            coap.parse_options(case.sealed.trace["plaintext"][1:])[0]
        )
        theme.request(
            f"option {number}, class U, changed on the way: nothing protects it",
            [U_REQ[number], "O-4-03"],
            *names,
            plain,
            ["class-u-inside"],
            wire=lambda wire, n=number: rewrite(wire, drop=[n], add=[(n, b"other")]),
            **how,
        )
        theme.request(
            f"option {number}, class U, by a faulty sender inside: dropped",
            ["O-4.1.2-06"],
            *names,
            plain,
            ["class-u-inside"],
            opened=message(PUT, *path("a", "b"), payload=b"x", name=f"u{number}"),
            faults=_faults(
                outer_options=lambda old, trace, n=number: [o for o in old if o[0] != n],
                plaintext=lambda old, trace, n=number, v=value: old[:1] + coap.encode_options(path("a", "b") + [(n, v)], b"x"),
            ),
            **how,
        )
    plain = message(GET, *path("light"), (3, b"lamp.example"), name="outside")
    for number, value in {**E_OPTIONS, 11: b"heater", 2: b"\x01", 65: b"c", 2048: b"e"}.items():
        theme.request(
            f"option {number} added outside on the way: ignored",
            ["O-4.1-03", "O-8.2-01"],
            *names,
            plain,
            ["class-e-outside"],
            opened=plain,
            wire=lambda wire, n=number, v=value: rewrite(wire, add=[(n, v)]),
            **how,
        )
    for number, value in {**EU_OPTIONS, 6: b"\x00"}.items():
        theme.request(
            f"option {number}, class E and U, added outside on the way: ignored",
            ["O-4.1-04", "O-8.2-01"] if number != 258 else ["O-4.1.3.6-02"],
            *names,
            plain,
            ["class-e-outside"],
            opened=plain,
            wire=lambda wire, n=number, v=value: rewrite(wire, add=[(n, v)]),
            **how,
        )
    both = message(GET, *path("light"), (23, b"\x16"), (258, b"\x02"), name="both ways")
    theme.request(
        "Block2 and No-Response inside, others outside: the Inner ones count",
        ["O-4.1-04", "O-4.1.3.6-02"],
        *names,
        both,
        ["class-e-outside"],
        opened=both,
        wire=lambda wire: rewrite(wire, add=[(23, b"\x06"), (258, b"\x1a"), (11, b"heater")]),
        **how,
    )
    for code in (0x01, 0x03, 0x04, 0x05, 0x1F):
        theme.request(
            f"Outer Code 0x{code:02x} in a request is ignored",
            ["O-4.2-03"],
            *names,
            plain,
            ["outer-code"],
            opened=plain,
            wire=lambda wire, c=code: rewrite(wire, code=c),
            **how,
        )
    one = theme.request("request whose Outer Code is changed", ["O-4.2-02"], *names, plain, ["outer-code"], opened=plain, **how)
    assert coap.parse(one.wire).code == POST
    reply = message(CONTENT, (14, b"\x05"), (4, b"\x2b"), payload=b"on", name="outside")
    good = theme.response(
        "response with Max-Age and ETag inside", ["O-4.1.3.1-01"], one, reply, ["class-e-outside"], opened=reply
    )
    assert coap.parse(good.wire).code == CHANGED
    for code in (0x41, 0x45, 0x80, 0xA5):
        theme.response(
            f"Outer Code 0x{code:02x} in a response is ignored",
            ["O-4.2-03"],
            one,
            reply,
            ["outer-code"],
            opened=reply,
            wire=lambda wire, c=code: rewrite(wire, code=c),
        )
    for number, value in {14: b"\x00", 4: b"\x99", 6: b"\x07", 8: b"away", 252: b"outer-echo"}.items():
        theme.response(
            f"option {number} added outside a response on the way: ignored",
            ["O-8.4-01"],
            one,
            reply,
            ["class-e-outside"],
            opened=reply,
            wire=lambda wire, n=number, v=value: rewrite(wire, add=[(n, v)]),
        )
    for code in (0x44, 0x45, 0x80, 0xE1):
        one.reject(
            "coap-malformed",
            f"request with Outer Code 0x{code:02x}",
            ["O-4.2-07"],
            ["outer-code"],
            lambda wire, c=code: rewrite(wire, code=c),
        )
    for code in (0x01, 0x02, 0x60, 0xC0, 0xE2):
        good.reject(
            "coap-malformed",
            f"response with Outer Code 0x{code:02x}",
            ["O-4.2-07"],
            ["outer-code"],
            lambda wire, c=code: rewrite(wire, code=c),
        )
    for type_, token in ((0, b""), (1, b"\x01"), (2, pick("token", 8)), (3, b"\0\0")):
        plain = message(GET, *path("h"), type=type_, token=token, mid=0xFFFF * (type_ % 2), name="header")
        theme.request(
            f"type {type_} and a Token of {len(token)} bytes pass through", ["O-4.2-04"], *names, plain, [], opened=plain, **how
        )


def _proxy_uri(theme, names, how):
    table = {
        b"coap://lamp.example": (b"coap://lamp.example", []),
        b"coap://lamp.example/": (b"coap://lamp.example", []),
        b"coap://lamp.example/light?first=1": (b"coap://lamp.example", [(11, b"light"), (15, b"first=1")]),
        b"coap://[2001:db8::1]:61616/a/b/?x&y=%20z": (
            b"coap://[2001:db8::1]:61616",
            [(11, b"a"), (11, b"b"), (11, b""), (15, b"x"), (15, b"y= z")],
        ),
        b"coaps://h:5684/%C3%A4%2F%3f": (b"coaps://h:5684", [(11, b"\xc3\xa4/?")]),
        b"http://h/~a//b": (b"http://h", [(11, b"~a"), (11, b""), (11, b"b")]),
        b"coap://h?q": (b"coap://h", [(15, b"q")]),
    }
    case = None
    for uri, (outer, inner) in table.items():
        plain = message(GET, (35, uri), name=f"proxy{len(uri)}")
        opened = message(GET, (35, outer), *inner, name=f"proxy{len(uri)}")
        case = theme.request(
            f"Proxy-Uri {uri.decode()}", ["O-4.1.3.3-01", "O-4.1.3.3-02"], *names, plain, ["proxy-uri"], opened=opened, **how
        )
        assert coap.parse(case.wire).values(35) == [outer]
    for uri in (b"lamp.example/light", b"coap:lamp", b"coap://h/a#b", b"coap://h/%", b"coap://h/%2", b"coap://h/%zz", b""):
        case.refuse(
            "coap-malformed",
            f"Proxy-Uri {uri.decode() or '(empty)'} cannot be split",
            ["O-4.1.3.3-01"],
            ["proxy-uri"],
            plain=message(GET, (35, uri), name=f"bad-proxy{len(uri)}"),
        )
    case.refuse(
        "coap-malformed",
        "Proxy-Uri twice",
        ["O-4.1.3.3-01"],
        ["proxy-uri"],
        plain=message(GET, (35, b"coap://h"), (35, b"coap://i"), name="two"),
    )


def _observe(theme, names, how):
    for value, what in ((b"", "registration"), (b"\x01", "cancellation")):
        plain = message(GET, (6, value), *path("temp"), name=f"observe {what}")
        case = theme.request(
            f"Observe {what}: the same value inside and outside",
            ["O-4.1.3.5-01", "O-4.1.3.5.1-01", "O-4.1.3.5-05"],
            *names,
            plain,
            ["observe"],
            opened=plain,
            **how,
        )
        outer = coap.parse(case.wire)
        assert outer.code == FETCH and outer.values(6) == [value]
        for outside, wire in (
            ("removed", lambda wire: rewrite(wire, drop=[6])),
            ("changed", lambda wire, v=value: rewrite(wire, drop=[6], add=[(6, b"" if v else b"\x01")])),
        ):
            theme.request(
                f"Observe {what}: Outer Observe {outside} on the way, the Inner one counts",
                ["O-4.1.3.5.1-04"],
                *names,
                plain,
                ["observe"],
                opened=plain,
                wire=wire,
                **how,
            )
        ordinary = answer(f"observe {what}")
        plain_reply = theme.response(
            f"Observe {what}: response without Observe",
            ["O-4.1.3.5.2-05", "O-4.2-02"],
            case,
            ordinary,
            ["observe"],
            opened=ordinary,
        )
        assert coap.parse(plain_reply.wire).code == CHANGED
        if value == b"":
            _notifications(theme, case, what)
        else:
            _unasked(plain_reply, "cancellation")
    plain = get("no observe")
    case = theme.request("request without Observe", ["O-4.2-02"], *names, plain, ["observe"], **how)
    _unasked(theme.response("its response", ["O-4.2-02"], case, answer("no observe"), ["observe"]), "request without Observe")
    for code in (CHANGED, NOT_FOUND, FAILED):
        reply = answer("no observe", code=code, payload=None)
        theme.response(
            f"response code {code >> 5}.{code & 31:02} inside, without payload",
            ["O-4.2-01", "O-8.3-01"],
            case,
            reply,
            ["outer-code"],
            opened=reply,
        )


def _notifications(theme, case, what):
    for value, own, ssn in ((b"\x05", False, 0), (b"\x05", True, 0), (b"\x01\x02\x03", True, 77), (b"", True, 2**32)):
        plain = answer(f"observe {what}", (6, value))
        reply = theme.response(
            f"notification with Outer Observe {value.hex() or 'empty'}, {'own Partial IV' if own else 'nonce of the registration'}",
            ["O-4.1.3.5.2-03", "O-4.1.3.5-05", "O-8.3.1-01"],
            case,
            plain,
            ["observe"],
            own_partial_iv=own,
            ssn=ssn,
            opened=answer(f"observe {what}", (6, b"")),
        )
        assert coap.parse(reply.wire).code == CONTENT and coap.parse(reply.wire).values(6) == [value]
    for outside, wire in (
        ("removed", lambda wire: rewrite(wire, drop=[6])),
        ("changed", lambda wire: rewrite(wire, drop=[6], add=[(6, b"\xff\xff\xff")])),
    ):
        theme.response(
            f"notification with Outer Observe {outside} on the way",
            ["O-4.1.3.5.2-04"],
            case,
            answer(f"observe {what}", (6, b"\x05")),
            ["observe"],
            own_partial_iv=True,
            ssn=6,
            wire=wire,
            opened=answer(f"observe {what}", (6, b"")),
        )


def _unasked(reply, what):
    reply.reject(
        "inner-observe",
        f"Inner Observe in the response to a {what}",
        ["O-4.1.3.5.2-06"],
        ["observe"],
        plaintext=lambda old, trace: old[:1] + coap.encode_options([(6, b"")], b"on"),
    )


def _payloads(theme, names, how):
    for length in (0, 1, 2, 11, 12, 13, 14, 15, 16, 17, 31, 32, 63, 64, 127, 128, 254, 255, 256, 511, 512, 1023, 1024):
        plain = message(PUT, *path("store"), payload=pick(f"payload {length}", length) or None, name=f"payload {length}")
        case = theme.request(f"payload of {length} bytes", ["O-4.2-05", "O-6.2-01"], *names, plain, [], opened=plain, **how)
        if length in (0, 1, 12, 64, 1024):
            reply = answer(f"payload {length}", payload=pick(f"reply {length}", length) or None)
            theme.response(f"payload of {length} bytes in a response", ["O-4.2-05", "O-6.2-01"], case, reply, [], opened=reply)
    plain = message(GET, name="bare")
    case = theme.request(
        "nothing but a code: plaintext of one byte", ["O-5.3-01"], *names, plain, ["payload-short"], opened=plain, **how
    )
    reply = message(CHANGED, name="bare")
    theme.response(
        "nothing but a code: plaintext of one byte, response", ["O-5.3-01"], case, reply, ["payload-short"], opened=reply
    )


def _faulty_plaintexts(theme, names, how):
    plain = message(PUT, *path("light"), payload=b"on", name="inner")
    case = theme.request("request whose plaintext is bent", ["O-5.3-01"], *names, plain, ["inner-malformed"], opened=plain, **how)
    reply = answer("inner")
    back = theme.response("response whose plaintext is bent", ["O-5.3-01"], case, reply, ["inner-malformed"], opened=reply)
    shapes = {
        "marker without payload": b"\xff",
        "cut option": b"\xb5lig",
        "option head 15 in the length": b"\xbf\x01",
        "option head 15 in the delta": b"\xf1\x01",
        "option head cut behind 13": b"\xd0",
        "option head cut behind 14": b"\xe0\x01",
        "length head cut": b"\x0d",
        "options beyond 65535": b"\xe0\xff\xff\xe0\xff\xff",
        "marker without payload behind options": b"\xb1a\xff",
    }
    for what, tail in shapes.items():
        case.reject(
            "inner-malformed",
            f"request, plaintext with {what}",
            ["O-5.3-02"],
            ["inner-malformed"],
            plaintext=lambda old, t, tail=tail: old[:1] + tail,
        )
        back.reject(
            "inner-malformed",
            f"response, plaintext with {what}",
            ["O-5.3-02"],
            ["inner-malformed"],
            plaintext=lambda old, t, tail=tail: old[:1] + tail,
        )
    for code in (0x00, 0x45, 0x80, 0x60, 0xE1, 0xFF):
        case.reject(
            "inner-malformed",
            f"request with Inner Code 0x{code:02x}",
            ["O-4.2-07"],
            ["inner-code"],
            plaintext=lambda old, t, c=code: bytes([c]) + old[1:],
        )
    for code in (0x00, 0x01, 0x1F, 0x60, 0xC0, 0xE2):
        back.reject(
            "inner-malformed",
            f"response with Inner Code 0x{code:02x}",
            ["O-4.2-07"],
            ["inner-code"],
            plaintext=lambda old, t, c=code: bytes([c]) + old[1:],
        )
    for kind, one in (("request", case), ("response", back)):
        for value in (b"", b"\x09\x00"):
            one.reject(
                "inner-malformed",
                f"{kind} with OSCORE option {value.hex() or 'empty'} inside",
                ["O-4.1.3.7-02"],
                ["nested"],
                plaintext=lambda old, t, v=value: old[:1] + coap.encode_options([(9, v)], b"on"),
            )
        one.refuse(
            "already-protected",
            f"{kind} that has an OSCORE option already",
            ["O-4.1.3.7-01"],
            ["nested"],
            plain=coap.encode(replace(coap.parse(one.params.plain), options=[(9, b"")])),
        )
    case.refuse("coap-malformed", "a response is no request to protect", ["O-4.2-07"], ["inner-code"], plain=reply)
    case.refuse("coap-malformed", "an Empty message is not protected", ["O-4.2-06"], ["inner-code"], plain=b"\x40\x00\x12\x34")
    back.refuse("coap-malformed", "a request is no response to protect", ["O-4.2-07"], ["inner-code"], plain=plain)


# ---- what must not pass ----


def refusals():
    theme = Theme("oscore", "refusals", 3001)
    names = oscore_pair(theme, "guard", b"\x0c\x0d", b"\x5e", id_context=b"\xee\x01")
    other = oscore_pair(theme, "other", b"\x0c\x0d", b"\x5e", id_context=b"\xee\x02")
    plain = message(PUT, *path("lock"), payload=b"open", name="guard", token=b"\x77\x01")
    case = theme.request("request that is bent below", ["O-8.2-07"], *names, plain, [], ssn=0x1234, kid_context=True)
    reply = answer("guard", code=CHANGED, token=b"\x77\x01")
    bare = theme.response("response that is bent below", ["O-8.4-05"], case, reply, [])
    own = theme.response("response with Partial IV that is bent below", ["O-8.4-05"], case, reply, [], own_partial_iv=True, ssn=5)
    _associated_data(case, bare, own)
    _wrong_keys(theme, case, bare, own)
    _options(theme, case, bare, own)
    _frames(case, bare, own)
    _bindings(theme, names, other, case, bare, own)
    _sealing(theme, names, case, bare)
    return theme


def _associated_data(case, bare, own):
    def element(at, value):
        return lambda array, trace: array[:at] + [value] + array[at + 1 :]

    common = {
        "oscore_version 0": element(0, 0),
        "oscore_version 2": element(0, 2),
        "another algorithm": element(1, [11]),
        "algorithm as number, not array": element(1, 10),
        "two algorithms": element(1, [10, -8]),
        "four algorithms": element(1, [10, None, None, None]),
        "request_kid empty": element(2, b""),
        "request_kid cut": element(2, b"\x0c"),
        "request_kid and request_piv exchanged": lambda array, trace: array[:2] + [array[3], array[2]] + array[4:],
        "request_piv padded": element(3, b"\x00\x12\x34"),
        "request_piv as number": element(3, 0x1234),
        "request_piv empty": element(3, b""),
        "Class I options not empty": element(4, b"\x3a"),
        "options null": element(4, None),
        "no options": lambda array, trace: array[:4],
        "kid context as sixth element": lambda array, trace: array + [b"\xee\x01"],
        "algorithm before version": lambda array, trace: [array[1], array[0]] + array[2:],
    }
    for one, kind, extra in (
        (case, "request", {}),
        (bare, "response", {"request_kid of the responder": element(2, b"\x5e"), "request_piv 00": element(3, b"\0")}),
        (
            own,
            "response with Partial IV",
            {"request_kid of the responder": element(2, b"\x5e"), "request_piv of the response": element(3, b"\x05")},
        ),
    ):
        for what, bend in {**common, **extra}.items():
            one.reject(
                "decryption-failed", f"AAD of a {kind}: {what}", ["O-5.4-01", "O-5.4-02", "O-5.4-03"], ["aad"], aad_array=bend
            )
        for what, bend in {
            "array not wrapped": lambda old, trace: old[: -len(trace["external_aad"]) - 1] + trace["external_aad"],
            "wrapped twice": lambda old, trace: prim.cbor(["Encrypt0", b"", prim.cbor(trace["external_aad"])]),
            "Encrypt": lambda old, trace: prim.cbor(["Encrypt", b"", trace["external_aad"]]),
            "protected header with an algorithm": lambda old, trace: prim.cbor(
                ["Encrypt0", b"\xa1\x01\x0a", trace["external_aad"]]
            ),
            "external_aad alone": lambda old, trace: trace["external_aad"],
            "none": lambda old, trace: b"",
        }.items():
            one.reject("decryption-failed", f"Enc_structure of a {kind}: {what}", ["O-5.4-01"], ["aad"], enc_structure=bend)


def _wrong_keys(theme, case, bare, own):
    from endpoint import security

    client = security(theme.contexts[case.params.sender])
    context = client.context
    secret, salt = bytes.fromhex(context["master_secret"]), bytes.fromhex(context["master_salt"])
    gid = bytes.fromhex(context["id_context"])

    def derived(identifier, salt=salt, secret=secret, info=None, length=16):
        info = prim.cbor([identifier, gid, 10, "Key", length]) if info is None else info
        return prim.hkdf(5, salt, secret, info, 16)

    for one, kind, mine, theirs in (
        (case, "request", b"\x0c\x0d", b"\x5e"),
        (bare, "response", b"\x5e", b"\x0c\x0d"),
        (own, "response with Partial IV", b"\x5e", b"\x0c\x0d"),
    ):
        bad = {
            "Recipient Key": derived(theirs),
            "salt and secret exchanged": derived(mine, salt=secret, secret=salt),
            "no salt": derived(mine, salt=b""),
            "id_context nil": derived(mine, info=prim.cbor([mine, None, 10, "Key", 16])),
            "type as byte string": derived(mine, info=prim.cbor([mine, gid, 10, b"Key", 16])),
            "type key in small letters": derived(mine, info=prim.cbor([mine, gid, 10, "key", 16])),
            "type with a zero byte behind": derived(mine, info=prim.cbor([mine, gid, 10, "Key\0", 16])),
            "algorithm 11": derived(mine, info=prim.cbor([mine, gid, 11, "Key", 16])),
            "L of 32": derived(mine, info=prim.cbor([mine, gid, 10, "Key", 32])),
            "HKDF SHA-512": prim.hkdf(7, salt, secret, prim.cbor([mine, gid, 10, "Key", 16]), 16),
            "expand only": prim.hkdf(5, secret, salt, prim.cbor([mine, gid, 10, "Key", 16]), 16)[::-1],
        }
        del bad["expand only"]
        for what, key in bad.items():
            one.reject(
                "decryption-failed",
                f"key of a {kind}: {what}",
                ["O-3.2.1-02"],
                ["key-derivation"],
                key=lambda old, trace, k=key: k,
            )


def _options(theme, case, bare, own):
    good = option_of(case.wire)
    malformed = {
        "bit 0x80": bytes([good[0] | 0x80]) + good[1:],
        "bit 0x40": bytes([good[0] | 0x40]) + good[1:],
        "bit 0x20, the Group Flag": bytes([good[0] | 0x20]) + good[1:],
        "n of 6": bytes([good[0] & 0xF8 | 6]) + good[1:],
        "n of 7": bytes([good[0] & 0xF8 | 7]) + good[1:],
        "cut in the Partial IV": good[:2],
        "cut before s": good[:3],
        "cut in the kid context": good[:5],
        "s beyond the end": good[:3] + b"\x20" + good[4:],
        "kid flag clear, kid there": bytes([good[0] & ~0x08]) + good[1:],
        "kid of 8 bytes": build(Option(False, b"\x12\x34", b"\xee\x01", None, bytes(8))),
        "Partial IV cut to nothing": good[:1],
        "kid context flag clear and kid flag clear": bytes([good[0] & ~0x18]) + good[1:],
        "256 bytes": good + bytes(256 - len(good)),
    }
    req = {"bit": "O-6.1-03", "n of": "O-6.1-04", "cut": "O-6.1-05", "s be": "O-6.1-06"}
    for what, value in malformed.items():
        found = next((req[start] for start in req if what.startswith(start)), "O-6.1-08")
        case.reject(
            "option-malformed",
            f"request, option with {what}",
            [found, "O-8.2-02"],
            ["option"],
            lambda wire, v=value: rewrite(wire, option=v),
        )
    missing = {
        "empty option": ("partial-iv-missing", b"", "O-6.1-10"),
        "lone zero byte": ("partial-iv-missing", b"\0", "O-6.1-09"),
        "kid but no Partial IV": ("partial-iv-missing", b"\x08\x0c\x0d", "O-5-07"),
        "kid context and kid, no Partial IV": ("partial-iv-missing", b"\x18\x02\xee\x01\x0c\x0d", "O-5-07"),
        "Partial IV but no kid": ("kid-missing", b"\x02\x12\x34", "O-5-09"),
        "Partial IV and kid context, no kid": ("kid-missing", b"\x12\x12\x34\x02\xee\x01", "O-5-09"),
    }
    for what, (reason, value, found) in missing.items():
        case.reject(reason, f"request, {what}", [found], ["option"], lambda wire, v=value: rewrite(wire, option=v))
    for what, value in {
        "bit 0x80": b"\x80",
        "bit 0x40": b"\x40",
        "bit 0x20": b"\x20",
        "n of 6": b"\x06" + bytes(6),
        "n of 7": b"\x07" + bytes(7),
        "cut Partial IV": b"\x02\x01",
        "h without s": b"\x10",
        "s beyond the end": b"\x10\x02\x01",
        "trailing byte": b"\x01\x05\x00",
        "lone zero byte and another": b"\0\0",
    }.items():
        bare.reject(
            "option-malformed",
            f"response, option with {what}",
            ["O-6.1-03" if "bit" in what else "O-6.1-08"],
            ["option"],
            lambda wire, v=value: rewrite(wire, option=v),
        )
    for what, value in {
        "a lone zero byte is no field": b"\0",
        "kid of the server": b"\x08\x5e",
        "kid of another": b"\x08\x99",
        "empty kid": b"\x08",
        "kid context": b"\x10\x02\xee\x01",
        "kid context of another": b"\x10\x01\x99",
        "kid context and kid": b"\x18\x00\x5e",
    }.items():
        theme.response(
            f"response, option with {what}: ignored",
            ["O-5-13", "O-6.1-09"],
            case,
            bare.params.plain,
            ["unasked-fields"],
            wire=lambda wire, v=value: rewrite(wire, option=v),
            opened=bare.params.plain,
        )
    for what, value in {"Partial IV added": b"\x01\x05", "Partial IV of the request added": b"\x02\x12\x34"}.items():
        bare.reject(
            "decryption-failed",
            f"response, {what}",
            ["O-5.2-02"],
            ["response-nonce"],
            lambda wire, v=value: rewrite(wire, option=v),
        )
    for bit in range(8):
        value = flip(good, 1, 1 << bit)
        case.reject(
            "decryption-failed",
            f"request, bit {bit} of the Partial IV flipped",
            ["O-5.4-03"],
            ["option"],
            lambda wire, v=value: rewrite(wire, option=v),
        )
    theme.request(
        "kid context taken off on the way: nothing covers it, the kid alone finds the context",
        ["O-5.1-01"],
        case.params.sender,
        case.params.receiver,
        case.params.plain,
        ["unasked-fields"],
        ssn=case.params.ssn,
        kid_context=True,
        wire=_with_option(kid_context=None),
        opened=case.params.plain,
    )


def _frames(case, bare, own):
    for one, kind, found in ((case, "request", "O-2-02"), (bare, "response", "O-2-02")):
        one.reject(
            "payload-missing",
            f"{kind} with option 9 but no payload",
            [found],
            ["payload-short"],
            lambda wire: rewrite(wire, payload=None),
        )
        one.reject(
            "option-repeated",
            f"{kind} with option 9 twice",
            ["O-2-05"],
            ["option"],
            lambda wire: rewrite(wire, add=[(9, option_of(wire))]),
        )
        one.reject(
            "option-repeated",
            f"{kind} with an empty second option 9",
            ["O-2-05"],
            ["option"],
            lambda wire: rewrite(wire, add=[(9, b"")]),
        )
        one.reject(
            "not-oscore",
            f"{kind} without option 9",
            ["O-2-04" if one is bare else "O-9-01"],
            ["unprotected"],
            lambda wire: rewrite(wire, drop=[9]),
        )
        one.reject(
            "not-oscore", f"{kind} in clear text", ["O-2-04" if one is bare else "O-9-01"], ["unprotected"], one.params.plain
        )
        for what, wire in {
            "cut in the header": lambda wire: wire[:3],
            "empty datagram": lambda wire: b"",
            "version 0": lambda wire: bytes([wire[0] & 0x3F]) + wire[1:],
            "version 2": lambda wire: bytes([wire[0] & 0x3F | 0x80]) + wire[1:],
            "Token length 9": lambda wire: bytes([wire[0] & 0xF0 | 9]) + wire[1:],
            "Token length 15": lambda wire: bytes([wire[0] | 15]) + wire[1:],
            "marker without payload": lambda wire: rewrite(wire, payload=None) + b"\xff",
            "cut option": lambda wire: rewrite(wire, payload=None)[:-1],
            "option head 15": lambda wire: rewrite(wire, payload=None) + b"\x0f\x00",
        }.items():
            if what == "cut option" and one is bare:
                continue
            one.reject("coap-malformed", f"{kind}: {what}", ["O-8.2-02" if one is case else "O-8.4-02"], ["frame"], wire)
    for length in range(1, 9):
        bare.reject(
            "payload-short",
            f"response with {length} bytes of payload",
            ["O-6.2-02"],
            ["payload-short"],
            lambda wire, n=length: rewrite(wire, payload=payload_of(wire)[:n]),
        )
    for one, kind in ((case, "request"), (own, "response")):
        for what, change in {
            "9 bytes left": lambda p: p[:9],
            "a byte more": lambda p: p + b"\0",
            "first byte gone": lambda p: p[1:],
            "payload reversed": lambda p: p[::-1],
            "tag of zeros": lambda p: p[:-8] + bytes(8),
            "tag first": lambda p: p[-8:] + p[:-8],
        }.items():
            one.reject(
                "decryption-failed",
                f"{kind}, {what}",
                ["O-6.2-01"],
                ["ciphertext-changed", "tag-cut"],
                lambda wire, c=change: rewrite(wire, payload=c(payload_of(wire))),
            )


def _bindings(theme, names, other, case, bare, own):
    twin = message(PUT, *path("lock"), payload=b"open", name="guard", token=b"\x77\x01", mid=1)
    second = theme.request(
        "another request with the same Token", ["O-7.1-01"], *names, twin, ["response-binding"], ssn=0x1235, kid_context=True
    )
    for one, kind in ((bare, "response"), (own, "response with Partial IV")):
        one.reject(
            "decryption-failed",
            f"{kind} to another request with the same Token",
            ["O-7.1-01", "O-5.4-03"],
            ["response-binding"],
            request=second.wire,
        )
        one.reject(
            "token-mismatch", f"{kind} with another Token", ["O-8-01"], ["token"], lambda wire: rewrite(wire, token=b"\x77\x02")
        )
        one.reject(
            "token-mismatch",
            f"{kind} with a Token cut by a byte",
            ["O-8-01"],
            ["token"],
            lambda wire: rewrite(wire, token=b"\x77"),
        )
        one.reject("token-mismatch", f"{kind} without Token", ["O-8-01"], ["token"], lambda wire: rewrite(wire, token=b""))
    bare.reject(
        "decryption-failed",
        "request thrown back as a response",
        ["O-3.1-01", "O-8.4-03"],
        ["reflection"],
        rewrite(case.wire, code=CHANGED),
    )
    bare.reject(
        "decryption-failed",
        "request thrown back as a response without its fields",
        ["O-3.1-01"],
        ["reflection"],
        rewrite(case.wire, code=CHANGED, option=b""),
    )
    swapped = theme.request(
        "request the other way round",
        ["O-3.1-01", "O-3.1-02"],
        names[1],
        names[0],
        plain := message(GET, *path("x"), name="back"),
        [],
        ssn=3,
        kid_context=True,
    )
    swapped.reject(
        "context-not-found",
        "own request thrown back",
        ["O-3.1-01"],
        ["reflection"],
        Endpoint(theme.contexts[names[0]]).seal_request(plain).message,
    )
    case.reject(
        "context-not-found", "same kid, context of another ID Context", ["O-5-12"], ["kid-context-ignored"], receiver=other[1]
    )
    case.reject(
        "decryption-failed",
        "same kid, another Master Secret, kid context not shown",
        ["O-8.2-05"],
        ["key-derivation"],
        _with_option(kid_context=None),
        receiver=other[1],
    )


def _sealing(theme, names, case, bare):
    fresh = dict(theme.contexts[names[1]], windows="invalid")
    name = theme.context("guard-server-lost", fresh)
    case.reject(
        "echo-required", "verified, but the window is of lost state", ["O-7.5-02", "O-B.1.2-01"], ["lost-window"], receiver=name
    )
    policy = theme.context("guard-server-fresh", dict(theme.contexts[names[1]], freshness_ms=1000))
    case.reject(
        "echo-required",
        "verified, but the server asks for freshness first",
        ["E-2.3-02", "E-2.3-03"],
        ["lost-window"],
        receiver=policy,
    )
    with_echo = theme.request(
        "request with an Inner Echo nobody asked for",
        ["E-2.3-11", "O-4.1-05"],
        *names,
        message(GET, (252, b"12345678"), name="echo"),
        [],
        ssn=8,
        kid_context=True,
    )
    with_echo.reject(
        "echo-required", "an Echo value that was never given opens no window", ["O-B.1.2-04"], ["lost-window"], receiver=name
    )


def themes():
    return [algorithms(), identifiers(), numbers(), options(), refusals()]
