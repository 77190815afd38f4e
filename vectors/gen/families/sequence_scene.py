"""How sequences are made: a group of people, the subject whose steps are written down, and partners who are not.

Every step is done by the endpoint of vectors/gen. The maker says what must come out; anything else stops the generator. What the subject
protects is opened by the partner it is for. A refused step must leave the subject's state as it was.
"""

import copy
import hashlib
from dataclasses import dataclass, replace
from typing import Optional

import coap
import oscore_option
import primitives as prim
from endpoint import NO_FAULTS, Endpoint, Exchange, Faults
from families.context_book import ContextBook
from primitives import ED25519, KeyPair, Refused

SEED = 20263
SIGNATURE_OF = {prim.ED25519: -8, prim.P256: -7, prim.P384: -35, prim.P521: -36}


def pick(text, size):
    return hashlib.shake_256(b"muster-sequence|" + text.encode()).digest(size)


# ---- people ----

#         name: Sender ID. They differ by zero bytes and by length on purpose.
PEOPLE = {"lamp": "52", "alice": "25", "bob": "2500", "carol": "", "dave": "0025", "erin": "d4"}


class World:
    """A security group (or, in `oscore`, contexts under one Master Secret), and everybody's view of it."""

    def __init__(self, dialect, epoch=0, curve=ED25519, **change):
        self.dialect, self.curve = dialect, curve
        self.base = {"dialect": dialect, "master_secret": pick(f"secret {epoch}", 16).hex()}
        self.base["master_salt"] = pick(f"salt {epoch}", 8).hex()
        if dialect != "oscore":
            self.base |= {"id_context": pick(f"gid {epoch}", 3).hex(), "cred_format": "ccs", "signature": SIGNATURE_OF[curve]}
        if dialect == "group-28":
            self.base |= {"aead": 24, "group_enc": 10, "agreement": -27, "gm_cred": self.credential("manager")}
        self.base |= change

    def credential(self, name):
        return prim.make_ccs(KeyPair.from_seed(self.curve, name), name).hex()

    def private(self, name):
        return KeyPair.from_seed(self.curve, name).private

    def view(self, me, recipients=(), members=(), ssn=None, silent=False, unknown=(), **change):
        """The context of `me`; `unknown` names recipients whose credential is not at hand."""
        group = self.dialect != "oscore"
        sender = None if silent else {"id": PEOPLE[me]}
        if sender and ssn is not None:
            sender["ssn"] = ssn
        if sender and group:
            sender |= {"credential": self.credential(me), "private_key": self.private(me).hex()}
        context = self.base | {"sender": sender}
        context["recipients"] = [self._other(name, group and name not in unknown) for name in recipients]
        if members:
            context["members"] = [self._other(name, group) for name in members]
        return context | change

    def _other(self, name, with_credential):
        return {"id": PEOPLE[name]} | ({"credential": self.credential(name)} if with_credential else {})


def modes(world):
    """The modes in which requests of a world can be protected."""
    if world.dialect != "group-28":
        return (None,)
    group = world.base.get("group_enc") is not None and world.base.get("signature") is not None
    pairwise = world.base.get("aead") is not None and world.base.get("agreement") is not None
    return ("group",) * group + ("pairwise",) * pairwise


# ---- messages ----


def request(name, code=0x03, observe=None, echo=None, payload=b"on"):
    """PUT /lamp, or GET with Observe; Token and Message ID are fixed bytes for `name`."""
    options = [(coap.URI_PATH, b"lamp")]
    if observe is not None:
        code, payload = 0x01, None
        options.append((coap.OBSERVE, b"" if observe == 0 else bytes([observe])))
    if echo is not None:
        options.append((coap.ECHO, echo))
    mid = int.from_bytes(pick(f"mid {name}", 2), "big")
    return coap.encode(coap.Message(1, code, mid, pick(f"token {name}", 4), options, payload))


def response(name, text="on", code=0x45, observe=None):
    """A response for the request `name`."""
    options = [] if observe is None else [(coap.OBSERVE, bytes([observe]))]
    mid = int.from_bytes(pick(f"mid {name} {text}", 2), "big")
    return coap.encode(coap.Message(1, code, mid, pick(f"token {name}", 4), options, text.encode()))


def plain_response(name):
    """An unprotected 2.05 with the right Token."""
    return response(name, "open")


def flip(datagram, at=-1):
    """The protected message with one bit of its payload changed."""
    outer = coap.parse(datagram)
    payload = bytearray(outer.payload)
    payload[at] ^= 1
    return coap.encode(replace(outer, payload=bytes(payload)))


def cut(datagram, length):
    outer = coap.parse(datagram)
    return coap.encode(replace(outer, payload=outer.payload[:length]))


def retoken(datagram, name):
    """The same message under the Token of another request."""
    return coap.encode(replace(coap.parse(datagram), token=pick(f"token {name}", 4)))


