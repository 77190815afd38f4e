"""One endpoint with state, for the three dialects: protects, opens, refuses.

The order of the checks is the order of the reasons in vectors/README.md; what the texts leave open is read as its section
"Readings of the reference" says. Every public method either does its work or raises primitives.Refused with `reason`
and leaves the state as it was; the one exception is `echo-required` (see open_request).

Negatives are made by this code too: a Faults object bends one value on its way through `_protect`, everything after it
follows from the bent value, everything before is right.
"""

import copy
import json
from dataclasses import dataclass, field, replace
from typing import Optional

import aad
import coap
import kdf
import oscore_option
import primitives as prim
import signature as countersign
from nonce import nonce as make_nonce
from oscore_option import Option
from primitives import Refused

MAX_SSN = 2**40 - 1

INTERMEDIATES = (
    "request_kid",
    "request_piv",
    "request_kid_context",
    "option",
    "nonce",
    "external_aad",
    "enc_structure",
    "key",
    "plaintext",
    "ciphertext",
    "to_be_signed",
    "signature",
    "keystream_info",
    "keystream",
    "encrypted_signature",
)


def refuse(reason, text=""):
    raise Refused(text or reason, reason=reason)


class Faults:
    """What a faulty maker does: name of a value -> function(value, trace) that gives another one."""

    def __init__(self, **bends):
        self.bends, self.used = bends, set()

    def __call__(self, name, value, trace):
        if name not in self.bends:
            return value
        self.used.add(name)
        return self.bends[name](value, trace)


NO_FAULTS = Faults()


@dataclass
class Peer:
    """Another member as far as keys go: with or without a Recipient Context."""

    id: bytes
    key: bytes
    credential: Optional[bytes]
    public: Optional[prim.PublicKey]


class Security:
    """The part of a Security Context that does not change."""

    def __init__(self, context):
        self.context = kdf.full(context)
        self.keys = kdf.derive(context)
        self.dialect, self.reading = self.context["dialect"], self.context["reading"]
        self.is_group = kdf.is_group(self.context)
        self.id_context = kdf.unhex(self.context["id_context"])
        self.gm_cred = kdf.unhex(self.context["gm_cred"])
        self.algorithms = {name: self.context[name] for name in ("aead", "group_enc", "signature", "agreement")}
        self.signature_len = prim.signature_len(self.context["signature"]) or 0
        sender = self.context["sender"]
        self.sender_id = kdf.unhex(sender["id"]) if sender else None
        self.sender_cred = kdf.unhex(sender.get("credential")) if sender else None
        self.private_key = kdf.unhex(sender.get("private_key")) if sender else None
        self.peers = {}
        self._pairwise = {pair.id: pair for pair in self.keys.pairwise}
        for one in self.keys.recipients:
            self.peers[one.id] = Peer(one.id, one.key, one.credential, one.public)
        for member in self.context["members"]:
            credential, public = kdf._read_recipient_key(self.context, member)
            one = kdf.derive_recipient(self.context, kdf.unhex(member["id"]), credential, public)
            self.peers[one.id] = Peer(one.id, one.key, one.credential, one.public)

    def has_mode(self, mode):
        if self.dialect != "group-28":
            return True
        return kdf.group_mode(self.context) if mode == "group" else kdf.pairwise_mode(self.context)

    def pairwise(self, peer):
        if peer.id not in self._pairwise:
            self._pairwise[peer.id] = kdf.derive_pairwise(self.context, self.keys, peer)
        return self._pairwise[peer.id]

    def cipher(self, mode):
        return self.algorithms["group_enc"] if self.dialect == "group-28" and mode == "group" else self.algorithms["aead"]

    def is_signed(self, mode):
        return self.dialect == "group-02" or (self.dialect == "group-28" and mode == "group")


_SECURITY = {}


def security(context):
    """Security of a context, derived once for the same context."""
    name = json.dumps(context, sort_keys=True)
    if name not in _SECURITY:
        _SECURITY[name] = Security(context)
    return _SECURITY[name]


# ---- state ----


@dataclass
class Window:
    """Numbers seen, in words: the highest, and which of the `width` numbers up to it."""

    width: int
    valid: bool = True
    highest: Optional[int] = None
    seen: frozenset = frozenset()

    def is_replay(self, number):
        if self.highest is None or number > self.highest:
            return False
        return number <= self.highest - self.width or number in self.seen

    def mark(self, number):
        self.highest = number if self.highest is None else max(number, self.highest)
        self.seen = frozenset(n for n in self.seen | {number} if n > self.highest - self.width)

    def reopen(self, number):
        """Valid again: `number` is the highest, and all below it count as seen (GO-9-18)."""
        self.valid, self.highest = True, number
        self.seen = frozenset(range(max(0, number - self.width + 1), number + 1))


