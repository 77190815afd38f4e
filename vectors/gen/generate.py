#!/usr/bin/python3
"""Writes all generated vectors, or with --check compares them with the files that are there.

Families are the modules of families/ that have a function files(), which gives path (below vectors/) -> document. The same bytes come out
every time: all "random" values are derived from fixed texts. Needs Debian's python3-cryptography and python3-ecdsa.

    generate.py                   write all
    generate.py --check           exit 1 and say which file differs, when one does
    generate.py --only message    families whose module name begins so
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import files  # noqa: E402


def family_modules(only):
    for path in sorted((Path(__file__).resolve().parent / "families").glob("*.py")):
        if path.stem.startswith(only):
            module = importlib.import_module(f"families.{path.stem}")
            if hasattr(module, "files"):
                yield path.stem, module


def generate(only, out=sys.stderr):
    documents, confirmed = {}, files.confirmations()
    for name, module in family_modules(only):
        start = time.monotonic()
        made = module.files()
        clash = set(made) & set(documents)
        assert not clash, f"{name} makes {clash} again"
        documents.update(made)
        count = sum(len(document["vectors"]) for document in made.values())
        print(f"{name}: {count} vectors, {len(made)} files, {time.monotonic() - start:.1f} s", file=out)
    for document in documents.values():
        for vector in document["vectors"]:
            vector["confirmed"] = confirmed.get(vector["id"], [])
    files.check_ids(documents)
    return {path: files.render(document) for path, document in documents.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--only", default="", metavar="PREFIX", help="only families whose name begins so")
    arguments = parser.parse_args()
    made = generate(arguments.only)
    if not made:
        print(f"no family begins with {arguments.only!r}", file=sys.stderr)
        return 2
    if not arguments.check:
        for path, content in made.items():
            files.write(path, content)
        return 0
    different = [path for path, content in made.items() if files.committed(path) != content]
    for path in different:
        print(f"vectors/{path} is not what vectors/gen makes of it; run vectors/gen/generate.py", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
