"""Windows of lost state, freshness, and the challenge with Echo that mends both."""

import coap
from families.context_book import note
from families.sequence_scene import PEOPLE, Faults, Scene, SequenceBook, World, flip, insider, modes, pick, request
from primitives import Refused

NOTES = {
    "unjudged-window": note("a request passes a window that is not valid", "everything recorded before the loss of state runs again", "M05"),
    "resync": note(
        "the window does not open after the right Echo, opens from 0, or opens before the request verified",
        "endless 4.01, or old requests pass",
        "M43",
    ),
    "echo-compare": note(
        "a prefix, a longer value or a value of another length is taken for equal", "a challenge is passed without its value", "M39"
    ),
    "echo-foreign": note("an Echo of another client, group or context is accepted", "one client opens the window of another", "M39"),
    "echo-stale": note("an Echo is accepted after its time", "a delayed command counts as fresh", "M40"),
    "echo-twice": note("an Echo is accepted a second time", "one answer opens the window twice", "M41"),
    "echo-guessed": note("an Echo that was never given is accepted", "a recorded or guessed value passes", "M42", "M39"),
    "echo-wedge": note("a wrong Echo uses the challenge up, or all clients share one", "the right Echo is refused, the client is locked out", "M44"),
    "freshness": note("the first request of a client is delivered without proof of freshness", "a delayed command is executed", "M40", "M43"),
    "outer-echo": note("an Echo outside the encryption counts", "anybody on the path opens the window", "M39"),
    "nonce-reuse": note("the challenge takes the nonce of the request", "a nonce is used twice", "M15"),
    "silent": note("a server without Sender Context answers", "an answer that nobody can verify", "M46"),
    "unprotected": note("an unprotected challenge is answered", "anybody on the path learns of requests or slows them", "M37"),
    "early-commit": note("a challenge is used up by a message that does not verify", "one forged message locks out its alleged sender", "M04"),
}

E1, E2, E3 = (pick(f"echo {number}", 8) for number in (1, 2, 3))


class EchoBook(SequenceBook):
    def __init__(self, dialect, first=801):
        super().__init__(dialect, "echo", first, NOTES)
        self.world = World(dialect)
        self.modes = modes(self.world)

    def req(self, oscore, group_02, group_28):
        return {"oscore": oscore, "group-02": group_02, "group-28": group_28}[self.dialect]

    def lost(self, people=("alice", "bob"), **change):
        """A server that lost its windows."""
        return Scene(self.world, self.world.view("lamp", people, windows="invalid", **change), people)

    def strict(self, limit=1000, people=("alice", "bob"), **change):
        """A server that wants freshness; its windows are valid."""
        return Scene(self.world, self.world.view("lamp", people, freshness_ms=limit, **change), people)


def challenged(scene, book, echo=E1, who="alice", piv=20, now=0, name=None, mode=None):
    """A request that is told `echo-required`, and the challenge."""
    name = name or f"first-{who}"
    mode = mode or book.modes[0]
    scene.open_request(scene.ask(name, who, piv, mode), name, "echo-required", now)
    return scene.challenge(name, echo, mode, now)


def retry(scene, book, echo=E1, who="alice", piv=21, now=0, no=None, name=None, mode=None, faults=None):
    """The request that carries an Echo: pairwise where that is set up (GO-9-09)."""
    name = name or f"retry-{who}-{piv}"
    bend = {} if faults is None else {"faults": faults}
    wire = scene.ask(name, who, piv, mode or book.modes[-1], echo=echo, **bend)
    return scene.open_request(wire, name if no in (None, "echo-required") else None, no, now)


def plain_ask(scene, book, piv, who="alice", now=0, no=None, mode=None):
    name = f"plain-{who}-{len(scene.steps)}"
    return scene.open_request(scene.ask(name, who, piv, mode or book.modes[0]), name if no in (None, "echo-required") else None, no, now)


