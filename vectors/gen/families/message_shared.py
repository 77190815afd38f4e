"""Tables that the two group dialects share."""

import coap
from families.message_maker import flip, option_of, payload_of, rewrite


def bend(value):
    """A fault that puts `value` where another was."""
    return lambda old, trace: value


def element(at, value):
    """A fault that exchanges one element of the aad_array."""
    return lambda array, trace: array[:at] + [value] + array[at + 1 :]


def without(at):
    return lambda array, trace: array[:at] + array[at + 1 :]


def exchanged(one, other):
    def swap(array, trace):
        array = list(array)
        array[one], array[other] = array[other], array[one]
        return array

    return swap


def frames(one, kind, req, malformed_req, is_response):
    """What is refused before any cryptography, for a good message `one`."""
    one.reject(
        "payload-missing",
        f"{kind} with option 9 but no payload",
        [req["payload"]],
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
    one.reject("not-oscore", f"{kind} without option 9", [req["plain"]], ["unprotected"], lambda wire: rewrite(wire, drop=[9]))
    one.reject("not-oscore", f"{kind} in clear text", [req["plain"]], ["unprotected"], one.params.plain)
    for what, wire in {
        "cut in the header": lambda wire: wire[:3],
        "version 2": lambda wire: bytes([wire[0] & 0x3F | 0x80]) + wire[1:],
        "Token length 15": lambda wire: bytes([wire[0] | 15]) + wire[1:],
        "marker without payload": lambda wire: rewrite(wire, payload=None) + b"\xff",
    }.items():
        one.reject("coap-malformed", f"{kind}: {what}", [malformed_req], ["frame"], wire)
    code = 0x02 if is_response else 0x44
    one.reject(
        "coap-malformed",
        f"{kind} with Outer Code 0x{code:02x}",
        [malformed_req],
        ["outer-code"],
        lambda wire: rewrite(wire, code=code),
    )
    if is_response:
        one.reject(
            "token-mismatch",
            f"{kind} with another Token",
            [req["token"]],
            ["token"],
            lambda wire: rewrite(wire, token=b"\x01\x02\x03"),
        )


def tampered(one, kind, reason, req):
    """Bytes changed, added and taken away; `reason` is what the first cryptographic check says."""
    for what, change in {
        "first byte of the payload changed": lambda p: flip(p, 0),
        "last byte of the payload changed": lambda p: flip(p, -1),
        "a byte added": lambda p: p + b"\0",
        "last byte cut": lambda p: p[:-1],
        "first byte cut": lambda p: p[1:],
        "payload reversed": lambda p: p[::-1],
    }.items():
        one.reject(
            reason,
            f"{kind}: {what}",
            req,
            ["ciphertext-changed", "tag-cut"],
            lambda wire, c=change: rewrite(wire, payload=c(payload_of(wire))),
        )


def class_tests(theme, names, how, req):
    """A few options of every class, in and out, in a group."""
    from families.message_maker import message, path

    table = sorted(
        {
            1: b"\x7b",
            3: b"lamp.example",
            4: b"\x2b",
            7: b"\x16\x33",
            12: b"\x3c",
            14: b"\x05",
            15: b"a=b",
            16: b"\x0a",
            17: b"\x00",
            23: b"\x16",
            27: b"\x0e",
            39: b"coap",
            60: b"\x10",
            252: b"echo-val",
            258: b"\x02",
            292: b"\x01",
            2048: b"e",
        }.items()
    )
    plain = message(0x05, *table, *path("light"), payload=b"all", name="options of every class")
    case = theme.request(
        "options of every class at once", req, *names, plain, ["class-u-inside", "class-e-outside"], opened=plain, **how
    )
    outside = {number for number, _ in coap.parse(case.wire).options}
    assert outside == {3, 7, 9, 16, 39}, outside
    plain = message(0x01, (35, b"coap://lamp.example:61616/a/b?c=d"), name="proxy uri")
    opened = message(0x01, (35, b"coap://lamp.example:61616"), (11, b"a"), (11, b"b"), (15, b"c=d"), name="proxy uri")
    theme.request("Proxy-Uri is split", req, *names, plain, ["proxy-uri"], opened=opened, **how)
    plain = message(0x01, *path("light"), (3, b"lamp.example"), name="options outside")
    for number, value in {
        1: b"\x01",
        4: b"\x01",
        6: b"",
        11: b"heater",
        12: b"\x01",
        14: b"\0",
        15: b"x",
        23: b"\x06",
        252: b"outer",
        258: b"\x1a",
        2048: b"x",
    }.items():
        theme.request(
            f"option {number} added outside on the way: ignored",
            req,
            *names,
            plain,
            ["class-e-outside"],
            opened=plain,
            wire=lambda wire, n=number, v=value: rewrite(wire, add=[(n, v)]),
            **how,
        )
    theme.request(
        "Uri-Host changed on the way: nothing protects it",
        req,
        *names,
        plain,
        ["class-u-inside"],
        wire=lambda wire: rewrite(wire, drop=[3], add=[(3, b"x")]),
        **how,
    )
    return case


def observe_tests(theme, names, how, reply_how, req):
    """Registration, notifications, cancellation."""
    from families.message_maker import message, path

    for value, what in ((b"", "registration"), (b"\x01", "cancellation")):
        name = f"observe {what} {how.get('mode')}"
        plain = message(0x01, (6, value), *path("temp"), name=name)
        case = theme.request(f"Observe {what}", req, *names, plain, ["observe"], opened=plain, **how)
        assert coap.parse(case.wire).code == 0x05
        reply = theme.response(
            f"Observe {what}: response without Observe",
            req,
            case,
            message(0x45, payload=b"21", name=name),
            ["observe"],
            **reply_how,
        )
        assert coap.parse(reply.wire).code == 0x44
        if value:
            reply.reject(
                "inner-observe",
                "Inner Observe in the response to a cancellation",
                ["O-4.1.3.5.2-06"],
                ["observe"],
                plaintext=lambda old, trace: old[:1] + coap.encode_options([(6, b"")], b"on"),
            )
            continue
        plain = message(0x45, (6, b"\x05"), payload=b"21", name=name)
        opened = message(0x45, (6, b""), payload=b"21", name=name)
        for own in (False, True):
            first = theme.response(
                f"notification, {'own Partial IV' if own else 'nonce of the registration'}",
                req,
                case,
                plain,
                ["observe"],
                opened=opened,
                **{**reply_how, "own_partial_iv": own, "ssn": 77},
            )
            assert coap.parse(first.wire).code == 0x45


def inner_tests(one, kind, req, is_response):
    """Plaintexts that were protected correctly and are none."""
    for what, tail in {
        "marker without payload": b"\xff",
        "cut option": b"\xb5lig",
        "option head 15": b"\xbf\x01",
        "OSCORE option inside": b"\x90",
        "options beyond 65535": b"\xe0\xff\xff\xe0\xff\xff",
    }.items():
        flags = ["nested"] if "OSCORE" in what else ["inner-malformed"]
        one.reject(
            "inner-malformed", f"{kind}, plaintext with {what}", req, flags, plaintext=lambda old, t, tail=tail: old[:1] + tail
        )
    for code in (0x00, 0x01 if is_response else 0x45, 0x60, 0xE1):
        one.reject(
            "inner-malformed",
            f"{kind} with Inner Code 0x{code:02x}",
            ["O-4.2-07"],
            ["inner-code"],
            plaintext=lambda old, t, c=code: bytes([c]) + old[1:],
        )
