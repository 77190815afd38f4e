"""Replay windows: which Partial IVs pass, in what order, and what may move a window.

Verdicts are also those of a set-based model (Model below), which knows nothing of the endpoint.
"""

import hashlib

from families.context_book import note
from families.sequence_scene import PEOPLE, Faults, Scene, SequenceBook, Wire, World, cut, flip, insider, modes, reoption
from oscore_option import minimal

NOTES = {
    "replay": note("a request is not remembered after it verified", "a captured command runs again", "M05"),
    "window-edge": note("the window is one too wide or one too narrow", "a replay at the edge passes, or a late message is lost", "M01"),
    "bit-index": note("the bit of a number is taken one off", "1, 3, 1 passes; the number before the last is refused", "M02"),
    "window-jump": note(
        "a jump by the width or more does not clear the window, or shifts by the size of a word",
        "bits of old numbers stand for new ones: fresh messages are refused, replays pass",
        "M03",
    ),
    "lowered-highest": note("a late number lowers the highest one", "10, 7, 10 passes", "M07"),
    "narrow-number": note("only the low 8 or 32 bits of a number enter the window", "replays pass, or fresh messages are refused", "M09"),
    "first-number": note("zero or -1 stands for nothing seen", "the first message passes twice or never", "M01", "M05"),
    "shared-window": note("one window for all senders", "a low number of one sender is refused after a high one of another", "M08"),
    "early-commit": note("the window moves before the message verified", "one forged message locks out its alleged sender", "M04"),
    "commit-before-signature": note(
        "the window moves when the decryption is done and the signature not yet checked",
        "one member locks out another one",
        "M06",
        "M24",
        "M27",
    ),
    "two-modes": note("group mode and pairwise mode have a window each", "a number counts twice", "M05"),
    "padded-number": note("a Partial IV with leading zeros counts as another number", "a message counts twice", "M13"),
}

MAX = 2**40 - 1


class Model:
    """All numbers ever accepted; no bits, no shifts."""

    def __init__(self, width):
        self.width, self.accepted = width, set()

    def accept(self, number):
        if number in self.accepted or (self.accepted and number <= max(self.accepted) - self.width):
            return False
        self.accepted.add(number)
        return True


class WindowBook(SequenceBook):
    def __init__(self, dialect, first=1):
        super().__init__(dialect, "window", first, NOTES)
        self.req = {
            "oscore": ["O-7.4-01", "O-7.4-03"],
            "group-02": ["G02-4.2-06", "G02-A.2-01"],
            "group-28": ["GO-5.3-02", "GO-5.3-06"],
        }[dialect]
        self.world = World(dialect)
        self.modes = modes(self.world)

    def more(self, **by_dialect):
        return self.req + by_dialect.get(self.dialect.replace("-", "_"), [])

    def scene(self, width=32, people=("alice",), **change):
        size = {} if width == 32 else {"window_size": width}
        return Scene(self.world, self.world.view("lamp", people, **size, **change), people)

    def arrive(self, scene, model, numbers, who="alice"):
        """These numbers arrive; each is judged by the model. The two modes of `group-28` take turns."""
        for number in numbers:
            name = f"r{len(scene.steps)}"
            wire = scene.ask(name, who, number, self.modes[len(scene.steps) % len(self.modes)])
            fresh = model.accept(number)
            scene.open_request(wire, name if fresh else None, None if fresh else "replay")
        return scene

    def run(self, title, numbers, flags, width=32, req=None):
        """An `ok` vector, refusals inside and the state at its end included."""
        scene, model = self.scene(width), Model(width)
        self.arrive(scene, model, numbers)
        scene.state("alice", valid=True, highest=max(model.accepted))
        return self.ok(title, req or self.req, flags, scene)

    def refused(self, title, numbers, instead, flags, width=32, req=None):
        """The last number is refused; the control has `instead` in its place, which passes."""

        def build(bad):
            return self.arrive(self.scene(width), Model(width), numbers[:-1] + [numbers[-1] if bad else instead])

        control = f"control: {' '.join(map(str, numbers[:-1] + [instead]))}, width {width}"
        return self.no(title, req or self.req, flags, "replay", build, control)


def order(numbers):
    return ", ".join(f"2^{n.bit_length() - 1}" if n > 2**20 and n & (n - 1) == 0 else str(n) for n in numbers)


