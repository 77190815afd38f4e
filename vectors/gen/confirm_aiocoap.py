#!/usr/bin/env python3
"""Lets aiocoap 0.4.17 open, protect and derive what it can of the vectors, and says of the rest why it cannot.

    confirm_aiocoap.py            report
    confirm_aiocoap.py --check    and exit 1 unless the `confirmed` lists are exactly what was found
    confirm_aiocoap.py --write    and write them: vectors/gen/confirmed.json and the files of vectors
    confirm_aiocoap.py --list     and name each vector that was not confirmed, with the reason
    confirm_aiocoap.py --negatives  and name each reject of family message that aiocoap opens

aiocoap is installed by pip into a virtual environment of its own, build/venv-aiocoap (--venv DIR for another). Nothing of vectors/gen
but files.py is used: AAD, nonces, keys, signatures and ciphers are aiocoap's. Exit status: 0, 1 a difference, 2 usage, 3 aiocoap cannot
be had (no network, no venv module).

What "open" confirms: aiocoap verified `protected` with its own AAD and keys, and its external_aad and plaintext are those of `intermediate`.
"seal": from `plain` it made the Outer Code, the option value and the payload of `protected`. "derive": all keys and all info arrays.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import files  # noqa: E402

# Where aiocoap and the vectors part, and why the vector stands. Anything else is a fault of --check, and so is one of these that is gone.
KNOWN = {
    "group-28-derive-0191": "without Signature Algorithm there is no group mode; aiocoap derives the Signature Encryption Key all the same",
    "oscore-message-3139": "a kid in a response chooses nothing, the Token does (O-5-13); aiocoap compares it",
    "oscore-message-3140": "as oscore-message-3139",
    "oscore-message-3142": "a kid context in a response chooses nothing (O-5-13); aiocoap compares it",
    "oscore-message-3143": "as oscore-message-3142",
    "group-28-message-3530": "R of small order: RFC 8032 lets it pass when the equation holds, the reference does not",
    "group-28-message-3579": "as group-28-message-3530",
    "group-28-message-3630": "as group-28-message-3530",
    "group-28-message-3656": "public key of small order: anybody can sign for it; the library below aiocoap does not look",
    "group-28-message-3657": "as group-28-message-3656",
    "group-28-message-3658": "as group-28-message-3656",
    "group-28-message-3659": "as group-28-message-3656",
}
# Rejects by these reasons are cryptography: a stack that opens them must be explained.
CRYPTOGRAPHIC = ("signature-invalid", "decryption-failed")

STACK, VERSION = "aiocoap", "0.4.17"
WANTED = f"{STACK}[oscore]=={VERSION}"
MAX_SSN = 2**40 - 1


# ---- the virtual environment ----


def into_venv(folder, arguments):
    """Runs this script again with aiocoap at hand; does not return."""
    python = folder / "bin" / "python3"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=subprocess.DEVNULL)
        have = subprocess.run([str(python), "-c", f"import importlib.metadata as m; m.version('ge25519'); exit(m.version('{STACK}') != '{VERSION}')"], capture_output=True)
        if have.returncode:
            subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", WANTED], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"confirm_aiocoap: expected {WANTED} in {folder}, cannot have it: {error} (Debian: python3-venv)", file=sys.stderr)
        sys.exit(3)
    os.environ["MUSTER_VENV"] = str(folder)
    os.execv(str(python), [str(python), str(HERE / "confirm_aiocoap.py"), *arguments])


class CannotHold(Exception):
    """aiocoap has no place for this vector; args[0] is the reason that is counted."""


class Disagree(Exception):
    """aiocoap could hold it and found something else."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--check", "--write", "--list", "--negatives"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--venv", type=pathlib.Path, default=HERE.parent.parent / "build" / "venv-aiocoap")
    arguments = parser.parse_args()
    if os.environ.get("MUSTER_VENV") != str(arguments.venv):
        into_venv(arguments.venv, sys.argv[1:])
    import confirm_with_aiocoap as stack

    found, reasons, disagreements, documents = confirm_all(stack, arguments.list)
    disagreements += negatives(stack, documents, arguments.negatives)
    report(found, reasons, disagreements)
    if arguments.write:
        write(found, documents)
    if arguments.check:
        return check(found, disagreements, documents)
    return 0


