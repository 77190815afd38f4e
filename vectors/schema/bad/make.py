#!/usr/bin/python3
"""Writes the corpus of malformed vector files: good.json with one fault each, and index.json that names the faults.

    make.py            write
    make.py --check    exit 1 when a file differs from what is made here

In the index, `path` is the JSON pointer of the fault ("" when the text is no JSON of the strict kind). `stage` is `json` (the text),
`schema` (a closed object, a type, a range) or `reference` (a name that must resolve). A reader that does not look up requirement ids
may accept those with `reader` false; all others it must refuse.
"""
import copy
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOM = "oscore"
GOOD = {
    "format": "muster-vectors-1",
    "family": "message",
    "dialect": "oscore",
    "source": {"kind": "generated", "ref": "vectors/schema/bad", "seed": 1},
    "notes": {"tag": {"bug": "the tag is not compared", "effect": "forged messages are accepted", "mutants": ["M67"]}},
    "contexts": {
        "client": {
            "dialect": "oscore",
            "reading": None,
            "hkdf": 5,
            "aead": 10,
            "master_secret": "0102030405060708090a0b0c0d0e0f10",
            "master_salt": "9e7ca92223786340",
            "id_context": None,
            "sender": {"id": "", "ssn": 20},
            "recipients": [{"id": "01"}],
        },
        "server": {
            "dialect": "oscore",
            "master_secret": "0102030405060708090a0b0c0d0e0f10",
            "master_salt": "9e7ca92223786340",
            "sender": {"id": "01"},
            "recipients": [{"id": ""}],
            "window_size": 32,
        },
    },
    "vectors": [
        {
            "id": "oscore-message-9901",
            "title": "RFC 8613 Appendix C.4",
            "req": ["O-8.1-01"],
            "flags": [],
            "direction": "request",
            "mode": None,
            "op": "both",
            "sender": "client",
            "receiver": "server",
            "seal": {"ssn": 20, "target": None, "own_partial_iv": None, "kid": None, "kid_context": None},
            "request": None,
            "request_target": None,
            "request_sender": None,
            "request_receiver": None,
            "plain": "44015d1f00003974396c6f63616c686f737483747631",
            "protected": "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e",
            "opened": "44015d1f00003974396c6f63616c686f737483747631",
            "intermediate": {
                "request_kid": "",
                "request_piv": "14",
                "request_kid_context": None,
                "option": "0914",
                "nonce": "4622d4dd6d944168eefb549868",
                "external_aad": "8501810a40411440",
                "enc_structure": "8368456e63727970743040488501810a40411440",
                "key": "f0910ed7295e6ad4b54fc793154302ff",
                "plaintext": "01b3747631",
                "ciphertext": "612f1092f1776f1c1668b3825e",
                "to_be_signed": None,
                "signature": None,
                "keystream_info": None,
                "keystream": None,
                "encrypted_signature": None,
            },
            "result": "ok",
            "reason": None,
            "control": None,
            "confirmed": [{"stack": "aiocoap", "version": "0.4.17", "how": "open"}],
        },
        {
            "id": "oscore-message-9902",
            "title": "the same with its last byte flipped",
            "req": ["O-8.2-05"],
            "flags": ["tag"],
            "direction": "request",
            "mode": None,
            "op": "open",
            "sender": None,
            "receiver": "server",
            "seal": None,
            "request": None,
            "request_target": None,
            "request_sender": None,
            "request_receiver": None,
            "plain": None,
            "protected": "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825f",
            "opened": None,
            "intermediate": {},
            "result": "reject",
            "reason": "decryption-failed",
            "control": "oscore-message-9901",
            "confirmed": [],
        },
    ],
}
DELETE = object()
V0, V1 = "/vectors/0", "/vectors/1"
# name, pointer of the change, new value, pointer of the fault (None: the same; a missing or stray key is the fault of its object), words
CHANGES = [
    ("format-unknown", "/format", "muster-vectors-2", None, "a format nobody defined"),
    ("format-missing", "/format", DELETE, "", "no format"),
    ("family-unknown", "/family", "messages", None, "an unknown family"),
    ("dialect-unknown", "/dialect", "group-29", None, "an unknown dialect"),
    ("dialect-of-context", "/contexts/server/dialect", "group-28", None, "a context of another dialect"),
    ("source-kind", "/source", {"kind": "text", "ref": "RFC 8613", "seed": 1}, "/source", "a seed in a transcribed file"),
    ("stray-top", "/comment", "x", "", "a stray key at the top"),
    ("stray-context", "/contexts/client/name", "x", "/contexts/client", "a stray key in a context"),
    ("stray-sender", "/contexts/client/sender/key", "00", "/contexts/client/sender", "a stray key in a sender"),
    ("stray-vector", V0 + "/note", "x", V0, "a stray key in a vector"),
    ("stray-seal", V0 + "/seal/mode", None, V0 + "/seal", "a stray key in seal"),
    ("stray-intermediate", V0 + "/intermediate/aad", "00", V0 + "/intermediate", "a stray intermediate value"),
    ("stray-of-other-family", V0 + "/expect", None, V0, "a key of another family"),
    ("missing-vectors", "/vectors", DELETE, "", "no vectors"),
    ("empty-vectors", "/vectors", [], None, "an empty list of vectors"),
    ("missing-secret", "/contexts/client/master_secret", DELETE, "/contexts/client", "a context without Master Secret"),
    ("missing-reason", V1 + "/reason", DELETE, V1, "no reason key"),
    ("missing-protected", V0 + "/protected", DELETE, V0, "no protected key"),
    ("missing-intermediate", V0 + "/intermediate/nonce", DELETE, V0 + "/intermediate", "a positive that lacks an intermediate value"),
    ("hex-odd", V0 + "/intermediate/nonce", "4622d4dd6d944168eefb54986", None, "an odd number of hex digits"),
    ("hex-upper", V0 + "/intermediate/nonce", "4622D4DD6D944168EEFB549868", None, "upper-case hex"),
    ("hex-letter", V0 + "/intermediate/nonce", "4622d4dd6d944168eefb54986g", None, "a digit that is none"),
    ("hex-prefix", V0 + "/intermediate/option", "0x0914", None, "hex with a prefix"),
    ("hex-space", V0 + "/intermediate/option", "09 14", None, "hex with a space"),
    ("hex-newline", V0 + "/intermediate/option", "0914\n", None, "hex with a line end"),
    ("hex-nul", V0 + "/intermediate/option", "0914\0", None, "hex with a NUL"),
    ("type-number-for-hex", V0 + "/intermediate/option", 914, None, "a number for hex"),
    ("type-text-for-number", "/contexts/client/aead", "10", None, "a text for a number"),
    ("type-bool-for-number", "/contexts/client/aead", True, None, "true for a number"),
    ("type-null-for-hex", "/contexts/client/master_secret", None, None, "null where bytes must be"),
    ("type-object-for-list", "/contexts/client/recipients", {"id": "01"}, None, "an object for a list"),
    ("type-list-for-object", "/contexts/client/sender", [{"id": ""}], None, "a list for an object"),
    ("type-number-for-bool", V0 + "/seal/kid", 0, None, "0 for false"),
    ("range-ssn", V0 + "/seal/ssn", 2**40 + 1, None, "a sequence number above 2^40"),
    ("range-negative", V0 + "/seal/ssn", -1, None, "a negative sequence number"),
    ("range-window", "/contexts/server/window_size", 65536, None, "a window width out of range"),
    ("range-algorithm", "/contexts/client/aead", 2**31, None, "an algorithm number of more than 32 bits"),
    ("windows-unknown", "/contexts/server/windows", "lost", None, "an unknown state of windows"),
    ("result-unknown", V0 + "/result", "pass", None, "an unknown result"),
    ("reason-unknown", V1 + "/reason", "tag-mismatch", None, "an unknown reason"),
    ("reason-in-positive", V0 + "/reason", "replay", None, "a positive with a reason"),
    ("reason-null-in-negative", V1 + "/reason", None, None, "a negative without reason"),
    ("op-of-negative", V1 + "/op", "both", None, "a negative that does not name one operation"),
    ("op-unknown", V0 + "/op", "verify", None, "an unknown operation"),
    ("control-null", V1 + "/control", None, None, "a negative without control"),
    ("control-in-positive", V0 + "/control", "oscore-message-9901", None, "a positive with a control"),
    ("confirmed-how", V0 + "/confirmed/0/how", "opened", None, "an unknown kind of confirmation"),
    ("id-form", V0 + "/id", "oscore-message-1", None, "an id of another form"),
    ("id-family", V0 + "/id", "oscore-derive-9901", None, "an id of another family"),
    ("id-twice", V1 + "/id", "oscore-message-9901", None, "an id twice"),
    ("req-empty", V0 + "/req", [], None, "no requirement"),
    ("req-unknown", V0 + "/req/0", "O-x-01", None, "an unknown requirement"),
    ("flag-unexplained", V1 + "/flags/0", "tags", None, "a flag without note"),
    ("context-unknown", V0 + "/sender", "alice", None, "a context that is not there"),
    ("control-unknown", V1 + "/control", "oscore-message-9999", None, "a control that is not there"),
    ("control-negative", V1 + "/control", "oscore-message-9902", None, "a control that is no positive"),
]
REFERENCES = {"dialect-of-context", "id-family", "id-twice", "req-unknown", "flag-unexplained", "context-unknown", "control-unknown", "control-negative"}
NOT_FOR_READERS = {"req-unknown"}


