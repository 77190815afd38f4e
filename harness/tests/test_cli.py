#!/usr/bin/env python3
"""The muster command from outside: exit statuses, malformed files, batches, what it prints.

usage: harness/tests/test_cli.py [MUSTER]; TAP on standard output
"""
import json
import pathlib
import re
import shlex
import shutil
import sys

from muster_tests import VECTORS, files, is_one_line, start

COMMANDS = ("vectors", "open", "seal", "explain", "list", "bench")
TEXT = VECTORS / "oscore" / "message-text.json"
REQUEST = "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e"
PLAIN = "44015d1f00003974396c6f63616c686f737483747631"
RESPONSE = "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e"
RESPONSE_PLAIN = "64455d1f00003974ff48656c6c6f20576f726c6421"

USAGE = (
    (), ("nonsense",), ("vectors", "--nonsense"), ("vectors", "word"), ("vectors", "--file"), ("vectors", "--json", "--tap"),
    ("vectors", "--json=yes"), ("vectors", "--only", "no-such-id"), ("vectors", "--dir", "/nonexistent"),
    ("vectors", "--file", "/nonexistent"), ("vectors", "--output", "/nonexistent/x", "--only", "common-coap-0001"),
    ("open",), ("open", REQUEST), ("open", "--context", "/nonexistent", REQUEST), ("open", "--context", str(TEXT), REQUEST),
    ("open", "--context", f"{TEXT}#c1-server"), ("open", "--context", f"{TEXT}#nobody", REQUEST),
    ("open", "--context", f"{TEXT}#c1-server", "4g"), ("open", "--context", f"{TEXT}#c1-server", REQUEST.upper()),
    ("open", "--context", f"{TEXT}#c1-server", "123"), ("open", "--batch", "--context", f"{TEXT}#c1-server"),
    ("open", "--context", f"{TEXT}#c1-server", "--now-ms", "-1", REQUEST),
    ("open", "--context", f"{TEXT}#c1-server", "--request-context", f"{TEXT}#c1-server", REQUEST),
    ("seal",), ("seal", "--context", f"{TEXT}#c1-client", "--ssn", "x", PLAIN),
    ("seal", "--context", f"{TEXT}#c1-client", "--ssn", "1099511627777", PLAIN),
    ("seal", "--context", f"{TEXT}#c1-client", "--mode", "both", PLAIN),
    ("seal", "--context", f"{TEXT}#c1-client", "--kid-context", "--no-kid-context", PLAIN),
    ("explain",), ("explain", "--vector", "no-such-id"), ("explain", "--vector", "common-coap-0001"),
    ("explain", "--vector", "oscore-message-9001", REQUEST), ("explain", "--context", f"{TEXT}#c1-client", RESPONSE),
    ("list",), ("list", "nonsense"), ("list", "vectors", "requirements"), ("list", "vectors", "--dir", "/nonexistent"),
    ("bench", "word"), ("bench", "--slow"),
)

# A mistake of the maker, and what explain must call it.
DIVERGENCE = (
    ("AAD of a request: options left out", "group-02", "AAD: options is missing"),
    ("key of a response: salt and secret exchanged", "group-02", "Master Salt and Master Secret swapped"),
    ("request, nonce: identifier padded on the right", "group-02", "ID_PIV is padded on the right"),
    ("request, nonce: no size byte", "group-02", "the length of ID_PIV is 0"),
    ("AAD of a pairwise response: request_kid and request_piv exchanged", "group-28", "request_kid and request_piv are swapped"),
    ("AAD of a group response: OSCORE_option left out", "group-28", "OSCORE_option is missing"),
    ("CS4 read as CS5: group request", "group-28", "reading CS4 instead of CS5"),
    ("signature -35, request: not masked", "group-28", "the countersignature is not encrypted"),
    ("group response after a rekey to a group request: request_kid of the server", "group-28", "request_kid is the ID of"),
    ("nonce of a request: identifier padded on the right", "oscore", "ID_PIV is padded on the right"),
    ("key of a response: Recipient Key", "oscore", "the ID of the other end"),
    ("Partial IV 256 padded to 4 bytes on the way", "oscore", "without its leading zeros"),
)


