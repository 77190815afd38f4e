"""The table of Recipient Contexts: who gets in, who makes way, and what that does to replay windows."""

from families.context_book import note
from families.sequence_echo import E1, E2, challenged, retry
from families.sequence_scene import PEOPLE, Scene, SequenceBook, World, flip, insider, modes

NOTES = {
    "created-early": note("a Recipient Context is created or kept for a message that does not verify", "anybody fills the table", "M68", "M06"),
    "forgotten-window": note(
        "a Recipient Context that was deleted comes back with a valid, empty window",
        "everything recorded from that member runs again",
        "M05",
        "M43",
    ),
    "wrong-victim": note("another one than the least recently used makes way, or one makes way for a forgery", "members lose service", "M04"),
    "unknown-member": note("a message under an unknown kid, or of a member without credential, is processed", "impostors are heard", "M25"),
    "not-created": note("a member is not heard because it has no Recipient Context yet", "the first message of each member is lost"),
    "silent": note("an endpoint without Sender Context protects something", "a message that nobody can verify", "M46"),
}


class TableBook(SequenceBook):
    def __init__(self, dialect, first=1201):
        super().__init__(dialect, "table", first, NOTES)
        self.world = World(dialect)
        self.modes = modes(self.world)

    def req(self, group_02, group_28):
        return group_02 if self.dialect == "group-02" else group_28

    def server(self, recipients=(), members=(), **change):
        return Scene(self.world, self.world.view("lamp", recipients, members, **change), tuple(recipients) + tuple(members))


def says(scene, book, who, piv, no=None, mode=None):
    """A request of a member, in the modes by turns."""
    name = f"r{len(scene.steps)}"
    mode = mode or book.modes[len(scene.steps) % len(book.modes)]
    return scene.open_request(scene.ask(name, who, piv, mode), name if no in (None, "echo-required") else None, no)


def creation(book):
    req = book.req(["G02-2-09", "G02-4.2-01"], ["GO-7.2-03", "GO-8.4-05"])
    for mode in book.modes:
        text = f", {mode} mode" if mode else ""
        failed = "signature-invalid" if mode == "group" else "decryption-failed"
        scene = book.server((), ("alice", "bob")).state("alice", valid=None)
        says(scene, book, "alice", 7, mode=mode).state("alice", valid=True, highest=7).state("bob", valid=None)
        says(scene, book, "alice", 7, "replay", mode)
        says(scene, book, "bob", 0, mode=mode).state("bob", valid=True, highest=0)
        book.ok(f"members get their Recipient Contexts by their first messages{text}", req, ["not-created"], scene)

        def build(bad, mode=mode, failed=failed):
            scene = book.server((), ("alice", "bob"))
            wire = scene.ask("r", piv=7, mode=mode)
            return scene.open_request(flip(wire.datagram, 0) if bad else wire, None if bad else "r", failed if bad else None)

        req_bad = book.req(["G02-4.2-05"], ["GO-7.2-18", "GO-7.2-19"])
        book.no(f"a first message with a changed bit{text}", req_bad, ["created-early"], failed, build)
        scene = build(True).state("alice", valid=None)
        says(scene, book, "alice", 3, mode=mode).state("alice", valid=True, highest=3)
        book.ok(f"after a forgery the genuine first message finds a valid window{text}", req_bad, ["created-early", "forgotten-window"], scene)
    mode = book.modes[0]
    scene = book.server((), ("alice", "bob"))
    wire = scene.ask("r", piv=7, mode=mode, faults=insider(book.world))
    scene.open_request(wire, None, "signature-invalid").state("alice", valid=None)
    says(scene, book, "alice", 3, mode=mode).state("alice", valid=True, highest=3)
    book.ok("an insider's forgery creates nothing", book.req(["G02-4.2-05"], ["GO-7.2-19"]), ["created-early"], scene)


def unknown(book):
    mode = book.modes[0]
    req = book.req(["G02-4.2-01", "G02-2-11"], ["GO-7.2-04", "GO-7.2-05"])

    def build(bad):
        # erin is a member that this server does not know
        scene = Scene(book.world, book.world.view("lamp", ("alice",)), ("alice", "erin"))
        return says(scene, book, "erin" if bad else "alice", 0, "recipient-unknown" if bad else None, mode)

    book.no("a member that nobody told of", req, ["unknown-member"], "recipient-unknown", build)

    def build_bare(bad):
        unknown = ("bob",) if bad else ()
        scene = Scene(book.world, book.world.view("lamp", ("alice", "bob"), unknown=unknown), ("alice", "bob"))
        return says(scene, book, "bob", 0, "credential-missing" if bad else None, mode)

    book.no("a Recipient Context without credential", req, ["unknown-member"], "credential-missing", build_bare)


