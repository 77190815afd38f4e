#!/usr/bin/env python3
"""A peer whose words attack whoever reads the report: hostile.py KIND PEER. It passes everything on to the program PEER, but
names    its name and the notes and reasons it gives are markup, quotes and characters that turn the writing
bytes    a line of it is no UTF-8 and has control bytes, and so has its standard error
error    it refuses a datagram, with markup as its reason
payload  the payload that its application was given is markup
"""
import json
import subprocess
import sys

MARKUP = "<script>alert('x')</script>\"'&amp;]]><!-- </svg></details> \u202e\u2028 muster repro"


def changed(kind, op, line):
    value = json.loads(line)
    if kind == "names" and "dialects" in value:
        value["name"] = MARKUP.replace("\u2028", "")
    if kind == "names" and value.get("event") in ("delivered", "response"):
        print(json.dumps({"event": "note", "text": MARKUP.replace("\u2028", "")}), flush=True)
    if kind == "names" and value.get("event") == "rejected":
        value["reason"] = MARKUP
    if kind == "error" and op == "datagram":
        value = {"id": value["id"], "error": MARKUP} if "id" in value else value
    if kind == "payload" and value.get("event") == "delivered":
        value["payload"] = MARKUP.encode().hex()
    return json.dumps(value)


def main(kind, peer):
    child = subprocess.Popen([peer, "--lab"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in sys.stdin:
        request = json.loads(line)
        if kind == "bytes" and request["op"] == "datagram":
            for stream in (sys.stderr.buffer, sys.stdout.buffer):
                stream.write(b"\x1b[31m<b>\xff\xfe\xc3(\x00\x01\xed\xa0\x80</b>\"'&\n")
                stream.flush()
        child.stdin.write(line)
        child.stdin.flush()
        for answer in child.stdout:
            print(changed(kind, request["op"], answer), flush=True)
            if "id" in json.loads(answer):
                break
        if request["op"] == "quit":
            return child.wait()
    return 0


sys.exit(main(*sys.argv[1:]))
