#!/usr/bin/env python3
"""`muster run` on hosts that forbid or lack something, and when it is stopped: one clear line, the right status, nothing left.

usage: harness/tests/run/test_host.py [MUSTER]; TAP on standard output
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from muster_tests import ROOT, is_one_line, start  # noqa: E402

SECONDS = 60
MARK = "MUSTER_TEST_MARK"
TUN_CASES = "request-response@group-*"  # played on both ports
N_CASES = 6  # on each


def inside(muster, prepare, *words, env=None):
    """muster in a user and mount namespace of its own, after these shell commands; None: the host forbids that."""
    shell = f"{prepare} || exit 99; exec \"$0\" \"$@\""
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", shell, muster.path, *map(str, words)],
                          capture_output=True, text=True, cwd=ROOT, env=dict(os.environ, **(env or {})), timeout=SECONDS, check=False)
    return None if done.returncode == 99 or "unshare:" in done.stderr else done


def clear_lines(text):
    return [line for line in text.splitlines() if line.startswith("inconclusive")]


# ---- no TUN device, no namespaces ----

FORBIDDEN = (
    ("no /dev/net/tun", "mount -t tmpfs none /dev/net", "/dev/net/tun", "load the module tun"),
    ("another device there", "mount --bind /dev/null /dev/net/tun", "TUN device", "load the module tun"),
    ("no network namespaces", "echo 0 >/proc/sys/user/max_net_namespaces", "network namespace", "allow user namespaces"),
)


def check_forbidden(tap, muster):
    usual = muster("run", TUN_CASES)
    tap.ok(usual.returncode == 0 and f"{2 * N_CASES} passed, 0 failed" in usual.stdout, "control: this host allows both ports", usual.stdout, usual.stderr)
    for name, prepare, what, advice in FORBIDDEN:
        done = inside(muster, prepare, "run", TUN_CASES)
        if done is None:
            tap.ok(True, f"{name}: cannot be had here # SKIP")
            continue
        said = clear_lines(done.stdout)
        tap.ok(done.returncode == 3 and done.stderr == "", f"{name}: status 3", done.returncode, done.stderr)
        tap.ok(len(said) == 2 and what in said[0] and advice in said[0] and f"{N_CASES - 1} more" in said[1], f"{name}: the reason is told once", *said)
        tap.ok(f"{N_CASES} passed, 0 failed" in done.stdout and f"{N_CASES} inconclusive" in done.stdout, f"{name}: the other port is played",
               done.stdout)
        allowed = inside(muster, prepare, "run", "--allow-inconclusive", TUN_CASES)
        tap.ok(allowed.returncode == 0, f"{name}: --allow-inconclusive", allowed.stdout)
        bench = inside(muster, prepare, "bench", "lab", "--servers", 2, "--rounds", 1)
        tap.ok(bench.returncode == 3 and is_one_line(bench.stderr) and bench.stdout == "", f"{name}: bench lab says so in one line", bench.stderr)


# ---- a full disk ----

def tiny(place, fill):
    """Shell commands: a file system of 64 KiB there, filled but for some."""
    return f"mount -t tmpfs -o size=64k none {place} && dd if=/dev/zero of={place}/fill bs=1k count={fill} 2>/dev/null"


def check_full_disk(tap, muster, scratch):
    place = pathlib.Path(scratch) / "tiny"
    place.mkdir()
    which = ("--port", "stdio", TUN_CASES)
    (pathlib.Path(scratch) / "roomy").mkdir()
    for name, fill, words in (("bundles", 32, ("--out", "out")), ("bundles, from the first on", 64, ("--out", "out")),
                              ("records", 64, ("--json", "records.jsonl")), ("JUnit", 64, ("--junit", "junit.xml")), ("the report", 56, ("--report", "report"))):
        control = muster("run", words[0], pathlib.Path(scratch) / "roomy" / words[1], *which)
        tap.ok(control.returncode == 0 and control.stderr == "", f"control: {name} with room", control.stderr)
        words = (words[0], place / words[1])
        begin = time.monotonic()
        done = inside(muster, tiny(place, fill), "run", *words, *which)
        if done is None:
            tap.ok(True, f"full disk, {name}: cannot be had here # SKIP")
            continue
        tap.ok(done.returncode == 2, f"full disk, {name}: status 2", done.returncode, done.stdout, done.stderr)
        said = done.stderr.splitlines()
        most = 4 if name == "the report" else 1  # one for each file
        tap.ok(1 <= len(said) <= most and all("No space left on device" in line and str(place) in line for line in said),
               f"full disk, {name}: one line says where", done.stderr)
        tap.ok(f"{N_CASES} passed, 0 failed" in done.stdout, f"full disk, {name}: nothing else is lost", done.stdout)
        tap.ok(time.monotonic() - begin < 30, f"full disk, {name}: nothing hangs")


def check_full_keep(tap, muster, scratch):
    """What peers keep has no room: the lab's trouble, not the peers' fault."""
    place = pathlib.Path(scratch) / "keep"
    place.mkdir()
    env = {"TMPDIR": str(place)}
    roomy = muster("run", "restarted-client*", env=env)
    tap.ok(roomy.returncode == 0, "control: peers that keep state, with room", roomy.stdout)
    tap.ok(list(place.iterdir()) == [], "control: nothing they kept is left", *place.iterdir())
    done = inside(muster, tiny(place, 64), "run", "restarted-client*", env=env)
    if done is None:
        tap.ok(True, "full disk, kept state: cannot be had here # SKIP")
        return
    said = clear_lines(done.stdout)
    tap.ok(done.returncode == 3 and 1 <= len(said) <= 2 and "TMPDIR" in said[0], "full disk, kept state: inconclusive, told once", done.stdout, done.stderr)


# ---- stopped ----

def marked(mark):
    """Processes that carry the mark in their environment."""
    found = []
    for one in pathlib.Path("/proc").iterdir():
        if one.name.isdigit() and int(one.name) != os.getpid():
            try:
                if f"{MARK}={mark}".encode() in (one / "environ").read_bytes() and (one / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                    found.append(int(one.name))
            except OSError:
                pass
    return found


def networks():
    """Network namespaces that some process lives in."""
    found = set()
    for one in pathlib.Path("/proc").iterdir():
        try:
            if one.name.isdigit():
                found.add(os.readlink(one / "ns" / "net"))
        except OSError:
            pass
    return found


def wait_until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def check_stopped(tap, muster, scratch):
    for number, name in ((signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP"), (signal.SIGKILL, "SIGKILL")):
        place = pathlib.Path(scratch) / f"stopped-{int(number)}"
        place.mkdir()
        mark = f"{os.getpid()}-{int(number)}"
        env = dict(os.environ, TMPDIR=str(place), **{MARK: mark})
        before = networks()
        words = ["run", "--jobs", "4", "--repeat", "50", "--seed", "3", "restarted-*", "join-on-the-wire", "multicast-to-three"]
        # A session of its own, and the signal for all of its first group, as a terminal does.
        child = subprocess.Popen([muster.path, *words], cwd=ROOT, env=env, start_new_session=True, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        tap.ok(wait_until(lambda: len(marked(mark)) > 6, 10), f"{name}: control: peers are running when it comes")
        os.killpg(child.pid, number)
        begin = time.monotonic()
        try:
            said = child.communicate(timeout=15)[1]
        except subprocess.TimeoutExpired:
            child.kill()
            said = "it did not end"
        tap.ok(time.monotonic() - begin < 5, f"{name}: it ends at once")
        if number != signal.SIGKILL:
            tap.ok(child.returncode == 128 + number and is_one_line(said) and f"stopped by signal {int(number)}" in said, f"{name}: status and one line",
                   child.returncode, said)
        tap.ok(wait_until(lambda: not marked(mark), 5), f"{name}: no process is left", marked(mark))
        tap.ok(wait_until(lambda: networks() <= before, 5), f"{name}: no network namespace is left")
        if number != signal.SIGKILL:
            tap.ok(list(place.iterdir()) == [], f"{name}: no file is left", *place.iterdir())
        for pid in marked(mark):
            os.kill(pid, signal.SIGKILL)


def main():
    tap, muster, scratch = start()
    with scratch as place:
        if shutil.which("unshare") is None:
            tap.ok(True, "hosts that forbid: unshare is not here # SKIP")
        else:
            check_forbidden(tap, muster)
            check_full_disk(tap, muster, place)
            check_full_keep(tap, muster, place)
        check_stopped(tap, muster, place)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