def changed(pointer, value):
    document = copy.deepcopy(GOOD)
    *parents, last = pointer.split("/")[1:]
    place = document
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    key = int(last) if isinstance(place, list) else last
    if value is DELETE:
        del place[key]
    else:
        place[key] = value
    return document


def render(document):
    return (json.dumps(document, indent=1) + "\n").encode()


def texts():
    """(name, bytes, words): texts that are no JSON of the strict kind."""
    good = render(GOOD)
    first = b'"family": "message",'
    yield "text-empty", b"", "an empty file"
    yield "text-cut", good[: len(good) // 2], "a file cut in the middle"
    yield "text-behind", good + b"{}\n", "a second document behind the first"
    yield "text-comma", good.replace(b'"confirmed": []', b'"confirmed": [],'), "a comma behind the last member"
    yield "text-comment", good.replace(first, first + b" // comment"), "a comment"
    yield "text-key-twice", good.replace(first, first + b' "family": "message",'), "a key twice, with the same value"
    yield "text-key-twice-deep", good.replace(b'"ssn": 20,', b'"ssn": 20, "ssn": 21,', 1), "a key twice inside a vector"
    yield "text-float", good.replace(b'"hkdf": 5', b'"hkdf": 5.0'), "a number with a fraction"
    yield "text-exponent", good.replace(b'"aead": 10', b'"aead": 1e1'), "a number with an exponent"
    yield "text-nan", good.replace(b'"aead": 10', b'"aead": NaN'), "NaN"
    yield "text-quote", good.replace(b'"oscore"', b"'oscore'", 1), "single quotes"
    yield "text-utf8", good.replace(b"RFC 8613", b"RFC\xff8613", 1), "bytes that are no UTF-8"
    yield "text-bom", b"\xef\xbb\xbf" + good, "a byte order mark"
    yield "text-deep", b"[" * 100000, "a hundred thousand open brackets"


def corpus():
    made, index = {"good.json": render(GOOD)}, []
    for name, data, words in texts():
        assert data != render(GOOD), name
        made[name + ".json"] = data
        index.append({"file": name + ".json", "path": "", "stage": "json", "reader": True, "fault": words})
    for name, pointer, value, fault, words in CHANGES:
        made[name + ".json"] = render(changed(pointer, value))
        stage = "reference" if name in REFERENCES else "schema"
        place = pointer if fault is None else fault
        reader = name not in NOT_FOR_READERS
        index.append({"file": name + ".json", "path": place, "stage": stage, "reader": reader, "fault": words})
    made["index.json"] = render({"good": "good.json", "room": ROOM, "files": index})
    return made


def main():
    made = corpus()
    if sys.argv[1:] == ["--check"]:
        there = {path.name: path.read_bytes() for path in HERE.glob("*.json")}
        wrong = sorted(name for name in set(made) | set(there) if made.get(name) != there.get(name))
        for name in wrong:
            print(f"vectors/schema/bad/{name} is not what make.py makes", file=sys.stderr)
        return 1 if wrong else 0
    for name, data in made.items():
        (HERE / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
