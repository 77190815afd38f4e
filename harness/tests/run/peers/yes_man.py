#!/usr/bin/env python3
"""Peers that misbehave, one a word: yes-man (ok to everything), ok-but-nonsense (knows nonsense, says ok to the rest),
half-line, long-line, flood, late-crash, silent-after-hello, wrong-id, stray-event, invents (tells of requests that never were),
garbled (sends a datagram that is no CoAP), leaks (sends what is to be secret), from-group (sends from a group address), asan (writes
like a sanitizer), status (ends with status 5).
"""
import json
import sys
import time

HELLO = {
    "name": "bad", "version": "1", "protocol": 1, "ports": ["stdio"], "roles": ["client", "server", "silent"],
    "dialects": [
        {"dialect": d, "readings": ["CS5"], "modes": ["group", "pairwise"], "aead": [10, 11], "group_enc": [10],
         "signature": [-8, -7], "agreement": [-27], "hkdf": [5], "cred_formats": ["ccs"]}
        for d in ("oscore", "group-02", "group-28")],
    "features": ["observe", "rekey", "forget", "multicast", "state", "resources"],
}
DELIVERED = {"event": "delivered", "group": "g", "kid": "", "mode": "pairwise", "partial_iv": "00", "multicast": False,
             "from": "[fd00::2]:5683", "method": "GET", "path": "/hello", "payload": None, "options": []}
EXTRA = {"hello": HELLO, "send": {"token": "01"}, "configure": {"addresses": []}, "datagram": {"next_ms": None},
         "tick": {"next_ms": None}, "notify": {"n_observers": 0},
         "state": {"ssn": 0, "recipients": [], "digest": "00", "derivations": 1}}
# No CoAP; Uri-Path "hello" in clear; an empty message from a group address.
SENT = {"garbled": "ff00", "leaks": "50020001b568656c6c6f", "from-group": "70000001"}
SOURCES = {"from-group": "[ff15::c0:1]:5683"}


def put(value):
    print(json.dumps(value), flush=True)


def main(kind):
    for line in sys.stdin:
        request = json.loads(line)
        op, number = request["op"], request["id"]
        known = op in EXTRA or op in ("quit", "seed", "rekey", "forget", "join", "leave", "finish")
        if not known and kind != "yes-man":
            put({"id": number, "unsupported": op})
            continue
        if op == "configure" and kind == "half-line":
            sys.stdout.write('{"id": 4, "ok')
            sys.stdout.flush()
            return 0
        if op == "configure" and kind == "long-line":
            print("x" * (1 << 21), flush=True)
        if op == "configure" and kind == "flood":
            while True:
                put({"event": "note", "text": "x" * 60000})
        if op == "configure" and kind == "late-crash":
            return 3
        if op == "configure" and kind == "silent-after-hello":
            time.sleep(1000)
        if op == "configure" and kind == "wrong-id":
            put({"id": number + 7, "ok": True, "addresses": []})
        if op == "configure" and kind == "stray-event":
            put({"event": "applause", "text": "bravo"})
        if op == "datagram" and kind == "invents":
            put(DELIVERED)
        if op == "datagram" and kind in SENT:
            put({"event": "datagram", "from": SOURCES.get(kind, "[fd00::3]:5683"), "to": "[fd00::2]:5683", "data": SENT[kind]})
        if op == "quit" and kind == "asan":
            print("==1==ERROR: AddressSanitizer: heap-use-after-free", file=sys.stderr, flush=True)
        put({"id": number, "ok": True} | EXTRA.get(op, {}))
        if op == "quit":
            return 5 if kind == "status" else 0
    return 0


sys.exit(main(sys.argv[1]))