@dataclass
class RecipientState:
    window: Window
    last_used: int
    fresh: bool = False
    echo: Optional[bytes] = None
    echo_ms: int = 0


@dataclass
class Exchange:
    """What both ends keep of a request until the last response."""

    security: Security
    token: bytes
    mode: Optional[str]
    request_kid: bytes
    request_piv: bytes
    request_kid_context: Optional[bytes]
    peer: Optional[bytes]  # client: target of the request; server: the client
    is_client: bool
    observe: bool
    n_responses: int = 0  # server
    servers: dict = field(default_factory=dict)  # client: server -> ResponseState

    @property
    def is_long(self):
        return self.observe or self.mode == "group"


@dataclass
class ResponseState:
    n_responses: int = 0
    without_piv: bool = False
    number: Optional[int] = None


@dataclass
class Opened:
    message: bytes
    exchange: Optional[Exchange]
    trace: dict


@dataclass
class Sealed:
    message: bytes
    exchange: Optional[Exchange]
    trace: dict


class Challenge(Refused):
    """`echo-required`, with the exchange in which the challenge is answered."""

    reason = "echo-required"

    def __init__(self, exchange):
        super().__init__()
        self.exchange = exchange


def _is_registration(outer):
    """Observe 0, with value `` or 00: RFC 7641 writes zero as the empty value."""
    return any(int.from_bytes(value, "big") == 0 for value in outer.values(coap.OBSERVE))


