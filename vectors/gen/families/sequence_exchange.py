"""Requests and their responses: numbers and nonces of the sender, order and binding at the client."""

from dataclasses import replace

from families.context_book import note
from families.sequence_scene import PEOPLE, Scene, SequenceBook, Wire, World, flip, modes, plain_response, reoption, retoken
from oscore_option import minimal

NOTES = {
    "nonce-reuse": note(
        "a second response takes the nonce of the request, or a number is taken twice",
        "two messages under one key and nonce: plaintexts and authentication fall",
        "M15",
    ),
    "number-order": note("requests and responses count apart, or a refused message takes a number", "a nonce repeats", "M12", "M15"),
    "number-encoding": note("zero bytes of a Partial IV are dropped, or zero is sent as nothing", "two numbers give one nonce", "M12"),
    "exhaustion": note("the number after 2^40-1 is 0 again, or the last one is never used", "all nonces repeat", "M11"),
    "response-replay": note("responses of a long exchange are not checked for replay", "an old state of affairs is delivered as new", "M10"),
    "per-server": note("responses are tracked for the Token only", "the second server's answer is lost, or its replay passes", "M10"),
    "notification-order": note("a late notification counts as the newest", "a client acts on an old state", "M10"),
    "response-binding": note(
        "a response is verified with the values of the newest request, or the Token decides alone",
        "answers of two parallel requests are exchanged by anybody on the path",
        "M35",
        "M38",
    ),
    "responder": note("a response of any member is taken for that of the one who was asked", "one member answers for another", "M36"),
    "reflection": note("a message of the own kid is processed", "one's own message, sent back, is executed", "M21", "M36"),
    "unprotected": note("an unprotected response is taken as answer", "anybody on the path answers", "M37"),
    "early-commit": note("state of an exchange moves before the response verified", "one forged response ends an observation", "M04"),
    "response-nonce": note("the nonce of the request where the response has its own Partial IV, or the other way", "no peer can decrypt", "M16"),
    "observe": note("Observe in a response that was not asked for", "a client keeps state for an observation that is none"),
}

MAX = 2**40 - 1


class ExchangeBook(SequenceBook):
    def __init__(self, dialect, first=401):
        super().__init__(dialect, "exchange", first, NOTES)
        self.world = World(dialect)
        self.modes = modes(self.world)

    def req(self, oscore, group_02, group_28):
        return {"oscore": oscore, "group-02": group_02, "group-28": group_28}[self.dialect]

    def server(self, people=("alice", "bob"), **change):
        return Scene(self.world, self.world.view("lamp", people, **change), people)

    def client(self, people=("lamp", "bob", "carol"), **change):
        people = people[:1] if self.dialect == "oscore" else people
        return Scene(self.world, self.world.view("alice", people, **change), people, me="alice")

    def pairs(self):
        """(mode of the request, mode of the response, suffix for titles)"""
        for asked in self.modes:
            for answered in self.modes:
                yield asked, answered, f", {asked} request, {answered} response" if asked else ""

    def failed(self, mode):
        return "signature-invalid" if mode == "group" else "decryption-failed"


# ---- protecting ----


