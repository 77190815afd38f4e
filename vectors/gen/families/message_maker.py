"""How message vectors are made: contexts by name, positives sealed and opened by the endpoint, negatives beside their positive.

A Theme is a file in the making. Theme.request and Theme.response give a Case: an `ok` vector that was sealed, opened and
compared. Case.reject makes a negative of it that differs in one fault and must be refused for the named reason, else generating stops.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Optional

import coap
import kdf
import primitives as prim
from endpoint import INTERMEDIATES, NO_FAULTS, Endpoint, Faults
from families.book import Book
from families.message_notes import NOTES
from primitives import KeyPair, Refused

SEED = 20261


def pick(text, size):
    """Fixed bytes for a text."""
    return hashlib.shake_256(b"muster|%d|" % SEED + text.encode()).digest(size)


def message(code, *options, payload=None, type=1, token=None, mid=None, name="message"):
    """An encoded CoAP message; Token and Message ID are fixed bytes for `name` unless given."""
    token = pick(f"token {name}", 1 + len(name) % 8) if token is None else token
    mid = int.from_bytes(pick(f"mid {name}", 2), "big") if mid is None else mid
    return coap.encode(coap.Message(type, code, mid, token, list(options), payload))


def path(*parts):
    return [(coap.URI_PATH, part.encode()) for part in parts]


def flip(data, at, mask=1):
    at %= len(data)
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def rewrite(wire, code=None, option=None, payload=False, add=(), drop=(), token=None):
    """A protected message with parts exchanged: `option` is a value of option 9, `drop` option numbers."""
    outer = coap.parse(wire)
    options = [(n, option if n == coap.OSCORE and option is not None else v) for n, v in outer.options if n not in drop]
    return coap.encode(
        replace(
            outer,
            code=outer.code if code is None else code,
            options=options + list(add),
            payload=outer.payload if payload is False else payload,
            token=outer.token if token is None else token,
        )
    )


def option_of(wire):
    return coap.parse(wire).values(coap.OSCORE)[0]


def payload_of(wire):
    return coap.parse(wire).payload


@dataclass(frozen=True)
class Params:
    """Everything that decides the bytes of a message, apart from faults."""

    direction: str
    sender: str
    receiver: str
    plain: bytes
    mode: Optional[str] = None
    target: Optional[bytes] = None
    ssn: int = 0
    own_partial_iv: Optional[bool] = None
    kid: Optional[bool] = None
    kid_context: Optional[bool] = None
    request: Optional["Params"] = None  # for responses; its sender and receiver differ from ours when a rekey lies between


def _hex(value):
    return None if value is None else value.hex()


class Theme:
    def __init__(self, dialect, name, first):
        self.dialect, self.name = dialect, name
        self.book = Book(dialect, "message", first)
        self.contexts, self._sealed = {}, {}

    def context(self, name, context):
        assert self.contexts.setdefault(name, context) == context, name
        return name

    def document(self):
        used = {v[k] for v in self.book.vectors for k in ("sender", "receiver", "request_sender", "request_receiver")}
        contexts = {name: context for name, context in self.contexts.items() if name in used}
        document = self.book.document({"kind": "generated", "ref": "vectors/gen", "seed": SEED}, contexts)
        return f"{self.dialect}/message-{self.name}.json", document

    # ---- running ----

    def seal_request(self, params, faults=NO_FAULTS):
        if faults is NO_FAULTS and params in self._sealed:
            return self._sealed[params]
        client = Endpoint(self.contexts[params.sender])
        client.set_ssn(params.ssn)
        sealed = client.seal_request(params.plain, params.mode, params.target, params.kid_context, faults)
        if faults is NO_FAULTS:
            self._sealed[params] = sealed
        return sealed

    def seal_response(self, params, faults=NO_FAULTS):
        request = self.seal_request(params.request).message
        server = Endpoint(self.contexts[params.request.receiver])
        exchange = server.open_request(request).exchange
        if params.request.receiver != params.sender:
            server.rekey(self.contexts[params.sender])
        server.set_ssn(params.ssn)
        return server.seal_response(
            exchange, params.plain, params.mode, params.own_partial_iv, params.kid, params.kid_context, faults
        )

    def seal(self, params, faults=NO_FAULTS):
        return (self.seal_request if params.direction == "request" else self.seal_response)(params, faults)

    def open(self, params, wire, request=None):
        receiver = self.contexts[params.receiver]
        if params.direction == "request":
            return Endpoint(receiver).open_request(wire)
        request = self.seal_request(params.request).message if request is None else request
        between = params.request.sender != params.receiver
        client = Endpoint(self.contexts[params.request.sender] if between else receiver)
        client.expect_response(request, params.request.target)
        if between:
            client.rekey(receiver)
        return client.open_response(wire)

    # ---- writing down ----

    def fields(self, params, op, wire, plain, opened, trace, request=None):
        is_response = params.direction == "response"
        seal = {
            "ssn": params.ssn,
            "target": _hex(params.target),
            "own_partial_iv": params.own_partial_iv,
            "kid": params.kid,
            "kid_context": params.kid_context,
        }
        rekeyed = is_response and (params.request.sender, params.request.receiver) != (params.receiver, params.sender)
        if is_response and request is None:
            request = self.seal_request(params.request).message
        return {
            "direction": params.direction,
            "mode": params.mode,
            "op": op,
            "sender": params.sender,
            "receiver": params.receiver,
            "seal": seal,
            "request": _hex(request),
            "request_target": _hex(params.request.target) if is_response else None,
            "request_sender": params.request.sender if rekeyed else None,
            "request_receiver": params.request.receiver if rekeyed else None,
            "plain": _hex(plain),
            "protected": _hex(wire),
            "opened": _hex(opened),
            "intermediate": {name: _hex(trace[name]) for name in INTERMEDIATES if name in trace},
        }

    def _notes(self, flags):
        for flag in flags:
            bug, effect, *mutants = NOTES[flag]
            self.book.note(flag, bug, effect, *mutants)

    def _positive(self, title, req, flags, params, faults=None, wire=None, opened=None):
        self._notes(flags)
        sealed = self.seal(params, faults or NO_FAULTS)
        if faults:
            assert faults.used == set(faults.bends), f"{title}: {set(faults.bends) - faults.used} not used"
        changed = faults is not None or wire is not None
        wire = sealed.message if wire is None else wire(sealed.message)
        got = self.open(params, wire)
        if opened is not None:
            assert got.message == opened, f"{title}: opened {got.message.hex()}, wanted {opened.hex()}"
        if not changed:
            for name in INTERMEDIATES:
                # In group-02 the signature is no part of the option until it is made.
                assert got.trace[name] == sealed.trace[name], f"{title}: {name}"
        op, plain = ("open", None) if changed else ("both", params.plain)
        fields = self.fields(params, op, wire, plain, got.message, got.trace)
        case_id = self.book.ok(title, req, flags, **fields)
        return Case(self, case_id, params, sealed, wire, got)

    def request(self, title, req, client, server, plain, flags=(), faults=None, wire=None, opened=None, **how):
        return self._positive(title, req, flags, Params("request", client, server, plain, **how), faults, wire, opened)

    def response(self, title, req, to, plain, flags=(), faults=None, wire=None, opened=None, rekeyed=None, **how):
        """`to` is the Case or Params of the request; `rekeyed` the (client, server) contexts after a rekey."""
        request = to.params if isinstance(to, Case) else to
        client, server = rekeyed or (request.sender, request.receiver)
        how.setdefault("own_partial_iv", False)
        params = Params("response", server, client, plain, request=request, **how)
        return self._positive(title, req, flags, params, faults, wire, opened)


@dataclass
class Case:
    theme: Theme
    id: str
    params: Params
    sealed: object
    wire: bytes
    got: object

    def reject(self, reason, title, req, flags, wire=None, request=None, receiver=None, sender=None, made=None, **bends):
        """A negative that is opened.

        wire      bytes, or a function of the good bytes
        bends     faults of the maker, see endpoint.Faults
        made      (bytes, trace) of another maker
        request   the bytes of the request the client remembers
        receiver  another context that opens
        sender    another context that seals
        """
        theme, params = self.theme, self.params
        theme._notes(flags)
        if sender is not None:
            params = replace(params, sender=sender)
            if params.request is not None and params.request.receiver == self.params.sender:
                params = replace(params, request=replace(params.request, receiver=sender))
        trace = {}
        if made is not None:
            bytes_made, trace = made
        elif bends or sender is not None:
            faults = Faults(**bends)
            sealed = theme.seal(params, faults)
            assert faults.used == set(bends), f"{title}: {set(bends) - faults.used} not used"
            bytes_made, trace = sealed.message, sealed.trace
        else:
            bytes_made = self.wire
        if wire is not None:
            bytes_made = wire(bytes_made) if callable(wire) else wire
        if receiver is not None:
            old = params
            params = replace(params, receiver=receiver)
            if params.request is not None and params.request.sender == old.receiver:
                params = replace(params, request=replace(params.request, sender=receiver))
                request = theme.seal_request(old.request).message if request is None else request
        try:
            got = theme.open(params, bytes_made, request)
        except Refused as refusal:
            assert refusal.reason == reason, f"{title}: {refusal.reason}, wanted {reason}"
        else:
            raise AssertionError(f"{title}: accepted, {got.message.hex()}")
        fields = theme.fields(params, "open", bytes_made, None, None, self._differences(trace), request)
        return theme.book.reject(reason, self.id, title, req, flags, **fields)

    def _differences(self, trace):
        """The intermediates in which the maker of a negative was not of the same mind as that of its control."""
        return {name: trace[name] for name in INTERMEDIATES if trace and trace[name] != self.sealed.trace[name]}

    def refuse(self, reason, title, req, flags, **how):
        """A negative that is sealed; `how` replaces fields of Params."""
        theme, params = self.theme, replace(self.params, **how)
        theme._notes(flags)
        try:
            theme.seal(params)
        except Refused as refusal:
            assert refusal.reason == reason, f"{title}: {refusal.reason}, wanted {reason}"
        else:
            raise AssertionError(f"{title}: sealed")
        fields = theme.fields(params, "seal", None, params.plain, None, {})
        return theme.book.reject(reason, self.id, title, req, flags, **fields)


# ---- contexts ----


def oscore_pair(
    theme, tag, client=b"", server=b"\x01", secret_len=16, salt_len=8, id_context=None, server_id_context=False, **more
):
    """Contexts <tag>-client and <tag>-server of RFC 8613."""
    common = {
        "dialect": "oscore",
        "reading": None,
        **more,
        "master_secret": pick(f"secret {tag}", secret_len).hex(),
        "master_salt": None if salt_len is None else pick(f"salt {tag}", salt_len).hex(),
    }
    server_id_context = id_context if server_id_context is False else server_id_context

    def one(own, other, context_id):
        return {**common, "id_context": _hex(context_id), "sender": {"id": own.hex()}, "recipients": [{"id": other.hex()}]}

    return (
        theme.context(f"{tag}-client", one(client, server, id_context)),
        theme.context(f"{tag}-server", one(server, client, server_id_context)),
    )


CURVE_OF = {-8: prim.ED25519, -7: prim.P256, -35: prim.P384, -36: prim.P521}


def credential(fmt, pair, subject, extra=None, compressed=False):
    if fmt == "ccs":
        return prim.make_ccs(pair, subject, compressed=compressed, extra=extra)
    if fmt == "cwt":
        return prim.make_cwt(pair, "authorization server", subject, compressed=compressed, extra=extra)
    return prim.make_x509(pair, subject, compressed=compressed)


class Group:
    """A security group with three members of unlike identifiers and credentials; contexts are made where asked for."""

    def __init__(
        self, theme, tag, dialect, gid=b"\x44\x61\x6c", ids=None, fmt="ccs", curve=None, salt_len=8, creds=None, gm=None, **algs
    ):
        self.theme, self.tag = theme, tag
        curve = curve or CURVE_OF[algs.get("signature")]
        self.common = {
            "dialect": dialect,
            **algs,
            "master_secret": pick(f"secret {tag}", 16).hex(),
            "master_salt": None if salt_len is None else pick(f"salt {tag}", salt_len).hex(),
            "id_context": gid.hex(),
            "cred_format": fmt,
        }
        probe = kdf.full({**self.common, "sender": None})
        longest = kdf.max_id_len(probe)
        default = {"alice": b"\x25", "bob": b"\x52\x01"[:longest], "carol": b"\xc3\x00\x7f"[:longest]}
        self.ids = {**default, **(ids or {})}
        self.pairs = {name: KeyPair.from_seed(curve, f"{name} of {curve}") for name in ("alice", "bob", "carol", "manager")}
        subjects = {"alice": "alice", "bob": "bob-the-server", "carol": "caroline", "manager": "group manager"}
        self.creds = {name: credential(fmt, self.pairs[name], subjects[name]) for name in self.pairs}
        self.creds.update(creds or {})
        if dialect == "group-28":
            self.common["gm_cred"] = (gm or self.creds["manager"]).hex()

    def own(self, name):
        return {
            "id": self.ids[name].hex(),
            "credential": self.creds[name].hex(),
            "private_key": self.pairs[name].private.hex(),
        }

    def listed(self, name):
        return {"id": self.ids[name].hex(), "credential": self.creds[name].hex()}

    def raw(self, name, others=None, **more):
        others = [other for other in ("alice", "bob", "carol") if other != name] if others is None else others
        return {**self.common, "sender": self.own(name), "recipients": [self.listed(other) for other in others], **more}

    def context(self, name, others=None, label=None, **more):
        label = label or f"{self.tag}-{name}"
        return self.theme.context(label, self.raw(name, others, **more))

    def two(self):
        """Names of the contexts of alice (client) and bob (server), each of whom knows all three members."""
        return self.context("alice"), self.context("bob")
