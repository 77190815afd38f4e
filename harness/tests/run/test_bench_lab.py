#!/usr/bin/env python3
"""`muster bench lab` from outside: the shape of what it prints, and that the figures can be true; never how fast it is.

usage: harness/tests/run/test_bench_lab.py [MUSTER]; TAP on standard output
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from muster_tests import is_one_line, start  # noqa: E402

SERVERS, ROUNDS = 5, 3
WAYS = ["unprotected", "group mode", "pairwise mode"]
WRONG = (("--servers", "1"), ("--servers", "101"), ("--rounds", "0"), ("--rounds", "1001"), ("--servers", "many"), ("word",), ("--fast",),
         ("--reference", ""), ("--reference", "/bin/false", "--servers", "2"))


def row_is_true(row):
    """Times hang together, and protection costs bytes."""
    figures = [row[k] for k in ("spread_us", "acted_us", "answered_us")]
    return (all(0 <= f["median"] <= f["worst"] < 10_000_000 for f in figures)
            and row["spread_us"]["worst"] <= row["acted_us"]["worst"]
            and row["lost_requests"] == 0 and row["lost_responses"] == 0)


def main():
    tap, muster, scratch = start()
    size = ("--servers", SERVERS, "--rounds", ROUNDS)
    with scratch as place:
        got = muster("bench", "lab", *size, "--json")
        if got.returncode == 3:
            tap.ok(is_one_line(got.stderr) and got.stdout == "", "bench lab: not on this host, said in one line", got.stderr)
            return tap.done()
        whole = json.loads(got.stdout) if got.returncode == 0 else {}
        rows = whole.get("rows", [])
        tap.ok(got.returncode == 0 and whole.get("format") == "muster-bench-lab-1" and whole.get("eye_us") == 200000, "bench lab: JSON",
               got.stderr)
        tap.ok(whole.get("servers") == SERVERS and whole.get("rounds") == ROUNDS and [r["way"] for r in rows] == WAYS, "bench lab: its rows")
        for row in rows:
            tap.ok(row_is_true(row), f"bench lab: {row['way']}: nothing lost, times hang together", row)
        tap.ok([r["requests"] for r in rows] == [1, 1, SERVERS], "bench lab: one request by multicast, one each in pairwise mode")
        tap.ok(len(rows) == 3 and rows[0]["request_bytes"] < rows[2]["request_bytes"] < rows[1]["request_bytes"],
               "bench lab: protection costs bytes, a signature more of them", rows)
        tap.ok(all(r["acted_us"]["worst"] > 0 and r["answered_us"]["worst"] > 0 for r in rows), "bench lab: everything takes time", rows)
        text = muster("bench", "lab", *size)
        tap.ok(text.returncode == 0 and all(f"\n{way}" in text.stdout for way in WAYS) and "200 ms" in text.stdout, "bench lab: text", text.stdout)
        path = pathlib.Path(place) / "figures.json"
        kept = muster("bench", "lab", *size, "--json", "--output", path)
        tap.ok(kept.returncode == 0 and kept.stdout == "" and len(json.loads(path.read_text())["rows"]) == 3, "bench lab: --output")
        shown = muster("bench", "lab", "--help")
        tap.ok(shown.returncode == 0 and "example: muster bench lab" in shown.stdout, "bench lab: --help with an example")
        for words in WRONG:
            done = muster("bench", "lab", *words)
            tap.ok(done.returncode == 2 and is_one_line(done.stderr) and done.stdout == "", f"bench lab {' '.join(words)}: refused in one line",
                   done.returncode, done.stderr)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
