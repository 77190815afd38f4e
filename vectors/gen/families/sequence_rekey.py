"""A new Security Context is installed: what ends, what goes on, and what starts again."""

from families.context_book import note
from families.sequence_scene import Scene, SequenceBook, World, flip, modes, reoption

NOTES = {
    "old-context": note("the old context still takes requests", "commands recorded in an earlier epoch are executed", "M50"),
    "not-reset": note("numbers or windows of the old context go on in the new one", "fresh messages are refused", "M56"),
    "reset-early": note("numbers start again while the old keys are in use", "a nonce repeats under one key", "M56"),
    "nonce-reuse": note("a response under the new context takes the nonce of a request of the old one", "a nonce repeats", "M15"),
    "mid-exchange": note(
        "a running exchange takes request values, keys or Gid of the wrong context",
        "responses around a rekey fail, or bind to the wrong request",
        "M35",
        "M29",
        "M28",
    ),
    "wrong-gid": note(
        "the kid context is ignored, or anything unknown falls back to the newest context", "messages pass under another context", "M19", "M20"
    ),
    "same-gid": note("new keys under the old Gid", "members cannot tell which keys are meant", "M49"),
    "excluded": note("a member that was excluded is still heard", "it goes on commanding", "M52"),
    "response-replay": note("responses of two contexts share one number", "fresh responses are refused, or replays pass", "M10", "M56"),
}


class RekeyBook(SequenceBook):
    def __init__(self, dialect, first=1001):
        super().__init__(dialect, "rekey", first, NOTES)
        # In `oscore` the ID Context tells the contexts apart where there is one (`named`).
        self.named = {"id_context": "0a0b"} if dialect == "oscore" else {}
        self.old = World(dialect, **self.named)
        self.new = World(dialect, 1, **({"id_context": "0a0c"} if dialect == "oscore" else {}))
        self.newest = World(dialect, 2, **({"id_context": "0a0d"} if dialect == "oscore" else {}))
        self.modes = modes(self.old)

    def req(self, oscore, group_02, group_28):
        return {"oscore": oscore, "group-02": group_02, "group-28": group_28}[self.dialect]

    def server(self, people=("alice", "bob")):
        return Scene(self.old, self.old.view("lamp", people), people)

    def client(self, people=("lamp", "bob")):
        people = people[:1] if self.dialect == "oscore" else people
        return Scene(self.old, self.old.view("alice", people), people, me="alice")

    def switch(self, scene, world=None, hint="new", partners=True, **change):
        """The subject takes the new context, and its partners too."""
        world = world or self.new
        scene.rekey(world.view(scene.me, tuple(scene.partners), **change), hint)
        if partners:
            scene.rekey_partner(world, *scene.partners)
        return scene

    def target(self, mode):
        return "lamp" if mode == "pairwise" else None


