#!/usr/bin/python3
"""Derive every transcribed vector (*-text.json) again with the code of vectors/gen and compare each value.

usage: ci/check_text_vectors.py

TAP, one line a vector. Exit status: 0 all agree, 1 a difference, 2 nothing to check. Transcribed files are never written.
"""
import json
import pathlib
import sys

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
sys.dont_write_bytecode = True
sys.path.insert(0, str(VECTORS / "gen"))

try:
    from families import text
except ImportError as error:
    print(f"check_text_vectors: {error} (Debian: python3-cryptography, python3-ecdsa)", file=sys.stderr)
    sys.exit(2)


def differences(document, vector):
    made = text.recompute(document, vector)
    for key, value in made.items():
        if value == vector[key]:
            continue
        inner = value if isinstance(value, dict) else None
        if inner is None:
            yield f"{key}: made {value}, text {vector[key]}"
            continue
        for name in sorted(set(inner) | set(vector[key])):
            if inner.get(name) != vector[key].get(name):
                yield f"{key}.{name}: made {inner.get(name)}, text {vector[key].get(name)}"


def main():
    count = failed = 0
    for path in sorted(VECTORS.glob("*/*-text.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for vector in document["vectors"]:
            count += 1
            found = list(differences(document, vector))
            failed += bool(found)
            print(f"{'not ok' if found else 'ok'} {count} - {vector['id']} {vector['title']}")
            for line in found:
                print(f"# {line}")
    if not count:
        print("check_text_vectors: expected vectors/*/*-text.json, found none", file=sys.stderr)
        return 2
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
