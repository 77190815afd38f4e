#!/usr/bin/env python3
"""The judge and the oracles on recorded logs: for each kind of expectation one that holds and one that fails, each oracle on
a log that was changed by hand, and the log itself cut or broken.

usage: harness/tests/run/test_judge.py [MUSTER]; TAP on standard output
"""
import copy
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from muster_tests import is_one_line, start  # noqa: E402

ECHO = "echo-resync-exact@group-28,group_enc=10,signature=-8"
GROUP = "multicast-to-three@group-28,n=3,signature=-8"
OLD = "multicast-to-three@group-02,n=3,signature=-8"
TAMPERED = "tampered-multicast@group-28,group_enc=10,value=ciphertext"
TAMPERED_OLD = "tampered-multicast@group-02,value=ciphertext"
REKEY = "rekey-old-messages@group-28,mode=group"


class Bundle:
    """A recorded case; `judge` judges a changed copy of it."""

    def __init__(self, muster, scratch, case, seed=1):
        folder = pathlib.Path(scratch) / "recorded"
        done = muster("run", "--seed", seed, "--out", folder, case)
        assert done.returncode == 0, done.stdout + done.stderr
        self.muster, self.scratch = muster, pathlib.Path(scratch)
        self.case = json.loads((folder / case / "case.json").read_text())
        self.log = [json.loads(line) for line in (folder / case / "events.jsonl").read_text().splitlines()]

    def judge(self, log=None, expect=None):
        folder = self.scratch / "judged"
        folder.mkdir(exist_ok=True)
        case = copy.deepcopy(self.case)
        if expect is not None:
            case["plan"]["expect"] = expect
        log = self.log if log is None else log
        (folder / "case.json").write_text(json.dumps(case))
        (folder / "events.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in log))
        done = self.muster("judge", "--json", folder)
        assert done.stdout, done.stderr
        return json.loads(done.stdout), done.returncode

    def changed(self, change):
        log = copy.deepcopy(self.log)
        change(log)
        return log


def packets(log, **keys):
    return [e for e in log if e["ev"] == "packet" and all(e.get(k) == v for k, v in keys.items())]


# ---- expectations: (bundle, one that holds, one that fails) ----

FIRST = {"see": "packet", "packet": "first.request"}
RETRY = {"see": "packet", "packet": "fresh.request#2"}
CHALLENGE = {"see": "packet", "of": "fresh", "from": "lamp", "inner_code": "4.01"}
DELIVERED = {"see": "delivered", "by": "lamp", "of": "first"}
CLOSED = {"see": "closed", "by": "switch", "of": "first"}
RESPONSE = {"see": "response", "by": "switch", "of": "first"}

PAIRS = (
    (FIRST, {"from": "switch"}, {"from": "lamp"}),
    (FIRST, {"to": "group"}, {"to": "lamp"}),
    (RETRY, {"to": "lamp"}, {"to": "group"}),
    (RETRY, {"to": "[fd00::3]:5683"}, {"to": "[fd00::9]:5683"}),
    ({"see": "packet", "is": "request", "partial_iv": 1}, {"of": "first"}, {"of": "fresh"}),
    (FIRST, {"is": "request"}, {"is": "response"}),
    (FIRST, {"mode": "group"}, {"mode": "pairwise"}),
    (RETRY, {"mode": "pairwise"}, {"mode": "group"}),
    (FIRST, {"mode": "any"}, {"mode": "plain"}),
    (FIRST, {"cast": "multicast"}, {"cast": "unicast"}),
    (FIRST, {"type": "NON"}, {"type": "CON"}),
    (FIRST, {"outer_code": "0.02"}, {"outer_code": "0.05"}),
    (FIRST, {"inner_code": "0.03"}, {"inner_code": "0.01"}),
    (FIRST, {"inner_options": [[11, "6c69676874"]]}, {"inner_options": [[11, "6c69676875"]]}),
    (FIRST, {"inner_options": [[11], [252, None]]}, {"inner_options": [[252]]}),
    (FIRST, {"outer_options": [[9], [11, None]]}, {"outer_options": [[9, None]]}),
    (CHALLENGE, {"inner_options": [[252]]}, {"outer_options": [[252]]}),
    (RESPONSE, {"options": [[6, None]]}, {"options": [[6]]}),
    (CHALLENGE, {"code_class": "4"}, {"code_class": "2"}),
    (FIRST, {"payload": "level-1"}, {"payload": "level-2"}),
    (FIRST, {"payload_hex": b"level-1".hex()}, {"payload_hex": "00"}),
    (FIRST, {"payload_part": "vel-"}, {"payload_part": "vel-2"}),
    (FIRST, {"path": "/light"}, {"path": "/hello"}),
    (FIRST, {"method": "PUT"}, {"method": "GET"}),
    (FIRST, {"protected": True}, {"protected": False}),
    (FIRST, {"verified": True}, {"verified": False}),
    (FIRST, {"forged": False}, {"forged": True}),
    ({"see": "packet", "packet": "old"}, {"forged": True}, {"forged": False}),
    (FIRST, {"kid": "switch"}, {"kid": "lamp"}),
    (FIRST, {"kid": ""}, {"kid": "12"}),
    (FIRST, {"partial_iv": 1}, {"partial_iv": 2}),
    (FIRST, {"epoch": 0}, {"epoch": 1}),
    (FIRST, {"group": "g"}, {"group": "h"}),
    (RETRY, {"has": ["echo", "partial_iv", "kid", "kid_context", "oscore"]}, {"lacks": ["echo"]}),
    (FIRST, {"lacks": ["echo", "observe", "uri_path", "outer_max_age", "inner_oscore", "no_response"]}, {"has": ["echo"]}),
    (FIRST, {"has": ["signature", "payload"]}, {"lacks": ["signature"]}),
    (RETRY, {"lacks": ["signature"]}, {"has": ["signature"]}),
    (RETRY, {"differs": {"as": "fresh.request", "fields": ["partial_iv", "token", "bytes", "dst", "mode"]}},
     {"same": {"as": "fresh.request", "fields": ["partial_iv"]}}),
    (RETRY, {"same": {"as": "fresh.request", "fields": ["kid", "kid_context", "payload", "src"]}},
     {"differs": {"as": "fresh.request", "fields": ["kid"]}}),
    (RETRY, {"same": {"as": "fresh.response", "fields": ["echo"]}}, {"same": {"as": "first.request", "fields": ["echo"]}}),
    (DELIVERED, {"times": 1}, {"times": 2}),
    (DELIVERED, {"at_least": 1}, {"at_least": 2}),
    (DELIVERED, {"at_most": 1}, {"at_most": 0}),
    (DELIVERED, {"by": "lamp"}, {"by": "switch"}),
    (DELIVERED, {"from": "switch"}, {"from": "lamp"}),
    (DELIVERED, {"packet": "first.request"}, {"packet": "fresh.request"}),
    (DELIVERED, {"mode": "group"}, {"mode": "pairwise"}),
    (DELIVERED, {"multicast": True}, {"multicast": False}),
    (DELIVERED, {"method": "PUT"}, {"method": "GET"}),
    (DELIVERED, {"path": "/light"}, {"path": "/dark"}),
    (DELIVERED, {"payload": "level-1"}, {"payload": ""}),
    (DELIVERED, {"kid": "switch"}, {"kid": "lamp"}),
    (DELIVERED, {"partial_iv": 1}, {"partial_iv": 0}),
    (DELIVERED, {"epoch": 0}, {"epoch": 1}),
    (DELIVERED, {"group": "g"}, {"group": "h"}),
    (DELIVERED, {"lacks": ["echo"]}, {"has": ["echo"]}),
    (DELIVERED, {"within_ms": 0}, {"not_before_ms": 1}),
    (CLOSED, {"within_ms": 40}, {"within_ms": 39}),
    (CLOSED, {"not_before_ms": 40}, {"not_before_ms": 41}),
    (RESPONSE, {"code": "2.04"}, {"code": "2.05"}),
    (RESPONSE, {"code_class": "2"}, {"code_class": "4"}),
    (RESPONSE, {"protected": True}, {"protected": False}),
    ({"see": "challenged", "by": "switch"}, {"of": "fresh"}, {"of": "first"}),
    ({"see": "rejected", "by": "lamp"}, {"reason": "replay"}, {"reason": "signature-invalid"}),
    ({"see": "rejected", "by": "lamp"}, {"reason": ["own-kid", "replay"]}, {"reason": ["own-kid"]}),
    ({"see": "closed", "by": "switch", "of": "control-after"}, {"reason": "answered"}, {"reason": "expired"}),
    ({"see": "exit", "by": "lamp"}, {"status": 0}, {"status": 1}),
    ({"see": "joined"}, {"by": "lamp"}, {"by": "switch"}),
    ({"see": "joined"}, {"text": "[ff"}, {"text": "[ff99"}),
)


def check_expectations(tap, bundle):
    for base, good, bad in PAIRS:
        for more, status in ((good, 0), (bad, 1)):
            verdict, code = bundle.judge(expect=[base | more])
            wanted = "pass" if status == 0 else "fail"
            name = f"{base['see']} {json.dumps(more)}: {wanted}"
            tap.ok(code == status and verdict["verdict"] == wanted, name, verdict["why"])
    present, absent = FIRST, FIRST | {"type": "CON"}
    for expect, wanted, name in (
        ([{"never": absent}], "pass", "never: absent"),
        ([{"never": present}], "fail", "never: present"),
        ([{"never": present, "warn": True}], "warn", "never: present, only a warning"),
        ([absent | {"warn": True}], "warn", "missing, only a warning"),
        ([{"one_of": [absent, present]}], "pass", "one of: the second"),
        ([{"one_of": [absent, absent]}], "fail", "one of: neither"),
        ([FIRST | {"name": "a"}, RETRY | {"after": "a"}], "pass", "after: later"),
        ([RETRY | {"name": "a"}, FIRST | {"after": "a"}], "fail", "after: earlier"),
        ([RETRY | {"after": "a"}], "fail", "after: what was never found"),
    ):
        verdict, _ = bundle.judge(expect=expect)
        tap.ok(verdict["verdict"] == wanted, name, verdict)
    verdict, _ = bundle.judge(expect=[{"one_of": [absent, present]}])
    tap.ok(verdict["chosen"] == [{"expectation": 0, "choice": 1}], "one of: which one is recorded", verdict["chosen"])


def check_state(tap, bundle):
    def ask(log):
        log.insert(-3, {"n": 900, "t": 0, "ev": "answer", "by": "lamp", "op": "state", "of": "first", "answer": {
            "ok": True, "ssn": 4, "derivations": 2, "digest": "00", "recipients": [{"id": "", "valid": True, "highest": 9}]}})
        log.insert(-3, {"n": 901, "t": 0, "ev": "answer", "by": "switch", "op": "send", "of": "fresh",
                        "answer": {"error": "ssn-exhausted"}})

    log = bundle.changed(ask)
    state = {"see": "state", "by": "lamp", "of": "first"}
    for good, bad in (({"ssn": 4}, {"ssn": 5}), ({"derivations": 2}, {"derivations": 1}),
                      ({"recipient": {"of": "switch", "valid": True}}, {"recipient": {"of": "switch", "valid": False}}),
                      ({"recipient": {"of": "switch", "highest": 9}}, {"recipient": {"of": "switch", "highest": 8}}),
                      ({"recipient": {"of": "lamp", "exists": False}}, {"recipient": {"of": "switch", "exists": False}})):
        tap.ok(bundle.judge(log, [state | good])[0]["verdict"] == "pass", f"state {good}: pass")
        tap.ok(bundle.judge(log, [state | bad])[0]["verdict"] == "fail", f"state {bad}: fail")
    refused = {"see": "refused", "by": "switch", "of": "fresh"}
    tap.ok(bundle.judge(log, [refused | {"reason": "exhausted"}])[0]["verdict"] == "pass", "refused: pass")
    tap.ok(bundle.judge(log, [refused | {"reason": "own-kid"}])[0]["verdict"] == "fail", "refused for another reason: fail")


# ---- controls ----


def drop_event(name, of):
    def change(log):
        log[:] = [e for e in log if not (e["ev"] == "event" and e["of"] == of and e["event"]["event"] == name)]
    return change


def check_controls(tap, bundle):
    for of in ("control-before", "control-after"):
        for event in ("delivered", "response"):
            verdict, code = bundle.judge(bundle.changed(drop_event(event, of)))
            found = any(f["kind"] == "control" and of in f["text"] for f in verdict["findings"])
            tap.ok(code == 1 and found, f"{of} without {event}: fail", verdict["why"])

    def unprotect(log):
        for e in log:
            if e["ev"] == "event" and e["of"] == "control-after" and e["event"]["event"] == "response":
                e["event"]["protected"] = False

    verdict, _ = bundle.judge(bundle.changed(unprotect))
    tap.ok(any(f["kind"] == "control" for f in verdict["findings"]), "control answered without protection: fail", verdict["why"])


# ---- oracles ----


def nonce_with(key):
    def change(log):
        one, two = [p for p in packets(log, by="switch", cause="peer") if p.get("seal")][:2]
        two["seal"] = dict(one["seal"])
        two["seal"][key] = "00" + one["seal"][key][2:]
        if two["seal"][key] == one["seal"][key]:
            two["seal"][key] = "01" + one["seal"][key][2:]
    return change


def nonce_same(log):
    one, two = [p for p in packets(log, by="switch", cause="peer") if p.get("seal")][:2]
    two["seal"] = dict(one["seal"])


def nonce_of_adversary(log):
    nonce_with("aad")(log)
    one, two = [p for p in packets(log, by="switch") if p.get("seal")][:2]
    two["cause"] = "forge"


def leak(log):
    packets(log, by="lamp", cause="peer")[0]["data"] += b"/hello?".hex()


def leak_short(log):
    packets(log, by="lamp", cause="peer")[0]["data"] += b"lev".hex()


def source(address):
    def change(log):
        packets(log, by="lamp", cause="peer")[0]["src"] = address
    return change


def garble(log):
    packets(log, by="lamp", cause="peer")[0]["coap"] = False


def garble_adversary(log):
    packets(log, by="adversary")[0]["coap"] = False


def unverify(name):
    def change(log):
        entry = next(e for e in log if e["ev"] == "event" and e["event"]["event"] == name)
        packets(log, packet=entry["reaction_to"])[0]["oscore"]["verified"] = False
    return change


def invent(log):
    del next(e for e in log if e["ev"] == "event" and e["event"]["event"] == "delivered")["reaction_to"]


def twist(key, value):
    def change(log):
        next(e for e in log if e["ev"] == "event" and e["event"]["event"] == "delivered")["event"][key] = value
    return change


def missing(log):
    log[:] = [e for e in log if not (e["ev"] == "exit" and e["by"] == log[-2]["by"])]


def unexpected(log):
    next(e for e in log if e["ev"] == "exit")["expected"] = False


def sanitize(log):
    log.insert(-1, {"n": 999, "t": 0, "ev": "sanitizer", "by": "lamp", "text": "ERROR: AddressSanitizer: stack-overflow"})


# name, change, oracle that must speak (None: none may), verdict
ORACLES = (
    ("as it was", lambda log: None, None, "pass"),
    ("nonce twice, other AAD", nonce_with("aad"), "nonce-reuse", "fail"),
    ("nonce twice, other plaintext", nonce_with("ciphertext"), "nonce-reuse", "fail"),
    ("nonce twice, same message", nonce_same, None, "pass"),
    ("nonce twice, once by the adversary", nonce_of_adversary, None, "pass"),
    ("a path in clear", leak, "plaintext", "fail"),
    ("three bytes by chance", leak_short, None, "pass"),
    ("from an IPv6 group", source("[ff15::c0:1]:5683"), "group-source", "fail"),
    ("from an IPv4 group", source("239.1.2.3:5683"), "group-source", "fail"),
    ("from another unicast address", source("192.0.2.1:5683"), None, "pass"),
    ("no CoAP", garble, "no-coap", "fail"),
    ("no CoAP, by the adversary", garble_adversary, None, "pass"),
    ("request does not verify", unverify("delivered"), "unverified", "fail"),
    ("response does not verify", unverify("response"), "unverified", "fail"),
    ("request that was never sent", invent, "unverified", "fail"),
    ("another payload", twist("payload", "00"), "unverified", "fail"),
    ("another method", twist("method", "DELETE"), "unverified", "fail"),
    ("a peer is missing", missing, "not-alive", "fail"),
    ("a peer ended by itself", unexpected, "not-alive", "fail"),
    ("a sanitizer spoke", sanitize, "sanitizer", "crash"),
)


def check_oracles(tap, bundle):
    expect = [{"see": "exit", "at_least": 0}]
    for name, change, oracle, wanted in ORACLES:
        verdict, _ = bundle.judge(bundle.changed(change), expect)
        kinds = {f["kind"] for f in verdict["findings"]}
        good = verdict["verdict"] == wanted and kinds == ({oracle} if oracle else set())
        tap.ok(good, f"oracle: {name}: {oracle or 'nothing'}", verdict)


def check_unverified(tap, bundle):
    """A peer that was told not to verify countersignatures may be given what lacks nothing else."""
    deliveries = {e["by"] for e in bundle.log if e["ev"] == "event" and e["event"]["event"] == "delivered"}
    expect = [{"see": "exit", "at_least": 0}]
    for relaxed, why, wanted in ((False, "signature-invalid", "fail"), (True, "signature-invalid", "pass"),
                                 (True, "decryption-failed", "fail")):
        def change(log, why=why):
            unverify("delivered")(log)
            for packet in packets(log):
                if packet.get("oscore", {}).get("verified") is False:
                    packet["oscore"]["why"] = why

        for peer in bundle.case["plan"]["peers"]:
            peer["policy"] = {"verify": not (relaxed and peer["name"] in deliveries)}
        verdict, _ = bundle.judge(bundle.changed(change), expect)
        tap.ok(verdict["verdict"] == wanted, f"oracle: {why}, told not to verify: {relaxed}: {wanted}", verdict)


def check_replies(tap, muster, scratch):
    """An answer to a multicast request that does not verify: forbidden in group-02, a warning in group-28."""
    for case, wanted in ((TAMPERED, "warn"), (TAMPERED_OLD, "fail")):
        bundle = Bundle(muster, scratch, case)

        def answer(log):
            asked = next(p for p in packets(log, by="adversary") if p["name"] == "tampered")
            entry = copy.deepcopy(packets(log, by="lamp1")[0])
            for key in ("oscore", "inner", "seal", "made_of"):
                entry.pop(key, None)
            entry |= {"packet": 99, "is": "response", "reply_to": asked["packet"], "data": "5080"}
            log.insert(-4, entry)

        expect = [{"see": "exit", "at_least": 0}]
        verdict, _ = bundle.judge(expect=expect)
        tap.ok(verdict["verdict"] == "pass", f"oracle: silence after failed multicast: {case}", verdict)
        verdict, _ = bundle.judge(bundle.changed(answer), expect)
        kinds = {f["kind"] for f in verdict["findings"] + verdict["warnings"]}
        tap.ok(verdict["verdict"] == wanted and kinds == {"reply-to-multicast"}, f"oracle: reply after it: {wanted}", verdict)

        def rejected(log):
            asked = next(p for p in packets(log, by="adversary") if p["name"] == "genuine")
            reply = next(p for p in packets(log, by="lamp1") if p.get("reply_to") == asked["packet"])
            reply["oscore"]["verified"] = False
            log.insert(-4, {"n": 990, "t": 0, "ev": "event", "by": "lamp1", "of": "genuine", "reaction_to": asked["packet"],
                            "event": {"event": "rejected", "reason": "replay", "from": None, "group": "g", "exchange": None}})

        verdict, _ = bundle.judge(bundle.changed(rejected), [{"see": "exit", "at_least": 0}])
        found = {f["kind"] for f in verdict["findings"] + verdict["warnings"]}
        tap.ok("reply-to-multicast" in found, f"oracle: reply to what was rejected: {case}", verdict)


# ---- complaints, broken logs ----


def complaint(kind):
    def change(log):
        log.insert(-1, {"n": 999, "t": 0, "ev": "complaint", "kind": kind, "by": "lamp", "text": "made up"})
        log[-1]["how"] = "broken"
    return change


def check_complaints(tap, bundle):
    for kind, wanted, status in (("crash", "crash", 1), ("start", "crash", 1), ("hang", "hang", 1), ("garbage", "fail", 1),
                                 ("flood", "fail", 1), ("mandatory", "fail", 1), ("refused", "fail", 1), ("absent", "fail", 1),
                                 ("scenario", "fail", 1), ("unsupported", "unsupported", 0), ("lab", "inconclusive", 3),
                                 ("forbidden", "inconclusive", 3)):
        verdict, code = bundle.judge(bundle.changed(complaint(kind)))
        tap.ok(verdict["verdict"] == wanted and code == status, f"complaint {kind}: {wanted}", verdict)
    verdict, code = bundle.judge(bundle.log[:-1])
    tap.ok(verdict["verdict"] == "inconclusive" and code == 3, "a log without end: inconclusive", verdict)
    folder = bundle.scratch / "judged"
    for text, words in (("", "expected events"), ("{\n", "expected a JSON document"), ('{"n": 1}\n', 'the key "ev"')):
        (folder / "events.jsonl").write_text(text)
        done = bundle.muster("judge", folder)
        tap.ok(done.returncode == 2 and is_one_line(done.stderr) and words in done.stderr, f"log {text!r}: refused", done.stderr)


def main():
    tap, muster, folder = start()
    with folder as scratch:
        bundle = Bundle(muster, scratch, ECHO)
        check_expectations(tap, bundle)
        check_state(tap, bundle)
        check_controls(tap, bundle)
        check_oracles(tap, bundle)
        check_complaints(tap, bundle)
        check_controls(tap, Bundle(muster, scratch, GROUP))
        check_oracles(tap, Bundle(muster, scratch, ECHO.replace("-8", "-7")))
        check_unverified(tap, Bundle(muster, scratch, OLD))
        check_replies(tap, muster, scratch)
        rekey = Bundle(muster, scratch, REKEY)
        verdict, _ = rekey.judge(expect=[{"see": "packet", "packet": "after.request", "epoch": 1}])
        tap.ok(verdict["verdict"] == "pass", "packet of the second epoch")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
