#!/usr/bin/env python3
"""What `muster run` leaves behind: HTML, JUnit, TAP, JSON lines, captures; also when peers attack the reader, when the disk is full,
and as a browser shows it.

usage: harness/tests/run/test_reports.py [MUSTER]; TAP on standard output
"""
import base64
import html.parser
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from muster_tests import ROOT, is_one_line, start  # noqa: E402

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
MARKUP = "<script>alert(1)</script>\"'&amp;]]><!--"
PATTERNS = ("replayed-request", "echo-resync-exact")
CASE = "replayed-request@group-28,mode=group,type=NON"
VERDICTS = {"pass", "warn", "fail", "crash", "hang", "unsupported", "waived", "inconclusive"}

# ---- strict readers ----

VOID = {"meta", "br", "input"}
ELEMENTS = VOID | set("html head title style body header main nav h1 h2 h3 h4 h5 p b i a ul li dl dt dd code table thead tbody tr th td "
                      "div span section details summary form label select option output script svg path text circle".split())
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "id", "href", "title", "colspan", "hidden", "open", "type", "placeholder",
              "value", "data-q", "data-v", "data-d", "data-p", "width", "height", "role", "aria-label", "d", "x", "y", "cx", "cy", "r",
              "text-anchor"}


class Page(html.parser.HTMLParser):
    """Every element known and closed in order, attributes known, once, and quoted; ids once; links within."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.faults, self.open, self.ids, self.links, self.scripts = [], [], set(), set(), 0
        self.text, self.classes = [], []
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"not closed: {self.open[:5]}")

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if tag not in ELEMENTS:
            self.faults.append(f"element {tag}")
        if len(set(names)) != len(names) or not set(names) <= ATTRIBUTES:
            self.faults.append(f"attributes of {tag}: {names}")
        for name, value in attrs:
            if name == "id" and value in self.ids:
                self.faults.append(f"id twice: {value}")
            if name == "id":
                self.ids.add(value)
            if name == "href":
                self.links.add(value)
            if name == "class":
                self.classes.append(value)
        raw = self.get_starttag_text()
        for name, value in attrs:
            if value is not None and not re.search(rf'\s{name}="[^"<>]*"', raw):
                self.faults.append(f"not quoted: {raw[:80]}")
        self.scripts += tag == "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if "svg" not in self.open:
            self.faults.append(f"<{tag}/> outside of svg")
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else, line {self.getpos()[0]}")

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)

    def handle_comment(self, data):
        self.faults.append(f"a comment: {data[:40]}")

    def handle_pi(self, data):
        self.faults.append(f"a processing instruction: {data[:40]}")

    def unknown_decl(self, data):
        self.faults.append(f"a declaration: {data[:40]}")


OUTSIDE = (r"https?://", r"(?<![\w-])src\s*=", r"@import", r"url\((?!data:)", r"<link", r"<iframe", r"<object", r"<embed", r"<base", r"javascript:",
           r"\son\w+\s*=", r"fetch\(", r"XMLHttpRequest")
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")


def html_faults(data):
    """What is wrong with a report, as bytes."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        return [f"no UTF-8: {e}"]
    faults = [f"control character {m.group()!r} at {m.start()}" for m in FORBIDDEN.finditer(text)][:3]
    if not text.startswith("<!DOCTYPE html>\n"):
        faults.append("no doctype")
    page = Page(text)
    faults += page.faults[:10]
    style = text[text.index("<style>"):text.index("</style>")]
    script = text[text.index("<script>"):text.index("</script>")]
    # Names of attributes are a closed list, links are looked at below: of markup only the names of elements are left.
    markup = re.sub(r'="[^"]*"', "", re.sub(r">[^<]*<", "><", text.replace(style, "").replace(script, "")))
    faults += [f"refers outside: {p}" for p in OUTSIDE if re.search(p, style + script + markup, re.I)]
    faults += [f"link to {link}" for link in page.links if not link.startswith("#") or link[1:] not in page.ids][:5]
    if page.scripts != 1:
        faults.append(f"{page.scripts} scripts")
    return faults


CHILDREN = {"failure": ("message", "type"), "error": ("message", "type"), "skipped": ("message",), "system-out": ()}