def refused(tap, got, name, *parts):
    """One line on standard error, nothing on standard output, status 2; parts are in the line."""
    return tap.ok(got.returncode == 2 and got.stdout == "" and is_one_line(got.stderr) and
                  all(part in got.stderr for part in parts), name, f"status {got.returncode}", got.stdout, got.stderr)


def test_help(tap, muster):
    for words in (("--help",), ("help",), *((command, "--help") for command in COMMANDS)):
        got = muster(*words)
        tap.ok(got.returncode == 0 and "usage: muster" in got.stdout and "example: muster" in got.stdout and not got.stderr,
               f"{' '.join(words)} has usage and example", got)
    for command in COMMANDS[:-1]:
        text = muster(command, "--help").stdout
        example = text[text.index("example: muster ") + len("example: muster "):].replace("\\\n", " ")
        got = muster(*shlex.split(example))
        tap.ok(got.returncode == 0 and got.stdout, f"the example of {command} runs", example, got.stderr)


def test_usage(tap, muster):
    for words in USAGE:
        refused(tap, muster(*words), f"usage: {' '.join(words)[:90] or 'nothing'}")


def test_bad_files(tap, muster):
    folder = VECTORS / "schema" / "bad"
    index = json.loads((folder / "index.json").read_text())
    got = muster("vectors", "--file", folder / index["good"])
    tap.ok(got.returncode == 0 and got.stdout.endswith("2 passed, 0 failed, 0 unsupported\n"),
           "schema/bad: the file that the others were made from passes", got)
    for row in index["files"]:
        place = row["path"] or "/"
        parts = [row["file"]] + ([f": {place}: "] if row["stage"] != "json" else [])
        refused(tap, muster("vectors", "--file", folder / row["file"]), f"schema/bad/{row['file']}: {row['fault']}", *parts)


def test_vectors(tap, muster, folder):
    empty = folder / "empty"
    (empty / "oscore").mkdir(parents=True)
    refused(tap, muster("vectors", "--dir", empty), "an empty tree is an error", str(empty))
    got = muster("vectors", "--only", "common-coap-*", cwd=folder)
    tap.ok(got.returncode == 0 and f"vectors of {VECTORS}\n" in got.stdout, "from elsewhere the tree of the program is taken", got)
    alone = shutil.copy(muster.path, folder / "muster-alone")
    refused(tap, type(muster)(alone)("vectors", cwd=folder), "no tree here and none about the program is an error", "vectors")
    got = muster("vectors", "--only", "common-coap-*", cwd=folder, env={"MUSTER_VECTORS": str(VECTORS)})
    tap.ok(got.returncode == 0 and f"vectors of {VECTORS}\n" in got.stdout, "MUSTER_VECTORS names the tree", got)
    documents = dict(files())
    got = muster("vectors")
    last = re.fullmatch(r"(\d+) passed, 0 failed, (\d+) unsupported", got.stdout.splitlines()[-1])
    total = sum(len(document["vectors"]) for document in documents.values())
    tap.ok(got.returncode == 0 and last and int(last[1]) + int(last[2]) == total,
           f"the whole tree, {total} vectors", got.stdout[-300:], got.stderr)
    tap.ok(all(f" vectors/{path.parent.name}/{path.name} " in got.stdout for path in documents), "a line for every file")
    tap.ok("\x1b" not in got.stdout + got.stderr and "\r" not in got.stdout + got.stderr and not got.stderr,
           "plain when not on a terminal", got.stderr)
    confirmed = sum(1 for document in documents.values() for v in document["vectors"]
                    if any(c["stack"] == "aiocoap" for c in v["confirmed"]))
    tap.ok(f"{confirmed} by aiocoap" in got.stdout, f"{confirmed} vectors confirmed by aiocoap", got.stdout[-300:])
    test_styles(tap, muster, documents)