def rounds(book):
    req = book.req(
        ["O-B.1.2-01", "O-B.1.2-02", "O-B.1.2-03"],
        ["G02-E.3-01", "G02-E.3-02", "G02-E.3-10"],
        ["GO-2.6.1.2-03", "GO-2.6.1.2-06", "GO-9-02", "GO-9-03", "GO-9-18"],
    )
    for mode in book.modes:
        text = f", {mode} mode" if mode else ""

        def build(bad, mode=mode):
            scene = book.lost() if bad else Scene(book.world, book.world.view("lamp", ("alice", "bob")), ("alice", "bob"))
            return plain_ask(scene, book, 20, no="echo-required" if bad else None, mode=mode)

        book.no(f"a request to a server that lost its windows{text}", req, ["unjudged-window"], "echo-required", build)
    for first in book.modes:
        for second in book.modes:
            text = f", {first} request, {second} retry" if first else ""
            scene = book.lost().state("alice", valid=False)
            challenged(scene, book, mode=first).state("alice", valid=False, ssn=1)
            retry(scene, book, mode=second).state("alice", valid=True, highest=21).state("bob", valid=False)
            plain_ask(scene, book, 22, mode=first).state("alice", highest=22)
            plain_ask(scene, book, 21, no="replay", mode=first)
            plain_ask(scene, book, 20, no="replay", mode=second)
            scene.seal_response("retry-alice-21", "done", second)
            book.ok(f"challenge, retry, and the window opens exactly there{text}", req, ["resync"], scene)
    for number, no in ((20, "replay"), (0, "replay"), (21, "replay")):

        def build(bad, number=number):
            scene = retry(challenged(book.lost(), book), book)
            return plain_ask(scene, book, number if bad else 22, no="replay" if bad else None)

        book.no(f"after the retry with 21: a message with {number}", req, ["resync"], no, build, "control: after the retry with 21: 22")
    scene = retry(challenged(book.lost(), book, piv=2**39), book, piv=5)
    scene.state("alice", valid=True, highest=5)
    plain_ask(scene, book, 4, no="replay")
    plain_ask(scene, book, 6)
    book.ok("a retry with a lower number than the challenged request counts all the same", req, ["resync"], scene)
    scene = challenged(book.lost(), book, piv=2**40 - 2)
    retry(scene, book, piv=2**40 - 1).state("alice", valid=True, highest=2**40 - 1)
    plain_ask(scene, book, 2**40 - 2, no="replay")
    plain_ask(scene, book, 0, no="replay")
    book.ok("a retry with the last number there is", req, ["resync"], scene)
    scene = challenged(book.lost(window_size=1), book, piv=7)
    retry(scene, book, piv=0).state("alice", valid=True, highest=0)
    plain_ask(scene, book, 0, no="replay")
    plain_ask(scene, book, 1)
    book.ok("a retry with number 0, window of 1", req, ["resync"], scene)


def values(book):
    """What is compared with what."""
    req = book.req(["O-B.1.2-04", "E-2.2.1-03"], ["G02-E.3-08"], ["GO-9-15", "GO-9-16"])
    wrong = [
        ("one bit changed", E1[:-1] + bytes([E1[-1] ^ 1])),
        ("the first bit changed", bytes([E1[0] ^ 0x80]) + E1[1:]),
        ("its first seven bytes", E1[:-1]),
        ("a byte more", E1 + b"\0"),
        ("its first byte", E1[:1]),
        ("empty", b""),
        ("zero bytes", bytes(8)),
        ("twice in a row", E1 + E1),
    ]
    for title, value in wrong:

        def build(bad, value=value):
            scene = challenged(book.lost(), book)
            return retry(scene, book, value if bad else E1, no="echo-mismatch" if bad else None)

        book.no(f"Echo {title}", req, ["echo-compare"], "echo-mismatch", build, "control: the right Echo")
    scene = challenged(book.lost(), book)
    for index, (_, value) in enumerate(wrong):
        retry(scene, book, value, piv=30 + index, no="echo-mismatch")
    scene.state("alice", valid=False)
    retry(scene, book, E1, piv=50).state("alice", valid=True, highest=50)
    req_wedge = book.req(["O-B.1.2-03", "O-B.1.2-04"], ["G02-E.3-08", "G02-E.3-10"], ["GO-9-15", "GO-9-17"])
    book.ok("eight wrong values, then the right one still counts", req_wedge, ["echo-wedge", "echo-compare"], scene)
    for length in (1, 4, 39, 40):
        value = pick("long echo", length)
        scene = retry(challenged(book.lost(), book, value), book, value).state("alice", valid=True, highest=21)
        book.ok(f"an Echo of {length} bytes", req + ["E-2.2.1-01"], ["echo-compare"], scene)