def junit_faults(data):
    """The shape that CI systems know: testsuites/testsuite/testcase, counts that agree, closed sets of attributes."""
    try:
        top = xml.etree.ElementTree.fromstring(data)
    except xml.etree.ElementTree.ParseError as e:
        return [f"no XML: {e}"]
    faults, names = [], set()
    suite = top.find("testsuite")
    if top.tag != "testsuites" or len(top) != 1 or suite is None:
        return ["expected testsuites with one testsuite"]
    if set(suite.attrib) != {"name", "tests", "failures", "errors", "skipped", "time"}:
        faults.append(f"testsuite: {sorted(suite.attrib)}")
    found = dict.fromkeys(CHILDREN, 0)
    for case in suite:
        if case.tag != "testcase" or set(case.attrib) != {"classname", "name", "time"} or len(case) > 1:
            faults.append(f"{case.tag}: {sorted(case.attrib)}")
        if not re.fullmatch(r"\d+\.\d{3}", case.get("time", "")):
            faults.append(f"time {case.get('time')}")
        if (case.get("classname"), case.get("name")) in names:
            faults.append(f"twice: {case.get('name')}")
        names.add((case.get("classname"), case.get("name")))
        for child in case:
            if child.tag not in CHILDREN or tuple(sorted(child.attrib)) != CHILDREN[child.tag]:
                faults.append(f"{child.tag}: {sorted(child.attrib)}")
            else:
                found[child.tag] += 1
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        if suite.get(name) != str(found[tag]):
            faults.append(f"{name}: says {suite.get(name)}, has {found[tag]}")
    if suite.get("tests") != str(len(suite)):
        faults.append(f"tests: says {suite.get('tests')}, has {len(suite)}")
    return faults[:10]


def tap_faults(text):
    lines = text.split("\n")
    faults = [] if lines[0] == "TAP version 13" else ["no version"]
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    results = [line for line in lines if re.match(r"(not )?ok ", line)]
    if not plan or int(plan.group(1)) != len(results):
        faults.append(f"plan {lines[1]}, {len(results)} results")
    for i, line in enumerate(results, 1):
        if not re.fullmatch(rf"(not )?ok {i} - [^#]+( # SKIP .*)?", line):
            faults.append(f"line: {line[:80]}")
    faults += [f"stray line: {line[:80]!r}" for line in lines[2:-1] if not re.match(r"(not )?ok |# ", line)]
    faults += [f"control character: {line[:80]!r}" for line in lines if FORBIDDEN.search(line)]
    return faults[:10]


def lines_faults(data):
    faults = []
    for line in data.decode("utf-8").split("\n")[:-1]:
        record = json.loads(line)
        if record["verdict"] not in VERDICTS or "page" in record or not record["id"].startswith(record["scenario"] + "@"):
            faults.append(record["id"])
    return faults


def folder_faults(folder):
    """All faults of a folder of reports, by file."""
    return {name: faults for name, faults in (
        ("index.html", html_faults((folder / "index.html").read_bytes())),
        ("junit.xml", junit_faults((folder / "junit.xml").read_bytes())),
        ("results.tap", tap_faults((folder / "results.tap").read_text(encoding="utf-8"))),
        ("results.jsonl", lines_faults((folder / "results.jsonl").read_bytes()))) if faults}


# ---- the readers can fail ----

GOOD_HTML = '<!DOCTYPE html>\n<html><head><style>a{}</style></head><body id="a"><a href="#a">x</a><svg><path d="M0"/></svg><script>1</script></body></html>'
BAD_HTML = (
    ("</a>", "", "closes something else"), ("x</a>", "<img></a>", "element img"), ('href="#a"', 'href="#b"', "link to #b"),
    ('href="#a"', "href=#a", "not quoted"), ('id="a"', 'onload="x()"', "attributes of body"), ("a{}", "a{background:url(x)}", "refers outside"),
    ("a{}", "@import 'x'", "refers outside"), ("x</a>", "\x1b</a>", "control character"), ("x</a>", "\u202e</a>", "control character"),
    ("<svg>", "<!-- x --><svg>", "a comment"), ("</body>", "<script></script></body>", "2 scripts"), ("x</a>", '<b id="a">x</b></a>', "id twice"),
    ("1</script>", "fetch('x')</script>", "refers outside"), ("<svg>", '<a href="https://a">x</a><svg>', "link to https"),
)
GOOD_XML = ('<testsuites><testsuite name="m" tests="2" failures="1" errors="0" skipped="0" time="1.000"><testcase classname="a" name="b" '
            'time="0.001"/><testcase classname="a" name="c" time="0.001"><failure message="fail" type="fail">x</failure></testcase></testsuite></testsuites>')