def test_styles(tap, muster, documents):
    only = ("--only", "oscore-message-9*", "--only", "group-28-option-000?")
    wanted = sorted(v["id"] for document in documents.values() for v in document["vectors"]
                    if re.match(r"oscore-message-9|group-28-option-000.$", v["id"]))
    got = muster("vectors", "--tap", *only)
    ids = [line.split(" - ")[1].split()[0] for line in got.stdout.splitlines() if line.startswith("ok ")]
    tap.ok(got.returncode == 0 and sorted(ids) == wanted and got.stdout.endswith(f"1..{len(wanted)}\n"), "--tap", got.stdout)
    got = muster("vectors", "--json", *only)
    whole = json.loads(got.stdout)
    tap.ok(sorted(row["id"] for row in whole["vectors"]) == wanted and whole["passed"] == len(wanted), "--json", got.stdout)
    got = muster("vectors", "-v", *only)
    tap.ok(all(f"ok {name} " in got.stdout for name in wanted), "-v has a line for every vector", got.stdout)
    negative = next(v for document in documents.values() for v in document["vectors"] if v["result"] == "reject")
    got = muster("vectors", "--only", negative["id"])
    tap.ok(got.returncode == 0 and got.stdout.endswith("1 passed, 0 failed, 0 unsupported\n"),
           "a negative alone: its control runs, and does not count", got.stdout)


def test_output(tap, muster, folder):
    target = folder / "out.json"
    got = muster("vectors", "--json", "--only", "oscore-message-9001", "--output", target)
    tap.ok(got.returncode == 0 and got.stdout == "" and json.loads(target.read_text())["passed"] == 1,
           "--output writes the file", got)
    tap.ok([path.name for path in folder.iterdir() if "part" in path.name] == [], "and leaves no part behind")
    before = target.read_text()
    got = muster("vectors", "--json", "--only", "nothing-*", "--output", target)
    tap.ok(got.returncode == 2 and target.read_text() == before, "a run that fails leaves the old file as it was", got)


def open_c1(muster, *words):
    return muster("open", "--context", f"{TEXT}#c1-server", *words)


def test_open_and_seal(tap, muster):
    got = open_c1(muster, REQUEST)
    said = json.loads(got.stdout)
    tap.ok(got.returncode == 0 and said["result"] == "ok" and said["message"] == PLAIN and said["code"] == "0.01" and
           said["options"][1] == {"number": 11, "name": "Uri-Path", "value": "747631"} and said["payload"] is None and
           said["partial_iv"] == "14" and said["kid"] == "" and said["mode"] is None, "RFC 8613 C.4 opens", got.stdout)
    got = open_c1(muster, REQUEST[:-2] + "5f")
    tap.ok(got.returncode == 1 and json.loads(got.stdout)["reason"] == "decryption-failed" and
           "message" not in json.loads(got.stdout), "one byte changed: refused, status 1", got.stdout)
    got = open_c1(muster, "00")
    tap.ok(got.returncode == 1 and json.loads(got.stdout)["reason"] == "coap-malformed", "no CoAP message: refused", got)
    got = muster("seal", "--context", f"{TEXT}#c1-client", "--ssn", "20", PLAIN)
    tap.ok(got.returncode == 0 and json.loads(got.stdout)["protected"] == REQUEST and json.loads(got.stdout)["ssn"] == 21,
           "RFC 8613 C.4 seals", got)
    words = ("--ssn", "0", "--own-partial-iv", "--request", REQUEST, RESPONSE_PLAIN)
    got = muster("seal", "--context", f"{TEXT}#c1-server", *words)
    tap.ok(got.returncode == 0 and json.loads(got.stdout)["protected"] == RESPONSE, "RFC 8613 C.8 seals", got)
    got = muster("open", "--context", f"{TEXT}#c1-client", "--request", REQUEST, RESPONSE)
    tap.ok(got.returncode == 0 and json.loads(got.stdout)["message"] == RESPONSE_PLAIN, "RFC 8613 C.8 opens", got)
    got = muster("seal", "--context", f"{TEXT}#c1-client", "--ssn", "1099511627776", PLAIN)
    tap.ok(got.returncode == 1 and json.loads(got.stdout)["reason"] == "ssn-exhausted", "a refusal to protect", got)


