#!/usr/bin/env python3
"""Every value that a vector states must be able to make it fail: copies of vectors with one value changed are replayed.

usage: harness/tests/test_replay.py [MUSTER]; TAP on standard output
"""
import copy
import json
import pathlib
import sys

from muster_tests import document_of, files, start

PER_SHAPE = 1  # vectors taken of each shape: family, kind, direction, mode, operation, and which values it has
OTHER_REASON = {"option-malformed": "partial-iv-missing"}


def flip(value):
    """Another value of the same type; hex changes in its last byte, the empty one grows."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1 if value < 3 else value - 1
    if value == "":
        return "00"
    return value[:-2] + f"{int(value[-2:], 16) ^ 1:02x}"


def get(vector, path):
    for part in path:
        vector = vector[part]
    return vector


def changed(vector, path, value):
    whole = copy.deepcopy(vector)
    get(whole, path[:-1])[path[-1]] = value
    return whole


def leaves(value, path):
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], path + (key,))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from leaves(item, path + (i,))
    else:
        yield path, value


def compared(family, vector):
    """Paths of the values that the replayer has to compare."""
    if family == "message":
        if vector["result"] == "ok":
            for key in ("protected", "opened"):
                if (key, vector["op"]) not in (("protected", "open"), ("opened", "seal")):
                    yield (key,)
            for key in vector["intermediate"]:
                yield ("intermediate", key)
    elif family == "sequence":
        for i, step in enumerate(vector["steps"]):
            seals = step["op"] in ("seal_request", "seal_response", "challenge")
            for key in ("protected",) if seals else ("opened",):
                if step.get(key) is not None:
                    yield ("steps", i, key)
            for key in step.get("expect", {}):
                yield ("steps", i, "expect", key)
    elif vector["result"] == "ok":
        yield from (path for path, _ in leaves(vector["expect"], ("expect",)))
        if "canonical" in vector:
            yield ("canonical",)


def mutations(family, vector):
    """(what was changed, the vector changed): each must fail."""
    for path in compared(family, vector):
        value = get(vector, path)
        name = "/".join(map(str, path))
        last = path[-1]
        if value is None:
            if last in ("y_odd", "valid"):
                yield name + " null to true", changed(vector, path, True)
            elif last in ("alg", "highest", "ssn"):
                yield name + " null to 1", changed(vector, path, 1)
            else:
                yield name + " null to a byte", changed(vector, path, "01")
                if last != "payload":
                    yield name + " null to empty", changed(vector, path, "")
            continue
        if last == "curve":
            yield name, changed(vector, path, 1 if value != 1 else 2)
        elif last == "kid" and family == "option" and value == "":
            yield name, changed(vector, path, "01")
        else:
            yield name, changed(vector, path, flip(value))
        if isinstance(value, str) and (family, last) in (("message", "enc_structure"), ("message", "to_be_signed"),
                                                        ("message", "signature"), ("message", "keystream")):
            yield name + " to null", changed(vector, path, None)
    if vector["result"] == "reject":
        yield from reject_mutations(family, vector)


def reject_mutations(family, vector):
    """A refusal for another reason is none."""
    reason = vector["reason"]
    if family in ("coap", "cose", "credential"):
        return  # one reason only: see the accepted input below
    other = OTHER_REASON.get(reason, "option-malformed" if family == "option" else "replay")
    other = "own-kid" if other == reason else other
    whole = changed(vector, ("reason",), other)
    if family == "sequence":
        whole["steps"][-1]["reason"] = other
    yield f"reason {other} for {reason}", whole


INPUTS = {"derive": ("context",), "option": ("value", "direction", "signature_len"), "coap": ("message",),
          "credential": ("credential", "cred_format"), "cose": ("object", "label", "cose_key"),
          "message": ("protected", "receiver", "sender", "plain", "seal", "request", "request_target", "request_sender",
                      "request_receiver", "direction", "mode"), "sequence": ("steps", "context")}


def accepted(family, vector, control):
    """A negative that is given the input of its control, so nothing is refused."""
    whole = copy.deepcopy(vector)
    for key in INPUTS[family]:
        if key in control:
            whole[key] = copy.deepcopy(control[key])
    if family == "message":
        if vector["op"] == "seal":
            whole["protected"] = None
        else:
            whole["plain"] = None
    if family == "sequence":
        whole["steps"][-1].update(result="reject", reason=vector["reason"])
    return whole


def shape(family, vector):
    """Vectors of one shape are compared in the same way."""
    have = tuple(sorted(str(path) for path in compared(family, vector) if get(vector, path) is None))
    keys = ("kind", "direction", "mode", "op", "result", "canonical", "cred_format")
    ops = ()
    if family == "sequence":
        ops = tuple(sorted({(step["op"], step["result"], tuple(step.get("expect", {}))) for step in vector["steps"]}))
        ops = ops if len(ops) <= 3 else ops[:3]
    curve = (vector.get("expect") or {}).get("curve")
    return (family, curve, ops, have if family != "sequence" else ()) + tuple(str(vector.get(key)) for key in keys)


def choose():
    """(document, vector, control or None) to be spoilt: a few of every shape and dialect."""
    seen = {}
    for _, document in files():
        by_id = {vector["id"]: vector for vector in document["vectors"]}
        for vector in document["vectors"]:
            name = (document["dialect"],) + shape(document["family"], vector)
            if seen.setdefault(name, 0) < PER_SHAPE:
                seen[name] += 1
                yield document, vector, by_id.get(vector["control"])


def main():
    tap, muster, scratch = start()
    with scratch as folder:
        cases, documents = [], []
        for document, vector, control in choose():
            family = document["family"]
            spoilt = list(mutations(family, vector))
            if control is not None:
                spoilt.append(("the input of its control", accepted(family, vector, control)))
            for what, whole in spoilt:
                cases.append((f"{vector['id']}: {what}", vector["id"], document, whole, control))
            documents.append((document, vector, control))
        good_first(tap, muster, documents)
        judge(tap, muster, pathlib.Path(folder), cases)
        control_fails(tap, muster, pathlib.Path(folder))
    return tap.done()


def good_first(tap, muster, documents):
    """The chosen vectors pass as they are, else nothing below shows anything."""
    ids = [vector["id"] for _, vector, _ in documents]
    got = muster("vectors", "--json", *[word for name in ids for word in ("--only", name)])
    outcomes = {row["id"]: row["outcome"] for row in json.loads(got.stdout)["vectors"]}
    bad = [name for name in ids if outcomes.get(name) == "failed"]
    tap.ok(got.returncode == 0 and not bad and len(outcomes) == len(ids),
           f"{len(ids)} vectors of every shape pass before they are spoilt", got.stderr, bad)


def judge(tap, muster, folder, cases):
    """Each spoilt copy is a file of its own, with the control of a negative, which still passes."""
    path = folder / "spoilt.json"
    for name, identifier, document, whole, control in cases:
        vectors = [whole] + ([control] if control is not None else [])
        path.write_text(json.dumps(document_of(document, vectors)))
        got = muster("vectors", "--json", "--file", path)
        if got.returncode == 2:
            tap.ok(False, name + " fails", "expected a file the reader takes, found: " + got.stderr)
            continue
        rows = {row["id"]: row for row in json.loads(got.stdout)["vectors"]}
        row = rows[identifier]
        tap.ok(got.returncode == 1 and row["outcome"] == "failed" and
               (control is None or rows[control["id"]]["outcome"] == "passed"), name + " fails", row)


def control_fails(tap, muster, folder):
    """A negative whose control fails does not pass either."""
    path = folder / "control.json"
    for _, document in files():
        by_id = {vector["id"]: vector for vector in document["vectors"]}
        vector = next((v for v in document["vectors"] if v["result"] == "reject" and document["family"] == "option"), None)
        if vector is None:
            continue
        control = copy.deepcopy(by_id[vector["control"]])
        control["expect"]["group_flag"] = not control["expect"]["group_flag"]
        path.write_text(json.dumps(document_of(document, [vector, control])))
        got = muster("vectors", "--json", "--file", path)
        rows = {row["id"]: row for row in json.loads(got.stdout)["vectors"]}
        tap.ok(got.returncode == 1 and rows[vector["id"]]["outcome"] == "failed" and
               "control" in rows[vector["id"]]["said"], f"{vector['id']} fails with its control", rows)


if __name__ == "__main__":
    sys.exit(main())
