#!/usr/bin/env python3
"""`muster run` from outside: peers that misbehave, malformed scenarios, equal logs, exit statuses, reports, stopping.

usage: harness/tests/run/test_run.py [MUSTER]; TAP on standard output
"""
import copy
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from muster_tests import ROOT, is_one_line, start  # noqa: E402

SCENARIOS = ROOT / "harness" / "scenarios"
BAD = pathlib.Path(__file__).resolve().parent / "peers" / "yes_man.py"
CASE = "replayed-request@group-28,mode=group,type=NON"
PATIENCE = ("--patience", "700")


def bad(kind):
    return f"{sys.executable} {BAD} {kind}"


def records(muster, scratch, *words):
    path = pathlib.Path(scratch) / "records.jsonl"
    done = muster("run", "--json", path, *words)
    return done, [json.loads(line) for line in path.read_text().splitlines()]


# ---- peers that misbehave: command, verdict, part of the reason ----

PEERS = (
    ("/bin/false", "crash", "ended with status 1"),
    ("/nonexistent/peer", "crash", "ended with status 127"),
    ("/bin/cat", "fail", "in the line:"),
    ("sleep 1000", "hang", "gave no answer"),
    ("yes", "fail", "expected a JSON object in the line: y"),
    (bad("yes-man"), "fail", "expected \"unsupported\" to a nonsense operation, found ok"),
    (bad("ok-but-nonsense"), "fail", "expected lamp to be given the request"),
    (bad("half-line"), "fail", "ended in the middle of a line"),
    (bad("long-line"), "fail", "more than 1048576 bytes"),
    (bad("flood"), "fail", "more than 16777216 bytes"),
    (bad("late-crash"), "crash", "ended with status 3"),
    (bad("silent-after-hello"), "hang", "gave no answer to \"configure\""),
    (bad("wrong-id"), "fail", "answer to what was asked"),
    (bad("stray-event"), "fail", "expected an event of the protocol"),
    (bad("invents"), "fail", "was given something else than packet"),
    (bad("garbled"), "fail", "is no CoAP message"),
    (bad("leaks"), "fail", "which is to be encrypted"),
    (bad("from-group"), "fail", "left from the group address"),
    (bad("asan"), "crash", "AddressSanitizer"),
    (bad("status"), "crash", "ended with status 5"),
)


def check_peers(tap, muster, scratch):
    good, _ = records(muster, scratch, CASE)
    tap.ok(good.returncode == 0, "control: the reference peer passes the case", good.stdout)
    for command, verdict, reason in PEERS:
        begin = time.monotonic()
        patience = PATIENCE if verdict == "hang" else ()
        done, found = records(muster, scratch, *patience, "--peer", command, CASE)
        one = found[0] if len(found) == 1 else {}
        said = [one.get("why") or ""] + [f["text"] for f in one.get("findings", [])]
        name = command if command.startswith("/bin") else command.split()[-1]
        tap.ok(done.returncode == 1 and one.get("verdict") == verdict and any(reason in text for text in said),
               f"peer {name}: {verdict}", done.stdout, done.stderr)
        tap.ok(time.monotonic() - begin < 20, f"peer {name}: does not take long")
        tap.ok("; again: muster repro --peer " in done.stdout, f"peer {name}: the line ends in a command to run it again")
    # Whether the first line still reaches a peer that ends at once is a matter of microseconds.
    for word in ("run", "repro"):
        ends = [muster(word, "--peer", "/bin/false", CASE).returncode for _ in range(20)]
        tap.ok(ends == [1] * 20, f"{word}: a peer that ends before it is asked is a crash each time", ends)


# ---- malformed scenarios: place of the change, value, place and words of the fault ----

DELETE = object()


def base():
    return json.loads((SCENARIOS / "replay" / "replayed-request.json").read_text())