BAD_XML = (
    ("x</failure>", "<b></failure>", "no XML"), ('tests="2"', 'tests="3"', "tests"), ('failures="1"', 'failures="2"', "failures"),
    ('name="c"', 'name="b"', "twice"), (' type="fail"', "", "failure:"), ('time="0.001"/', 'time="soon"/', "time soon"),
    ("x</failure>", "\x1b</failure>", "no XML"),
)
GOOD_TAP = "TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n# why\n"
BAD_TAP = (("1..2", "1..3", "plan"), ("ok 1", "ok 7", "line"), ("# why", "why", "stray"), ("- b", "- b # c", "line"), ("- a", "- \x1b", "control"))


def check_readers(tap):
    tap.ok(not html_faults(GOOD_HTML.encode()) and not junit_faults(GOOD_XML) and not tap_faults(GOOD_TAP), "readers: good documents pass",
           html_faults(GOOD_HTML.encode()), junit_faults(GOOD_XML), tap_faults(GOOD_TAP))
    missed = [(old, new) for reader, good, rows in ((lambda t: html_faults(t.encode()), GOOD_HTML, BAD_HTML), (junit_faults, GOOD_XML, BAD_XML),
                                                    (tap_faults, GOOD_TAP, BAD_TAP))
              for old, new, part in rows if old not in good or not any(part in fault for fault in reader(good.replace(old, new, 1)))]
    tap.ok(not missed, f"readers: each of {len(BAD_HTML) + len(BAD_XML) + len(BAD_TAP)} faults is found", missed)


# ---- what a run leaves ----


def hostile(muster, kind):
    return f"{sys.executable} {PEERS / 'hostile.py'} {kind} {pathlib.Path(muster.path).parent / 'muster-peer'}"


def check_good(tap, muster, folder):
    done = muster("run", "--port", "stdio", "--report", folder, "--keep", *PATTERNS)
    tap.ok(done.returncode == 0, "report: the run passes", done.stdout[-600:], done.stderr)
    said = re.findall(r"^report: (.*)$", done.stdout, re.M)
    tap.ok(len(said) == 1 and os.path.isabs(said[0]) and os.path.samefile(said[0], folder / "index.html"), "report: its path is printed", done.stdout)
    tap.ok(re.fullmatch(r"\d+ passed, 0 failed, 0 unsupported", done.stdout.splitlines()[-1]) is not None, "report: the sum is the last line")
    faults = folder_faults(folder)
    tap.ok(not faults, "report: HTML, JUnit, TAP, JSON lines are well-formed", faults)
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    records = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    text = " ".join(page.text)
    tap.ok(sum(c.startswith("k ") for c in page.classes) == len(records) == page.classes.count("c"), "report: each case has a cell and a page")
    wanted = ("OSCORE option", "Flag bits", "Partial IV", "kid context", "Nonce", "AAD", '["Encrypt0", h\'\'', "Plaintext", "252 Echo", '"light"',
              "Countersignature", "A128CTR", "What to do next", "reference peers", "muster-peer", "The server checks that a request PIV")
    tap.ok(all(w in text for w in wanted), "report: packets are opened layer by layer", [w for w in wanted if w not in text])
    tap.ok(page.classes.count("p") > 5 * len(records), "report: packets", page.classes.count("p"))
    tap.ok("✓ met" in text and "not met" not in text, "report: all expectations were met")
    size = (folder / "index.html").stat().st_size / len(records)
    tap.ok(size < 80000, f"report: {size:.0f} bytes a case with requirements")
    bundles = sorted((folder / "cases").iterdir())
    tap.ok(len(bundles) == len(records) and all((b / "traffic.pcapng").stat().st_size > 200 for b in bundles), "report: --keep keeps all bundles")
    return records


