"""What the tests of the muster command share: running it, TAP, vector files."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VECTORS = ROOT / "vectors"
ROOMS = ("common", "group-02", "group-28", "oscore")
SECONDS = 120


class Tap:
    """Results, one line each; `done` gives the exit status."""

    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, *said):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for text in said if not good else ():
            for line in str(text).splitlines()[:12]:
                print(f"# {line[:400]}")
        return good

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed or self.count == 0 else 0


class Muster:
    """The command under test."""

    def __init__(self, path):
        self.path = os.path.abspath(path)

    def __call__(self, *words, stdin="", cwd=ROOT, env=None):
        whole = {k: v for k, v in os.environ.items() if k != "MUSTER_VECTORS"}
        whole.update(env or {})
        return subprocess.run([self.path, *map(str, words)], input=stdin, capture_output=True, text=True, cwd=cwd,
                              env=whole, timeout=SECONDS, check=False)


def start():
    """(Tap, Muster, a scratch folder) from the command line: the path of muster, else build/debug/muster."""
    path = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MUSTER", ROOT / "build" / "debug" / "muster")
    if not os.access(path, os.X_OK):
        print(f"Bail out! {path}: expected the muster command, found none (make muster)")
        sys.exit(2)
    return Tap(), Muster(path), tempfile.TemporaryDirectory(prefix="muster-test-")


def files():
    """(path, document) of every vector file."""
    for room in ROOMS:
        for path in sorted((VECTORS / room).glob("*.json")):
            yield path, json.loads(path.read_text())


def context_names(vector):
    names = {vector.get(key) for key in ("context", "sender", "receiver", "request_sender", "request_receiver")}
    names |= {step.get("context") for step in vector.get("steps", ())}
    return names - {None}


def document_of(document, vectors):
    """A file with these vectors of a document alone, and what they need."""
    flags = {flag for vector in vectors for flag in vector["flags"]}
    names = {name for vector in vectors for name in context_names(vector)}
    return dict(document, vectors=vectors, notes={k: v for k, v in document["notes"].items() if k in flags},
                contexts={k: v for k, v in document["contexts"].items() if k in names})


def is_one_line(text):
    return text.endswith("\n") and text.count("\n") == 1 and len(text) > 1