MALFORMED = (
    (("id",), "other", "/id", "name of the file"),
    (("id",), DELETE, "/", 'the key "id"'),
    (("title",), "", "/title", "text"),
    (("req",), [], "/req", "at least 1"),
    (("req", 0), "X-1-01", "/req/0", "a requirement id"),
    (("dialects", 0), "group-27", "/dialects/0", "one of"),
    (("dialects",), ["oscore", "oscore"], "/dialects", "twice"),
    (("stray",), 1, "/", 'found "stray"'),
    (("ports",), ["udp"], "/ports/0", "one of"),
    (("smoke",), "yes", "/smoke", "true or false"),
    (("vary", "colour"), ["red"], "/vary", "a parameter of a world"),
    (("vary", "mode"), [], "/vary/mode", "at least 1"),
    (("vary", "type"), DELETE, "/steps/0/type", 'found "$type"'),
    (("peers", "lamp", "role"), ["dimmer"], "/peers/lamp/role/0", "one of"),
    (("peers", "lamp", "stray"), 1, "/peers/lamp", 'found "stray"'),
    (("peers", "lamp", "count"), 200, "/peers/lamp", "at most 128 peers"),
    (("peers", "lamp", "ssn"), -1, "/peers/lamp", "an integer from 0"),
    (("peers", "lamp", "policy"), {"patience": 1}, "/peers/lamp/policy", 'found "patience"'),
    (("steps", 0, "do"), "shout", "/steps/0/do", "one of"),
    (("steps", 0, "do"), DELETE, "/steps/0", 'the key "do"'),
    (("steps", 0, "by"), "nobody", "/steps/0/by", "the name of a peer"),
    (("steps", 0, "to"), "nobody", "/steps/0/to", "a peer"),
    (("steps", 0, "method"), "TAKE", "/steps/0/method", "one of"),
    (("steps", 0, "path"), DELETE, "/steps/0", 'the key "path"'),
    (("steps", 0, "stray"), 1, "/steps/0", 'found "stray"'),
    (("steps", 0, "open_ms"), -1, "/steps/0/open_ms", "an integer from 0"),
    (("steps", 0, "payload_hex"), "0G", "/steps/0/payload_hex", "lower-case hex"),
    (("steps", 1, "packet"), "nothing.request", "/steps/1/packet", "a packet of a named step"),
    (("steps", 1), {"do": "wait"}, "/steps/1", '"ms" and "for"'),
    (("steps", 1), {"do": "edit", "set": {}}, "/steps/1", '"packet" and "match"'),
    (("steps", 1), {"do": "delay", "match": {}}, "/steps/1", 'the key "ms"'),
    (("steps", 1), {"do": "drop", "match": {"colour": 1}}, "/steps/1/match", 'found "colour"'),
    (("expect", 0, "see"), "ghosts", "/expect/0/see", "one of"),
    (("expect", 0, "see"), DELETE, "/expect/0", 'the key "see"'),
    (("expect", 0, "by"), "nobody", "/expect/0/by", "the name of a peer"),
    (("expect", 0, "of"), "nothing", "/expect/0/of", "the name of a step"),
    (("expect", 0, "times"), "once", "/expect/0/times", "an integer"),
    (("expect", 0), {"one_of": []}, "/expect/0/one_of", "at least 2"),
    (("expect", 2, "never", "see"), "ghosts", "/expect/2/never/see", "one of"),
    (("expect", 2, "see"), "packet", "/expect/2", 'found "see"'),
    (("control",), DELETE, "/", 'the key "control"'),
    (("control", "by"), "nobody", "/control/by", "the name of a peer"),
    (("control", "stray"), 1, "/control", 'found "stray"'),
)


def changed(where, value):
    document = copy.deepcopy(base())
    holder = document
    for key in where[:-1]:
        holder = holder[key]
    if value is DELETE:
        del holder[where[-1]]
    else:
        holder[where[-1]] = value
    return document