def newest(book):
    req = book.req(["O-B.1.2-04", "E-2.3-13"], ["G02-E.3-12"], ["GO-9-15", "GO-9-17"])

    def build(bad):
        scene = challenged(challenged(book.lost(), book, E1, piv=20), book, E2, piv=21, name="second")
        return retry(scene, book, E1 if bad else E2, piv=22, no="echo-mismatch" if bad else None)

    book.no("two challenges: the older value", req, ["echo-twice"], "echo-mismatch", build)
    scene = build(True)
    retry(scene, book, E2, piv=23).state("alice", valid=True, highest=23)
    book.ok("two challenges: the older value is refused, the newer one counts afterwards", req, ["echo-wedge"], scene)
    req = book.req(["O-B.1.2-04", "E-2.3-02"], ["G02-E.3-12"], ["GO-9-16", "GO-9-17"])

    def build_without(bad):
        scene = challenged(book.lost(), book)
        return plain_ask(scene, book, 21, no="echo-required") if bad else retry(scene, book)

    book.no("a request without Echo while a challenge is open", req, ["unjudged-window"], "echo-required", build_without)
    scene = challenged(book.lost(), book)
    plain_ask(scene, book, 21, no="echo-required")
    retry(scene, book, piv=22).state("alice", valid=True, highest=22)
    book.ok("a request without Echo in between leaves the challenge as it is", req, ["echo-wedge"], scene)


def strangers(book):
    """Values of others, and values that nobody gave."""
    req = book.req(["O-B.1.2-04", "E-2.3-09"], ["G02-E.3-08"], ["GO-9-06", "GO-9-15"])

    def build(bad):
        scene = challenged(challenged(book.lost(), book, E1, "alice"), book, E2, "bob")
        return retry(scene, book, E1 if bad else E2, "bob", no="echo-mismatch" if bad else None)

    book.no("the Echo of another client", req, ["echo-foreign"], "echo-mismatch", build)
    scene = build(True).state("alice", valid=False).state("bob", valid=False)
    retry(scene, book, E2, "alice", piv=25, no="echo-mismatch")
    retry(scene, book, E2, "bob", piv=26).state("bob", valid=True, highest=26).state("alice", valid=False)
    retry(scene, book, E1, "alice", piv=26).state("alice", valid=True, highest=26)
    book.ok("two clients try each other's values, then their own", req, ["echo-foreign", "echo-wedge"], scene)

    def build_none(bad):
        scene = challenged(book.lost(), book, E1, "alice")
        return retry(scene, book, E1, "bob" if bad else "alice", no="echo-required" if bad else None)

    book.no("a client that was not challenged uses the Echo of another", req, ["echo-foreign"], "echo-required", build_none)
    req = book.req(["O-B.1.2-04", "E-5-02"], ["G02-E.3-08"], ["GO-9-14", "GO-9-21"])

    def build_guess(bad):
        scene = book.lost()
        scene = scene if bad else challenged(scene, book)
        return retry(scene, book, no="echo-required" if bad else None)

    book.no("an Echo that was never given", req, ["echo-guessed"], "echo-required", build_guess)
    req = book.req(["O-B.1.2-04", "E-2.2.1-04", "E-2.3-16"], ["G02-E.3-08"], ["GO-9-23"])

    def build_outer(bad):
        scene = challenged(book.lost(), book)
        if not bad:
            return retry(scene, book)
        outside = Faults(outer_options=lambda options, trace: options + [(coap.ECHO, E1)])
        wire = scene.ask("outer", piv=21, mode=book.modes[-1], faults=outside)
        return scene.open_request(wire, "outer", "echo-required", 0)

    book.no("the right Echo outside the encryption", req, ["outer-echo"], "echo-required", build_outer)