def nonces(book):
    req = book.req(["O-8.3-02", "O-8.3-03", "O-7.2-01"], ["G02-4.3-03", "G02-7.2-02"], ["GO-5.3.1-01", "GO-5.3.1-02", "GO-7.3-03"])
    for asked, answered, text in book.pairs():

        def build(bad, asked=asked, answered=answered, first=False):
            scene = book.server()
            scene.open_request(scene.ask("r", mode=asked), "r")
            scene.seal_response("r", "one", answered, first)
            return scene.seal_response("r", "two", answered, not bad, no="nonce-reuse" if bad else None)

        book.no(f"a second response with the nonce of the request{text}", req, ["nonce-reuse"], "nonce-reuse", build)
    asked = answered = book.modes[0]

    def build_own_first(bad):
        scene = book.server()
        scene.open_request(scene.ask("r", mode=asked), "r")
        scene.seal_response("r", "one", answered, True)
        return scene.seal_response("r", "two", answered, not bad, no="nonce-reuse" if bad else None)

    book.no("a first response with an own number, a second with the nonce of the request", req, ["nonce-reuse"], "nonce-reuse", build_own_first)
    scene = book.server()
    scene.open_request(scene.ask("r", mode=asked), "r")
    scene.seal_response("r", "one", answered).seal_response("r", "two", answered, no="nonce-reuse").state(ssn=0)
    scene.seal_response("r", "two", answered, True).state(ssn=1).seal_response("r", "three", answered, no="nonce-reuse")
    scene.seal_response("r", "three", answered, True).state(ssn=2)
    book.ok("five responses to one request: a refused one takes no number", req, ["nonce-reuse", "number-order"], scene)
    scene = book.server()
    for index, who in enumerate(("alice", "bob", "alice")):
        scene.open_request(scene.ask(f"r{index}", who, mode=asked), f"r{index}")
    for index in (2, 0, 1):
        scene.seal_response(f"r{index}", f"text {index}", answered)
    scene.state(ssn=0)
    book.ok("three open requests, each answered once with its own nonce", req, ["response-nonce", "nonce-reuse"], scene)


def both_roles(book):
    req = book.req(["O-3.1-01", "O-3.1-02"], ["G02-4.1-02"], ["GO-2.5.3-01", "GO-5-02"])
    scene = book.server()
    asked = book.modes[0]
    target = "alice" if book.modes[-1] == "pairwise" else None
    scene.seal_request("own1", book.modes[-1], target).state(ssn=1)
    scene.open_request(scene.ask("r", "alice", mode=asked), "r").seal_response("r", "one", asked).state(ssn=1)
    scene.seal_response("r", "two", asked, True).state(ssn=2)
    scene.seal_request("own2", asked).state(ssn=3).seal_response("r", "three", book.modes[-1], True).state(ssn=4)
    book.ok("one number space for requests and responses, client and server", req, ["number-order"], scene)
    for asked in book.modes:
        scene = book.client()
        target = "lamp" if asked == "pairwise" else None
        text = f", {asked} mode" if asked else ""
        for ssn in (0, 254, 65535, 2**24 - 1, 2**32 - 1, MAX - 1):
            scene.set_ssn(ssn)
            for step in (0, 1):
                scene.seal_request(f"r{ssn + step}", asked, target)
        for number in (0x0100, 0x010000, 0x01000001, 0x0100000000):
            scene.set_ssn(number).seal_request(f"z{number}", asked, target)
        req = book.req(["O-3.2.2-01", "O-8.1-01"], ["G02-3-13"], ["GO-4.1-15"])
        book.ok(f"Partial IVs over every change of length{text}", req, ["number-encoding"], scene)


def exhaustion(book):
    req = book.req(["O-7.2.1-01", "O-7.2.1-02"], ["G02-4.1-03"], ["GO-2.6.2-01", "GO-2.6.2-02"])
    for asked in book.modes:
        target = "lamp" if asked == "pairwise" else None
        text = f", {asked} mode" if asked else ""

        def build(bad, asked=asked, target=target):
            scene = book.client().set_ssn(MAX if bad else MAX - 1).seal_request("r1", asked, target)
            return scene.seal_request("r2", asked, target, no="ssn-exhausted" if bad else None)

        book.no(f"a request after the last number{text}", req, ["exhaustion"], "ssn-exhausted", build)
        scene = build(True).state(ssn=MAX + 1).seal_request("r3", asked, target, no="ssn-exhausted").state(ssn=MAX + 1)
        book.ok(f"the last number is used, and none after it however often one tries{text}", req, ["exhaustion"], scene)
    asked = book.modes[0]
    req = book.req(["O-7.2.1-02"], ["G02-4.1-03"], ["GO-2.6.2-02", "GO-2.6.2-03"])

    def build_response(bad):
        scene = book.server().set_ssn(MAX if bad else MAX - 1)
        scene.open_request(scene.ask("r", mode=asked), "r").seal_response("r", "one", asked, True)
        return scene.seal_response("r", "two", asked, True, no="ssn-exhausted" if bad else None)

    book.no("a response with own number after the last one", req, ["exhaustion"], "ssn-exhausted", build_response)
    scene = book.server().set_ssn(MAX + 1)
    scene.open_request(scene.ask("r", mode=asked), "r")
    scene.seal_response("r", "one", asked, True, no="ssn-exhausted").seal_response("r", "one", asked).state(ssn=MAX + 1)
    book.ok("no number left: the nonce of the request still serves, once", req, ["exhaustion"], scene)