def check_malformed(tap, muster, scratch):
    path = pathlib.Path(scratch) / "replayed-request.json"
    path.write_text(json.dumps(base()))
    done = muster("run", "--list", "--file", path)
    tap.ok(done.returncode == 0 and len(done.stdout.splitlines()) == 8, "control: the scenario as it is", done.stderr)
    schema = schema_checker()
    for where, value, place, words in MALFORMED:
        document = changed(where, value)
        path.write_text(json.dumps(document))
        done = muster("run", "--list", "--file", path)
        said = done.stderr.strip()
        good = done.returncode == 2 and is_one_line(done.stderr) and f"{path.name}: {place}: expected" in said and words in said
        name = "/".join(map(str, where))
        tap.ok(good, f"malformed {name}: refused at {place}", said)
        # Names that do not resolve are beyond a schema.
        beyond = words in ("name of the file", "the name of a peer", "a peer", "the name of a step", "a packet of a named step",
                           "at most 128 peers", 'found "$type"')
        if schema is not None and not beyond:
            tap.ok(not schema.is_valid(document), f"malformed {name}: the schema refuses it too")
    for text, words in (("{", "a JSON document"), ("[]", "an object"), ('{"id": "a", "id": "b"}', "duplicate")):
        path.write_text(text)
        done = muster("run", "--file", path)
        tap.ok(done.returncode == 2 and is_one_line(done.stderr) and words in done.stderr, f"malformed text {text!r}", done.stderr)


def schema_checker():
    try:
        import jsonschema
    except ImportError:
        return None
    return jsonschema.Draft202012Validator(json.loads((SCENARIOS / "scenario.schema.json").read_text()))


def check_schema(tap, muster):
    schema = schema_checker()
    if schema is None:
        tap.ok(True, "schema: python3-jsonschema is not here # SKIP")
        return
    for path in sorted(SCENARIOS.glob("*/*.json")):
        faults = [f"{e.json_path}: {e.message}" for e in schema.iter_errors(json.loads(path.read_text()))]
        tap.ok(not faults, f"schema: {path.stem}", *faults)


def check_readme(tap, muster, scratch):
    """The example of the README runs, and fails when it asks for what must not be."""
    text = (SCENARIOS / "README.md").read_text()
    example = json.loads(re.search(r"```json\n(.*?)```", text, re.S).group(1))
    path = pathlib.Path(scratch) / f"{example['id']}.json"
    path.write_text(json.dumps(example))
    done = muster("run", "--file", path)
    tap.ok(done.returncode == 0 and "2 passed, 0 failed" in done.stdout, "README: the example passes", done.stdout, done.stderr)
    example["expect"][1]["never"]["of"] = "toggle"
    path.write_text(json.dumps(example))
    done = muster("run", "--file", path)
    tap.ok(done.returncode == 1 and "0 passed, 2 failed" in done.stdout, "README: the example can fail", done.stdout, done.stderr)


# ---- logs ----


def check_logs(tap, muster, scratch):
    folders = [pathlib.Path(scratch) / name for name in ("one", "two", "three")]
    pattern = ("request-response", "echo-resync-exact", "notifications-in-order")
    for folder, seed in zip(folders, (7, 7, 8)):
        tap.ok(muster("run", "--port", "stdio", "--seed", seed, "--out", folder, *pattern).returncode == 0, f"logs: run {folder.name}")
    names = sorted(p.name for p in folders[0].iterdir())
    tap.ok(len(names) >= 16, "logs: a bundle for each case", len(names))
    logs = [[(f / n / "events.jsonl").read_bytes() for n in names] for f in folders]
    tap.ok(logs[0] == logs[1], "logs: byte-identical for one seed")
    tap.ok(logs[0] != logs[2], "logs: another seed makes a difference")
    text = b"".join(logs[0]).decode()
    tap.ok(str(scratch) not in text and str(ROOT) not in text, "logs: no path of this machine inside")
    one = folders[0] / names[0]
    for part in ("case.json", "verdict.json", "contexts.json"):
        tap.ok(isinstance(json.loads((one / part).read_text()), dict), f"bundle: {part}")
    done = muster("judge", one)
    tap.ok(done.returncode == 0 and done.stdout.startswith("pass"), "bundle: judged again", done.stdout, done.stderr)
    done = muster("repro", one)
    tap.ok(done.returncode == 0 and "\npass " in done.stdout, "bundle: run again", done.stdout[-400:], done.stderr)
    again = pathlib.Path(scratch) / "again"
    done = muster("repro", "--out", again, one)
    same = (again / "events.jsonl").read_bytes() == (one / "events.jsonl").read_bytes()
    tap.ok(done.returncode == 0 and same, "bundle: run again, same log")