def test_contexts(tap, muster, folder):
    """Malformed contexts: status 2 and the place; contexts that cannot be: refused with a reason, status 1."""
    good = json.loads(TEXT.read_text())["contexts"]["c1-server"]
    path = folder / "context.json"
    spoilt = (
        ({"stray": 1}, "/"), ({"master_secret": "0"}, "/master_secret"), ({"master_secret": None}, "/master_secret"),
        ({"dialect": "oscore-2"}, "/dialect"), ({"reading": "CS5"}, "/reading"), ({"aead": "10"}, "/aead"),
        ({"aead": 10.0}, "/aead"), ({"sender": {"id": "01", "key": "00"}}, "/sender"), ({"sender": {}}, "/sender"),
        ({"recipients": {}}, "/recipients"), ({"recipients": [{"id": "0"}]}, "/recipients/0/id"),
        ({"windows": "open"}, "/windows"), ({"window_size": 65536}, "/window_size"),
        ({"dialect": "group-28", "reading": "S1/E1"}, "/reading"), ({"cred_format": "pem"}, "/cred_format"),
    )
    for change, place in spoilt:
        path.write_text(json.dumps({**good, **change}))
        for command in ("open", "seal", "explain"):
            refused(tap, muster(command, "--context", path, REQUEST), f"{command}: malformed context {json.dumps(change)}",
                    str(path), f": {place}: ")
    path.write_text(json.dumps(good) + " 1")
    refused(tap, muster("open", "--context", path, REQUEST), "open: bytes behind the context", str(path))
    cannot_be = (({"aead": 0}, "algorithm-unknown"), ({"aead": None}, "context-invalid"), ({"hkdf": 6}, "algorithm-unknown"),
                 ({"window_size": 0}, "context-invalid"), ({"master_secret": ""}, "context-invalid"),
                 ({"recipients": [{"id": good["sender"]["id"]}]}, "context-invalid"))
    for change, reason in cannot_be:
        path.write_text(json.dumps({**good, **change}))
        got = muster("open", "--context", path, REQUEST)
        said = json.loads(got.stdout or "{}")
        tap.ok(got.returncode == 1 and said.get("reason") == reason and said.get("stage") == "context",
               f"a context that cannot be: {json.dumps(change)}", got)


def batch(muster, command, lines):
    got = muster(command, "--batch", stdin="".join(line + "\n" for line in lines))
    return got, [json.loads(line) for line in got.stdout.splitlines()]


def test_batch(tap, muster):
    contexts = json.loads(TEXT.read_text())["contexts"]
    job = {"context": contexts["c1-server"], "message": REQUEST}
    several = {"context": contexts["c1-server"], "messages": [REQUEST, REQUEST]}
    got, said = batch(muster, "open", [json.dumps(job), json.dumps(several)])
    tap.ok(got.returncode == 0 and [row.get("result") for row in said] == ["ok", None] and
           [row["reason"] for row in said[1]["results"]] == [None, "replay"],
           "a batch: each job afresh, several messages to one receiver", got)
    bad = ["", "{", "[]", "5", "null", json.dumps({}), json.dumps({**job, "stray": 1}), json.dumps({"context": {}, "message": ""}),
           json.dumps({"context": contexts["c1-server"]}), json.dumps({**job, "messages": [REQUEST]}),
           json.dumps({**job, "message": "zz"}), json.dumps({**several, "messages": []}), json.dumps(job)[:-1], "\x01",
           json.dumps(job) + json.dumps(job), json.dumps({**job, "request_context": contexts["c1-server"]})]
    for i, line in enumerate(bad):
        got, said = batch(muster, "open", [json.dumps(job), line, json.dumps(job)])
        tap.ok(got.returncode == 2 and len(said) == 3 and [row.get("result") for row in said] == ["ok", None, "ok"] and
               said[1]["line"] == 2 and said[1]["error"].startswith("line 2: ") and is_one_line(got.stderr),
               f"a bad line {i}: {line[:40]!r} is answered, the others too", got)
    got, said = batch(muster, "seal", [json.dumps({"context": contexts["c1-client"], "ssn": 20, "messages": [PLAIN, PLAIN]})])
    tap.ok(said[0]["results"][0]["protected"] == REQUEST and said[0]["results"][1]["ssn"] == 22,
           "a batch that seals goes on with the Sender Sequence Number", got)
    got, said = batch(muster, "open", [])
    tap.ok(got.returncode == 0 and said == [], "an empty batch", got)
    test_batch_of_vectors(tap, muster)