def notifications_out(book):
    req = book.req(["O-8.3.1-01", "O-4.1.3.5-02", "O-4.1.3.5.2-01"], ["G02-7.2-02", "G02-4.3-03"], ["GO-5.3.1-01", "GO-5.3.1-02"])
    for asked in book.modes:
        text = f", {asked} request" if asked else ""

        def build(bad, asked=asked):
            scene = book.server()
            scene.open_request(scene.ask("r", mode=asked, observe=0), "r").seal_response("r", "one", asked, observe=1)
            scene.seal_response("r", "two", asked, True, observe=2).seal_response("r", "three", asked, True, observe=3)
            return scene.seal_response("r", "four", asked, not bad, no="nonce-reuse" if bad else None, observe=4)

        book.no(f"the fourth notification with the nonce of the registration{text}", req, ["nonce-reuse"], "nonce-reuse", build)
        scene = book.server()
        scene.open_request(scene.ask("r", mode=asked, observe=0), "r").seal_response("r", "one", asked, True, observe=1)
        scene.seal_response("r", "gone", asked, no="nonce-reuse", code=0x84).seal_response("r", "gone", asked, True, code=0x84)
        book.ok(f"an error that ends the observation has its own number too{text}", req, ["nonce-reuse"], scene)


def group_28_response_forms(book):
    if book.dialect != "group-28":
        return
    for asked, answered, text in book.pairs():
        for kid in (False, True):
            for kid_context in (False, True):
                scene = book.server()
                scene.open_request(scene.ask("r", mode=asked), "r")
                scene.seal_response("r", "one", answered, False, kid, kid_context)
                scene.seal_response("r", "two", answered, True, kid, kid_context)
                shown = f"kid {'asked for' if kid else 'not asked for'}, kid context {'asked for' if kid_context else 'not asked for'}"
                req = ["GO-3.2-01", "GO-3.2-06", "GO-4.1-04", "GO-4.1-05", "GO-4.2-03", "GO-4.2-06"]
                book.ok(f"{shown}{text}", req, ["response-nonce"], scene)


# ---- opening ----


def one_response(book):
    """Outside long exchanges a server has one response."""
    req = book.req(["O-7.4-07"], ["G02-A.2-02"], ["GO-5.3.1-11"])
    asked = book.modes[-1]
    for again, piv in (("the same", None), ("another one with its own number", 7)):

        def build(bad, piv=piv):
            scene = book.client()
            scene.seal_request("r1", asked, "lamp" if asked else None).seal_request("r2", asked, "lamp" if asked else None)
            first, second = scene.hear("r1", "lamp"), scene.hear("r2", "lamp")
            scene.open_response(scene.answer(first, "r1", "one", "lamp", asked), "r1")
            if not bad:
                return scene.open_response(scene.answer(second, "r2", "one", "lamp", asked, piv), "r2")
            return scene.open_response(scene.answer(first, "r1", "one" if piv is None else "two", "lamp", asked, piv), "r1", "response-replay")

        book.no(f"a second response to one request: {again}", req, ["response-replay"], "response-replay", build)