def firsts(book):
    req = book.more(oscore=["O-3.2.2-02"])
    for number in (0, 1, 31, 32, 255, 256, 65535, 65536, 2**24, 2**32, MAX - 1, MAX):
        flags = ["first-number", "replay"] + (["narrow-number"] if number > 255 else [])
        text = "2^40-1" if number == MAX else "2^40-2" if number == MAX - 1 else order([number])
        instead = number + 1 if number < MAX else number - 1
        book.refused(f"first number {text}, then the same again", [number, number], instead, flags, req=req)
    book.refused("0, 1, 0", [0, 1, 0], 2, ["first-number", "replay"], req=req)
    book.refused("1, 0, 0", [1, 0, 0], 2, ["first-number", "replay"], req=req)
    book.run("0, 1, 2, 3: in order", [0, 1, 2, 3], ["first-number"])
    book.run("3, 2, 1, 0: backwards, then each again", [3, 2, 1, 0, 3, 2, 1, 0], ["first-number", "bit-index"])


def classics(book):
    for numbers, instead, flags in (
        ([10, 7, 10], 11, ["lowered-highest"]),
        ([10, 7, 7], 8, ["replay"]),
        ([1, 3, 1], 2, ["bit-index"]),
        ([1, 2, 1], 0, ["bit-index"]),
        ([1, 3, 2, 2], 0, ["bit-index", "replay"]),
        ([10, 9, 8, 9], 7, ["bit-index", "lowered-highest"]),
        ([10, 12, 11, 12], 13, ["lowered-highest"]),
        ([40, 9, 40], 41, ["lowered-highest", "window-edge"]),
        ([5, 300, 5], 301, ["narrow-number"]),
        ([5, 261, 261], 262, ["narrow-number"]),
        ([2**32, 1], 2**32 + 1, ["narrow-number"]),
        ([2**32 + 5, 5], 2**32 + 4, ["narrow-number"]),
        ([2**39, 2**39 - 32], 2**39 - 31, ["narrow-number", "window-edge"]),
    ):
        book.refused(order(numbers), numbers, instead, flags)
    book.run("0, 256, 65536, 2^24, 2^32: equal low bytes", [0, 256, 65536, 2**24, 2**32], ["narrow-number"])
    book.run("255, 256, 65535, 65536: carries", [255, 256, 65535, 65536, 2**32 - 1, 2**32], ["narrow-number"])
    book.run("127, 128, 32768, 2^31, 2^39: top bits", [127, 128, 32767, 32768, 2**31 - 1, 2**31, 2**39 - 1, 2**39], ["narrow-number"])
    book.run("the last numbers there are, backwards", [MAX, MAX - 1, MAX - 31, MAX - 32, MAX], ["window-edge", "narrow-number"])


def edges(book, widths):
    for width in widths:
        high = 100
        low = high - width + 1
        flags = ["window-edge"]
        if width > 1:
            book.refused(f"width {width}: {high}, the leftmost {low} passes once", [high, low, low], low + 1 if width > 2 else high + 1, flags, width)
        book.refused(f"width {width}: {high}, then {low - 1} left of the window", [high, low - 1], high - 1 if width > 1 else high + 1, flags, width)
        book.refused(f"width {width}: {high}, then 0", [high, 0], high + 1, flags, width)
        down = list(range(high, low - 3, -1))
        book.run(f"width {width}: from {high} down past the edge, and up again", down + down[::-1][-6:], flags + ["bit-index"], width)


def jumps(book, steps, width=32):
    for step in steps:
        start, high = [100, 101, 102, 103], 103 + step
        behind = [high, high - 1, high - 2, high - 3, high - 3]
        edge = [high - width + 1, high - width]
        text = order([step])
        book.run(f"width {width}: 100 to 103, a jump by {text}, what lies behind", start + behind + edge + start, ["window-jump"], width)


def walks(book, widths):
    """Numbers that wander: the model decides."""
    for width in widths:
        stream = hashlib.shake_256(f"walk {book.dialect} {width}".encode()).digest(60)
        high, numbers = 200, [200]
        for index in range(0, 52, 2):
            kind, size = stream[index] % 8, stream[index + 1]
            if kind < 3:
                number = max(0, high - size % (width + 2))
            elif kind < 5:
                number = high + 1 + size % 3
            elif kind < 6:
                number = high + width - 1 + size % 3
            else:
                number = numbers[size % len(numbers)]
            numbers.append(number)
            high = max(high, number)
        flags = ["window-edge", "bit-index", "window-jump", "lowered-highest", "replay"]
        book.run(f"width {width}: {len(numbers)} numbers of a wandering sender", numbers, flags, width)