# ---- exit statuses, choices, reports ----


def check_usage(tap, muster, scratch):
    for words in (("--port", "pigeon"), ("no-such-scenario",), ("--peer", ""), ("--peer", "coap://[::1]"), ("--seed", "x"),
                  ("--dir", "/nonexistent"), ("--file", "/nonexistent"), ("--waivers", "/nonexistent"), ("--nonsense",)):
        done = muster("run", *words)
        tap.ok(done.returncode == 2 and is_one_line(done.stderr), f"usage: run {' '.join(words)}", done.stderr)
    for words in (("judge",), ("judge", "/nonexistent"), ("judge", scratch), ("repro",), ("repro", "no-such-case"),
                  ("repro", scratch)):
        done = muster(*words)
        tap.ok(done.returncode == 2 and is_one_line(done.stderr), f"usage: {words[0]} {len(words)}", done.stderr)
    for command in ("run", "repro", "judge"):
        done = muster(command, "--help")
        tap.ok(done.returncode == 0 and "example: muster" in done.stdout, f"{command} --help has an example")
    listed = muster("run", "--list").stdout.splitlines()
    smoke = muster("run", "--list", "--smoke").stdout.splitlines()
    tap.ok(0 < len(smoke) < len(listed), "--smoke is a part of all", len(smoke), len(listed))
    done = muster("run", "--smoke")
    tap.ok(done.returncode == 0 and f"{len(smoke)} cases: {len(smoke)} pass" in done.stdout, "--smoke passes", done.stdout)
    done = muster("run", "--repeat", "3", CASE)
    tap.ok("3 cases: 3 pass" in done.stdout, "--repeat", done.stdout)
    done = muster("run", "--fail-fast", "--jobs", "1", "--peer", "/bin/false", "replayed-request")
    tap.ok(done.returncode == 1 and "7 not run" in done.stdout, "--fail-fast stops; what was not run is not passed", done.stdout)


def check_names(tap, muster, scratch):
    """--peer takes names of interop/, from whatever folder; what is not installed is told before anything is played."""
    without = {"MUSTER_BUILD": scratch}
    for name in ("aiocoap", "libcoap"):
        for place, cwd in (("the tree", ROOT), ("another folder", scratch)):
            done = muster("run", "--peer", name, CASE, cwd=cwd, env=without)
            tap.ok(done.returncode == 3 and is_one_line(done.stderr) and "run make interop-deps" in done.stderr and not done.stdout,
                   f"--peer {name} from {place}, not installed: status 3 and a line", done.returncode, done.stdout, done.stderr)
    done = muster("run", "--peer", "no-such-stack", CASE)
    tap.ok(done.returncode == 2 and is_one_line(done.stderr) and "found \"no-such-stack\"" in done.stderr,
           "--peer with a word that is neither stack nor command: status 2", done.returncode, done.stderr)
    done = muster("run", "--peer", "cat", CASE)
    tap.ok(done.returncode == 1 and "cat" in done.stdout, "--peer with a word that is a command", done.stdout)
    done = muster("run", CASE, cwd=scratch)
    tap.ok(done.returncode == 0 and "1 pass" in done.stdout, "scenarios are found from another folder", done.stdout, done.stderr)
    # A peer with sockets only: the reference peer, whose hello is changed on its way.
    sockets = pathlib.Path(scratch) / "sockets-only"
    change = """sed -u 's/"ports": *[[][^]]*]/"ports":["udp"]/'"""
    sockets.write_text(f"#!/bin/sh\n{pathlib.Path(muster.path).parent}/muster-peer --lab | {change}\n")
    sockets.chmod(0o755)
    done = muster("run", "-v", "--peer", sockets, CASE)
    tap.ok(done.returncode == 0 and " on tun" in done.stdout, "run: a peer with sockets only is played on them", done.stdout, done.stderr)
    for port, words in (("tun", ()), ("stdio", ("--port", "stdio"))):
        bundle = pathlib.Path(scratch) / f"bundle-{port}"
        done = muster("repro", *words, "--peer", sockets, "--place", "lamp", "--out", bundle, CASE)
        found = json.loads((bundle / "case.json").read_text())["port"]
        tap.ok(done.returncode == 0 and found == port, f"{' '.join(('repro', *words))}: a peer with sockets only is played on {port}", found, done.stderr)
    done = muster("list", "peers", cwd=scratch)
    tap.ok("libcoap" in done.stdout and "2 peers" in done.stdout, "peers are found from another folder", done.stdout, done.stderr)