def notifications_in(book):
    req = book.req(
        ["O-7.4.1-01", "O-7.4.1-02", "O-7.4.1-03", "O-8.4.2-01"], ["G02-A.2-02", "G02-A.2-06"], ["GO-5.3.1-03", "GO-5.3.1-04", "GO-5.3.1-06"]
    )
    cases = [
        ([5, 5], 6, "response-replay", ["response-replay"]),
        ([0, 0], 1, "response-replay", ["response-replay"]),
        ([5, 3], 6, "response-old", ["notification-order"]),
        ([None, None], 0, "response-replay", ["response-replay"]),
        ([None, 0, None], 1, "response-replay", ["response-replay"]),
        ([4, None], 5, "response-old", ["notification-order"]),
        ([0, None], 1, "response-old", ["notification-order"]),
        ([255, 256, 255], 257, "response-old", ["notification-order"]),
        ([256, 255], 512, "response-old", ["notification-order"]),
        ([65535, 65536, 65536], 65537, "response-replay", ["response-replay"]),
        ([2**32, 1], 2**32 + 1, "response-old", ["notification-order"]),
        ([2**32 + 1, 1], 2**32 + 2, "response-old", ["notification-order"]),
        ([7, 9, 8, 9], 10, "response-replay", ["response-replay", "notification-order"]),
        ([1, 2**39, 2**39], 2**39 + 1, "response-replay", ["response-replay"]),
        ([MAX - 1, MAX, MAX], None, "response-replay", ["response-replay"]),
    ]
    for asked in book.modes:
        for numbers, instead, reason, flags in cases:
            text = ", ".join("none" if n is None else str(n) for n in numbers) + (f", {asked} mode" if asked else "")

            def build(bad, numbers=numbers, instead=instead, reason=reason, asked=asked):
                scene = book.client().seal_request("r", asked, "lamp" if asked == "pairwise" else None, observe=0)
                heard, newest = scene.hear("r", "lamp"), None
                last = len(numbers) - 1
                for index, number in enumerate(numbers):
                    if index == last and not bad:
                        if instead is None:
                            break
                        number = instead
                    wire = scene.answer(heard, "r", f"state {number}", "lamp", asked, number, observe=index + 1)
                    late = number is not None and newest is not None and number < newest
                    no = reason if index == last and bad else "response-old" if late else None
                    scene.open_response(wire, "r", no)
                    newest = newest if number is None or no else number
                return scene

            book.no(f"notifications {text}", req, flags, reason, build)
        walk_notifications(book, asked, req)
        failing_notification(book, asked)


def walk_notifications(book, asked, req):
    text = f", {asked} mode" if asked else ""
    scene = book.client().seal_request("r", asked, "lamp" if asked == "pairwise" else None, observe=0)
    heard, highest = scene.hear("r", "lamp"), None
    for index, number in enumerate((None, 3, 3, 1, 2, 4, None, 255, 254, 256, 256, 65536, 65535, 2**32, 2**32 + 1)):
        wire = scene.answer(heard, "r", f"state {number}", "lamp", asked, number, observe=index + 1)
        no = None
        if number is None:
            no = "response-replay" if index else None
        elif highest is not None and number <= highest:
            no = "response-replay" if number == highest else "response-old"
        scene.open_response(wire, "r", no)
        highest = highest if no or number is None else number
    book.ok(f"fifteen notifications in disorder{text}", req, ["response-replay", "notification-order"], scene)
    scene = book.client().seal_request("r", asked, "lamp" if asked == "pairwise" else None, observe=0)
    heard = scene.hear("r", "lamp")
    scene.open_response(scene.answer(heard, "r", "one", "lamp", asked, observe=1), "r")
    scene.open_response(scene.answer(heard, "r", "gone", "lamp", asked, 0, code=0x84), "r")
    req = book.req(["O-4.1.3.5.2-01", "O-4.1.3.5.2-05"], ["G02-4.4-03"], ["GO-5.3.1-01"])
    book.ok(f"a notification, then an error that ends the observation{text}", req, ["notification-order"], scene)