def requests(book):
    req = book.req(["O-3.2.1-03", "O-7.5-02"], ["G02-2.1-04", "G02-4.2-02"], ["GO-2.6.3.2-01", "GO-2.6.3.2-07"])
    for mode in book.modes:
        text = f", {mode} mode" if mode else ""

        def build(bad, mode=mode):
            scene = book.server()
            scene.open_request(scene.ask("r0", piv=3, mode=mode), "r0")
            recorded = scene.ask("r1", piv=4, mode=mode)
            book.switch(scene)
            wire = recorded if bad else scene.ask("r1", piv=4, mode=mode)
            return scene.open_request(wire, None if bad else "r1", "context-not-found" if bad else None)

        book.no(f"a request of the old context after the rekey{text}", req, ["old-context"], "context-not-found", build)
    mode = book.modes[0]
    req = book.req(["O-7.5-02"], ["G02-2.1-04", "G02-4.1-02"], ["GO-2.6.3.2-04", "GO-2.6.3.2-05"])
    scene = book.server()
    scene.open_request(scene.ask("r1", piv=1000, mode=mode), "r1").state("alice", highest=1000).set_ssn(77)
    book.switch(scene).state("alice", valid=True, highest=None, ssn=0).state("bob", valid=True, highest=None)
    scene.open_request(scene.ask("r2", piv=0, mode=mode), "r2").state("alice", highest=0)
    scene.open_request(scene.ask("r3", piv=0, mode=mode), None, "replay")
    scene.seal_request("own", mode).state(ssn=1)
    book.ok("windows and numbers start again", req, ["not-reset"], scene)
    if book.dialect == "oscore":
        unnamed(book)
        return
    failed = "signature-invalid" if mode == "group" else "decryption-failed"
    same = World(book.dialect, 1, id_context=book.old.base["id_context"])

    def build_same(bad):
        scene = book.server()
        recorded = scene.ask("r1", piv=4, mode=mode)
        book.switch(scene, same)
        wire = recorded if bad else scene.ask("r1", piv=4, mode=mode)
        return scene.open_request(wire, None if bad else "r1", failed if bad else None)

    req = book.req(None, ["G02-2.1-03"], ["GO-2.6.3.2-01"])
    book.no("new keys under the old Gid: an old request", req, ["same-gid", "old-context"], failed, build_same)

    def build_relabelled(bad):
        scene = book.server()
        recorded = scene.ask("r1", piv=4, mode=mode)
        book.switch(scene)
        if bad:
            gid = bytes.fromhex(book.new.base["id_context"])
            return scene.open_request(reoption(recorded.datagram, book.old, "request", kid_context=gid), None, failed)
        return scene.open_request(scene.ask("r1", piv=4, mode=mode), "r1")

    req = book.req(None, ["G02-2.1-04"], ["GO-4.1-07", "GO-3.4-15"])
    book.no("an old request under the new Gid", req, ["wrong-gid", "old-context"], failed, build_relabelled)

    def build_early(bad):
        scene = book.server()
        scene.rekey_partner(book.new, "alice")
        wire = scene.ask("r1", piv=0, mode=mode)
        if not bad:
            book.switch(scene, partners=False)
        return scene.open_request(wire, None if bad else "r1", "context-not-found" if bad else None)

    req = book.req(None, ["G02-4.2-02"], ["GO-7.2-01"])
    book.no("a request of the new context before the rekey", req, ["wrong-gid"], "context-not-found", build_early)

    def build_excluded(bad):
        scene = book.server()
        scene.rekey(book.new.view("lamp", ("alice",)), "new")
        scene.rekey_partner(book.new, "alice", "bob")
        who = "bob" if bad else "alice"
        return scene.open_request(scene.ask("r", who, 0, mode), None if bad else "r", "recipient-unknown" if bad else None)

    req = book.req(None, ["G02-6-06"], ["GO-7.2-04"])
    book.no("a member that the new context does not have", req, ["excluded"], "recipient-unknown", build_excluded)


def unnamed(book):
    """Without ID Context only the keys differ."""
    old, new = World("oscore"), World("oscore", 1)

    def build(bad):
        scene = Scene(old, old.view("lamp", ("alice",)), ("alice",))
        recorded = scene.ask("r1", piv=4)
        scene.rekey(new.view("lamp", ("alice",)), "new")
        scene.rekey_partner(new, "alice")
        return scene.open_request(recorded if bad else scene.ask("r1", piv=4), None if bad else "r1", "decryption-failed" if bad else None)

    book.no("no ID Context: an old request", ["O-7.5-02", "O-8.2-05"], ["old-context", "same-gid"], "decryption-failed", build)


def server_side(book):
    """The rekey falls between request and response; the subject answers."""
    if book.dialect != "group-28":
        return server_keeps_old(book)
    req = ["GO-7.3-01", "GO-7.3-04", "GO-7.3-06", "GO-3.4-10", "GO-4.2-07"]
    for asked in book.modes:
        for answered in book.modes:
            text = f", {asked} request, {answered} response"

            def build(bad, asked=asked, answered=answered):
                scene = book.server()
                scene.open_request(scene.ask("r", piv=9, mode=asked), "r").set_ssn(50)
                book.switch(scene)
                return scene.seal_response("r", "one", answered, not bad, no="nonce-reuse" if bad else None)

            book.no(f"a first response after the rekey with the nonce of the request{text}", req, ["nonce-reuse"], "nonce-reuse", build)
            scene = build(True).state(ssn=0).seal_response("r", "one", answered, True).state(ssn=1)
            scene.seal_response("r", "two", answered, True, True, True).state(ssn=2)
            book.ok(f"two responses after the rekey, both with own numbers from 0{text}", req, ["mid-exchange", "not-reset"], scene)
    scene = book.server()
    scene.open_request(scene.ask("r", piv=9, mode="group", observe=0), "r").seal_response("r", "one", "group", observe=1)
    scene.seal_response("r", "two", "group", True, observe=2)
    book.switch(scene)
    scene.seal_response("r", "three", "group", True, observe=3)
    book.switch(scene, book.newest, "newest")
    scene.seal_response("r", "four", "pairwise", True, observe=4).state(ssn=1)
    book.ok("notifications over two rekeys: request values stay, all else is the newest", req, ["mid-exchange"], scene)