def check_reports(tap, muster, scratch):
    junit = pathlib.Path(scratch) / "junit.xml"
    done = muster("run", "--junit", junit, "--peer", "/bin/false", "replayed-request")
    root = xml.etree.ElementTree.parse(junit).getroot()
    tap.ok(done.returncode == 1 and len(root.findall(".//testcase/failure")) == 8, "JUnit: failures", done.stdout)
    done = muster("run", "--tap", "replayed-request", "window-edge")
    lines = done.stdout.splitlines()
    tap.ok(lines[1] == "1..14" and sum(bool(re.match(r"ok \d+ - ", line)) for line in lines) == 14, "TAP: passes", done.stdout)
    done = muster("run", "--tap", "--peer", "/bin/false", CASE)
    tap.ok(done.returncode == 1 and "not ok 1 - " in done.stdout, "TAP: failure", done.stdout)
    evidence = json.loads((ROOT / "harness" / "mutants" / "results.json").read_text())["evidence"]
    for pattern in ("replayed-request", "interop-0?"):
        done, rows = records(muster, scratch, pattern)
        played = {row["scenario"] for row in rows}
        n_pairs = sum(bool(played.intersection(ids)) for mutants in evidence.values() for ids in mutants.values())
        tap.ok(n_pairs > 0 and f" kill {n_pairs} pairs of requirement and mutant\n" in done.stdout, f"pairs killed by {pattern}",
               n_pairs, done.stdout)


def check_waivers(tap, muster, scratch):
    path = pathlib.Path(scratch) / "waivers.json"

    def waive(case, expires="2999-12-31", **more):
        path.write_text(json.dumps({"waivers": [{"case": case, "reason": "known", "link": "issue", "expires": expires, **more}]}))

    waive("replayed-*")
    done, found = records(muster, scratch, "--waivers", path, "--peer", "/bin/false", CASE)
    tap.ok(done.returncode == 0 and found[0]["verdict"] == "waived", "waiver: a known failure", done.stdout)
    done, found = records(muster, scratch, "--waivers", path, CASE)
    tap.ok(done.returncode == 1 and "it passes" in found[0]["why"], "waiver: a case that passes fails", done.stdout)
    waive("replayed-*", "2020-01-01")
    done, found = records(muster, scratch, "--waivers", path, "--peer", "/bin/false", CASE)
    tap.ok(done.returncode == 1 and "expired on 2020-01-01" in found[0]["why"], "waiver: expired", done.stdout)
    for words, status, verdict in (("ended with status 1", 0, "waived"), ("ended with status 2", 1, "crash")):
        waive("replayed-*", words=words)
        done, found = records(muster, scratch, "--waivers", path, "--peer", "/bin/false", CASE)
        tap.ok((done.returncode, found[0]["verdict"], "not what its waiver" in found[0]["why"]) == (status, verdict, status == 1),
               f"waiver: words, {verdict}", done.stdout)
    waive("no-such-case")
    done = muster("run", "--waivers", path, "--file", SCENARIOS / "attack" / "redirected-pairwise.json")
    tap.ok(done.returncode == 1 and 'waiver "no-such-case"' in done.stdout, "waiver: fits no case", done.stdout)
    path.write_text('{"waivers": [{"case": "x", "reason": "y", "link": "z", "expires": "tomorrow!!"}]}')
    done = muster("run", "--waivers", path, CASE)
    tap.ok(done.returncode == 2 and "/waivers/0/expires: expected a day" in done.stderr, "waiver: malformed", done.stderr)


