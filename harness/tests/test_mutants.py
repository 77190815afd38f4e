"""The engine of the mutants: a patch that does not apply, one that survives, one that is red for another reason, kills
that do not hold and negative scenarios without a mutant are each told. Prints TAP."""
import os
import pathlib
import subprocess
import sys
import tempfile

from muster_tests import ROOT, Tap

sys.path.insert(0, str(ROOT / "harness" / "mutants"))
import behaviour  # noqa: E402
import coverage  # noqa: E402
import evidence  # noqa: E402
import patches  # noqa: E402

WINDOW = """# M90a the window is never looked at
# kills: scenario replayed* | never.*again
# by: O-7.4-01
--- a/peers/lib/replay_window.c
+++ b/peers/lib/replay_window.c
@@ -1,2 +1,2 @@
-    if (behind >= window->size || ((window->seen >> behind) & 1) != 0) {
+    if (window == NULL) {
"""


class Given:
    """What a scenario file says."""

    def __init__(self, name, req=(), kills=(), never=False, subjects=("lamp",)):
        self.id, self.req, self.kills, self.never, self.subjects = name, list(req), list(kills), never, list(subjects)


def record(said="", name="replayed-request", req=("O-7.4-01",)):
    """A case as `muster run --json` tells it; red when something is said."""
    findings = [{"kind": "expect", "text": said, "expectation": 1}] if said else []
    return {"id": name + "@oscore", "scenario": name, "dialect": "oscore", "params": {}, "place": "lamp", "req": list(req),
            "verdict": "fail" if said else "pass", "why": said or None, "findings": findings}


def patch_of(folder, text, name="M90a-x.patch"):
    """A patch of the set behaviour."""
    path = pathlib.Path(folder) / name
    path.write_text(text)
    return patches.Patch(str(path), "peers/")


def refused(call, words):
    """Whether it ends in a PatchError with these words."""
    try:
        call()
    except patches.PatchError as fault:
        return words in str(fault)
    return False


def judged(patch, records):
    """The row of a mutant."""
    return behaviour.judge(patch, records, [one for one in records if one["verdict"] == "fail"], 0)


def patches_checked(tap, folder):
    """Headers and hunks."""
    good = patch_of(folder, WINDOW)
    tap.ok("if (window == NULL)" in good.apply(ROOT / "peers")["lib/replay_window.c"], "a patch applies")
    gone = patch_of(folder, WINDOW.replace("behind >= window->size", "behind >= window->width"))
    tap.ok(refused(lambda: gone.apply(ROOT / "peers"), "no longer applies to peers/lib/replay_window.c"),
           "a patch that does not apply is told")
    other = WINDOW.replace("a/peers/", "a/vectors/").replace("b/peers/", "b/vectors/")
    tap.ok(refused(lambda: patch_of(folder, other), "expected a change below peers/"), "a patch of another room is refused")
    for what, text, words in (
            ("without kills", WINDOW.replace("# kills", "# cures"), '"# kills:"'),
            ("without requirements", WINDOW.replace("# by: O-7.4-01", "# by:"), '"# by:"'),
            ("with an unknown form of requirement", WINDOW.replace("O-7.4-01", "7.4"), "expected a requirement id"),
            ("with an empty reason", WINDOW.replace("never.*again", ""), "kills: vector|test|scenario")):
        tap.ok(refused(lambda text=text: patch_of(folder, text), words), f"a patch {what} is refused")
    by_vector = pathlib.Path(folder) / "set"
    by_vector.mkdir()
    patch_of(by_vector, WINDOW.replace("scenario replayed*", "vector replay"))
    tap.ok(refused(lambda: behaviour.load_patches(str(by_vector)), '"# kills: scenario" only'),
           "a behaviour mutant that no scenario is to catch is refused")
    return good


def verdicts(tap, patch):
    """Killed for the named reason, and nothing else."""
    red = record('expected {"never":{"see":"delivered","of":"again"}}, found 1 of it')
    row = judged(patch, [red])
    tap.ok(row["verdict"] == "killed" and row["killed_by"][0]["scenario"] == "replayed-request", "killed as named", row)
    tap.ok(row["evidence"] == {"O-7.4-01": ["replayed-request"]} and row["never"] == ["replayed-request"],
           "a killed mutant is evidence for what both cite", row)
    row = judged(patch, [record()])
    tap.ok(row["verdict"] == "survived" and "0 of 1 cases red" in row["why"] and not row["evidence"],
           "a mutant that stays green survives", row)
    row = judged(patch, [record("the peer ended")])
    tap.ok(row["verdict"] == "survived" and "the peer ended" in row["why"], "another reason is no kill", row)
    row = judged(patch, [record(red["why"], name="replayed-request", req=("O-8.2-04",))])
    tap.ok(not row["evidence"], "a scenario that does not cite the requirement is no evidence", row)
    row = judged(patch, [dict(red, findings=[dict(red["findings"][0], text='expected {"see":"delivered"}, found 0 of it')])])
    tap.ok(row["never"] == [], "an expectation beside the never is not the never", row)