def job_of(document, vector, opens):
    """The job that does what a message vector does."""
    context = document["contexts"]
    who, before = ("receiver", "request_sender") if opens else ("sender", "request_receiver")
    job = {"context": context[vector[who]], "message": vector["protected" if opens else "plain"]}
    if vector["request"] is not None:
        job["request"] = vector["request"]
    if vector[before] is not None:
        job["request_context"] = context[vector[before]]
    if opens:
        return {**job, "target": vector["request_target"]}
    seal = {key: value for key, value in vector["seal"].items() if value is not None}
    return {**job, **seal, "mode": vector["mode"]}


def test_batch_of_vectors(tap, muster):
    """Every message vector by the batch: the same bytes, the same reasons."""
    for opens, command in ((True, "open"), (False, "seal")):
        lines, wanted = [], []
        for _, document in files():
            if document["family"] != "message":
                continue
            for vector in document["vectors"]:
                if vector["op"] != ("seal" if opens else "open"):
                    lines.append(json.dumps(job_of(document, vector, opens)))
                    wanted.append((vector["id"], vector["reason"], vector["opened" if opens else "protected"]))
        got, said = batch(muster, command, lines)
        wrong = [name for (name, reason, value), row in zip(wanted, said)
                 if row.get("reason") not in (reason, "limit") or
                 (reason is None and row.get("reason") is None and row["message" if opens else "protected"] != value)]
        limits = sum(row.get("reason") == "limit" for row in said)
        tap.ok(got.returncode == 0 and len(said) == len(wanted) > 500 and not wrong and limits <= 2,
               f"muster {command} does what {len(wanted)} message vectors say", wrong[:10], limits, got.stderr)


def test_explain(tap, muster):
    got = muster("explain", "--vector", "oscore-message-9001")
    vector = next(v for v in json.loads(TEXT.read_text())["vectors"] if v["id"] == "oscore-message-9001")
    missing = [key for key, value in vector["intermediate"].items() if value and value not in got.stdout]
    tap.ok(got.returncode == 0 and not missing and "verified" in got.stdout, "explain shows every intermediate value", missing)
    tap.ok(muster("explain", "--context", f"{TEXT}#c1-server", REQUEST).returncode == 0, "explain from context and bytes")
    by_title = {(document["dialect"], v["title"]): v["id"] for _, document in files() if document["family"] == "message"
                for v in document["vectors"]}
    for title, dialect, words in DIVERGENCE:
        name = by_title.get((dialect, title))
        got = muster("explain", "--vector", name or "none")
        found = re.search(r"first divergence: (.*)", got.stdout)
        tap.ok(got.returncode == 1 and found and words in found[1], f"{name} {title}: {words}", got.stdout[-300:], got.stderr)
    got = muster("explain", "--context", f"{TEXT}#c1-server", REQUEST[:-2] + "5f")
    tap.ok(got.returncode == 1 and "none of" in got.stdout and "decryption-failed" in got.stdout,
           "a changed byte is no known mistake", got.stdout[-300:])
    test_explain_shows(tap, muster)


def test_explain_shows(tap, muster):
    """Positive vectors of every dialect and mode: verified, and all intermediates are on the page."""
    seen = set()
    for _, document in files():
        for v in document["vectors"] if document["family"] == "message" else ():
            kind = (document["dialect"], v["mode"], v["direction"], v["op"], v["request_sender"] is None)
            if v["result"] != "ok" or kind in seen:
                continue
            seen.add(kind)
            got = muster("explain", "--vector", v["id"])
            missing = [key for key, value in v["intermediate"].items() if value and value not in got.stdout]
            tap.ok(got.returncode == 0 and not missing and "\n  verified\n" in got.stdout, f"explain {v['id']} {kind}", missing,
                   got.stdout[-200:], got.stderr)