# ---- stopping ----


def running(word):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if word in (entry / "cmdline").read_bytes().decode(errors="replace") and entry.name != str(os.getpid()):
                    found.append(entry.name)
            except OSError:
                pass
    return found


def within(seconds, what):
    """Waits until it is so: a busy machine takes its time."""
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    return what()


def check_stop(tap, muster):
    mark = f"10{os.getpid()}"
    for number, name in ((signal.SIGINT, "Ctrl-C"), (signal.SIGKILL, "kill -9")):
        process = subprocess.Popen([muster.path, "run", "--jobs", "2", "--peer", f"sleep {mark}", "replayed-request"], cwd=ROOT,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        tap.ok(within(20, lambda: running(f"sleep\0{mark}")), f"{name}: control: peers run")
        process.send_signal(number)
        process.communicate(timeout=20)
        within(10, lambda: not running(f"sleep\0{mark}"))
        left = running(f"sleep\0{mark}")
        tap.ok(process.returncode != 0 and not left, f"{name}: ends, nothing is left behind", process.returncode, left)
    done = muster("run", "--limit", "1", "--patience", "60000", "--peer", f"sleep {mark}", CASE)
    tap.ok(done.returncode == 1 and "took longer than 1000 ms" in done.stdout, "watchdog", done.stdout)
    tap.ok(within(10, lambda: not running(f"sleep\0{mark}")), "watchdog: nothing is left behind")


def check_debug(tap, muster, scratch):
    """--debug names the processes of the peers, waits for a line, and keeps the bundle."""
    out = pathlib.Path(scratch) / "debug"
    for mode, words in (("run", ("--port", "stdio", "--out", out, CASE)), ("repro", ("--port", "stdio", CASE))):
        process = subprocess.Popen([muster.path, mode, "--debug", *words], cwd=ROOT, text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = ""
        while "attach a debugger" not in said and process.poll() is None:
            said += process.stderr.readline()
        named = re.findall(r"^(\S+) is process (\d+)$", said, re.MULTILINE)
        alive = [name for name, number in named if b"muster-peer" in pathlib.Path(f"/proc/{number}/cmdline").read_bytes()]
        tap.ok(sorted(alive) == ["lamp", "switch"], f"{mode} --debug: the processes named are those of the peers", said)
        time.sleep(0.3)
        tap.ok(process.poll() is None and " < " not in said, f"{mode} --debug: nothing is asked before a line of input", said)
        rest = process.communicate("\n", timeout=60)
        tap.ok(process.returncode == 0 and 'lamp < {"op":"configure"' in rest[1],
               f"{mode} --debug: goes on, with the lines of the protocol", rest)
    tap.ok([path for path in out.rglob("events.jsonl")] != [], "run --debug: the bundle of a case that passes is kept", list(out.rglob("*")))
    done = subprocess.run([muster.path, "repro", "--debug", "--port", "stdio", CASE], cwd=ROOT, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)
    tap.ok(done.returncode == 0, "repro --debug: without input it does not wait", done)


def main():
    tap, muster, folder = start()
    with folder as scratch:
        check_peers(tap, muster, scratch)
        check_malformed(tap, muster, scratch)
        check_schema(tap, muster)
        check_readme(tap, muster, scratch)
        check_logs(tap, muster, scratch)
        check_usage(tap, muster, scratch)
        check_names(tap, muster, scratch)
        check_reports(tap, muster, scratch)
        check_waivers(tap, muster, scratch)
        check_stop(tap, muster)
        check_debug(tap, muster, scratch)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
