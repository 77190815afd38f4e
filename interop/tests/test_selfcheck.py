#!/usr/bin/env python3
"""selfcheck passes what is right and names what is wrong. `test_selfcheck.py MUSTER-PEER [CC]`; prints TAP.

Each wrong adapter is skeleton.py, or a filter around muster-peer, with one fault.
SPDX-License-Identifier: BSD-2-Clause
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

INTEROP = pathlib.Path(__file__).resolve().parent.parent
PEER = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/debug/muster-peer")
CC = sys.argv[2] if len(sys.argv) > 2 else "cc"
done = {"n": 0, "failed": 0}

# name, text of skeleton.py, what stands there instead, what selfcheck must say
FAULTS = [
    ("nonsense is answered with ok", 'return {"unsupported": str(op)}', 'return {"ok": True}', "a nonsense operation"),
    ("unsupported names another operation", '{"unsupported": str(op)}', '{"unsupported": "dance"}', "must name the operation"),
    ("a key of hello is missing", '"version": "1", ', "", "\"version\" is missing"),
    ("hello has a key too many", '"version": "1"', '"version": "1", "colour": "red"', "colour"),
    ("another protocol", '"protocol": 1', '"protocol": 2', "protocol"),
    ("a port that is none", '["stdio"]', '["tcp"]', "ports"),
    ("unknown keys are ignored", "if not must <= keys <= must | may:", "if not must <= keys:", "an unknown key is an error"),
    ("the id is left out", 'dict({"id": request["id"]}, **operate(request))', "operate(request)", "id"),
    ("every line is answered twice", 'say(dict({"id": request["id"]}, **operate(request)))',
     'say(dict({"id": request["id"]}, **operate(request)))\n        say(dict({"id": request["id"]}, **operate(request)))', "expected the answer with id"),
    ("a line that is no JSON", 'sys.stdout.write(json.dumps(line) + "\\n")', 'sys.stdout.write("hello\\n" + json.dumps(line) + "\\n")', "no JSON"),
    ("an event that is none", 'say({"event": "datagram",', 'say({"event": "dance"})\n        say({"event": "datagram",', "event_dance"),
    ("upper-case hex", '"data": answer.hex()', '"data": answer.hex().upper()', "data"),
    ("garbage ends it", 'say({"id": None, "error": str(why)})', "return 1", "ended with status 1"),
    ("garbage is not answered", 'say({"id": None, "error": str(why)})', "pass", "gives no answer"),
    ("datagrams are refused", 'return {"next_ms": None}\n\n\ndef tick', 'raise ValueError("no")\n\n\ndef tick', "any datagram is taken"),
    ("next_ms is missing", 'return {"next_ms": None}\n\n\n# ---- STACK: end', 'return {}\n\n\n# ---- STACK: end', "next_ms"),
    ("it outlives its input", "return 0 if len(line) <= LINE_MAX else 1", "import time; time.sleep(60)", "does not end"),
    ("it ends with status 1", "return 0 if len(line) <= LINE_MAX else 1", "return 1", "expected status 0"),
    ("quit is no success", '"quit": (lambda _: {}', '"quit": (lambda _: {"x": 1}', "answer_quit"),
]

# name, filter of the lines of muster-peer (Python, over `line`), what selfcheck must say
FILTERS = [
    ("errors become ok", 'line = re.sub(r\'"error":".*"\', \'"ok":true\', line)', "refuses"),
    ("nothing goes on the wire", 'line = "" if \'"event":"datagram"\' in line else line', "one datagram"),
    ("everything is delivered", 'line = \'{"event":"delivered","group":"g","kid":"52","mode":null,"partial_iv":"00","multicast":false,'
     '"from":"[fd00::2]:5683","method":"GET","path":"/","payload":null,"options":[]}\\n\' + line if "coap-malformed" in line else line', "never delivered"),
    ("the Token is another", 'line = re.sub(r\'"token":"..\', \'"token":"00\', line)', "names the Token"),
    ("from another address", 'line = line.replace(\'"from":"[fd00::1]\', \'"from":"[fd00::7]\')', "from the peer's address"),
    ("finish is not told", 'line = "" if \'"event":"closed"\' in line else line', "finish is followed"),
    ("state without digest", 'line = re.sub(r\',"digest":"[0-9a-f]*"\', "", line)', "digest"),
]

RELAY = """import re, subprocess, sys, threading
peer = subprocess.Popen([{peer!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def feed():
    for line in sys.stdin.buffer:
        peer.stdin.write(line)
        peer.stdin.flush()
    peer.stdin.close()
threading.Thread(target=feed, daemon=True).start()
for line in peer.stdout:
    line = line.decode()
    {filter}
    sys.stdout.write(line)
    sys.stdout.flush()
sys.exit(peer.wait())
"""


def ok(good, text, why=""):
    done["n"] += 1
    done["failed"] += not good
    print("%sok %d - %s" % ("" if good else "not ", done["n"], text))
    for line in [] if good else why.splitlines()[-8:]:
        print("# " + line[:300])


def selfcheck(*command):
    made = subprocess.run([sys.executable, str(INTEROP / "selfcheck"), "--seconds", "3", "--", *command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    return made.returncode, made.stdout


def expect_wrong(directory, wrong):
    """(name, text of the adapter, what selfcheck must say) of each; some wait for a time limit, so several at a time."""
    def one(item):
        number, (_, text, _) = item
        path = pathlib.Path(directory) / ("adapter%d.py" % number)
        path.write_text(text)
        return selfcheck(sys.executable, str(path))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for (name, _, phrase), (status, said) in zip(wrong, pool.map(one, enumerate(wrong))):
            ok(status == 1 and phrase in said, "caught: " + name, "status %d\n%s" % (status, said))


def main():
    skeleton = (INTEROP / "skeleton.py").read_text()
    with tempfile.TemporaryDirectory() as directory:
        program = os.path.join(directory, "skeleton")
        built = subprocess.run([CC, "-std=c11", "-o", program, str(INTEROP / "skeleton.c"), "-ljansson"], capture_output=True, text=True, check=False)
        ok(built.returncode == 0, "skeleton.c builds with the line it names", built.stderr)
        for command in ([program], [sys.executable, str(INTEROP / "skeleton.py")], [PEER]):
            status, said = selfcheck(*command)
            ok(status == 0 and " 0 wrong" in said, "nothing wrong with " + os.path.basename(command[-1]), said)
        for name, old, _, _ in FAULTS:
            ok(old in skeleton, "there is a place for: " + name)
        wrong = [(name, skeleton.replace(old, new, 1), phrase) for name, old, new, phrase in FAULTS]
        wrong += [(name, RELAY.format(peer=PEER, filter=code), phrase) for name, code, phrase in FILTERS]
        expect_wrong(directory, wrong)
        status, said = selfcheck(os.path.join(directory, "nowhere"))
        ok(status == 2 and said.count("\n") == 1, "what cannot be started is told in a line, status 2", said)
    ok(subprocess.run([sys.executable, str(INTEROP / "selfcheck")], capture_output=True, check=False).returncode == 2, "no command is status 2")
    print("1..%d" % done["n"])
    return done["failed"] > 0


sys.exit(main())
