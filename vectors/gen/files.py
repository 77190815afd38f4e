"""How files of vectors look on disk, and how they get there: the same bytes for the same document, whole or not at all."""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIRMED = Path(__file__).resolve().parent / "confirmed.json"


def confirmations():
    """Vector id -> list of third-party stacks that agree byte for byte; kept apart so that generating forgets none."""
    return json.loads(CONFIRMED.read_text()) if CONFIRMED.exists() else {}


def render(document):
    return (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode()


def check_ids(documents):
    """Ids are unique over all documents, and every control is an `ok` vector of the same file."""
    seen = {}
    for path, document in documents.items():
        good = {vector["id"] for vector in document["vectors"] if vector["result"] == "ok"}
        for vector in document["vectors"]:
            assert vector["id"] not in seen, f"{vector['id']} in {path} and {seen[vector['id']]}"
            seen[vector["id"]] = path
            if vector["result"] == "reject":
                assert vector["control"] in good, f"{vector['id']}: control {vector['control']}"
            for flag in vector["flags"]:
                assert flag in document["notes"], f"{vector['id']}: flag {flag} without note"


def write(path, content):
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".tmp")
    draft.write_bytes(content)
    os.replace(draft, target)


def committed(path):
    target = ROOT / path
    return target.read_bytes() if target.exists() else None