def check_bad(tap, muster, folder):
    done = muster("run", "--port", "stdio", "--report", folder, "--peer", f"{sys.executable} {PEERS / 'yes_man.py'} leaks",
                  "--peer", f"{pathlib.Path(muster.path).parent / 'muster-peer'} --lab", "replayed-request")
    records = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    bad = [r for r in records if r["verdict"] == "fail"]
    tap.ok(done.returncode == 1 and bad and len(bad) < len(records), "two peers: one fails, one passes", done.stdout[-600:])
    faults = folder_faults(folder)
    tap.ok(not faults, "two peers: all files are well-formed", faults)
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    text = "".join(page.text)
    kept = {b.name for b in (folder / "cases").iterdir()}
    tap.ok(kept == {os.path.basename(r["bundle"]) for r in bad}, "failures are kept, passing cases are not", kept)
    tap.ok(all(f"muster repro {folder}/cases/" in text and r["why"] in text for r in bad), "the page names each failure, and how to play it again")
    tap.ok("not met" in text and "plaintext" in text, "the page shows what was not met, and what was found")
    lines = [line for line in done.stdout.splitlines() if line.startswith("fail")]
    tap.ok(len(lines) == len(bad) and all("; again: muster repro " in line for line in lines), "terminal: a line for each failure", lines[:2])
    command = lines[0].split("; again: ")[1].split(" ", 2)[2].strip("'")
    again = muster("repro", command)
    tap.ok(again.returncode == 1 and "\nfail " in again.stdout, "terminal: the command plays the failure again", again.stdout[-300:], again.stderr)
    head = re.search(r'<table class="m"><thead>.*?</thead>', (folder / "index.html").read_text(encoding="utf-8"), re.S).group()
    tap.ok(head.count("<th>") == 3, "matrix: a column for each peer", head)


def check_hostile(tap, muster, folder):
    wanted = {"names": ("pass", "<script>alert('x')"), "bytes": ("fail", "\ufffd"), "error": ("fail", "<script>"), "payload": ("fail", "")}
    for kind, (verdict, part) in wanted.items():
        into = folder / kind
        done = muster("run", "--port", "stdio", "--report", into, "--peer", hostile(muster, kind), CASE)
        record = json.loads((into / "results.jsonl").read_text())
        tap.ok(record["verdict"] == verdict, f"hostile {kind}: {verdict}", done.stdout, done.stderr)
        faults = folder_faults(into)
        tap.ok(not faults, f"hostile {kind}: all files are well-formed", faults)
        page = Page((into / "index.html").read_text(encoding="utf-8"))
        tap.ok(kind == "bytes" or part in "".join(page.text), f"hostile {kind}: its words are in the page, as text")
        tap.ok(not FORBIDDEN.search(done.stdout.replace("\n", "")), f"hostile {kind}: the terminal gets no control characters", repr(done.stdout[:300]))
    scenario = json.loads((ROOT / "harness" / "scenarios" / "replay" / "replayed-request.json").read_text())
    scenario["steps"][0]["payload"] = MARKUP
    (folder / "replayed-request.json").write_text(json.dumps(scenario))
    done = muster("run", "--port", "stdio", "--report", folder / "payloads", "--file", folder / "replayed-request.json", CASE)
    faults = folder_faults(folder / "payloads")
    page = Page((folder / "payloads" / "index.html").read_text(encoding="utf-8"))
    tap.ok(done.returncode == 0 and not faults and MARKUP in "".join(page.text), "hostile payload on the wire: told as text", faults, done.stderr)
    into = folder / "command"
    words = ["run", "--port", "stdio", "--report", into, "--peer", b"/bin/false '<script>\xff\xfe\"&' \x1b[31m", "--peer", "/bin/false \" onclick=\"x()\" '", CASE]
    done = subprocess.run([muster.path, *(w if isinstance(w, bytes) else str(w) for w in words)], capture_output=True, cwd=ROOT, timeout=60, check=False)
    faults = folder_faults(into)
    tap.ok(done.returncode == 1 and not faults, "hostile command: all files are well-formed", faults, done.stderr)
    tap.ok("/bin/false" in json.loads((into / "results.jsonl").read_text().splitlines()[0])["peer"] and b"\x1b" not in done.stdout, "hostile command: it is named")