def test_list(tap, muster, folder):
    total = sum(len(document["vectors"]) for _, document in files())
    got = muster("list", "vectors")
    tap.ok(got.returncode == 0 and got.stdout.endswith(f"{total} vectors\n"), "list vectors", got.stdout[-100:])
    rows = json.loads(muster("list", "requirements", "--json").stdout)
    tap.ok(json.loads(muster("list", "requirements", "--json", cwd="/").stdout) == rows, "list requirements: the same from elsewhere")
    bare = json.loads(muster("list", "requirements", "--json", "--uncovered").stdout)
    ids = [line.split("\t")[0] for path in (VECTORS / "requirements").glob("*.tsv")
           for line in path.read_text().splitlines()[1:]]
    tap.ok(sorted(ids) == sorted(row["id"] for row in rows), f"list requirements: all {len(ids)} rows")
    cited = [row for row in rows if row["id"] == "O-5.2-01"]
    tap.ok(cited and cited[0]["vectors"] > 0, "claims of vectors are counted", cited)
    tap.ok(0 < len(bare) < len(rows), "--uncovered gives some of them")
    root = folder / "root"
    (root / "harness" / "mutants" / "seeded").mkdir(parents=True)
    (root / "harness" / "mutants" / "seeded" / "M99-x.patch").write_text("# M99 the nonce is made of zeros\n--- a\n+++ b\n")
    got = muster("list", "mutants", "--root", root)
    tap.ok(got.stdout == "M99      not run  the nonce is made of zeros\n1 mutants\n", "list mutants", got)
    vector = next(v for _, document in files() for v in document["vectors"] if "O-5.2-01" in v["req"])
    stranger = next(v for _, document in files() for v in document["vectors"] if "O-8.2-05" not in v["req"])
    (root / "harness" / "mutants" / "behaviour").mkdir()
    (root / "harness" / "mutants" / "behaviour" / "M98-y.patch").write_text("# M98 a peer that answers nobody\n--- a\n+++ b\n")
    (root / "harness" / "mutants" / "results.json").write_text(json.dumps({
        "seeded": [{"id": "M99", "verdict": "killed", "n_red": 1}], "behaviour": [{"id": "M98", "verdict": "survived", "n_red": 0}],
        "evidence": {"O-5.2-01": {"M99": [vector["id"]]}, "O-8.2-05": {"M99": [stranger["id"], "no-such-vector"]}}}))
    got = muster("list", "mutants", "--root", root)
    bare = muster("list", "mutants", "--uncovered", "--root", root)
    tap.ok("M99      caught " in got.stdout and bare.stdout.splitlines()[1:] == ["1 mutants"] and
           bare.stdout.startswith("M98      MISSED "), "a mutant that was caught, and one that was missed", got, bare)
    rows = {row["id"]: row for row in json.loads(muster("list", "requirements", "--json", "--root", root).stdout)}
    tap.ok(rows["O-5.2-01"]["mutants"] == 1 and rows["O-8.2-05"]["mutants"] == 0,
           "evidence is a vector of the requirement that went red", rows["O-5.2-01"])


def test_bench(tap, muster):
    got = muster("bench", "--quick", "--json")
    rows = json.loads(got.stdout or "[]")
    aims = [row for row in rows if "aim" in row]
    tap.ok(got.returncode == 0 and len(rows) == 84 and len(aims) == 16 and
           all(row["per_second"] > 0 and row["bare_ns"] > 0 for row in rows), "bench: 84 rows, 16 with an aim", got.stderr, len(rows))


def main():
    tap, muster, scratch = start()
    with scratch as folder:
        folder = pathlib.Path(folder)
        test_help(tap, muster)
        test_usage(tap, muster)
        test_bad_files(tap, muster)
        test_vectors(tap, muster, folder)
        test_output(tap, muster, folder)
        test_open_and_seal(tap, muster)
        test_contexts(tap, muster, folder)
        test_batch(tap, muster)
        test_explain(tap, muster)
        test_list(tap, muster, folder)
        test_bench(tap, muster)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