def full(book):
    """Room for two, three members."""
    req = book.req(["G02-4.2-01"], ["GO-2.2-04", "GO-2.6.1.2-01"])
    members = ("alice", "bob", "carol")

    def build(bad):
        scene = book.server((), members, max_recipients=2 if bad else 3)
        says(scene, book, "alice", 5)
        says(scene, book, "bob", 5)
        return says(scene, book, "carol", 5, "echo-required" if bad else None)

    book.no("the third member where two have room", req, ["forgotten-window"], "echo-required", build)
    scene = build(True).state("alice", valid=None).state("bob", valid=True, highest=5).state("carol", valid=False)
    says(scene, book, "bob", 6)
    says(scene, book, "alice", 6, "echo-required").state("carol", valid=None).state("bob", highest=6)
    book.ok("two make way in turn, and come back with invalid windows", req, ["forgotten-window", "wrong-victim"], scene)
    scene = book.server((), members, max_recipients=2)
    says(scene, book, "alice", 5)
    says(scene, book, "bob", 5)
    says(scene, book, "alice", 6)
    says(scene, book, "carol", 5, "echo-required").state("bob", valid=None).state("alice", valid=True, highest=6)
    book.ok("the least recently used one makes way, not the oldest one", req, ["wrong-victim"], scene)
    scene = book.server(("alice", "bob"), ("carol",), max_recipients=2)
    says(scene, book, "carol", 5, "echo-required").state("alice", valid=None).state("bob", valid=True).state("carol", valid=False)
    book.ok("nobody was heard yet: the first of the list makes way", req, ["wrong-victim"], scene)
    scene = book.server((), members, max_recipients=2)
    says(scene, book, "alice", 5)
    says(scene, book, "bob", 5)
    says(scene, book, "alice", 5, "replay")
    wire = scene.ask("forged", "alice", 900, book.modes[0])
    failed = "signature-invalid" if book.modes[0] == "group" else "decryption-failed"
    scene.open_request(flip(wire.datagram, 0), None, failed)
    says(scene, book, "carol", 5, "echo-required").state("alice", valid=None).state("bob", valid=True)
    book.ok("replays and forgeries are no use of a Recipient Context", req, ["wrong-victim"], scene)

    def build_forged(bad):
        scene = book.server((), members, max_recipients=2)
        says(scene, book, "alice", 5)
        says(scene, book, "bob", 5)
        wire = scene.ask("r", "carol" if bad else "alice", 6, book.modes[0])
        return scene.open_request(flip(wire.datagram, 0) if bad else wire, None if bad else "r", failed if bad else None)

    book.no("a forged third member", req, ["created-early"], failed, build_forged, "control: alice again, the table is full")
    scene = build_forged(True).state("alice", highest=5).state("bob", highest=5).state("carol", valid=None)
    says(scene, book, "alice", 6)
    says(scene, book, "bob", 6)
    book.ok("a forged third member makes nobody give way", req, ["created-early", "wrong-victim"], scene)
    one = book.server((), members, max_recipients=1)
    says(one, book, "alice", 5)
    for who, piv in (("bob", 5), ("alice", 6), ("bob", 6)):
        says(one, book, who, piv, "echo-required")
    one.state("alice", valid=None).state("bob", valid=False)
    book.ok("room for one: two members keep each other from being served", req, ["forgotten-window"], one)


def deletion(book):
    req = book.req(["G02-5-01", "G02-E.3-13"], ["GO-2.6.1.2-01", "GO-2.6.1.2-04"])

    def build(bad):
        scene = says(book.server(("alice", "bob")), book, "alice", 5)
        scene = scene.delete("alice").state("alice", valid=None) if bad else scene.delete("bob").state("bob", valid=None)
        return says(scene, book, "alice", 6, "echo-required" if bad else None)

    book.no("a member whose Recipient Context was deleted", req, ["forgotten-window"], "echo-required", build)

    def build_replay(bad):
        scene = book.server(("alice", "bob"))
        wire = scene.ask("r", "alice", 5, book.modes[0])
        scene.open_request(wire, "r").delete("alice")
        return scene.open_request(wire, "again", "echo-required") if bad else _back(scene, book)

    book.no("a recorded request after its sender's Recipient Context was deleted", req, ["forgotten-window"], "echo-required", build_replay)
    scene = says(book.server(("alice",), ("bob", "carol")), book, "alice", 5)
    says(scene, book, "bob", 1).delete("alice")
    says(scene, book, "carol", 0, "echo-required").state("carol", valid=False)
    says(scene, book, "bob", 2).state("bob", valid=True, highest=2)
    book.ok("after one deletion every new Recipient Context is invalid, the existing ones stay", req, ["forgotten-window"], scene)
    scene = says(book.server(("alice", "bob")), book, "alice", 5).delete("alice")
    challenged(scene, book, E1, piv=6)
    retry(scene, book, E1, piv=7).state("alice", valid=True, highest=7)
    says(scene, book, "alice", 6, "replay")
    says(scene, book, "alice", 8).delete("alice")
    challenged(scene, book, E2, piv=9, name="second")
    retry(scene, book, E1, piv=10, no="echo-mismatch", name="old")
    retry(scene, book, E2, piv=11).state("alice", valid=True, highest=11)
    book.ok("deleted, challenged, heard; deleted again, challenged anew", req, ["forgotten-window"], scene)