def check_disk(tap, muster, folder):
    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    for option, name in (("--html", "r.html"), ("--junit", "r.xml"), ("--json", "r.jsonl")):
        path = folder / name
        done = subprocess.run([muster.path, "run", "--port", "stdio", option, path, *PATTERNS], capture_output=True, text=True, cwd=ROOT, timeout=60,
                              preexec_fn=small, check=False)
        left = [p.name for p in folder.iterdir()]
        tap.ok(done.returncode == 2 and is_one_line(done.stderr) and name in done.stderr and "too large" in done.stderr.lower(),
               f"no room for {option}: one line, exit status 2", done.stderr, done.returncode)
        tap.ok(not left and "0 failed" in done.stdout, f"no room for {option}: nothing half is left, and the verdicts are told", left)
    done = subprocess.run([muster.path, "run", "--port", "stdio", "--out", folder / "out", CASE], capture_output=True, text=True, cwd=ROOT, timeout=60,
                          preexec_fn=small, check=False)
    tap.ok(done.returncode == 2 and is_one_line(done.stderr) and "too large" in done.stderr.lower() and "1 passed, 0 failed" in done.stdout,
           "no room for a bundle: one line, exit status 2", done.stdout, done.stderr)
    (folder / "file").write_text("")
    done = muster("run", "--report", folder / "file" / "x", CASE)
    tap.ok(done.returncode == 2 and is_one_line(done.stderr) and "Not a directory" in done.stderr, "no folder can be made: one line", done.stderr)


# ---- captures ----


def check_captures(tap, folder):
    if shutil.which("tshark") is None:
        tap.ok(False, "captures: expected tshark (ci/deps test), found none")
        return
    for name in (CASE, "echo-resync-exact@group-02,signature=-7"):
        bundle = folder / "cases" / name
        fields = ("frame.interface_name", "udp.srcport", "coap.code", "coap.mid", "coap.opt.uri_path", "coap.opt.name")
        done = subprocess.run(["tshark", "-r", bundle / "traffic.pcapng", "-T", "fields", *(w for f in fields for w in ("-e", f))],
                              capture_output=True, text=True, timeout=50, check=False)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        packets = [json.loads(line) for line in (bundle / "events.jsonl").read_text().splitlines()]
        packets = [p for p in packets if p["ev"] == "packet"]
        wire = [row for row in rows if row[0] == "wire"]
        inner = [row for row in rows if row[0] == "inner"]
        opened = [p for p in packets if "inner" in p]
        tap.ok(done.returncode == 0 and len(wire) == len(packets) and len(inner) == len(opened) and len(rows) == len(wire) + len(inner) and inner,
               f"captures: tshark reads {len(wire)} packets on the wire and {len(inner)} inside", done.stderr, rows[:3])
        tap.ok(all("OSCORE" in row[5] and not row[4] for row in wire if row[3] in {str(p["message_id"]) for p in opened}), "captures: the wire is protected")
        said = [tuple(int(x) for x in p["inner"]["code"].split(".")) for p in opened]
        tap.ok([int(row[2]) for row in inner] == [c << 5 | d for c, d in said], "captures: inner codes", [row[2] for row in inner], said)
        paths = ["/".join(bytes.fromhex(h).decode() for n, h in p["inner"]["options"] if n == 11) for p in opened]
        tap.ok([row[4] for row in inner] == paths, "captures: inner paths", [row[4] for row in inner], paths)


def check_pcap_option(tap, muster, folder):
    done = muster("run", "--port", "stdio", "--pcap", folder, CASE)
    names = [p.name for p in folder.iterdir()]
    tap.ok(done.returncode == 0 and names == [CASE + ".pcapng"], "captures: --pcap leaves one for each case", names)


# ---- in a browser ----


class Browser:
    """Chromium, driven over its pipe."""

    def __init__(self, program, folder):
        ours, self.to = os.pipe()
        self.back, theirs = os.pipe()
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" 3<&{ours} 4>&{theirs}', program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(ours, theirs), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(ours)
        os.close(theirs)
        os.set_blocking(self.back, True)
        self.buffer, self.number, self.told, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def read(self):
        while b"\0" not in self.buffer:
            some = os.read(self.back, 1 << 20)
            if not some:
                raise RuntimeError("the browser ended")
            self.buffer += some
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.told.append(answer)

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def show(self, path, width, dark, fragment=""):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.as_uri() + fragment)
        until = time.monotonic() + 20
        while self.value("document.readyState") != "complete" and time.monotonic() < until:
            time.sleep(0.02)

    def picture(self):
        """First pixel, and how many different lines the picture has."""
        data = base64.b64decode(self.call("Page.captureScreenshot")["data"])
        at, packed = 8, b""
        while at < len(data):
            size, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
            if kind == b"IHDR":
                width, channels = int.from_bytes(data[at + 8:at + 12], "big"), 4 if data[at + 17] == 6 else 3
            packed += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
            at += size + 12
        raw = zlib.decompress(packed)
        line = 1 + width * channels
        return tuple(raw[1:4]), len({raw[i:i + line] for i in range(0, len(raw), line)})

    def problems(self):
        bad = [m for m in self.told if m.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled")
               or (m.get("method") == "Log.entryAdded" and m["params"]["entry"]["level"] == "error")]
        asked = [m["params"]["request"]["url"] for m in self.told if m.get("method") == "Network.requestWillBeSent"]
        return bad[:3], [url for url in asked if not url.startswith(("file:", "about:"))]

    def close(self):
        self.process.kill()
        self.process.wait()