def reoption(datagram, world, direction, **change):
    """The same message with fields of its option exchanged."""
    outer = coap.parse(datagram)
    length = prim.signature_len(world.base.get("signature")) or 0
    fields = oscore_option.parse(outer.values(coap.OSCORE)[0], world.dialect, direction, length)
    value = oscore_option.build(replace(fields, **change))
    options = [(number, value if number == coap.OSCORE else old) for number, old in outer.options]
    return coap.encode(replace(outer, options=options))


# ---- a scene ----


@dataclass
class Wire:
    """A datagram on its way to the subject, and the partner's exchange where it opened one."""

    datagram: bytes
    partner: Optional[str] = None
    exchange: Optional[Exchange] = None


def _state_of(endpoint):
    windows = {name: copy.copy(state.__dict__) | {"window": copy.copy(state.window)} for name, state in endpoint.recipients.items()}
    exchanges = [(id(one), one.n_responses, copy.deepcopy(one.servers)) for one in endpoint.exchanges]
    return endpoint.security, endpoint.ssn, dict(endpoint.older_ssn), windows, exchanges


class Scene:
    def __init__(self, world, context, partners=("alice",), me="lamp"):
        self.world, self.context, self.me = world, context, me
        self.subject = Endpoint(context)
        self.partners, self.exchanges, self.steps = {}, {}, []
        self.sent = {}  # exchange -> datagram of the subject's request
        self.asked = {}  # exchange -> (partner, its exchange)
        self.used = {}  # contexts of rekey steps
        for name in partners:
            self.partners[name] = Endpoint(world.view(name, [me] + [other for other in partners if other != name]))

    # ---- partners ----

    def ask(self, name, who="alice", piv=None, mode=None, faults=NO_FAULTS, plain=None, **what):
        """A request of a partner to the subject."""
        partner = self.partners[who]
        if piv is not None:
            partner.set_ssn(piv)
        target = bytes.fromhex(PEOPLE[self.me]) if mode == "pairwise" else None
        sealed = partner.seal_request(plain or request(name, **what), mode, target, None, faults)
        return Wire(sealed.message, who, sealed.exchange)

    def hear(self, exchange, who="alice"):
        """A partner opens the subject's request."""
        return self.partners[who].open_request(self.sent[exchange]).exchange

    def answer(self, heard, name, text="on", who="alice", mode=None, piv=None, kid=None, kid_context=None, faults=NO_FAULTS, **what):
        """A response of a partner; without `piv` it takes the nonce of the request, the second time too if it is asked to."""
        partner = self.partners[who]
        heard = replace(heard, n_responses=0) if piv is None else heard
        if piv is not None:
            partner.set_ssn(piv)
        plain = response(name, text, **what)
        return Wire(partner.seal_response(heard, plain, mode, piv is not None, kid, kid_context, faults).message)

    def rekey_partner(self, world, *names):
        for name in names:
            self.partners[name].rekey(world.view(name, [self.me] + [other for other in self.partners if other != name]))

    # ---- steps ----

    def _run(self, op, no, exchange, keys, action):
        """`no`: the reason for which the step must be refused, None when it must succeed."""
        before = _state_of(self.subject)
        result, reason = None, None
        try:
            result = action()
        except Refused as refusal:
            result, reason = refusal, refusal.reason
            if reason != "echo-required":
                assert _state_of(self.subject) == before, f"{op}: state moved with {reason}"
        assert reason == no, f"{op} {exchange}: {reason or 'ok'} instead of {no or 'ok'}"
        head = {"op": op, "result": "ok" if reason is None else "reject", "reason": reason, "exchange": exchange}
        self.steps.append(head | keys)
        return result

    def open_request(self, wire, name=None, no=None, now=None):
        """`name` of the exchange that opens; kept for `echo-required` too."""
        datagram = wire.datagram if isinstance(wire, Wire) else wire
        keys = {"protected": datagram.hex(), "opened": None}
        if now is not None:
            keys["now_ms"] = now
        opens = no in (None, "echo-required")
        result = self._run("open_request", no, name if opens else None, keys, lambda: self.subject.open_request(datagram, now or 0))
        if no is None:
            self.steps[-1]["opened"] = result.message.hex()
        if opens and name is not None:
            assert name not in self.exchanges, name
            self.exchanges[name] = result.exchange
            if isinstance(wire, Wire):
                self.asked[name] = (wire.partner, wire.exchange)
        return self

    def seal_request(self, name, mode=None, target=None, no=None, plain=None, **what):
        plain = plain or request(name, **what)
        keys = {"plain": plain.hex(), "protected": None}
        identifier = bytes.fromhex(PEOPLE[target]) if target else None
        if self.world.dialect == "group-28":
            keys = {"mode": mode, "target": identifier.hex() if identifier is not None else None} | keys
        result = self._run(
            "seal_request", no, None if no else name, keys, lambda: self.subject.seal_request(plain, mode, identifier)
        )
        if no is None:
            self.steps[-1]["protected"] = result.message.hex()
            self.exchanges[name], self.sent[name] = result.exchange, result.message
        return self

    def seal_response(self, name, text="on", mode=None, own=False, kid=False, kid_context=False, no=None, checked=True, **what):
        plain = response(name, text, **what)
        keys = {"own_partial_iv": own, "plain": plain.hex(), "protected": None}
        if self.world.dialect != "oscore":
            keys = {"kid": kid, "kid_context": kid_context} | keys
        if self.world.dialect == "group-28":
            keys = {"mode": mode} | keys
        exchange = self.exchanges[name]
        result = self._run(
            "seal_response", no, name, keys, lambda: self.subject.seal_response(exchange, plain, mode, own, kid, kid_context)
        )
        if no is None:
            self.steps[-1]["protected"] = result.message.hex()
            if checked:
                self._partner_opens(name, result.message, plain)
        return self

    def _partner_opens(self, name, datagram, plain):
        who, exchange = self.asked[name]
        try:
            opened = self.partners[who].open_response(datagram, exchange)
        except Refused as refusal:  # a second response where one is due: verified by its maker, refused by the partner
            assert refusal.reason == "response-replay", refusal.reason
            return
        got, meant = coap.parse(opened.message), coap.parse(plain)
        assert (got.code, got.payload, got.token) == (meant.code, meant.payload, meant.token)

    def open_response(self, wire, name, no=None, now=None):
        datagram = wire.datagram if isinstance(wire, Wire) else wire
        keys = {"protected": datagram.hex(), "opened": None}
        if now is not None:
            keys["now_ms"] = now
        exchange = self.exchanges[name]
        result = self._run("open_response", no, name, keys, lambda: self.subject.open_response(datagram, exchange, now or 0))
        if no is None:
            self.steps[-1]["opened"] = result.message.hex()
        return self

    def challenge(self, name, echo, mode=None, now=0, no=None):
        keys = {"echo": echo.hex(), "protected": None, "now_ms": now}
        if self.world.dialect == "group-28":
            keys = {"mode": mode} | keys
        exchange = self.exchanges[name]
        result = self._run("challenge", no, name, keys, lambda: self.subject.challenge(exchange, echo, mode, now))
        if no is None:
            self.steps[-1]["protected"] = result.message.hex()
            who, theirs = self.asked[name]
            opened = coap.parse(self.partners[who].open_response(result.message, theirs).message)
            code = 0x83 if self.world.dialect == "group-02" else 0x81
            assert (opened.code, opened.values(coap.ECHO), opened.payload) == (code, [echo], None)
        return self

    def rekey(self, context, hint):
        self.used[hint] = context
        self._run("rekey", None, None, {"context": hint}, lambda: self.subject.rekey(context))
        return self

    def set_ssn(self, ssn):
        self._run("set_ssn", None, None, {"ssn": ssn}, lambda: self.subject.set_ssn(ssn))
        return self

    def delete(self, who):
        identifier = bytes.fromhex(PEOPLE[who])
        self._run("delete_recipient", None, None, {"id": PEOPLE[who]}, lambda: self.subject.delete_recipient(identifier))
        return self

    def state(self, who=None, **expect):
        """valid, highest, ssn as given; `valid=None`: there is no Recipient Context of that ID."""
        identifier = None if who is None else bytes.fromhex(PEOPLE[who])
        found = {"ssn": self.subject.ssn}
        if identifier is not None:
            found |= self.subject.state(identifier) if identifier in self.subject.recipients else {"valid": None}
        assert expect == {name: found[name] for name in expect}, f"state of {who}: {found}"
        self._run("state", None, None, {"id": None if who is None else PEOPLE[who], "expect": expect}, lambda: None)
        return self