def failing_notification(book, asked):
    req = book.req(["O-7.4.1-04", "O-8.4.2-02", "O-8.4-04"], ["G02-4.4-03", "G02-4.4-04"], ["GO-7.4-06", "GO-7.4-12"])
    text = f", {asked} mode" if asked else ""

    def build(bad):
        scene = book.client().seal_request("r", asked, "lamp" if asked == "pairwise" else None, observe=0)
        heard = scene.hear("r", "lamp")
        scene.open_response(scene.answer(heard, "r", "one", "lamp", asked, 5, observe=1), "r")
        wire = scene.answer(heard, "r", "two", "lamp", asked, 900, observe=2)
        if bad:
            return scene.open_response(flip(wire.datagram, 0), "r", book.failed(asked))
        return scene.open_response(wire, "r")

    book.no(f"a notification with a changed bit{text}", req, ["early-commit"], book.failed(asked), build)
    scene = book.client().seal_request("r", asked, "lamp" if asked == "pairwise" else None, observe=0)
    heard = scene.hear("r", "lamp")
    scene.open_response(scene.answer(heard, "r", "one", "lamp", asked, 5, observe=1), "r")
    wire = scene.answer(heard, "r", "two", "lamp", asked, 900, observe=2)
    scene.open_response(flip(wire.datagram, 0), "r", book.failed(asked))
    scene.open_response(scene.answer(heard, "r", "three", "lamp", asked, 6, observe=3), "r")
    book.ok(f"a changed notification with a high number, then the genuine next one{text}", req, ["early-commit"], scene)
    scene = book.client().seal_request("r", asked, "lamp" if asked == "pairwise" else None)
    wire = scene.answer(scene.hear("r", "lamp"), "r", "one", "lamp", asked)
    scene.open_response(flip(wire.datagram, 0), "r", book.failed(asked)).open_response(plain_response("r"), "r", "not-oscore")
    scene.open_response(wire, "r")
    book.ok(f"forged and unprotected answers first, the genuine one is still delivered{text}", req, ["early-commit", "unprotected"], scene)


def unasked(book):
    asked = book.modes[-1]
    req = book.req(["O-4.1.3.5.2-06"], ["G02-4.4-03"], ["GO-8.6-01"])
    for what, observe in (("no Observe in the request", None), ("a cancellation", 1)):

        def build(bad, observe=observe):
            scene = book.client().seal_request("r", asked, "lamp" if asked else None, observe=observe)
            wire = scene.answer(scene.hear("r", "lamp"), "r", "one", "lamp", asked, **({"observe": 9} if bad else {}))
            return scene.open_response(wire, "r", "inner-observe" if bad else None)

        book.no(f"Observe in the response, {what}", req, ["observe"], "inner-observe", build)
    req = book.req(["O-8.4-02", "O-9-01"], ["G02-4.4-06"], ["GO-5-01"])

    def build_plain(bad):
        scene = book.client().seal_request("r", asked, "lamp" if asked else None)
        wire = scene.answer(scene.hear("r", "lamp"), "r", "open", "lamp", asked)
        return scene.open_response(plain_response("r") if bad else wire, "r", "not-oscore" if bad else None)

    book.no("an unprotected 2.05", req, ["unprotected"], "not-oscore", build_plain)