def server_keeps_old(book):
    """A running exchange ends under the context of its request."""
    req = book.req(["O-8-01", "O-8.3-03"], ["G02-4.3-02", "G02-4.3-03"], None)
    scene = book.server()
    scene.open_request(scene.ask("r", piv=9), "r")
    book.switch(scene, partners=False)
    scene.seal_response("r", "one").state(ssn=0)
    book.ok("the response to an old request, nonce of the request", req, ["mid-exchange"], scene)
    scene = book.server().set_ssn(50)
    scene.open_request(scene.ask("r", piv=9, observe=0), "r").seal_response("r", "one", None, True, observe=1).state(ssn=51)
    book.switch(scene, partners=False).state(ssn=0)
    scene.seal_response("r", "two", None, True, observe=2).seal_response("r", "three", None, True, observe=3).state(ssn=0)
    scene.seal_request("own").state(ssn=1)
    req = book.req(["O-7.2-01", "O-3.1-02"], ["G02-7.2-01"], None)
    book.ok("own numbers of the old context go on where they were, those of the new one start at 0", req, ["reset-early", "mid-exchange"], scene)


def client_side(book):
    """The subject asked; the rekey falls before the response."""
    for asked in book.modes:
        text = f", {asked} mode" if asked else ""
        req = book.req(["O-8-01"], ["G02-4.4-03"], ["GO-7.4-18", "GO-5.1-02"])
        scene = book.client().seal_request("r", asked, book.target(asked))
        heard = scene.hear("r", "lamp")
        wire = scene.answer(heard, "r", "one", "lamp", asked)
        book.switch(scene, partners=False)
        scene.open_response(wire, "r").state("lamp", highest=None)
        book.ok(f"an answer under the old context, the client has the new one{text}", req, ["mid-exchange"], scene)
        failed = "signature-invalid" if asked == "group" else "decryption-failed"

        def build(bad, asked=asked, failed=failed):
            scene = book.client().seal_request("r", asked, book.target(asked))
            wire = scene.answer(scene.hear("r", "lamp"), "r", "one", "lamp", asked)
            book.switch(scene, partners=False)
            return scene.open_response(flip(wire.datagram, 0) if bad else wire, "r", failed if bad else None)

        book.no(f"an answer under the old context with a changed bit{text}", req, ["mid-exchange"], failed, build)
    if book.dialect == "group-28":
        client_28(book)
    if book.dialect == "group-02":

        def build_gid(bad):
            scene = book.client().seal_request("r")
            wire = scene.answer(scene.hear("r", "lamp"), "r", "one", "lamp", kid_context=True)
            book.switch(scene, partners=False)
            gid = bytes.fromhex(book.new.base["id_context"])
            datagram = reoption(wire.datagram, book.old, "response", kid_context=gid) if bad else wire
            return scene.open_response(datagram, "r", "context-not-found" if bad else None)

        book.no("an answer that names the new Gid for an old request", ["G02-3-08", "G02-4.4-02"], ["wrong-gid"], "context-not-found", build_gid)