def confirm_all(stack, is_listed):
    found, reasons, disagreements, documents = {}, collections.Counter(), [], {}
    for path in sorted(files.ROOT.glob("*/*.json")):
        if path.parent.name not in ("oscore", "group-28"):
            continue
        document = json.loads(path.read_text())
        if document["family"] not in ("derive", "message"):
            continue
        documents[path] = document
        for vector in document["vectors"]:
            if vector["result"] == "ok":
                one(stack, document, vector, found, reasons, disagreements, is_listed)
    return found, reasons, disagreements, documents


def one(stack, document, vector, found, reasons, disagreements, is_listed):
    kind = (document["dialect"], document["family"])
    for how, attempt in stack.attempts(document, vector):
        try:
            attempt()
        except CannotHold as cannot:
            reasons[kind, how, str(cannot)] += 1
            if is_listed:
                print(f"{vector['id']} {how}: {cannot}")
        except Disagree as wrong:
            disagreements.append((vector["id"], how, vector["title"], str(wrong)))
        else:
            found.setdefault(vector["id"], []).append({"stack": STACK, "version": VERSION, "how": how})
            reasons[kind, how, "confirmed"] += 1


def report(found, reasons, disagreements):
    for (kind, how, reason), count in sorted(reasons.items(), key=str):
        print(f"{'-'.join(kind)} {how}: {count} {reason}")
    print(f"{len(found)} vectors confirmed by {STACK} {VERSION}, {len(disagreements)} disagreements")
    for name, how, title, text in disagreements:
        print(f"{'known: ' + KNOWN[name] if name in KNOWN else 'UNKNOWN'}: {name} ({how}; {title}): {text}")


def negatives(stack, documents, is_listed):
    """What aiocoap does with the rejects; those it opens against cryptography are disagreements."""
    counts, disagreements = collections.Counter(), []
    for document in documents.values():
        for vector in document["vectors"] if document["family"] == "message" else ():
            if vector["result"] != "reject" or vector["op"] != "open":
                continue
            outcome = stack.try_negative(document, vector)
            counts[document["dialect"], outcome.split(":")[0]] += 1
            if outcome == "accepted" and vector["reason"] in CRYPTOGRAPHIC:
                disagreements.append((vector["id"], "open", vector["title"], f"aiocoap accepts what is {vector['reason']}"))
            elif outcome == "accepted" and is_listed:
                print(f"{vector['id']} {vector['reason']}: accepted; {vector['title']}")
    for (dialect, outcome), count in sorted(counts.items()):
        print(f"{dialect}-message rejects: {count} {outcome}")
    return disagreements


def merged(vector, found):
    """The vector's list with our stack's entries replaced by what was found."""
    others = [entry for entry in vector["confirmed"] if entry["stack"] != STACK]
    return sorted(others + found.get(vector["id"], []), key=lambda entry: (entry["stack"], entry["version"], entry["how"]))


def write(found, documents):
    side = files.confirmations()
    for path, document in documents.items():
        for vector in document["vectors"]:
            vector["confirmed"] = merged(vector, found)
            side.pop(vector["id"], None)
            if vector["confirmed"] and document["source"]["kind"] == "generated":
                side[vector["id"]] = vector["confirmed"]
        files.write(path.relative_to(files.ROOT), files.render(document))
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(side[name])}" for name in sorted(side))
    files.CONFIRMED.write_text("{\n" + rows + "\n}\n")


def check(found, disagreements, documents):
    vectors = {vector["id"]: vector for document in documents.values() for vector in document["vectors"]}
    seen = {name for name, *_ in disagreements}
    faults = [f"{name}: the list `confirmed` is not what was found now" for name, v in vectors.items() if v["confirmed"] != merged(v, found)]
    faults += [f"{name}: a disagreement nobody has explained" for name in sorted(seen - set(KNOWN))]
    faults += [f"{name}: this disagreement is gone, take it out of KNOWN" for name in sorted(set(KNOWN) & set(vectors) - seen)]
    if not found:
        faults.append("expected vectors to confirm, found none")
    for text in faults[:20]:
        print(f"confirm_aiocoap: {text}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.modules["confirm_aiocoap"] = sys.modules["__main__"]
    sys.exit(main())