def _back(scene, book):
    """The same member comes back by a challenge."""
    return retry(challenged(scene, book, E1, "alice", 6, name="first"), book, E1, "alice", 7)


def responses(book):
    """A client's table: servers are heard for the first time by their responses."""
    req = book.req(["G02-4.4-01"], ["GO-7.4-02", "GO-8.6-04"])
    mode = book.modes[0]
    people = ("lamp", "bob", "carol")
    for room in (3, 2):
        context = book.world.view("alice", (), people, **({"max_recipients": room} if room == 2 else {}))
        scene = Scene(book.world, context, people, me="alice").seal_request("r", mode)
        for who in people:
            scene.open_response(scene.answer(scene.hear("r", who), "r", f"by {who}", who, mode), "r").state(who, valid=room == 3 or who != "carol")
        scene.state("lamp", **({"valid": None} if room == 2 else {"valid": True, "highest": None}))
        says(scene, book, "carol", 4, None if room == 3 else "echo-required")
        text = "room for all" if room == 3 else "room for two: responses are not held up, requests of the newcomer are"
        book.ok(f"three servers answer, {text}", req, ["not-created", "forgotten-window"], scene)

    def build(bad):
        scene = Scene(book.world, book.world.view("alice", (), people), people, me="alice").seal_request("r", mode)
        wire = scene.answer(scene.hear("r", "bob"), "r", "by bob", "bob", mode)
        failed = "signature-invalid" if mode == "group" else "decryption-failed"
        return scene.open_response(flip(wire.datagram, 0) if bad else wire, "r", failed if bad else None)

    failed = "signature-invalid" if mode == "group" else "decryption-failed"
    req = book.req(["G02-4.4-04"], ["GO-7.4-16", "GO-7.4-17"])
    book.no("a first response with a changed bit", req, ["created-early"], failed, build)
    scene = build(True).state("bob", valid=None)
    scene.open_response(scene.answer(scene.hear("r", "lamp"), "r", "by lamp", "lamp", mode), "r").state("lamp", valid=True)
    book.ok("after a forged response the next server gets a valid window", req, ["created-early", "forgotten-window"], scene)


def silent_server(book):
    mode = book.modes[0]
    req = book.req(["G02-1.1-01", "G02-2-07"], ["GO-2-02"])

    def build(bad):
        scene = Scene(book.world, book.world.view("lamp", ("alice",), silent=bad), ("alice",))
        scene.open_request(scene.ask("r", piv=3, mode=mode), "r")
        return scene.seal_response("r", "one", mode, no="sender-missing" if bad else None)

    book.no("a silent server is asked to answer", req, ["silent"], "sender-missing", build)
    scene = Scene(book.world, book.world.view("lamp", ("alice",), ("bob",), silent=True), ("alice", "bob"))
    says(scene, book, "alice", 3, mode=mode)
    says(scene, book, "alice", 3, "replay", mode)
    says(scene, book, "bob", 3, mode=mode).state("bob", valid=True, highest=3)
    scene.seal_request("own", mode, no="sender-missing")
    book.ok("a silent server hears, remembers, and says nothing", req, ["silent", "not-created"], scene)
    if book.dialect == "group-28":

        def build_pairwise(bad):
            scene = Scene(book.world, book.world.view("lamp", ("alice",), silent=bad), ("alice",))
            return says(scene, book, "alice", 3, "mode-unsupported" if bad else None, "pairwise")

        book.no("a pairwise request to a silent server, which has no key for it", ["GO-2-03"], ["silent"], "mode-unsupported", build_pairwise)


def make(dialect):
    book = TableBook(dialect)
    for theme in (creation, unknown, full, deletion, responses, silent_server):
        theme(book)
    return book