class Endpoint:
    def __init__(self, context):
        self.exchanges = []
        self._clock = 0
        self.older_ssn = {}  # id of an older Security -> its Sender Sequence Number
        self._install(context)

    def _install(self, context):
        self.security = security(context)
        self.older = []
        whole = self.security.context
        self.ssn = whole["sender"].get("ssn", 0) if whole["sender"] else 0
        self.deleted_any = False
        valid = whole["windows"] == "valid"
        self.recipients = {}
        for one in whole["recipients"]:
            self._clock += 1
            self.recipients[kdf.unhex(one["id"])] = RecipientState(Window(whole["window_size"], valid), self._clock)
        self.windows_valid = valid

    # ---- operations on state ----

    def rekey(self, context):
        """A new Security Context; older ones serve running exchanges only."""
        security(context)  # refused before anything changes
        older = [self.security] + self.older
        self.older_ssn[id(self.security)] = self.ssn
        self._install(context)
        self.older = older

    def set_ssn(self, ssn):
        self.ssn = ssn

    def delete_recipient(self, identifier):
        if identifier not in self.recipients:
            refuse("recipient-unknown")
        del self.recipients[identifier]
        self.deleted_any = True

    def state(self, identifier):
        window = self.recipients[identifier].window
        return {"valid": window.valid, "highest": window.highest, "ssn": self.ssn}

    def known_recipients(self):
        return list(self.recipients)

    # ---- protecting ----

    def _next_piv(self, sec):
        """Partial IV of the next message under `sec`; numbers of an older context go on where they were."""
        ssn = self.ssn if sec is self.security else self.older_ssn[id(sec)]
        if ssn > MAX_SSN:
            refuse("ssn-exhausted")
        return oscore_option.minimal(ssn)

    def _piv_used(self, sec):
        if sec is self.security:
            self.ssn += 1
        else:
            self.older_ssn[id(sec)] += 1

    def _target(self, sec, mode, target):
        """The Peer a message goes to, where it matters: pairwise mode, and plain OSCORE with several recipients."""
        if sec.dialect == "oscore":
            return sec.peers[target] if target is not None else next(iter(sec.peers.values()), None)
        if sec.dialect == "group-02" or mode == "group":
            return None
        if target is None or target not in sec.peers:
            refuse("recipient-unknown")
        if sec.peers[target].credential is None:
            refuse("credential-missing")
        return sec.peers[target]

    def _check_plain(self, plain, direction, sec, mode):
        message = coap.parse(plain)
        if not coap.code_fits(message.code, direction):
            raise coap.Malformed("code does not fit the direction")
        if message.has(coap.OSCORE):
            refuse("already-protected")
        parts = coap.split(message, direction)
        if not sec.has_mode(mode):
            refuse("mode-unsupported")
        if sec.sender_id is None:
            refuse("sender-missing")
        return message, parts

    def seal_request(self, plain, mode=None, target=None, kid_context=None, faults=NO_FAULTS):
        sec = self.security
        message, parts = self._check_plain(plain, "request", sec, mode)
        peer = self._target(sec, mode, target)
        piv = self._next_piv(sec)
        shown = sec.id_context if sec.is_group or kid_context is None or kid_context else None
        option = Option(sec.is_signed(mode), piv, shown, None, sec.sender_id)
        exchange = Exchange(
            sec, message.token, mode, sec.sender_id, piv, shown, peer.id if peer else None, True, _is_registration(message)
        )
        sealed = self._protect(message, parts, option, exchange, sec, mode, peer, True, faults)
        self._piv_used(sec)
        self.exchanges.append(exchange)
        return sealed

    def seal_response(self, exchange, plain, mode=None, own_partial_iv=False, kid=None, kid_context=None, faults=NO_FAULTS):
        sec = self.security if exchange.security.dialect == "group-28" else exchange.security
        message, parts = self._check_plain(plain, "response", sec, mode)
        peer = self._target(sec, mode, exchange.peer)
        changed = sec is not exchange.security
        if not own_partial_iv and (exchange.n_responses > 0 or changed):
            refuse("nonce-reuse")
        piv = self._next_piv(sec) if own_partial_iv else None
        option = Option(
            sec.is_signed(mode),
            piv,
            sec.id_context if sec.is_group and (kid_context or changed) else None,
            None,
            sec.sender_id if self._sends_kid(sec, exchange, kid) else None,
        )
        sealed = self._protect(message, parts, option, exchange, sec, mode, peer, False, faults)
        if own_partial_iv:
            self._piv_used(sec)
        exchange.n_responses += 1
        return sealed

    @staticmethod
    def _sends_kid(sec, exchange, kid):
        if sec.dialect == "oscore":
            return False
        return sec.dialect == "group-02" or exchange.mode == "group" or bool(kid)

    def challenge(self, exchange, echo, mode=None, now_ms=0):
        """The protected 4.01 (`group-02`: 4.03) whose only option is Echo; the value is stored for the client."""
        code = 0x83 if exchange.security.dialect == "group-02" else 0x81
        plain = coap.encode(coap.Message(1, code, 0, exchange.token, [(coap.ECHO, echo)]))
        sealed = self.seal_response(exchange, plain, mode, own_partial_iv=True, kid=True)
        state = self.recipients[exchange.peer]
        state.echo, state.echo_ms = echo, now_ms
        return sealed

    def _protect(self, message, parts, option, exchange, sec, mode, peer, is_request, faults):
        """RFC 8613 sections 8.1 and 8.3, Group OSCORE -28 sections 7.1, 7.3, 8.3, 8.5."""
        trace = dict.fromkeys(INTERMEDIATES)
        trace["piv"] = option.partial_iv
        signed = sec.is_signed(mode)
        faults_for = lambda name, value: faults(name, value, trace)  # noqa: E731
        trace["plaintext"] = faults_for("plaintext", parts.plaintext)
        option = faults_for("option_fields", option)
        # Where the signature is part of the option, the AAD has none of the option, so a value without it will do here.
        trace["option"] = faults_for("option", oscore_option.build(option))
        aad_ones = self._associated(sec, exchange, trace, sec.sender_cred, faults_for)
        cipher, id_piv, piv = self._nonce_source(sec, mode, exchange, option.partial_iv, sec.sender_id)
        length = prim.nonce_len(cipher)
        trace["nonce"] = faults_for("nonce", make_nonce(sec.keys.common_iv, length, id_piv, piv))
        key = sec.pairwise(peer).sender_key if sec.dialect == "group-28" and mode == "pairwise" else sec.keys.sender_key
        trace["key"] = faults_for("key", key)
        if prim.tag_len(cipher):
            trace["enc_structure"] = faults_for("enc_structure", aad.enc_structure(aad_ones[0]))
        sealed = prim.aead_seal(cipher, trace["key"], trace["nonce"], trace["enc_structure"], trace["plaintext"])
        trace["ciphertext"] = faults_for("ciphertext", sealed)
        payload = trace["ciphertext"]
        if signed:
            self._sign(sec, trace, aad_ones[1], id_piv, piv, is_request, faults_for)
            if sec.dialect == "group-02":
                option = replace(option, signature=trace["signature"])
                trace["option"] = faults_for("signed_option", oscore_option.build(option))
            else:
                payload += trace["encrypted_signature"]
        payload = faults_for("payload", payload)
        wire_option = faults_for("wire_option", trace["option"])
        options = faults_for("outer_options", parts.outer_options + [(coap.OSCORE, wire_option)])
        code = faults_for("outer_code", parts.outer_code)
        wire = coap.encode(replace(message, code=code, options=options, payload=payload))
        return Sealed(faults_for("wire", wire), exchange, trace)

    def _associated(self, sec, exchange, trace, sender_cred, faults_for):
        """(external_aad for encryption, external_aad for the signature): equal unless a fault says otherwise."""
        trace["request_kid"], trace["request_piv"] = exchange.request_kid, exchange.request_piv
        trace["request_kid_context"] = exchange.request_kid_context
        array = aad.aad_array(
            sec.dialect,
            sec.algorithms,
            exchange.request_kid,
            exchange.request_piv,
            exchange.request_kid_context,
            trace["option"],
            sender_cred,
            sec.gm_cred,
        )
        array = trace["aad_array"] = faults_for("aad_array", array)
        trace["external_aad"] = faults_for("external_aad", aad.external_aad(array))
        enc = faults_for("enc_external_aad", trace["external_aad"])
        signed = faults_for("signed_external_aad", trace["external_aad"])
        return enc, signed

    @staticmethod
    def _nonce_source(sec, mode, exchange, partial_iv, own_id):
        """(cipher, ID_PIV, Partial IV) of a message of the endpoint `own_id`."""
        if partial_iv is None:
            return sec.cipher(mode), exchange.request_kid, exchange.request_piv
        return sec.cipher(mode), own_id, partial_iv

    @staticmethod
    def _sign(sec, trace, external, id_piv, piv, is_request, faults_for):
        signed = countersign.to_be_signed(sec.dialect, sec.reading, external, trace["ciphertext"])
        trace["to_be_signed"] = faults_for("to_be_signed", signed)
        private = faults_for("private_key", sec.private_key)
        made = prim.sign(sec.algorithms["signature"], private, trace["to_be_signed"])
        trace["signature"] = faults_for("signature", made)
        if sec.dialect == "group-02":
            return
        info = countersign.keystream_info(id_piv, sec.id_context, is_request, sec.signature_len)
        trace["keystream_info"] = faults_for("keystream_info", info)
        salt = faults_for("keystream_salt", piv)
        ikm = faults_for("keystream_ikm", sec.keys.signature_encryption_key)
        stream = prim.hkdf(sec.context["hkdf"], salt, ikm, trace["keystream_info"], sec.signature_len)
        trace["keystream"] = faults_for("keystream", stream)
        masked = countersign.xor(trace["signature"], trace["keystream"])
        trace["encrypted_signature"] = faults_for("encrypted_signature", masked)

    # ---- opening ----

    def _outer(self, datagram, direction):
        outer = coap.parse(datagram)
        if not coap.code_fits(outer.code, direction):
            raise coap.Malformed("code does not fit the direction")
        values = outer.values(coap.OSCORE)
        if not values:
            refuse("not-oscore")
        if len(values) > 1:
            refuse("option-repeated")
        if outer.payload is None:
            refuse("payload-missing")
        option = oscore_option.parse(values[0], self.security.dialect, direction, self.security.signature_len)
        return outer, values[0], option

    @staticmethod
    def _mode(sec, option):
        if sec.dialect != "group-28":
            return None
        mode = "group" if option.group_flag else "pairwise"
        if not sec.has_mode(mode) or (mode == "pairwise" and sec.sender_id is None):
            refuse("mode-unsupported")
        return mode

    @staticmethod
    def _sender_of(sec, kid):
        """The Peer a group message comes from."""
        if kid == sec.sender_id:
            refuse("own-kid")
        if kid not in sec.peers:
            refuse("recipient-unknown")
        if sec.peers[kid].credential is None:
            refuse("credential-missing")
        return sec.peers[kid]

    def _request_sender(self, sec, option):
        if not sec.is_group:
            if option.kid_context is not None and option.kid_context != sec.id_context:
                refuse("context-not-found")
            if option.kid not in sec.peers:
                refuse("context-not-found")
            return None, sec.peers[option.kid]
        if option.kid_context != sec.id_context:
            refuse("context-not-found")
        mode = self._mode(sec, option)
        return mode, self._sender_of(sec, option.kid)

    @staticmethod
    def _check_length(sec, mode, outer):
        tail = sec.signature_len if sec.dialect == "group-28" and mode == "group" else 0
        if len(outer.payload) < prim.tag_len(sec.cipher(mode)) + 1 + tail:
            refuse("payload-short")
        cut = len(outer.payload) - tail
        return outer.payload[:cut], outer.payload[cut:]

    def open_request(self, datagram, now_ms=0):
        """Delivers, or refuses. For `echo-required` (a Challenge) the exchange is kept and a valid window marked."""
        outer, value, option = self._outer(datagram, "request")
        sec = self.security
        mode, peer = self._request_sender(sec, option)
        parts = self._check_length(sec, mode, outer)
        number = int.from_bytes(option.partial_iv, "big")
        state = self.recipients.get(peer.id)
        if state is not None and state.window.valid and state.window.is_replay(number):
            refuse("replay")
        exchange = Exchange(sec, outer.token, mode, option.kid, option.partial_iv, option.kid_context, peer.id, False, False)
        trace = self._verify(sec, mode, peer, option, value, parts, exchange, True)
        message = coap.merge(outer, trace["plaintext"], "request")
        exchange.observe = _is_registration(message)
        self._gate(peer.id, message, number, now_ms, exchange)
        self.exchanges.append(exchange)
        return Opened(coap.encode(message), exchange, trace)

    def _new_recipient(self, identifier):
        """A Recipient Context for a member heard for the first time; the least recently used one makes way."""
        whole = self.security.context
        if len(self.recipients) >= whole["max_recipients"]:
            if not self.recipients:
                refuse("recipient-unknown")
            oldest = min(self.recipients, key=lambda one: self.recipients[one].last_used)
            del self.recipients[oldest]
            self.deleted_any = True
        valid = self.windows_valid and not self.deleted_any
        self.recipients[identifier] = RecipientState(Window(whole["window_size"], valid), self._clock)

    def _touch(self, identifier):
        self._clock += 1
        if identifier not in self.recipients:
            self._new_recipient(identifier)
        self.recipients[identifier].last_used = self._clock
        return self.recipients[identifier]

    def _gate(self, identifier, message, number, now_ms, exchange):
        """Replay window and Echo procedure after a request verified (Group OSCORE -28 section 9, RFC 8613 B.1.2)."""
        limit = self.security.context["freshness_ms"]
        state = self.recipients.get(identifier)
        wanted = state is None or not state.window.valid or (limit > 0 and not state.fresh)
        echoes = message.values(coap.ECHO)
        if state is not None and wanted and echoes and state.echo is not None:
            if echoes[0] != state.echo:
                refuse("echo-mismatch")
            if limit > 0 and now_ms - state.echo_ms >= limit:
                refuse("echo-expired")
            state = self._touch(identifier)
            state.echo, state.fresh = None, True
            if not state.window.valid or self.security.dialect == "group-02":
                state.window.reopen(number)
            else:
                state.window.mark(number)
            return
        state = self._touch(identifier)
        if state.window.valid:
            state.window.mark(number)
        if not state.window.valid or (limit > 0 and not state.fresh):
            self.exchanges.append(exchange)
            raise Challenge(exchange)

    def _verify(self, sec, mode, peer, option, value, parts, exchange, is_request):
        """Signature and decryption in the order of the dialect; gives the trace with the plaintext."""
        trace = dict.fromkeys(INTERMEDIATES)
        ciphertext, masked = parts
        trace["option"], trace["ciphertext"] = value, ciphertext
        plain = lambda name, one: one  # noqa: E731
        external, _ = self._associated(sec, exchange, trace, peer.credential, plain)
        cipher, id_piv, piv = self._nonce_source(sec, mode, exchange, option.partial_iv, peer.id)
        trace["nonce"] = make_nonce(sec.keys.common_iv, prim.nonce_len(cipher), id_piv, piv)
        pairwise = sec.dialect == "group-28" and mode == "pairwise"
        trace["key"] = sec.pairwise(peer).recipient_key if pairwise else peer.key
        if prim.tag_len(cipher):
            trace["enc_structure"] = aad.enc_structure(external)
        signed = sec.is_signed(mode)
        if signed and sec.dialect == "group-28":
            self._unmask(sec, trace, masked, id_piv, piv, is_request)
            self._check_signature(sec, peer, trace)
        trace["plaintext"] = prim.aead_open(cipher, trace["key"], trace["nonce"], trace["enc_structure"], ciphertext)
        if trace["plaintext"] is None:
            refuse("decryption-failed")
        if signed and sec.dialect == "group-02":
            trace["signature"] = option.signature
            self._check_signature(sec, peer, trace)
        return trace

    @staticmethod
    def _unmask(sec, trace, masked, id_piv, piv, is_request):
        trace["encrypted_signature"] = masked
        trace["keystream_info"] = countersign.keystream_info(id_piv, sec.id_context, is_request, sec.signature_len)
        ikm = sec.keys.signature_encryption_key
        trace["keystream"] = prim.hkdf(sec.context["hkdf"], piv, ikm, trace["keystream_info"], sec.signature_len)
        trace["signature"] = countersign.xor(masked, trace["keystream"])

    @staticmethod
    def _check_signature(sec, peer, trace):
        signed = countersign.to_be_signed(sec.dialect, sec.reading, trace["external_aad"], trace["ciphertext"])
        trace["to_be_signed"] = signed
        if not countersign.verify(sec.algorithms["signature"], peer.public, signed, trace["signature"]):
            refuse("signature-invalid")

    # ---- responses ----

    def expect_response(self, request, target=None, mode=None):
        """The exchange of a request this endpoint has sent, from its bytes (used to replay single vectors)."""
        outer, _, option = self._outer(request, "request")
        sec = self.security
        if sec.dialect == "group-28":
            mode = "group" if option.group_flag else "pairwise"
        peer = self._target(sec, mode, target)
        exchange = Exchange(
            sec,
            outer.token,
            mode if sec.dialect == "group-28" else None,
            option.kid,
            option.partial_iv,
            option.kid_context,
            peer.id if peer else None,
            True,
            _is_registration(outer),
        )
        self.exchanges.append(exchange)
        return exchange

    def _exchange_of(self, outer, exchange):
        if exchange is not None:
            if exchange.token != outer.token:
                refuse("token-mismatch")
            return exchange
        for one in reversed(self.exchanges):
            if one.is_client and one.token == outer.token:
                return one
        return refuse("token-mismatch")

    def _responder(self, exchange, option):
        """(Security, mode, Peer) of a response."""
        sec = exchange.security
        if sec.dialect == "oscore":
            return sec, None, sec.peers[exchange.peer]
        if sec.dialect == "group-02":
            if option.kid_context is not None and option.kid_context != sec.id_context:
                refuse("context-not-found")
            return sec, None, self._sender_of(sec, option.kid)
        if exchange.mode == "group" and option.kid is None:
            refuse("kid-missing")
        if option.kid_context is not None:
            sec = next((one for one in [self.security] + self.older if one.id_context == option.kid_context), None)
            if sec is None:
                refuse("context-not-found")
        mode = self._mode(sec, option)
        peer = self._sender_of(sec, exchange.peer if option.kid is None else option.kid)
        if exchange.mode == "pairwise" and peer.id != exchange.peer:
            refuse("responder-mismatch")
        return sec, mode, peer

    @staticmethod
    def _check_response_replay(exchange, state, option):
        """Before any cryptography (GO-5.3.1-04, -06, -11; O-7.4-07, O-7.4.1-02, -03)."""
        if not exchange.is_long:
            if state.n_responses:
                refuse("response-replay")
        elif option.partial_iv is None:
            if state.without_piv:
                refuse("response-replay")
        elif state.number == int.from_bytes(option.partial_iv, "big"):
            refuse("response-replay")

    def open_response(self, datagram, exchange=None, now_ms=0):
        outer, value, option = self._outer(datagram, "response")
        exchange = self._exchange_of(outer, exchange)
        sec, mode, peer = self._responder(exchange, option)
        parts = self._check_length(sec, mode, outer)
        server = (id(sec), peer.id)
        state = copy.copy(exchange.servers.get(server) or ResponseState())
        self._check_response_replay(exchange, state, option)
        trace = self._verify(sec, mode, peer, option, value, parts, exchange, False)
        message = coap.merge(outer, trace["plaintext"], "response")
        if message.has(coap.OBSERVE) and not exchange.observe:
            refuse("inner-observe")
        if option.partial_iv is None:
            if exchange.is_long and state.number is not None:
                refuse("response-old")
            state.without_piv = True
        else:
            number = int.from_bytes(option.partial_iv, "big")
            if exchange.is_long and state.number is not None and number < state.number:
                refuse("response-old")
            state.number = number
        state.n_responses += 1
        exchange.servers[server] = state
        if sec is self.security:
            self._touch(peer.id)
        return Opened(coap.encode(message), exchange, trace)