def client_28(book):
    for asked in book.modes:
        for answered in book.modes:
            text = f", {asked} request, {answered} response"
            req = ["GO-7.4-18", "GO-3.4-10", "GO-5.3.1-10", "GO-2.6.3.2-06"]
            scene = book.client().seal_request("r", asked, book.target(asked), observe=0)
            heard = scene.hear("r", "lamp")
            scene.open_response(scene.answer(heard, "r", "old", "lamp", answered, 40, observe=1), "r")
            book.switch(scene)
            scene.open_response(scene.answer(heard, "r", "new", "lamp", answered, 0, True, observe=2), "r")
            scene.open_response(scene.answer(heard, "r", "again", "lamp", answered, 0, True, observe=3), "r", "response-replay")
            scene.open_response(scene.answer(heard, "r", "newer", "lamp", answered, 1, True, observe=4), "r")
            book.ok(f"notifications under both contexts; numbers start again{text}", req, ["mid-exchange", "response-replay"], scene)

            def build(bad, asked=asked, answered=answered):
                scene = book.client().seal_request("r", asked, book.target(asked))
                heard = scene.hear("r", "lamp")
                book.switch(scene)
                wire = scene.answer(heard, "r", "new", "lamp", answered, 0, True)
                if not bad:
                    return scene.open_response(wire, "r")
                gid = bytes.fromhex(book.newest.base["id_context"])
                return scene.open_response(reoption(wire.datagram, book.new, "response", kid_context=gid), "r", "context-not-found")

            book.no(f"an answer under a Gid that nobody has{text}", ["GO-7.4-18"], ["wrong-gid"], "context-not-found", build)
            failed = "signature-invalid" if answered == "group" else "decryption-failed"

            def build_hidden(bad, asked=asked, answered=answered, failed=failed):
                scene = book.client().seal_request("r", asked, book.target(asked))
                heard = scene.hear("r", "lamp")
                book.switch(scene)
                wire = scene.answer(heard, "r", "new", "lamp", answered, 0, True)
                if not bad:
                    return scene.open_response(wire, "r")
                return scene.open_response(reoption(wire.datagram, book.new, "response", kid_context=None), "r", failed)

            book.no(f"an answer under the new context that hides its Gid{text}", ["GO-7.3-06", "GO-3.4-15"], ["wrong-gid"], failed, build_hidden)
    scene = book.client().seal_request("r", "group", observe=0)
    heard = scene.hear("r", "lamp")
    book.switch(scene)
    middle = scene.answer(heard, "r", "middle", "lamp", "group", 3, True, observe=2)
    book.switch(scene, book.newest, "newest")
    scene.open_response(scene.answer(heard, "r", "newest", "lamp", "group", 0, True, observe=3), "r")
    scene.open_response(middle, "r")
    title = "two rekeys: a response under the newest context, then a late one under the middle one"
    book.ok(title, ["GO-7.4-18", "GO-5.3.1-10"], ["mid-exchange"], scene)


def new_identity(book):
    """The subject gets another Sender ID with the new context."""
    if book.dialect != "group-28":
        return
    lamp = {"id": "99", "credential": book.new.credential("lamp"), "private_key": book.new.private("lamp").hex()}
    scene = book.server(("alice",))
    scene.open_request(scene.ask("r", piv=9, mode="group"), "r")
    scene.rekey(book.new.view("lamp", ("alice",)) | {"sender": lamp}, "renamed")
    scene.seal_response("r", "one", "group", True, checked=False).state(ssn=1)
    book.ok("a server answers under its new Sender ID", ["GO-2.6.3.1-02", "GO-7.3-01"], ["mid-exchange"], scene)
    alice = {"id": "98", "credential": book.new.credential("alice"), "private_key": book.new.private("alice").hex()}
    scene = book.client().seal_request("r", "group")
    heard = scene.hear("r", "lamp")
    scene.rekey(book.new.view("alice", ("lamp", "bob")) | {"sender": alice}, "renamed")
    scene.rekey_partner(book.new, "lamp", "bob")
    scene.open_response(scene.answer(heard, "r", "one", "lamp", "group", 0, True), "r")
    title = "a client has a new Sender ID; request_kid stays the old one"
    book.ok(title, ["GO-7.1-02", "GO-7.4-18"], ["mid-exchange"], scene)


def make(dialect):
    book = RekeyBook(dialect)
    for theme in (requests, server_side, client_side, new_identity):
        theme(book)
    return book