def browser_of(tap):
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        system = pathlib.Path("/etc/os-release").read_text()
        packaged = re.search(r"^ID=debian$", system, re.M) is not None
        tap.ok(not packaged, "browser: expected chromium (ci/deps test), found none" if packaged else
               "browser # SKIP no package of chromium on this system")
    return program


def check_browser(tap, folder, records, scratch):
    program = browser_of(tap)
    if program is None:
        return
    browser = Browser(program, scratch / "chromium")
    try:
        page = folder / "index.html"
        for width in (1280, 375):
            for dark in (False, True):
                browser.show(page, width, dark)
                pixel, lines = browser.picture()
                name = f"browser: {width} px, {'dark' if dark else 'light'}"
                tap.ok(pixel == ((21, 24, 28) if dark else (255, 255, 255)) and lines > 100, f"{name}: shown", pixel, lines)
                browser.value("document.querySelectorAll('details').forEach(d=>d.open=true)")
                sizes = browser.value("[document.documentElement.scrollWidth, innerWidth]")
                tap.ok(sizes[0] <= width and sizes[1] == width, f"{name}: no sideways scroll, everything open", sizes)
        browser.show(page, 1280, False, "#c1p2")
        tap.ok(browser.value("(e=>e.open&&e.parentElement.open&&e.getBoundingClientRect().top<900)(document.getElementById('c1p2'))"),
               "browser: a link opens what it leads to")
        cells = "[...document.querySelectorAll('.k')].filter(k=>k.getClientRects().length).length"
        everything = browser.value(cells)
        tap.ok(everything == len(records), "browser: a cell for each case", everything)
        choose = "(f=>{{f.{}.value='{}';f.dispatchEvent(new Event('input'))}})(document.getElementById('filter'))"
        for key, word, want in (("d", "group-02", sum(r["dialect"] == "group-02" for r in records)), ("q", "echo-resync", sum(
                r["dialect"] == "group-02" and r["scenario"] == "echo-resync-exact" for r in records)), ("v", "fail", 0)):
            browser.value(choose.format(key, word))
            tap.ok(browser.value(cells) == want, f"browser: filter {key}={word} leaves {want}", browser.value(cells))
        found = browser.value("(f=>{f.q.value='GO-5.3-02';f.dispatchEvent(new Event('input'));return [...document.querySelectorAll('.q tbody tr')]"
                              ".filter(r=>r.getClientRects().length).map(r=>r.id)})(document.getElementById('rows'))")
        tap.ok(found == ["r-GO-5.3-02"], "browser: requirements are searched", found)
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.show(page, 375, False)
        seen = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        form = browser.call("DOM.querySelector", nodeId=seen, selector="#filter[hidden]")["nodeId"]
        dom = browser.call("DOM.getOuterHTML", nodeId=seen)["outerHTML"]
        tap.ok(form != 0 and all(r["id"].split("@")[1] in dom for r in records), "browser: without script all cases are there, filters are not")
        problems, asked = browser.problems()
        tap.ok(not problems, "browser: no errors", problems)
        tap.ok(not asked, "browser: nothing is fetched", asked)
    finally:
        browser.close()


# ---- requirements ----


