#!/usr/bin/env python3
"""skeleton: the least that speaks the peer protocol (PROTOCOL.md). Copy it and put your stack where it says STACK.

A plain CoAP server on port stdio: it answers GET /hello and has no OSCORE, so it lists no dialect and calls the rest
`unsupported`. `interop/selfcheck python3 interop/skeleton.py` finds nothing wrong with it.

SPDX-License-Identifier: BSD-2-Clause
"""

import json
import sys

LINE_MAX = 1048576
CON, NON, ACK, RST = range(4)
GET, CONTENT, BAD_OPTION, NOT_FOUND = 0x01, 0x45, 0x82, 0x84
KNOWN = {3, 7, 11, 15, 17}  # critical options that may be ignored or are understood here


class Refused(Exception):
    """An error in one line."""


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


# ---- STACK: from here to the next mark stands what your stack does ----

def options_of(data):
    """(number, value) of each option, and the payload; ValueError when it is no CoAP."""
    found, number = [], 0
    while data and data[0] != 0xff:
        sizes, data = [data[0] >> 4, data[0] & 15], data[1:]
        for i, size in enumerate(sizes):
            more = {13: 1, 14: 2}.get(size, 0)
            if size == 15 or len(data) < more:
                raise ValueError("option")
            if more:
                sizes[i], data = int.from_bytes(data[:more], "big") + (13 if more == 1 else 269), data[more:]
        if len(data) < sizes[1]:
            raise ValueError("option value")
        number += sizes[0]
        found.append((number, data[:sizes[1]]))
        data = data[sizes[1]:]
    if data == b"\xff":
        raise ValueError("no payload behind the marker")
    return found, data[1:]


def respond(data, multicast):
    """The datagram that answers a request, or None."""
    if len(data) < 4 or data[0] >> 6 != 1:
        return None
    kind, tkl, code, message_id = data[0] >> 4 & 3, data[0] & 15, data[1], data[2:4]
    reset = bytes([0x70, 0]) + message_id if kind == CON and not multicast else None
    try:
        if tkl > 8 or len(data) < 4 + tkl or (code == 0 and len(data) > 4):
            raise ValueError("header")
        options, _ = options_of(data[4 + tkl:])
    except ValueError:
        return reset
    if code == 0 or code >> 5:
        return reset if kind == CON else None
    if kind not in (CON, NON) or (multicast and kind == CON):
        return None
    path = [value for number, value in options if number == 11]
    answer, payload = NOT_FOUND, b""
    if any(number % 2 and number not in KNOWN for number, _ in options):
        answer = BAD_OPTION  # the OSCORE option is one of those
    elif code == GET and path == [b"hello"]:
        answer, payload = CONTENT, b"\xffhello"
    if multicast and answer != CONTENT:
        return None
    return bytes([0x40 | (ACK if kind == CON else NON) << 4 | tkl, answer]) + message_id + data[4:4 + tkl] + payload


def hello(_):
    return {"name": "skeleton", "version": "1", "protocol": 1, "ports": ["stdio"], "roles": ["server"], "dialects": [], "features": []}


def datagram(request):
    multicast = request["to"].startswith(("[ff", "224.", "239."))
    answer = respond(bytes.fromhex(request["data"]), multicast)
    if answer is not None and not multicast:  # without configure there is no unicast address to answer a group from
        say({"event": "datagram", "from": request["to"], "to": request["from"], "data": answer.hex()})
    return {"next_ms": None}


def tick(_):
    return {"next_ms": None}


# ---- STACK: end ----

# operation: function, keys it must have, keys it may have
OPERATIONS = {
    "hello": (hello, set(), {"port"}),
    "datagram": (datagram, {"from", "to", "data", "now_ms"}, set()),
    "tick": (tick, {"now_ms"}, set()),
    "quit": (lambda _: {}, set(), set()),
}


def parse(line):
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict) or type(request.get("id")) is not int or request["id"] < 0:
        raise Refused("expected a JSON object with an id")
    return request


def operate(request):
    op = request.get("op")
    if not isinstance(op, str) or op not in OPERATIONS:
        return {"unsupported": str(op)}
    call, must, may = OPERATIONS[op]
    keys = set(request) - {"id", "op"}
    if not must <= keys <= must | may:
        return {"error": "%s: expected the keys %s, found %s" % (op, sorted(must | may), sorted(keys))}
    try:
        return dict({"ok": True}, **call(request))
    except (ValueError, TypeError, AttributeError) as error:
        return {"error": "%s: %s" % (op, str(error).split("\n")[0])}


def main():
    while True:
        line = sys.stdin.buffer.readline(LINE_MAX + 1)
        if not line.endswith(b"\n"):
            return 0 if len(line) <= LINE_MAX else 1
        try:
            request = parse(line)
        except Refused as why:
            say({"id": None, "error": str(why)})
            continue
        say(dict({"id": request["id"]}, **operate(request)))
        if request.get("op") == "quit":
            return 0


sys.exit(main())
