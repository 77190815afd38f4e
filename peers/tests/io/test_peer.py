#!/usr/bin/env python3
"""muster-peer as others see it: lines in, lines out, on both ports. `test_peer.py MUSTER-PEER`; prints TAP.

SPDX-License-Identifier: BSD-2-Clause
"""

import json
import os
import subprocess
import sys
import tempfile

import lab

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/debug/muster-peer"
DIALECTS = ("oscore", "group-02", "group-28")
LAMPS = ("lamp1", "lamp2", "lamp3")
done = {"n": 0, "failed": 0}


def ok(good, text, why=None):
    done["n"] += 1
    done["failed"] += not good
    print("%sok %d - %s" % ("" if good else "not ", done["n"], text))
    if not good and why is not None:
        print("# " + json.dumps(why)[:600])


def run(lines, *arguments):
    """Feeds bytes to a peer; status, answers."""
    made = subprocess.run([PROGRAM, *arguments], input=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    return made.returncode, [json.loads(line) for line in made.stdout.splitlines()], made.stderr


def test_lines():
    status, said, _ = run(b'{"id":1,"op":"hello"}\n{"id":2,"op":"quit"}\n')
    hello = said[0]
    ok(status == 0 and len(said) == 2 and said[1] == {"id": 2, "ok": True}, "quit ends it with status 0", said)
    ok(set(hello) == {"id", "ok", "name", "version", "protocol", "ports", "roles", "dialects", "features"} and
       hello["protocol"] == 1 and hello["ports"] == ["stdio", "udp"], "hello has its keys", hello)
    ok([one["dialect"] for one in hello["dialects"]] == list(DIALECTS), "hello names three dialects", hello)
    ok(run(b"")[0] == 0 and run(b'{"id":1,"op":"hel')[0:2] == (0, []), "standard input at its end ends it, also within a line")
    bad = {
        b'{"id":1,"op":"dance"}': {"id": 1, "unsupported": "dance"},
        b'{"id":1,"op":"hello","x":1}': 1,
        b'{"id":1,"op":"hello","port":"tcp"}': 1,
        b'{"id":1,"op":"state"}': 1,
        b'{"id":1,"op":"state","group":7}': 1,
        b'{"id":1,"op":"tick","now_ms":-1}': 1,
        b'{"id":1,"op":"tick","now_ms":1.5}': 1,
        b'{"id":1,"op":7}': 1,
        b'{"id":1}': 1,
        b'{"op":"hello"}': None,
        b'{"id":-1,"op":"hello"}': None,
        b'{"id":"1","op":"hello"}': None,
        b'{"id":1,"id":2,"op":"hello"}': None,
        b'[1]': None,
        b'7': None,
        b'{"id":1,"op":"hello"': None,
        b'\xff\xfe': None,
        b'{"id":1,"op":"hello"} {}': None,
    }
    for line, want in bad.items():
        status, said, _ = run(line + b'\n{"id":2,"op":"hello"}\n')
        good = status == 0 and len(said) == 2 and said[1].get("ok") is True
        if isinstance(want, dict):
            good = good and said[0] == want
        else:
            good = good and said[0]["id"] == want and set(said[0]) == {"id", "error"} and "\n" not in said[0]["error"]
        ok(good, "strict: " + repr(line)[2:-1], said[:1])
    long_line = b'{"id":1,"op":"hello","x":"' + b"a" * 1100000 + b'"}\n'
    status, said, _ = run(long_line + b'{"id":2,"op":"hello"}\n')
    ok(status == 0 and said[0]["id"] is None and said[1]["id"] == 2 and len(said) == 2, "a line over 1 MiB is refused, the next is read")
    room = b'{"id":1,"op":"datagram","from":"[::1]:1","to":"[::1]:2","now_ms":0,"data":"' + b"00" * 65535 + b'"}\n'
    status, said, _ = run(room)
    ok(status == 0 and said[-1].get("ok") is True, "a datagram of 65,535 bytes is taken", said)
    ok(run(b'{"id":1,"op":"hello"}\r\n')[1][0].get("ok") is True, "a line may end in CR LF")


def test_arguments():
    made = subprocess.run([PROGRAM, "--help"], stdout=subprocess.PIPE, timeout=30)
    ok(made.returncode == 0 and b"example:" in made.stdout, "--help has an example")
    status, _, error = run(b"", "--nonsense")
    ok(status == 2 and error.count(b"\n") == 1 and b"--nonsense" in error, "an unknown argument is told in one line")
    ok("error" in run(b'{"id":1,"op":"seed","seed":7}\n')[1][0], "no seed without --lab")
    ok(run(b'{"id":1,"op":"seed","seed":7}\n', "--lab")[1][0] == {"id": 1, "ok": True}, "a seed with --lab (control)")


def test_configure():
    peer = lab.Peer([PROGRAM], "p", "[fd00::1]:5683")
    good = dict(group="g", context=lab.context("switch", LAMPS, "group-28"), roles=["client"], addresses=[peer.address])
    bad = {
        "context without secret": dict(context={"dialect": "oscore", "sender": None}),
        "stray key in the context": dict(context=dict(good["context"], colour="red")),
        "reading of another dialect": dict(context=dict(good["context"], reading="S1/E1")),
        "own ID among the recipients": dict(context=lab.context("switch", ("switch",), "group-28")),
        "no roles": dict(roles=[]),
        "unknown role": dict(roles=["proxy"]),
        "bad address": dict(addresses=["fd00::1"]),
        "group address as own": dict(addresses=[lab.GROUP]),
        "unicast address to join": dict(join=["[fd00::1]:5683"]),
        "stray key in the policy": dict(policy={"x": 1}),
        "unknown policy": dict(policy={"echo": "perhaps"}),
        "keep in no directory": dict(keep="/nowhere/at/all"),
    }
    for text, change in bad.items():
        answer = peer.try_ask("configure", **dict(good, **change))
        ok(set(answer) == {"id", "error"}, "configure refuses: " + text, answer)
    answer = peer.try_ask("configure", **dict(good, context=dict(good["context"], reading="CS9")))
    ok("error" in answer, "configure refuses: unknown reading", answer)
    ok(peer.try_ask("configure", **good)["addresses"] == [peer.address], "configure takes what is good (control)")
    ok("error" in peer.try_ask("configure", **good), "configure refuses: the same name twice")
    send = dict(exchange="a", group="g", to="[fd00::2]:5683", method="GET")
    bad = {
        "no such group": dict(group="h"),
        "no address": dict(to="nowhere"),
        "CON to a group": dict(to=lab.GROUP, type="CON"),
        "unknown method": dict(method="get"),
        "unknown mode": dict(mode="both"),
        "options that are none": dict(options=[[4]]),
        "a path that is none": dict(path="light"),
        "a percent sign alone": dict(path="/a%2"),
        "a Token of 9 bytes": dict(token="00" * 9),
        "no address of that family": dict(to="10.0.0.2:5683"),
        "an option that OSCORE reserves": dict(options=[[9, ""]]),
        "an unknown member in pairwise mode": dict(mode="pairwise", target="ff"),
    }
    for text, change in bad.items():
        answer = peer.try_ask("send", **dict(send, **change))
        ok(set(answer) == {"id", "error"}, "send refuses: " + text, answer)
    ok(peer.ask("state", group="g")["ssn"] == 0 and not peer.sent, "send refuses before it uses a number")
    ok(peer.try_ask("send", **send).get("ok") is True, "send takes what is good (control)")
    ok("error" in peer.try_ask("finish", exchange="b") and peer.try_ask("finish", exchange="a").get("ok") is True, "finish knows its exchanges")
    ok("error" in peer.try_ask("datagram", **{"from": "[::1]:1", "to": "x", "data": "", "now_ms": 0}), "datagram wants addresses")
    peer.ask("tick", now_ms=100)
    ok("error" in peer.try_ask("tick", now_ms=99), "time does not go back")
    peer.quit()


def world(dialect, *arguments):
    """A lab with a client and its servers; plain OSCORE has one."""
    made = lab.Lab(PROGRAM)
    lamps = LAMPS if dialect != "oscore" else LAMPS[:1]
    made.configure(made.peer("switch", "[fd00::1]:5683", *arguments), lab.context("switch", lamps, dialect), ["client"])
    for i, name in enumerate(lamps):
        lamp = made.peer(name, "[fd00::%d]:5683" % (i + 2), *arguments)
        made.configure(lamp, lab.context(name, ["switch"], dialect), ["server"], join=[lab.GROUP])
    return made


def mode(dialect, which):
    return which if dialect == "group-28" else None


def test_exchange(dialect):
    made = world(dialect)
    made.send("switch", exchange="a", group="g", to="[fd00::2]:5683", method="GET", path="/hello", mode=mode(dialect, "pairwise"), target="52")
    made.run()
    got, had = made.take("switch", "response"), made.take("lamp1", "delivered")
    ok(len(got) == 1 and got[0]["code"] == "2.05" and got[0]["payload"] == b"hello".hex() and got[0]["protected"] and
       got[0]["kid"] == "52" and got[0]["mode"] == mode(dialect, "pairwise"), "O-8.2-01 %s: unicast" % dialect, got)
    ok(len(had) == 1 and had[0]["method"] == "GET" and had[0]["path"] == "/hello" and had[0]["partial_iv"] == "00" and
       had[0]["multicast"] is False and had[0]["kid"] == "25", "O-8.2-01 %s: delivered" % dialect, had)
    ok(made.take("switch", "closed") == [{"event": "closed", "exchange": "a", "why": "answered"}], "%s: closed" % dialect)
    n = 1
    if dialect != "oscore":
        n = 3
        made.send("switch", exchange="b", group="g", to=lab.GROUP, method="PUT", path="/light", payload="6f6e", query=["x=1"])
        made.run(3000)
        got, had = made.take("switch", "response"), made.take("lamp2", "delivered")
        ok(sorted(one["kid"] for one in got) == ["", "52", "5203"] and {one["code"] for one in got} == {"2.04"},
           "G02-4.4-05 %s: multicast to three servers" % dialect, got)
        ok(had and had[0]["multicast"] is True and had[0]["payload"] == "6f6e" and had[0]["options"] == [[15, b"x=1".hex()]],
           "GC-2.1-01 %s: delivered by multicast" % dialect, had)
        made.take("lamp1", "delivered")
    made.peers["lamp1"].ask("forget", group="g", what="windows")
    made.send("switch", exchange="c", group="g", to=lab.GROUP if n == 3 else "[fd00::2]:5683", method="GET", path="/light")
    made.run(3000)
    got = made.take("switch", "response")
    ok(len(got) == n and len(made.take("switch", "challenged")) == 1 and len(made.take("lamp1", "delivered")) == 1,
       "GO-9-01 %s: challenge and retry after lost windows" % dialect, got)
    state = made.peers["lamp1"].ask("state", group="g")
    ok(state["recipients"][0]["valid"] is True and state["derivations"] == 1, "GO-9-18 %s: the window is valid again" % dialect, state)
    made.take("switch", "closed")
    made.send("switch", exchange="d", group="g", to="[fd00::2]:5683", method="GET", path="/observe", observe=0)
    made.run(50)
    ok(made.peers["lamp1"].ask("notify", group="g", path="/observe", payload="31")["n_observers"] == 1, "O-4.1.3.5-01 %s: one observer" % dialect)
    made.run(50)
    got = made.take("switch", "response")
    ok([one["payload"] for one in got] == ["30", "31"] and got[1]["partial_iv"] is not None, "O-4.1.3.5.2-01 %s: notified" % dialect, got)
    made.send("switch", exchange="e", group="g", to="[fd00::2]:5683", method="GET", path="/observe", observe=1)
    made.run(50)
    why = sorted((one["exchange"], one["why"]) for one in made.take("switch", "closed"))
    ok(why == [("d", "finished"), ("e", "answered")], "O-4.1.3.5-03 %s: cancelled" % dialect, why)
    for name in made.peers:
        others = [other for other in made.peers if other != "switch"] if name == "switch" else ["switch"]
        made.peers[name].ask("rekey", group="g", context=lab.context(name, others, dialect, epoch=1))
    made.send("switch", exchange="f", group="g", to="[fd00::2]:5683", method="GET", path="/large")
    made.run(50)
    got = [one for one in made.take("switch", "response") if one["exchange"] == "f"]
    ok(len(got) == 1 and len(got[0]["payload"]) == 2400, "GO-2.6.3.2-04 %s: a body in blocks after a rekey" % dialect, got)
    made.peers["lamp1"].ask("forget", group="g", what="all")
    made.send("switch", exchange="g", group="g", to="[fd00::2]:5683", method="GET", path="/hello", open_ms=20)
    made.run(50)
    state = made.peers["lamp1"].ask("state", group="g")
    ok([one["why"] for one in made.take("switch", "closed")][-1] == "expired" and state["ssn"] is None,
       "GO-2.6.1.1-05 %s: silence of one who lost all" % dialect, state)
    ok(made.close() == [0] * (n + 1), "%s: all end with status 0" % dialect)


def test_seeded():
    wires = []
    for seed in (7, 7, 8):
        made = world("group-28", "--lab")
        for peer in made.peers.values():
            peer.ask("seed", seed=seed)
        made.peers["lamp1"].ask("forget", group="g", what="windows")
        made.send("switch", exchange="a", group="g", to=lab.GROUP, method="GET", path="/light")
        made.run(3000)
        wires.append(made.wire)
        made.close()
    ok(wires[0] == wires[1] and len(wires[0]) == 6, "two runs of one seed are the same to the bit", wires[0])
    ok(wires[0] != wires[2], "another seed makes another run (control)")


def test_members(dialect):
    """Recipient Contexts made by first messages, and one that has to make way."""
    made = lab.Lab(PROGRAM)
    made.configure(made.peer("switch", "[fd00::1]:5683"), lab.context("switch", (), dialect, members=LAMPS, max_recipients=2), ["client"])
    for i, name in enumerate(LAMPS):
        lamp = made.peer(name, "[fd00::%d]:5683" % (i + 2))
        made.configure(lamp, lab.context(name, (), dialect, members=["switch"]), ["server"], join=[lab.GROUP])
    before = made.peers["lamp1"].ask("state", group="g")
    made.send("switch", exchange="a", group="g", to=lab.GROUP, method="GET", path="/light")
    made.run(3000)
    got = made.take("switch", "response")
    after = made.peers["lamp1"].ask("state", group="g")
    ok(before["recipients"] == [] and len(got) == 3 and after["recipients"] == [{"id": "25", "valid": True, "highest": 0}] and
       before["digest"] != after["digest"], "G02-4.2-01 GO-7.2-02 %s: members become recipients by their first message" % dialect, after)
    ok(len(made.peers["switch"].ask("state", group="g")["recipients"]) == 2, "GO-2.6.1.2-01 %s: a full table lets the oldest go" % dialect)
    if dialect == "group-28":
        made.send("switch", exchange="b", group="g", to="[fd00::3]:5683", method="GET", path="/hello", mode="pairwise", target="5203")
        made.run(100)
        got = made.take("switch", "response")
        ok(len(got) == 1 and got[0]["kid"] == "5203" and got[0]["mode"] == "pairwise", "GO-8.3-01 a member is asked in pairwise mode", got)
    made.close()


def test_loss():
    made = world("group-28")
    made.meddle = lambda n, datagram: [] if n in (0, 2) else [datagram, datagram]
    made.send("switch", exchange="a", group="g", to="[fd00::2]:5683", method="POST", path="/light", type="CON")
    made.run(20000)
    had, got = made.take("lamp1", "delivered"), made.take("switch", "response")
    ok(len(had) == 1 and len(got) == 1 and made.now == 20000, "RFC 7252 4.2 lost and doubled datagrams: once delivered, once answered", had)
    made.close()


def test_keep(directory):
    used = []
    keep = os.path.join(directory, "state")
    os.mkdir(keep)
    context = lab.context("switch", LAMPS[:1], "oscore")
    for life in range(4):
        peer = lab.Peer([PROGRAM], "switch", "[fd00::1]:5683")
        peer.ask("configure", group="g", context=context, roles=["client"], addresses=[peer.address], keep=keep)
        if life == 0:
            other = lab.Peer([PROGRAM], "other", "[fd00::9]:5683")
            answer = other.try_ask("configure", group="g", context=context, roles=["client"], addresses=[other.address], keep=keep)
            ok("in use" in answer.get("error", ""), "O-7.5-01 a second process is refused the directory", answer)
            other.quit()
            answer = peer.try_ask("configure", group="h", context=context, roles=["client"], addresses=[peer.address], keep=keep)
            ok("error" in answer, "O-7.5-01 a second group is refused the same Sender Context", answer)
        for i in range(70):
            used.append(peer.ask("state", group="g")["ssn"])
            peer.ask("send", exchange="x%d" % i, group="g", to="[fd00::2]:5683", method="GET", path="/hello", type="NON")
            peer.sent.clear()
        recipients = peer.ask("state", group="g")["recipients"]
        if life == 1:
            ok(recipients == [{"id": "52", "valid": False, "highest": None}], "O-7.5-02 windows of a known context are invalid", recipients)
        if life % 2 == 0:
            peer.kill()
        else:
            peer.quit()
    ok(len(set(used)) == len(used) and used == sorted(used), "O-7.5-01 four lives, two of them killed: no number twice", used[-5:])
    ok(used[-1] < 1000, "O-B.1.1-01 and few are skipped", used[-1])


def test_udp(local, group, lamps):
    switch = lab.Peer([PROGRAM, "--port", "udp"], "switch", None)
    answer = switch.ask("configure", group="g", context=lab.context("switch", LAMPS, "group-28"), roles=["client"], addresses=[local % 0])
    ok(answer["addresses"][0] != local % 0, "udp: a port is given for port 0", answer)
    peers = []
    port = int(answer["addresses"][0].rsplit(":", 1)[1])
    group = group % (port if port < 65535 else 5683)
    for name in lamps:
        peer = lab.Peer([PROGRAM], name, None)
        peer.ask("hello", port="udp")
        answer = peer.ask("configure", group="g", context=lab.context(name, ["switch"], "group-28"), roles=["server"],
                          addresses=[local % 0], join=[group])
        peer.address = answer["addresses"][0]
        peers.append(peer)
    ok("error" in peers[0].try_ask("tick", now_ms=1), "udp: no tick there")
    switch.ask("send", exchange="a", group="g", to=peers[0].address, method="GET", path="/separate", mode="pairwise", target="52")
    got = switch.wait_event("response")
    ok(got is not None and got["payload"] == b"separate".hex() and got["from"] == peers[0].address, "udp: unicast", got)
    switch.ask("send", exchange="b", group="g", to=group, method="GET", path="/hello", open_ms=3000)
    got = [switch.wait_event("response") for _ in peers]
    ok(None not in got and sorted(one["from"] for one in got) == sorted(peer.address for peer in peers),
       "udp: multicast, answers from unicast addresses", got)
    host, its_port = group.rsplit(":", 1)
    peers[0].ask("leave", address=host.strip("[]"), port=int(its_port))
    switch.ask("send", exchange="c", group="g", to=group, method="GET", path="/hello", open_ms=300)
    got = [switch.wait_event("response") for _ in peers[1:]]
    closed = switch.wait_event("closed")
    while closed is not None and closed["exchange"] != "c":
        closed = switch.wait_event("closed")
    ok(None not in got and closed is not None and not [e for e in switch.events if e["event"] == "response"],
       "udp: who left the group hears no more", got)
    ok([peer.quit() for peer in [switch, *peers]] == [0] * 4, "udp: all end with status 0")


def single(vector, contexts, op):
    """The keys of protect or unprotect for a message vector."""
    def named(key):
        return contexts[vector[key]] if vector[key] is not None else None

    keys = {"direction": vector["direction"], "request": vector["request"]}
    if op == "protect":
        seal = vector["seal"] or {}
        keys.update(context=named("sender"), plain=vector["plain"], mode=vector["mode"], request_context=named("request_receiver"),
                    **{key: seal.get(key) for key in ("ssn", "target", "own_partial_iv", "kid", "kid_context")})
    else:
        keys.update(context=named("receiver"), protected=vector["protected"], request_target=vector["request_target"],
                    request_context=named("request_sender"))
    return {key: value for key, value in keys.items() if value is not None}


def test_vectors():
    """Every message vector through protect and unprotect."""
    peer = lab.Peer([PROGRAM], "p", None)
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../vectors")
    for dialect in DIALECTS:
        wrong, n, n_rejected, n_unsupported = [], 0, 0, 0
        for name in sorted(os.listdir(os.path.join(root, dialect))):
            with open(os.path.join(root, dialect, name), encoding="utf-8") as file:
                whole = json.load(file)
            for vector in whole["vectors"] if whole["family"] == "message" else ():
                for op, result in (("protect", "protected"), ("unprotect", "opened")):
                    if vector["op"] not in ("both", "seal" if op == "protect" else "open"):
                        continue
                    n += 1
                    n_rejected += vector["result"] == "reject"
                    answer = peer.try_ask(op, **single(vector, whole["contexts"], op))
                    if "unsupported" in answer:
                        n_unsupported += 1
                        continue
                    good = vector["result"] == "ok"
                    if answer.get(result) != (vector[result] if good else None) or answer.get("reason") != vector["reason"]:
                        wrong.append((vector["id"], op, vector["reason"], answer))
        ok(not wrong and n > 300 and n_rejected > 50 and n_unsupported < 5, "%s: %d message vectors through the peer, %d of them rejects" % (dialect, n, n_rejected), wrong[:2])
    ok("error" in peer.try_ask("unprotect", context=lab.context("switch", LAMPS, "oscore"), direction="response", protected="00"),
       "a response without its request is refused")
    peer.quit()


def main():
    test_lines()
    test_arguments()
    test_configure()
    for dialect in DIALECTS:
        test_exchange(dialect)
    test_members("group-02")
    test_members("group-28")
    test_seeded()
    test_loss()
    with tempfile.TemporaryDirectory() as directory:
        test_keep(directory)
    test_vectors()
    test_udp("127.0.0.1:%d", "224.0.1.187:%d", LAMPS)
    print("1..%d" % done["n"])
    return done["failed"] > 0


sys.exit(main())