def check_requirements(tap, muster, folder):
    listed = json.loads(muster("list", "requirements", "--json").stdout)
    rows = re.findall(r'<tr class="(\w+)" id="r-([^"]+)"', (folder / "index.html").read_text(encoding="utf-8"))
    tap.ok(sorted(rows) == sorted((r["state"], r["id"]) for r in listed) and len(rows) > 1000, "requirements: the page has the table of muster list")
    states = {s: {r["id"] for r in listed if r["state"] == s} for s in ("evidence", "untestable", "claim", "nothing")}
    open_rows = {r["id"] for r in json.loads(muster("list", "requirements", "--json", "--uncovered").stdout)}
    results = (ROOT / "harness" / "mutants" / "results.json").exists()
    tap.ok(open_rows == states["nothing"] | (states["claim"] if results else set()), "requirements: --uncovered has neither evidence nor reason")
    last = muster("list", "requirements").stdout.splitlines()[-1]
    counts = [int(n) for n in re.findall(r"\d+", last)][:5]
    tap.ok(counts == [len(listed), *(len(states[s]) for s in ("evidence", "claim", "untestable", "nothing"))], "requirements: evidence and claims, apart", last)
    tap.ok(states["untestable"] and all(len(r["untestable"] or "") >= 20 for r in listed if r["state"] == "untestable"), "requirements: reasons")


def tree_with(scratch, results=None, reasons=None):
    """A root with results of mutants of our own, and a tree of vectors with reasons of our own."""
    root = scratch / "root"
    shutil.rmtree(root, ignore_errors=True)
    (root / "harness" / "mutants").mkdir(parents=True)
    if results is not None:
        (root / "harness" / "mutants" / "results.json").write_text(json.dumps(results))
    shutil.copytree(ROOT / "vectors" / "requirements", root / "vectors" / "requirements")
    for room in ("common", "oscore", "group-02", "group-28"):
        (root / "vectors" / room).symlink_to(ROOT / "vectors" / room)
    if reasons is not None:
        (root / "vectors" / "requirements" / "untestable.json").write_text(json.dumps(reasons))
    return ("--root", root, "--dir", root / "vectors")


WHY = "a reason that is long enough to be one"


def check_evidence(tap, muster, scratch):
    row, case = "GO-5.3-02", "replayed-request"
    seeded = [{"id": "M90", "verdict": "killed", "n_red": 1, "title": "t", "requirements": [row]}]

    def listed(evidence, reasons=None):
        results = {"format": "muster-mutants-1", "seeded": seeded, "evidence": evidence}
        done = muster("list", "requirements", "--json", *tree_with(scratch, results, reasons))
        return {r["id"]: r for r in json.loads(done.stdout)} if done.returncode == 0 else done.stderr

    for name in (case, CASE):
        found = listed({row: {"M90": [name]}})
        tap.ok(found[row]["state"] == "evidence" and found[row]["evidence"] == {"M90": [name]}, f"evidence: {name} is one", found[row])
    found = listed({"GO-2-03": {"M90": [CASE]}, row: {"M90": ["no-such-thing", "no-such@group-28"]}})
    tap.ok(found["GO-2-03"]["state"] != "evidence" and found[row]["state"] == "claim", "evidence: it must cite the row, and be there")
    good = {"format": "muster-untestable-1", "reasons": [{"why": WHY, "rows": ["GC-6.7-01", row]}]}
    found = listed({row: {"M90": [CASE]}}, good)
    tap.ok(found["GC-6.7-01"]["untestable"] == WHY and found["GC-6.7-01"]["state"] == "untestable" and found[row]["state"] == "evidence",
           "evidence: comes before a reason")
    for change, part in (({"rows": ["GC-" + "99-01"]}, "GC-" + "99-01"), ({"rows": ["GC-6.7-01", "GC-6.7-01"]}, "twice"), ({"why": "because"}, "/reasons/0/why"),
                         ({"more": 1}, '"more"'), ({"rows": []}, "at least 1")):
        said = listed({}, {"format": "muster-untestable-1", "reasons": [good["reasons"][0] | change]})
        tap.ok(isinstance(said, str) and is_one_line(said) and part in said, f"reasons: {part} is refused", said)


def main():
    tap, muster, scratch = start()
    with scratch as place:
        folder = pathlib.Path(place)
        for name in ("disk", "pcap", "roots"):
            (folder / name).mkdir()
        check_readers(tap)
        records = check_good(tap, muster, folder / "good")
        check_bad(tap, muster, folder / "bad")
        check_hostile(tap, muster, folder / "hostile")
        check_disk(tap, muster, folder / "disk")
        check_captures(tap, folder / "good")
        check_pcap_option(tap, muster, folder / "pcap")
        check_requirements(tap, muster, folder / "good")
        check_evidence(tap, muster, folder / "roots")
        check_browser(tap, folder / "good", records, folder)
    return tap.done()


sys.exit(main())