def bindings(book):
    """Two or three requests under way at once."""
    req = book.req(["O-7.1-01", "O-5.4-03"], ["G02-4.4-03"], ["GO-5-01"])
    for asked, answered, text in book.pairs():
        target = "lamp" if asked == "pairwise" else None

        def ready(asked=asked, answered=answered, target=target, piv=None):
            scene = book.client()
            for name in ("r1", "r2", "r3"):
                scene.seal_request(name, asked, target)
            wires = {}
            for index, name in enumerate(("r1", "r2", "r3")):
                number = None if piv is None else piv + index
                wires[name] = scene.answer(scene.hear(name, "lamp"), name, f"answer {name}", "lamp", answered, number)
            return scene, wires

        for own in (None, 40):
            scene, wires = ready(piv=own)
            for name in ("r3", "r1", "r2"):
                scene.open_response(wires[name], name)
            way = "own numbers" if own else "nonces of the requests"
            book.ok(f"three requests under way, answers in another order, {way}{text}", req, ["response-binding"], scene)

            def build(bad, own=own, ready=ready, answered=answered):
                scene, wires = ready(piv=own)
                if bad:
                    return scene.open_response(retoken(wires["r1"].datagram, "r2"), "r2", book.failed(answered))
                return scene.open_response(wires["r2"], "r2")

            book.no(f"the answer to one request under the Token of another, {way}{text}", req, ["response-binding"], book.failed(answered), build)
    asked = book.modes[-1]

    def build_token(bad):
        scene = book.client()
        for name in ("r1", "r2"):
            scene.seal_request(name, asked, "lamp" if asked else None)
        wire = scene.answer(scene.hear("r1", "lamp"), "r1", "one", "lamp", asked)
        return scene.open_response(wire, "r2" if bad else "r1", "token-mismatch" if bad else None)

    req = book.req(["O-8-01", "O-8.4-02"], ["G02-4.4-02"], ["GO-5-01"])
    book.no("the answer to one request handed to the exchange of another", req, ["response-binding"], "token-mismatch", build_token)


def responders(book):
    """Several servers answer one group request."""
    if book.dialect == "oscore":
        return
    asked = book.modes[0]
    req = book.req(None, ["G02-4.4-05", "G02-A.2-02"], ["GO-5.1-01", "GO-5.3.1-04", "GO-5.3.1-06"])
    servers = ("lamp", "bob", "carol")
    long = {} if book.dialect == "group-28" else {"observe": 0}
    for answered in book.modes:
        text = f", {answered} responses" if answered else ""

        def ready(answered=answered):
            scene = book.client().seal_request("r", asked, **long)
            return scene, {who: scene.hear("r", who) for who in servers}

        scene, heard = ready()
        for who in servers:
            scene.open_response(scene.answer(heard[who], "r", f"by {who}", who, answered), "r")
        for who in servers:
            scene.open_response(scene.answer(heard[who], "r", f"by {who}", who, answered), "r", "response-replay")
        for piv in (0, 1):
            for who in servers[::-1]:
                scene.open_response(scene.answer(heard[who], "r", f"more of {who}", who, answered, piv), "r")
        scene.open_response(scene.answer(heard["bob"], "r", "more of bob", "bob", answered, 1), "r", "response-replay")
        scene.open_response(scene.answer(heard["carol"], "r", "more of carol", "carol", answered, 0), "r", "response-old")
        book.ok(f"three servers with the same numbers, each one's replays refused{text}", req, ["per-server", "response-replay"], scene)

        def build(bad, answered=answered, ready=ready):
            scene, heard = ready()
            scene.open_response(scene.answer(heard["lamp"], "r", "by lamp", "lamp", answered, 3), "r")
            scene.open_response(scene.answer(heard["bob"], "r", "by bob", "bob", answered, 3), "r")
            who = "lamp" if bad else "carol"
            return scene.open_response(scene.answer(heard[who], "r", f"by {who}", who, answered, 3), "r", "response-replay" if bad else None)

        book.no(f"the first of two servers again{text}", req, ["per-server"], "response-replay", build)
        scene, heard = ready()
        scene.open_response(scene.answer(heard["lamp"], "r", "by lamp", "lamp", answered, MAX), "r")
        scene.open_response(scene.answer(heard["bob"], "r", "by bob", "bob", answered, 0), "r")
        scene.open_response(scene.answer(heard["carol"], "r", "by carol", "carol", answered), "r")
        book.ok(f"the last number of one server, the first of another, none of a third{text}", req, ["per-server"], scene)
    if book.dialect == "group-02":

        def build_once(bad):
            scene = book.client().seal_request("r", asked)
            heard = {who: scene.hear("r", who) for who in servers}
            scene.open_response(scene.answer(heard["lamp"], "r", "by lamp", "lamp"), "r")
            scene.open_response(scene.answer(heard["bob"], "r", "by bob", "bob"), "r")
            who = "lamp" if bad else "carol"
            return scene.open_response(scene.answer(heard[who], "r", f"again {who}", who, None, 4), "r", "response-replay" if bad else None)

        book.no("a second response of one of three servers", req, ["per-server"], "response-replay", build_once)