class SequenceBook(ContextBook):
    """`build` is a function of a new Scene and a bool; the same function makes a negative (True) and its control (False)."""

    def __init__(self, dialect, name, first, notes):
        super().__init__("sequence", dialect, f"{dialect}/sequence-{name}.json", SEED, first, notes)
        self._same = {}

    def _write(self, scene, title, req, flags, reason=None, control=None):
        names = {hint: self.context(context) for hint, context in scene.used.items()}
        steps = [step | ({"context": names[step["context"]]} if step["op"] == "rekey" else {}) for step in scene.steps]
        return self.add(title, req, flags, reason, control, context=self.context(scene.context), steps=steps)

    def ok(self, title, req, flags, scene):
        """An `ok` vector; one that is the same step by step as an earlier one is that one."""
        key = repr((scene.context, scene.steps, scene.used))
        if key not in self._same:
            self._same[key] = self._write(scene, title, req, flags)
        return self._same[key]

    def no(self, title, req, flags, reason, build, control=None, control_req=None):
        """`build(bad)` gives a Scene; the last step of the bad one is refused for `reason`."""
        good = self.ok(control or f"control: {title}", control_req or req, [], build(False))
        scene = build(True)
        assert scene.steps[-1]["reason"] == reason, title
        return self._write(scene, title, req, flags, reason, good)


def insider(world, name="erin"):
    """Faults of a member that signs with its own key under somebody else's kid: good encryption, bad signature."""
    return Faults(private_key=lambda key, trace: world.private(name))