def senders(book):
    req = book.more(oscore=["O-7.4-05"], group_02=["G02-2-09"], group_28=["GO-5.3-03"])
    people = ("alice", "bob", "carol")
    flags = ["shared-window"]

    def build(bad):
        scene = book.scene(people=people)
        models = {who: Model(32) for who in people}
        for who, number in (("alice", 1000), ("bob", 0), ("carol", 500), ("bob", 1), ("alice", 999)):
            book.arrive(scene, models[who], [number], who)
        return book.arrive(scene, models["bob"], [0 if bad else 2], "bob")

    book.no("three senders far apart, then a number of one of them again", req, flags, "replay", build)
    scene = book.scene(people=people)
    models = {who: Model(32) for who in people}
    for number in (7, 5, 7, 6):
        for who in people:
            book.arrive(scene, models[who], [number], who)
    for who in people:
        scene.state(who, valid=True, highest=7)
    book.ok("three senders with the same numbers side by side", req, flags, scene)
    scene = book.scene(people=people)
    book.arrive(scene, Model(32), [MAX], "alice")
    scene.state("bob", highest=None).state("carol", highest=None)
    book.arrive(scene, Model(32), [0], "bob")
    scene.state("alice", highest=MAX).state("bob", highest=0)
    book.ok("the last number of one sender, the first of another", req, flags, scene)


def forgeries(book):
    """What does not verify moves nothing."""
    req = book.more(oscore=["O-8.2-06"], group_02=["G02-4.2-05"], group_28=["GO-7.2-10", "GO-7.2-14"])
    bends = []
    for mode in book.modes:
        failed = "signature-invalid" if mode == "group" else "decryption-failed"
        text = f", {mode} mode" if mode else ""
        bends += [
            (f"a bit of the ciphertext changed{text}", mode, failed, lambda wire, m: flip(wire.datagram, 0)),
            (f"Partial IV set to 1000{text}", mode, failed, lambda wire, m: reoption(wire.datagram, book.world, "request", partial_iv=minimal(1000))),
            (f"payload cut to 8 bytes{text}", mode, "payload-short", lambda wire, m: cut(wire.datagram, 8)),
        ]
    for title, mode, reason, bend in bends:

        def build(bad, mode=mode, bend=bend, reason=reason):
            scene = book.scene()
            scene.open_request(scene.ask("r1", piv=5, mode=mode), "r1")
            wire = scene.ask("r2", piv=900, mode=mode)
            scene.open_request(bend(wire, mode) if bad else wire, None if bad else "r2", reason if bad else None)
            return scene

        book.no(f"{title}: refused", req, ["early-commit"], reason, build, f"control: 5, then 900{f', {mode} mode' if mode else ''}")
        scene = build(True).state("alice", valid=True, highest=5)
        scene.open_request(scene.ask("r3", piv=6, mode=mode), "r3").state("alice", highest=6)
        book.ok(f"{title}: the genuine next message passes", req, ["early-commit"], scene)
    for mode in book.modes:
        scene = book.scene()
        wire = scene.ask("r1", piv=70, mode=mode)
        reason = "signature-invalid" if mode == "group" else "decryption-failed"
        scene.open_request(flip(wire.datagram, 0), None, reason).state("alice", valid=True, highest=None)
        scene.open_request(wire, "r1").state("alice", highest=70).open_request(wire, None, "replay")
        text = f", {mode} mode" if mode else ""
        book.ok(f"a changed message first, then the genuine one with its number, then again{text}", req, ["early-commit", "replay"], scene)
        scene = book.scene()
        for number in (3, 2**39, MAX):
            wire = scene.ask(f"r{number}", piv=number, mode=mode)
            scene.open_request(flip(wire.datagram, 0), None, reason)
        scene.open_request(scene.ask("last", piv=0, mode=mode), "last").state("alice", highest=0)
        book.ok(f"three forgeries with high numbers, then 0{text}", req, ["early-commit", "narrow-number"], scene)