def identities(book):
    """Who answers, and who asks."""
    if book.dialect == "oscore":
        return
    asked = book.modes[0]
    alice = bytes.fromhex(PEOPLE["alice"])
    req = book.req(None, ["G02-4.2-07"], ["GO-7.2-20"])

    def build_own(bad):
        scene = book.server()
        wire = scene.ask("r1", mode=asked)
        scene.open_request(wire, "r1").seal_request("own", asked)
        if bad:
            return scene.open_request(scene.sent["own"], None, "own-kid")
        return scene.open_request(scene.ask("r2", "bob", mode=asked), "r2")

    book.no("an own request comes back", req, ["reflection"], "own-kid", build_own)
    req = book.req(None, ["G02-3-02"], ["GO-7.4-09"])

    def build_reflected(bad):
        scene = book.client().seal_request("r", asked)
        wire = scene.answer(scene.hear("r", "lamp"), "r", "one", "lamp", asked)
        if bad:
            return scene.open_response(reoption(wire.datagram, book.world, "response", kid=alice), "r", "own-kid")
        return scene.open_response(wire, "r")

    book.no("a response under the client's own kid", req, ["reflection"], "own-kid", build_reflected)
    if book.dialect == "group-28":
        mismatches(book)
    req = book.req(None, ["G02-4.4-02"], ["GO-7.4-03"])

    def build_unknown(bad):
        scene = book.client(("lamp", "bob"))
        scene.seal_request("r", asked)
        wire = scene.answer(scene.hear("r", "lamp"), "r", "one", "lamp", asked)
        kid = bytes.fromhex(PEOPLE["erin"])
        if bad:
            return scene.open_response(reoption(wire.datagram, book.world, "response", kid=kid), "r", "recipient-unknown")
        return scene.open_response(wire, "r")

    book.no("a response under a kid that nobody has", req, ["responder"], "recipient-unknown", build_unknown)


def mismatches(book):
    """A pairwise request to lamp; bob, a member like any other, answers."""
    for answered in ("group", "pairwise"):
        for kid in (True, False):
            if answered == "pairwise" and not kid:
                continue

            def build(bad, answered=answered, kid=kid):
                scene = book.client().seal_request("r", "pairwise", "lamp")
                heard = scene.hear("r", "lamp")
                if not bad:
                    return scene.open_response(scene.answer(heard, "r", "one", "lamp", answered, 3, kid), "r")
                bob = replace(heard, security=scene.partners["bob"].security)
                reason = "responder-mismatch" if kid else "signature-invalid"
                return scene.open_response(scene.answer(bob, "r", "one", "bob", answered, 3, kid), "r", reason)

            reason = "responder-mismatch" if kid else "signature-invalid"
            title = f"another member answers a pairwise request in {answered} mode, kid {'shown' if kid else 'hidden'}"
            book.no(title, ["GO-7.4-07", "GO-7.4-08", "GO-7.4-09"], ["responder"], reason, build)

    def build_missing(bad):
        scene = book.client().seal_request("r", "group")
        wire = scene.answer(scene.hear("r", "lamp"), "r", "one", "lamp", "group", 3)
        datagram = reoption(wire.datagram, book.world, "response", kid=None) if bad else wire
        return scene.open_response(datagram, "r", "kid-missing" if bad else None)

    book.no("a response without kid to a group request", ["GO-3.2-02"], ["responder"], "kid-missing", build_missing)


def make(dialect):
    book = ExchangeBook(dialect)
    nonces(book)
    both_roles(book)
    exhaustion(book)
    notifications_out(book)
    group_28_response_forms(book)
    one_response(book)
    notifications_in(book)
    unasked(book)
    bindings(book)
    responders(book)
    identities(book)
    return book