def used_up(book):
    req = book.req(["O-B.1.2-03", "E-2.3-08"], ["G02-E.3-10"], ["GO-9-18", "GO-9-19"])

    def build(bad):
        scene = retry(challenged(book.lost(), book), book)
        return retry(scene, book, piv=21 if bad else 22, no="replay" if bad else None, name="again")

    book.no("the retry is replayed", req, ["echo-twice"], "replay", build)
    scene = retry(challenged(book.lost(), book), book, piv=30)
    retry(scene, book, piv=31, name="again").state("alice", valid=True, highest=31)
    retry(scene, book, piv=25, no="replay", name="late").state("alice", highest=31)
    book.ok("after success Echo is an option like others and opens nothing", req, ["echo-twice", "resync"], scene)
    if book.dialect == "oscore":
        return
    req = book.req(None, ["G02-E.3-12"], ["GO-2.6.1.2-01", "GO-9-15"])

    def build_deleted(bad):
        scene = retry(challenged(book.lost(), book), book).delete("alice")
        if not bad:
            challenged(scene, book, E2, piv=22, name="later")
        return retry(scene, book, E1 if bad else E2, piv=23, no="echo-required" if bad else None)

    book.no("a used Echo after the Recipient Context was deleted", req, ["echo-twice"], "echo-required", build_deleted)

    def build_pending(bad):
        scene = challenged(book.lost(), book)
        scene = scene.delete("alice") if bad else scene
        return retry(scene, book, no="echo-required" if bad else None)

    book.no("a challenge does not outlive its Recipient Context", req, ["echo-guessed"], "echo-required", build_pending)


def forged(book):
    """What does not verify neither opens a window nor uses a challenge up."""
    req = book.req(["O-B.1.2-03", "O-8.2-06"], ["G02-4.2-05", "G02-E.3-08"], ["GO-7.2-10", "GO-9-18"])
    mode = book.modes[0]
    failed = "signature-invalid" if mode == "group" else "decryption-failed"

    def build(bad):
        scene = challenged(book.lost(), book)
        wire = scene.ask("retry", piv=21, mode=mode, echo=E1)
        return scene.open_request(flip(wire.datagram, 0) if bad else wire, None if bad else "retry", failed if bad else None, 0)

    book.no("a retry with a changed bit", req, ["resync", "early-commit"], failed, build)
    scene = build(True).state("alice", valid=False)
    retry(scene, book, piv=22).state("alice", valid=True, highest=22)
    book.ok("a changed retry first, then a genuine one", req, ["early-commit", "echo-wedge"], scene)
    if book.dialect == "oscore":
        return

    def build_insider(bad):
        scene = challenged(book.lost(), book)
        return retry(scene, book, mode=mode, no="signature-invalid" if bad else None, faults=insider(book.world) if bad else None)

    book.no("the right Echo under a bad signature", req, ["resync", "early-commit"], "signature-invalid", build_insider)
    scene = build_insider(True).state("alice", valid=False)
    retry(scene, book, piv=22).state("alice", valid=True, highest=22)
    book.ok("an insider's retry first, then the genuine one", req, ["early-commit", "echo-wedge"], scene)