def insiders(book):
    """A member with all symmetric keys forges another member: good encryption, bad signature."""
    if book.dialect == "oscore":
        return
    mode = "group" if book.dialect == "group-28" else None
    req = book.more(group_02=["G02-4.2-04", "G02-4.2-05"], group_28=["GO-7.2-09", "GO-7.2-10"])
    flags = ["commit-before-signature"]
    forge = Faults(signature=lambda value, trace: bytes(len(value)))
    for title, faults in (
        ("signed with the key of another member", lambda: insider(book.world)),
        ("signature of zero bytes only", lambda: forge),
        ("signature with one bit changed", lambda: Faults(signature=lambda value, trace: value[:40] + bytes([value[40] ^ 1]) + value[41:])),
    ):

        def build(bad, faults=faults):
            scene = book.scene()
            scene.open_request(scene.ask("r1", piv=5, mode=mode), "r1")
            wire = scene.ask("r2", piv=2**38, mode=mode, **({"faults": faults()} if bad else {}))
            return scene.open_request(wire, None if bad else "r2", "signature-invalid" if bad else None)

        book.no(f"{title}: refused", req, flags, "signature-invalid", build, "control: 5, then 2^38, well signed")
        scene = build(True).state("alice", valid=True, highest=5)
        scene.open_request(scene.ask("r3", piv=6, mode=mode), "r3").state("alice", highest=6)
        book.ok(f"{title}: the victim is not locked out", req, flags, scene)
    scene = book.scene(people=("alice", "bob"))
    scene.open_request(scene.ask("r1", "bob", 9, mode), "r1")
    wire = scene.ask("r2", "alice", 800, mode, faults=Faults(private_key=lambda key, trace: book.world.private("bob")))
    scene.open_request(wire, None, "signature-invalid").state("alice", highest=None).state("bob", highest=9)
    scene.open_request(scene.ask("r3", "alice", 0, mode), "r3").state("alice", highest=0)
    book.ok("bob, himself well known, forges alice: neither window moves", req, flags, scene)


def mixed_modes(book):
    if book.dialect != "group-28":
        return
    req = ["GO-5.3-04", "GO-5.3-02"]
    for first, second in (("group", "pairwise"), ("pairwise", "group")):

        def build(bad, first=first, second=second):
            scene = book.scene()
            scene.open_request(scene.ask("r1", piv=7, mode=first), "r1")
            wire = scene.ask("r2", piv=7 if bad else 8, mode=second)
            return scene.open_request(wire, None if bad else "r2", "replay" if bad else None)

        book.no(f"7 in {first} mode, then another message with 7 in {second} mode", req, ["two-modes"], "replay", build)


def padded(book):
    """A padded Partial IV is covered in requests: it fails, and the number stays free."""
    req = book.more(oscore=["O-7.4-03"], group_02=["G02-3-13"], group_28=["GO-4.1-15"])
    mode = book.modes[0]

    def build(bad):
        scene = book.scene()
        scene.open_request(scene.ask("r1", piv=4, mode=mode), "r1")
        wire = scene.ask("r2", piv=5, mode=mode)
        padded = Wire(reoption(wire.datagram, book.world, "request", partial_iv=b"\0\5")) if bad else wire
        reason = "signature-invalid" if mode == "group" else "decryption-failed"
        return scene.open_request(padded, None if bad else "r2", reason if bad else None)

    reason = "signature-invalid" if mode == "group" else "decryption-failed"
    book.no("Partial IV 05 sent as 0005", req, ["padded-number"], reason, build)
    scene = book.scene()
    wire = scene.ask("r1", piv=5, mode=mode)
    scene.open_request(wire, "r1")
    scene.open_request(reoption(wire.datagram, book.world, "request", partial_iv=b"\0\5"), None, "replay")
    scene.open_request(reoption(wire.datagram, book.world, "request", partial_iv=b"\0\0\0\0\5"), None, "replay")
    book.ok("a number that was seen is a replay however it is written", req, ["padded-number", "replay"], scene)


def make(dialect):
    book = WindowBook(dialect)
    firsts(book)
    classics(book)
    edges(book, (1, 8, 32, 64) if dialect != "group-02" else (1, 32))
    jumps(book, (31, 32, 33, 63, 64, 65, 2**32, 2**39) if dialect != "group-02" else (31, 32, 64, 2**39))
    jumps(book, (63, 64, 65, 128), 64)
    walks(book, (1, 2, 8, 31, 32, 33, 63, 64) if dialect != "group-02" else (2, 32, 64))
    senders(book)
    forgeries(book)
    insiders(book)
    mixed_modes(book)
    padded(book)
    return book
