#!/usr/bin/python3
"""Check every vector file against the closed schemas and the rules a schema cannot say.

usage: ci/check_vectors.py [--vectors DIR] [--no-corpus] [FILE...]

Without FILE it checks the whole tree, then the corpus of malformed files in DIR/schema/bad, each of which must be refused
for the fault its index names. Output is TAP, one line a file, and totals. Exit status: 0 all right, 1 a fault, 2 cannot
check (nothing to check, unreadable file or schema).
"""
import argparse
import collections
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("check_vectors: expected the Python module jsonschema, found none (Debian: python3-jsonschema)", file=sys.stderr)
    sys.exit(2)

MAX_FAULTS_SHOWN = 10


class Unreadable(Exception):
    """The check itself cannot be done."""


class Fault(Exception):
    """A file is no JSON document of the strict kind: no duplicate key, no float, nothing behind it."""


def read_bytes(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error


def unique_keys(pairs):
    seen = {}
    for key, value in pairs:
        if key in seen:
            raise Fault(f"duplicate key {key!r}")
        seen[key] = value
    return seen


def refuse_number(text):
    raise Fault(f"number {text} is not an integer")


def strict_json(data):
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=unique_keys, parse_float=refuse_number, parse_constant=refuse_number)
    except UnicodeDecodeError as error:
        raise Fault(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise Fault(f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise Fault("nested too deeply") from error


def pointer(parts):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def load_requirements(folder):
    ids = set()
    for path in sorted(folder.glob("*.tsv")):
        rows = read_bytes(path).decode("utf-8").splitlines()
        ids.update(row.split("\t", 1)[0] for row in rows[1:])
    if not ids:
        raise Unreadable(f"{folder}: expected requirement catalogues, found none")
    return ids


def load_validator(folder):
    store = {}
    for path in sorted(folder.glob("*.schema.json")):
        try:
            schema = strict_json(read_bytes(path))
            jsonschema.Draft202012Validator.check_schema(schema)
        except (Fault, jsonschema.SchemaError) as error:
            raise Unreadable(f"{path}: {error}") from error
        store[schema["$id"]] = schema
    if "file.schema.json" not in store:
        raise Unreadable(f"{folder}: expected file.schema.json, found none")
    resolver = jsonschema.RefResolver("file.schema.json", store["file.schema.json"], store=store)
    return jsonschema.Draft202012Validator(store["file.schema.json"], resolver=resolver)


def deepest(error):
    """Of the branches of an anyOf, the error that lies deepest in the document says most."""
    best = error
    for inner in error.context or ():
        inner = deepest(inner)
        if len(list(inner.absolute_path)) > len(list(best.absolute_path)):
            best = inner
    return best


def schema_faults(validator, document):
    found = []
    for error in validator.iter_errors(document):
        error = deepest(error)
        message = error.message if len(error.message) < 160 else error.message[:70] + " ... " + error.message[-80:]
        found.append((pointer(error.absolute_path), message))
    return sorted(set(found))


def context_names(vector):
    """Every context a vector names, with the pointer of the place below the vector."""
    for key in ("context", "sender", "receiver", "request_sender", "request_receiver"):
        if isinstance(vector.get(key), str):
            yield (key,), vector[key]
    for i, step in enumerate(vector.get("steps", ())):
        if isinstance(step.get("context"), str):
            yield ("steps", i, "context"), step["context"]


def strings(value, path=()):
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from strings(item, path + (i,))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path + (key,), key
            yield from strings(item, path + (key,))


def rule_faults(document, room, requirements):
    """Rules that need only this file: names resolve, flags are explained, dialects agree."""
    for path, text in strings(document):
        if any(ord(char) < 0x20 or ord(char) == 0x7f for char in text):
            yield pointer(path), "control character in a string"
    dialect, family = document["dialect"], document["family"]
    if (dialect or "common") != room:
        yield "/dialect", f"{dialect!r} in the folder {room}"
    for name, context in document["contexts"].items():
        if context["dialect"] != dialect:
            yield pointer(("contexts", name, "dialect")), f"{context['dialect']!r} in a file of {dialect!r}"
    used_flags, used_contexts = set(), set()
    for i, vector in enumerate(document["vectors"]):
        place = ("vectors", i)
        if vector["id"].rsplit("-", 1)[0] != f"{dialect or 'common'}-{family}":
            yield pointer(place + ("id",)), f"{vector['id']} does not name dialect and family of the file"
        for j, requirement in enumerate(vector["req"]):
            if requirement not in requirements:
                yield pointer(place + ("req", j)), f"unknown requirement {requirement}"
        for j, flag in enumerate(vector["flags"]):
            used_flags.add(flag)
            if flag not in document["notes"]:
                yield pointer(place + ("flags", j)), f"flag {flag} is not explained in notes"
        for path, name in context_names(vector):
            used_contexts.add(name)
            if name not in document["contexts"]:
                yield pointer(place + path), f"no context {name}"
        if vector["result"] == "reject" and not vector["flags"]:
            yield pointer(place + ("flags",)), "a reject names the class of bug it finds"
    for flag in sorted(set(document["notes"]) - used_flags):
        yield pointer(("notes", flag)), "no vector has this flag"
    for name in sorted(set(document["contexts"]) - used_contexts):
        yield pointer(("contexts", name)), "no vector uses this context"


def tree_faults(documents):
    """Rules that need all files: ids are unique, a control exists and is an ok vector of the same family."""
    known, faults = {}, collections.defaultdict(list)
    for path, document in documents.items():
        for i, vector in enumerate(document["vectors"]):
            if vector["id"] in known:
                faults[path].append((f"/vectors/{i}/id", f"{vector['id']} is in {known[vector['id']][0].name} too"))
            else:
                known[vector["id"]] = (path, document["family"], vector["result"])
    for path, document in documents.items():
        for i, vector in enumerate(document["vectors"]):
            if vector["control"] is None:
                continue
            _, family, result = known.get(vector["control"], (None, None, None))
            if result is None:
                faults[path].append((f"/vectors/{i}/control", f"no vector {vector['control']}"))
            elif (family, result) != (document["family"], "ok"):
                faults[path].append((f"/vectors/{i}/control", f"{vector['control']} is no ok vector of the family"))
    return faults


def check_file(path, room, validator, requirements):
    """Gives the document (None when it cannot be read as one) and its faults."""
    try:
        document = strict_json(read_bytes(path))
    except Fault as fault:
        return None, [("", str(fault))]
    faults = schema_faults(validator, document)
    if faults:
        return None, faults
    return document, list(rule_faults(document, room, requirements))


def room_of(path, document_root):
    parts = path.resolve().relative_to(document_root.resolve()).parts
    return parts[0] if len(parts) > 1 else ""


def is_vector_file(path, root):
    return path.relative_to(root).parts[0] not in ("schema", "gen", "confirmed", "requirements")


def explain(faults):
    for place, text in faults[:MAX_FAULTS_SHOWN]:
        print(f"# {place or '/'}: {text}")
    if len(faults) > MAX_FAULTS_SHOWN:
        print(f"# and {len(faults) - MAX_FAULTS_SHOWN} more")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def line(self, good, text, faults=()):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}")
        explain(list(faults))


def summary(document):
    results = collections.Counter(vector["result"] for vector in document["vectors"])
    return f"{sum(results.values())} vectors, {results['ok']} ok, {results['reject']} reject"


def check_tree(tap, root, files, validator, requirements):
    documents, faults = {}, {}
    for path in files:
        document, faults[path] = check_file(path, room_of(path, root), validator, requirements)
        if document is not None:
            documents[path] = document
    for path, more in tree_faults(documents).items():
        faults[path] += more
    for path in files:
        text = str(path.relative_to(root))
        if path in documents:
            text += ": " + summary(documents[path])
        tap.line(not faults[path], text, faults[path])
    return documents


def check_corpus(tap, folder, validator, requirements):
    """Every file of the index must be refused with a fault at the place it names; its unspoilt original must pass."""
    try:
        index = strict_json(read_bytes(folder / "index.json"))
    except Fault as fault:
        raise Unreadable(f"{folder}/index.json: {fault}") from fault
    listed = {row["file"] for row in index["files"]} | {"index.json", index["good"]}
    stray = sorted(path.name for path in folder.glob("*.json") if path.name not in listed)
    tap.line(not stray, "schema/bad: every file is in the index", [("/" + name, "not in the index") for name in stray])
    document, faults = check_file(folder / index["good"], index["room"], validator, requirements)
    if document is not None:
        faults += tree_faults({folder / index["good"]: document}).get(folder / index["good"], [])
    tap.line(not faults, f"schema/bad/{index['good']}: the original is accepted", faults)
    for row in index["files"]:
        path = folder / row["file"]
        document, faults = check_file(path, index["room"], validator, requirements)
        if document is not None:
            faults += tree_faults({path: document}).get(path, [])
        places = {place for place, _ in faults}
        good = bool(faults) and row["path"] in places
        wrong = [(row["path"], f"expected a fault here ({row['fault']}), found {sorted(places) or 'none'}")]
        tap.line(good, f"schema/bad/{row['file']}: refused, {row['fault']}", [] if good else wrong)


def totals(documents):
    results, confirmed, families = collections.Counter(), collections.Counter(), collections.Counter()
    for document in documents.values():
        for vector in document["vectors"]:
            results[vector["result"]] += 1
            families[document["family"], vector["result"]] += 1
            for stack in {f"{entry['stack']} {entry['version']}" for entry in vector["confirmed"]}:
                confirmed[stack] += 1
    for family in sorted({family for family, _ in families}):
        print(f"# {family}: {families[family, 'ok']} ok, {families[family, 'reject']} reject")
    third = ", ".join(f"{count} by {stack}" for stack, count in sorted(confirmed.items())) or "none"
    print(f"# {sum(results.values())} vectors: {results['ok']} positive, {results['reject']} negative; confirmed: {third}")


def main():
    parser = argparse.ArgumentParser(description="check the vector files; TAP on standard output",
                                     epilog="example: ci/check_vectors.py vectors/group-28/option.json")
    parser.add_argument("--vectors", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "vectors")
    parser.add_argument("--no-corpus", action="store_true", help="leave out the corpus of malformed files")
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="check only these (and no corpus)")
    args = parser.parse_args()
    tap = Tap()
    try:
        validator = load_validator(args.vectors / "schema")
        requirements = load_requirements(args.vectors / "requirements")
        files = args.files or [path for path in sorted(args.vectors.rglob("*.json")) if is_vector_file(path, args.vectors)]
        if not files:
            raise Unreadable(f"{args.vectors}: expected vector files, found none")
        root = args.vectors.resolve()
        files = [path.resolve() for path in files]
        for path in files:
            if root not in path.parents:
                raise Unreadable(f"{path}: expected a file below {root}")
        documents = check_tree(tap, root, files, validator, requirements)
        if not args.files and not args.no_corpus:
            check_corpus(tap, root / "schema" / "bad", validator, requirements)
    except Unreadable as error:
        print(f"Bail out! {error}")
        print(f"check_vectors: {error}", file=sys.stderr)
        return 2
    print(f"1..{tap.count}")
    totals(documents)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