def freshness(book):
    req = book.req(["E-2.3-02", "E-2.3-03", "E-2.3-12"], ["G02-E.3-01", "G02-E.3-12"], ["GO-9-01", "GO-9-20"])
    for mode in book.modes:
        text = f", {mode} mode" if mode else ""

        def build(bad, mode=mode):
            scene = book.strict(1000 if bad else 0)
            return plain_ask(scene, book, 5, now=50, no="echo-required" if bad else None, mode=mode)

        book.no(f"the first request of a client where freshness is wanted{text}", req, ["freshness"], "echo-required", build)
    scene = challenged(book.strict(), book, piv=5, now=50).state("alice", valid=True, highest=5)
    plain_ask(scene, book, 5, now=60, no="replay")
    retry(scene, book, piv=9, now=70).state("alice", valid=True, highest=9)
    if book.dialect == "group-02":
        plain_ask(scene, book, 7, now=80, no="replay")
    else:
        plain_ask(scene, book, 7, now=80)
        plain_ask(scene, book, 7, now=81, no="replay")
    plain_ask(scene, book, 10, now=5000)
    challenged(scene, book, E2, "bob", piv=0, now=5001)
    retry(scene, book, E2, "bob", piv=1, now=5002)
    req_window = book.req(["O-7.4-01", "E-2.3-12"], ["G02-E.3-10"], ["GO-9-19", "GO-9-20"])
    book.ok("the challenged request is marked in a valid window; once shown, freshness stays", req_window, ["freshness", "resync"], scene)
    req = book.req(["E-2.3-14"], ["G02-E.3-09"], ["GO-9-16"])
    for limit, start in ((1000, 0), (1, 7), (60000, 2**33)):

        def build_late(bad, limit=limit, start=start):
            scene = challenged(book.strict(limit), book, piv=5, now=start)
            return retry(scene, book, piv=6, now=start + limit - (0 if bad else 1), no="echo-expired" if bad else None)

        title = f"limit {limit} ms: the Echo comes back when {limit} ms have passed"
        book.no(title, req, ["echo-stale"], "echo-expired", build_late, f"control: limit {limit} ms, {limit - 1} ms have passed")
    scene = challenged(book.strict(), book, piv=5, now=100)
    retry(scene, book, piv=6, now=9000, no="echo-expired")
    retry(scene, book, piv=7, now=9000, no="echo-expired", name="again")
    plain_ask(scene, book, 8, now=9001, no="echo-required")
    challenged(scene, book, E2, piv=9, now=9002, name="second")
    retry(scene, book, E1, piv=10, now=9003, no="echo-mismatch", name="old")
    retry(scene, book, E2, piv=11, now=9004).state("alice", highest=11)
    req = book.req(["E-2.3-13", "E-2.3-14"], ["G02-E.3-12", "G02-E.3-09"], ["GO-9-16", "GO-9-17"])
    book.ok("too late twice, challenged anew, the new value in time", req, ["echo-stale", "echo-wedge"], scene)
    scene = challenged(book.lost(), book, piv=5, now=0)
    retry(scene, book, piv=6, now=2**40).state("alice", valid=True, highest=6)
    book.ok("no freshness policy: an Echo has no time limit", req, ["echo-stale"], scene)
    both = book.lost(freshness_ms=500)
    challenged(both, book, piv=5, now=1000)
    retry(both, book, piv=6, now=1500, no="echo-expired").state("alice", valid=False)
    retry(both, book, piv=6, now=1499).state("alice", valid=True, highest=6)
    book.ok("lost windows and freshness: too late, then (by another clock reading) in time", req, ["echo-stale", "resync"], both)
    scene = Scene(book.world, book.world.view("lamp", ("alice",)), ("alice",))
    retry(scene, book, piv=3).state("alice", valid=True, highest=3)
    plain_ask(scene, book, 2).state("alice", highest=3)
    book.ok("an Echo that nobody asked for changes nothing", ["E-2.3-01", "E-2.3-11"], ["resync"], scene)


def answers(book):
    """The challenge as a message: own number, once more with own number, and who can give one."""
    req = book.req(["O-B.1.2-02", "O-8.3-03"], ["G02-E.3-02", "G02-7.2-02"], ["GO-9-03", "GO-5.3.1-01"])
    mode = book.modes[0]

    def build(bad):
        scene = challenged(book.lost(), book)
        return scene.seal_response("first-alice", "late", mode, not bad, no="nonce-reuse" if bad else None)

    book.no("a response with the nonce of a challenged request", req, ["nonce-reuse"], "nonce-reuse", build)
    scene = book.lost().set_ssn(2**40 - 1)
    scene.open_request(scene.ask("r1", piv=3, mode=mode), "r1", "echo-required", 0)
    scene.open_request(scene.ask("r2", piv=4, mode=mode), "r2", "echo-required", 0)
    scene.challenge("r1", E1, mode).challenge("r2", E2, mode, no="ssn-exhausted")
    retry(scene, book, E1, piv=5).state("alice", valid=True, highest=5)
    book.ok("no number is left for a second challenge: the first one stays", req, ["nonce-reuse", "echo-wedge"], scene)
    if len(book.modes) == 2:
        for first in book.modes:
            for second in book.modes:
                scene = book.lost()
                scene.open_request(scene.ask("r1", piv=3, mode=first), "r1", "echo-required", 0)
                scene.challenge("r1", E1, second)
                retry(scene, book, piv=4)
                title = f"a challenge in {second} mode for a request in {first} mode"
                book.ok(title, ["GO-9-02", "GO-9-03"], ["nonce-reuse"], scene)
    if book.dialect == "oscore":
        return

    def build_silent(bad):
        people = ("alice",)
        scene = Scene(book.world, book.world.view("lamp", people, windows="invalid", silent=bad), people)
        scene.open_request(scene.ask("r", piv=3, mode=mode), "r", "echo-required", 0)
        return scene.challenge("r", E1, mode, no="sender-missing" if bad else None)

    req = book.req(None, ["G02-E.3-15", "G02-1.1-01"], ["GO-2-02"])
    book.no("a silent server cannot challenge", req, ["silent"], "sender-missing", build_silent)