def tables(tap):
    """kills of scenarios, negative scenarios, counts."""
    results = [{"id": "M24a", "red": ["a"], "never": ["a"]}, {"id": "M24b", "red": ["b"], "never": []}]
    given = {"a": Given("a", kills=["M24"], never=True), "b": Given("b", kills=["M24b"], never=True), "c": Given("c")}
    gaps, held = behaviour.check_kills(given, results)
    tap.ok(gaps == [] and held == 2, "kills that hold", gaps)
    given["c"].kills = ["M24a"]
    given["b"].kills = ["M99"]
    gaps, held = behaviour.check_kills(given, results)
    tap.ok(held == 1 and any("c names M24a in kills and stays green" in one for one in gaps) and
           any("b names M99 in kills, and there is no such mutant" in one for one in gaps),
           "kills that do not hold, and of no mutant, are told", gaps)
    rows, gaps = behaviour.negative(given, results, {})
    tap.ok(gaps == [] and rows["a"] == {"own": ["M24a"], "other": []} and rows["b"]["other"] == ["M24b"],
           "negative scenarios and their mutants", rows)
    given["d"] = Given("d", never=True)
    _, gaps = behaviour.negative(given, results, {})
    tap.ok(gaps == ["negative scenario d stays green under every mutant"], "a negative scenario without a mutant is told", gaps)
    _, gaps = behaviour.negative(given, results, {"d": "why", "a": "why"})
    tap.ok(len(gaps) == 1 and "excuses scenario a" in gaps[0], "an excuse that is none is told", gaps)
    cases = [record(name="x") | {"id": f"x@{d},n={n:02d}", "dialect": d} for d in ("oscore", "group-28") for n in range(20)]
    some = behaviour.sample(cases)
    tap.ok(len(some) == behaviour.CASES and {one.split(",")[0] for one in some} == {"x@oscore", "x@group-28"},
           "a sample has all dialects", some)


def results_kept(tap, folder):
    """results.json: parts replace their own, evidence of the other sets stays."""
    path = str(pathlib.Path(folder) / "results.json")
    evidence.write(path, [{"seeded": [], "evidence": {"O-2-01": {"M01a": ["v-1"]}}}])
    row = {"id": "M90a", "red": ["s-1"]}
    evidence.write(path, [{"behaviour": [row], "replayed": [], "evidence": {"O-2-01": {"M90a": ["s-1"]}}}])
    evidence.write(path, [{"behaviour": [row], "replayed": [], "evidence": {"O-2-06": {"M90a": ["s-1"]}}}])
    found = evidence.load(path)
    tap.ok(found["evidence"] == {"O-2-01": {"M01a": ["v-1"]}, "O-2-06": {"M90a": ["s-1"]}} and found["pairs"]["all"] == 2,
           "a run of one set keeps what the others found", found["evidence"])


def whole(tap, folder):
    """The command: a tree in which a patch no longer applies cannot be run."""
    bad = pathlib.Path(folder) / "bad"
    bad.mkdir()
    patch_of(bad, WINDOW.replace("behind >= window->size", "behind >= window->width"))
    got = subprocess.run([sys.executable, ROOT / "harness/mutants/run.py", "--set", "behaviour", "--only", "M90a", "--folder",
                          bad], capture_output=True, text=True, check=False, timeout=60, env=dict(os.environ))
    tap.ok(got.returncode == 2 and "no longer applies" in got.stderr, "run.py ends with 2 for it", got)
    got = subprocess.run([sys.executable, ROOT / "harness/mutants/run.py", "--evidence"], capture_output=True, text=True,
                         check=False, timeout=60)
    tap.ok(got.returncode == 0 and all(one in got.stdout for one in coverage.CATALOGUES), "run.py --evidence", got)


def main():
    """Exit status."""
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="muster-mutants-") as folder:
        verdicts(tap, patches_checked(tap, folder))
        tables(tap)
        results_kept(tap, folder)
        whole(tap, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