def client(book):
    """The other side: a client is challenged."""
    req = book.req(["O-B.1.2-05", "O-B.1.2-06", "E-2.3-05"], ["G02-E.3-03", "G02-E.3-04", "G02-E.3-07"], ["GO-9-11", "GO-9-12", "GO-9-22"])
    ways = [(a, b) for a in book.modes for b in book.modes]
    code = 0x83 if book.dialect == "group-02" else 0x81
    for asked, answered in ways:
        target = "lamp" if asked == "pairwise" else None
        text = f", {asked} request, {answered} challenge" if asked else ""
        failed = "signature-invalid" if answered == "group" else "decryption-failed"

        def ready(asked=asked, answered=answered, target=target):
            scene = Scene(book.world, book.world.view("alice", ("lamp",)), ("lamp",), me="alice").seal_request("r1", asked, target)
            lamp = scene.partners["lamp"]
            lamp.rekey(book.world.view("lamp", ("alice",), windows="invalid"))
            try:
                scene.hear("r1", "lamp")
            except Refused as refusal:
                return scene, lamp.challenge(refusal.exchange, E1, answered).message, lamp
            raise AssertionError("not challenged")

        scene, datagram, lamp = ready()
        scene.open_response(datagram, "r1").seal_request("r2", book.modes[-1], "lamp" if book.modes[-1] else None, echo=E1)
        heard = lamp.open_request(scene.sent["r2"]).exchange
        scene.open_response(scene.answer(heard, "r2", "done", "lamp", book.modes[-1]), "r2")
        book.ok(f"a client is challenged and repeats with Echo{text}", req, ["resync"], scene)

        def build(bad, ready=ready, failed=failed):
            scene, datagram, _ = ready()
            return scene.open_response(flip(datagram, 0) if bad else datagram, "r1", failed if bad else None)

        book.no(f"a challenge with a changed bit{text}", req, ["early-commit"], failed, build)

    def build_open(bad):
        scene, datagram, _ = ready()
        token = coap.parse(datagram).token
        naked = coap.encode(coap.Message(1, code, 9, token, [(coap.ECHO, E1)]))
        return scene.open_response(naked if bad else datagram, "r1", "not-oscore" if bad else None)

    book.no("an unprotected challenge", req, ["unprotected"], "not-oscore", build_open)


def after_rekey(book):
    req = book.req(["E-5-02"], ["G02-2.1-04"], ["GO-9-07", "GO-2.6.3.2-05"])
    new = World(book.dialect, 1)

    def build(bad):
        people = ("alice",)
        scene = book.strict(people=people)
        if bad:
            challenged(scene, book, E1, piv=5)
        scene.rekey(new.view("lamp", people, freshness_ms=1000), "new")
        scene.rekey_partner(new, *people)
        if not bad:
            challenged(scene, book, E1, piv=5)
        return retry(scene, book, E1, piv=6, no="echo-required" if bad else None)

    book.no("an Echo given before the rekey", req, ["echo-foreign", "echo-guessed"], "echo-required", build)
    people = ("alice",)
    scene = book.strict(people=people)
    retry(challenged(scene, book, E1, piv=5), book, E1, piv=6)
    scene.rekey(new.view("lamp", people, freshness_ms=1000), "new")
    scene.rekey_partner(new, *people)
    plain_ask(scene, book, 0, no="echo-required")
    book.ok("freshness shown before the rekey counts no more", req, ["freshness"], scene)
    scene = challenged(book.lost(people=people), book)
    scene.rekey(new.view("lamp", people), "new").state("alice", valid=True, highest=None, ssn=0)
    scene.rekey_partner(new, *people)
    plain_ask(scene, book, 0).state("alice", highest=0)
    req = book.req(["O-7.5-02"], ["G02-2.1-04"], ["GO-2.6.1.2-07", "GO-2.6.3.2-05"])
    book.ok("a rekey makes lost windows valid", req, ["resync"], scene)


def make(dialect):
    book = EchoBook(dialect)
    for theme in (rounds, values, newest, strangers, used_up, forged, freshness, answers, client, after_rekey):
        theme(book)
    return book
