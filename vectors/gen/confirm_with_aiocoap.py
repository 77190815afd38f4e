"""The half of confirm_aiocoap.py that runs where aiocoap is: contexts, messages and keys in aiocoap's own classes."""

import copy

import cbor2
from aiocoap import oscore
from aiocoap.message import Direction, Message
from confirm_aiocoap import MAX_SSN, CannotHold, Disagree
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

AEADS = {algorithm.value: algorithm for algorithm in oscore.algorithms.values() if isinstance(algorithm, oscore.AeadAlgorithm)}
HASHES = {5: hashes.SHA256(), 7: hashes.SHA512()}
ED25519, P256 = 6, 1


class EdAgreement(oscore.EcdhSsHkdf256):
    """aiocoap's agreement with Ed25519 keys; the number that stands in the AAD is the context's."""


class EcAgreement(oscore.ECDSA_SHA256_P256):
    """aiocoap's agreement with P-256 keys. aiocoap itself would write -7 into the AAD (it says so itself)."""


class Unset:
    """In the place of an AEAD Algorithm that is not set: null in the AAD, and no longer nonce than the other one has.

    aiocoap means to allow such groups (its AAD has the case) but asserts an AEAD Algorithm when it derives the Common IV.
    """

    value, key_bytes, tag_bytes, iv_bytes = None, 0, 0, 0


def unhex(text):
    return None if text is None else bytes.fromhex(text)


# ---- keys ----


def cose_key_of(credential, cred_format):
    if cred_format == "cwt":
        credential = cbor2.loads(credential)[2]
    return cbor2.loads(credential)[8][1]


def public_key(credential, cred_format):
    """(curve, key as aiocoap's algorithm wants it). aiocoap reads CCSs with an alg only, so keys are read for it."""
    if cred_format == "x509":
        key = x509.load_der_x509_certificate(credential).public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            return (P256 if key.curve.name == "secp256r1" else key.curve.name), key
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return (ED25519 if type(key).__name__.startswith("Ed25519") or "ed25519" in type(key).__module__ else "x25519"), raw
    key = cose_key_of(credential, cred_format)
    if key[1] == 1:
        return key[-1], key[-2]
    if key[-1] != P256:
        return key[-1], None
    point = b"\4" + key[-2] + key[-3] if isinstance(key[-3], bytes) else bytes([2 + key[-3]]) + key[-2]
    return P256, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


# ---- contexts ----


class Recorder:
    """What aiocoap computed on its way: info arrays of its key derivations, external_aad and plaintext of what it opened."""

    def _kdf_lowlevel(self, salt, ikm, info, l):  # noqa: E741 (the name is aiocoap's)
        out = super()._kdf_lowlevel(salt, ikm, info, l)
        self.infos[cbor2.dumps(info).hex()] = out.hex()
        return out

    def _post_decrypt_checks(self, aad, plaintext, protected_message, request_id):
        self.opened = (aad.hex(), plaintext.hex())


class Plain(Recorder, oscore.CanProtect, oscore.CanUnprotect, oscore.SecurityContextUtils):
    echo_recovery = None

    def __init__(self, context):
        self.infos, self.opened = {}, None
        self.alg_aead = algorithm(AEADS, context.get("aead", 10), "AEAD Algorithm")
        self.hashfun = HASHES[context.get("hkdf", 5)]
        self.id_context = unhex(context.get("id_context"))
        self.sender_id = unhex(context["sender"]["id"])
        if len(context["recipients"]) != 1:
            raise CannotHold(f"context with {len(context['recipients'])} recipients")
        self.recipient_id = unhex(context["recipients"][0]["id"])
        self.recipient_replay_window = window(context)
        self.sender_sequence_number = 0
        self.derive_keys(unhex(context.get("master_salt")) or b"", unhex(context["master_secret"]))

    def post_seqnoincrease(self):
        pass


class GroupAspect(Recorder, oscore._GroupContextAspect):
    def __init__(self, group, recipient_id):
        self.infos, self.opened = {}, None
        super().__init__(group, recipient_id)

    @property
    def alg_aead(self):
        """The group's, with the tag length of the Group Encryption Algorithm.

        aiocoap refuses group-mode ciphertexts shorter than 1 + tag of the AEAD Algorithm, which encrypts nothing here: "Ciphertext
        too short" for good messages when that tag is 16 and the other 8. Nothing else reads tag_bytes of it.
        """
        made = copy.copy(self.groupcontext.alg_aead)
        made.tag_bytes = self.alg_group_enc.tag_bytes
        return made


class PairwiseAspect(Recorder, oscore._PairwiseContextAspect):
    def __init__(self, group, recipient_id):
        self.infos, self.opened = {}, None
        super().__init__(group, recipient_id)


class Group(Recorder, oscore.SimpleGroupContext):
    echo_recovery = None

    def __init__(self, context):
        self.infos, self.opened = {}, None
        sender = context["sender"]
        if sender is None:
            raise CannotHold("silent server: aiocoap wants a Sender Context")
        if context.get("reading", "CS5") != "CS5":
            raise CannotHold("reading CS4")
        self.cred_format = context["cred_format"]
        curve, _ = public_key(unhex(sender["credential"]), self.cred_format)
        signature, agreement = context.get("signature"), context.get("agreement")
        signing = {ED25519: oscore.Ed25519, P256: oscore.ECDSA_SHA256_P256}.get(curve)
        if signing is None or signature not in (None, signing.value):
            raise CannotHold(f"signature algorithm or curve aiocoap has not ({signature}, {curve})")
        others = [one for one in [*context.get("recipients", ()), *context.get("members", ())] if one.get("credential")]
        group_enc = context.get("group_enc")
        super().__init__(
            alg_aead=Unset() if context.get("aead") is None else algorithm(AEADS, context["aead"], "AEAD Algorithm"),
            hashfun=HASHES[context.get("hkdf", 5)],
            alg_signature=signing(),
            alg_group_enc=None if group_enc is None else algorithm(AEADS, group_enc, "Group Encryption Algorithm"),
            alg_pairwise_key_agreement=agreement_of(curve, agreement),
            group_id=unhex(context["id_context"]),
            master_secret=unhex(context["master_secret"]),
            master_salt=unhex(context.get("master_salt")) or b"",
            sender_id=unhex(sender["id"]),
            private_key=private_key(curve, unhex(sender["private_key"])),
            sender_auth_cred=unhex(sender["credential"]),
            peers={unhex(one["id"]): unhex(one["credential"]) for one in others},
            group_manager_cred=unhex(context["gm_cred"]),
        )
        if signature is None:
            self.alg_signature = None  # the constructor wants one to compare keys
        for one in self.recipient_replay_windows:
            self.recipient_replay_windows[one] = window(context)

    def _parse_credential(self, credential):
        curve, key = public_key(credential, self.cred_format)
        return key

    def derive_keys(self, master_salt, master_secret):
        """As aiocoap's; without Group Encryption Algorithm it would stop at the Signature Encryption Key."""
        if self.alg_group_enc is not None:
            return super().derive_keys(master_salt, master_secret)
        self._sender_key = self._kdf(master_salt, master_secret, self.sender_id, "Key", self.alg_aead)
        self.recipient_keys = {one: self._kdf(master_salt, master_secret, one, "Key", self.alg_aead) for one in self.peers}
        self.common_iv = self._kdf(master_salt, master_secret, b"", "IV")
        self.signature_encryption_key = None

    def aspect(self, mode, peer):
        if peer not in self.peers:
            raise CannotHold("Recipient Context without credential")
        if mode == "group":
            return GroupAspect(self, peer)
        if self.alg_pairwise_key_agreement is None:
            raise CannotHold("no Pairwise Key Agreement Algorithm")
        return PairwiseAspect(self, peer)


def algorithm(table, number, name):
    if number not in table:
        raise CannotHold(f"{name} aiocoap has not ({number})")
    return table[number]


def agreement_of(curve, number):
    if number is None:
        return None
    made = EdAgreement() if curve == ED25519 else EcAgreement()
    made.value = number
    return made


def private_key(curve, raw):
    return raw if curve == ED25519 else ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())


def window(context):
    made = oscore.ReplayWindow(context.get("window_size", 32), lambda: None)
    if context.get("windows", "valid") == "valid":
        made.initialize_empty()
    return made


def context_of(context):
    try:
        return Plain(context) if context["dialect"] == "oscore" else Group(context)
    except AssertionError as error:
        raise CannotHold(f"assertion of aiocoap: {error}") from error


# ---- what is tried ----


def attempts(document, vector):
    """(how, function) for each thing aiocoap could confirm of this vector."""
    if document["family"] == "derive":
        return [("derive", lambda: derive(document, vector))]
    tries = []
    if vector["op"] in ("both", "open"):
        tries.append(("open", lambda: open_message(document, vector)))
    if vector["op"] in ("both", "seal"):
        tries.append(("seal", lambda: seal_message(document, vector)))
    return tries


def same(name, made, expected):
    if made != expected:
        raise Disagree(f"{name}: aiocoap {made}, vector {expected}")


# ---- derive ----


def derive(document, vector):
    context = document["contexts"][vector["context"]]
    expect, made = vector["expect"], context_of(context)
    if context["dialect"] == "oscore":
        sender_key, keys = made.sender_key, {made.recipient_id: made.recipient_key}
    else:
        sender_key, keys = made._sender_key, made.recipient_keys
        key = made.signature_encryption_key
        same("signature_encryption_key", key and key.hex(), expect["signature_encryption_key"])
    same("sender_key", sender_key.hex(), expect["sender_key"])
    same("common_iv", made.common_iv.hex(), expect["common_iv"])
    infos = dict(made.infos)
    for one in expect["recipients"]:
        if unhex(one["id"]) not in keys:
            raise CannotHold("Recipient Context without credential")
        same(f"key of {one['id']}", keys[unhex(one["id"])].hex(), one["key"])
        same(f"info of {one['id']}", one["info"] in infos, True)
    for one in expect["pairwise"]:
        aspect = made.aspect("pairwise", unhex(one["id"]))
        same(f"pairwise sender key for {one['id']}", aspect.sender_key.hex(), one["sender_key"])
        same(f"pairwise recipient key for {one['id']}", aspect.recipient_key.hex(), one["recipient_key"])
        same(f"pairwise info for {one['id']}", one["sender_info"] in aspect.infos and one["recipient_info"] in aspect.infos, True)
    for name in ("sender_info", "iv_info", "signature_encryption_info"):
        if expect[name] is not None:
            same(name, expect[name] in infos, True)


# ---- messages ----


def decode(wire):
    try:
        message = Message.decode(wire, None)
    except Exception as error:
        raise CannotHold(f"aiocoap cannot read the CoAP message: {type(error).__name__}") from error
    message.direction = Direction.INCOMING
    return message


def style(message):
    if message.code not in (oscore.POST, oscore.FETCH):
        raise CannotHold("Outer Code of the request is neither POST nor FETCH")
    return message.code


def request_side(document, vector):
    """Of a response vector: names of the contexts at the time of the request."""
    return vector["request_sender"] or vector["receiver"], vector["request_receiver"] or vector["sender"]


def opener(document, vector):
    """(aiocoap context, request identifiers) to open the vector's message with."""
    made = context_of(document["contexts"][vector["receiver"]])
    outer = decode(unhex(vector["protected"]))
    unprotected = oscore.CanUnprotect._extract_encrypted0(outer)[2]
    is_response = vector["direction"] == "response"
    if vector["request_sender"] or vector["request_receiver"]:
        raise CannotHold("a rekey lies between request and response")
    identifiers = None
    if is_response:
        request = decode(unhex(vector["request"]))
        asked = oscore.CanUnprotect._extract_encrypted0(request)[2]
        identifiers = oscore.RequestIdentifiers(asked[oscore.COSE_KID], asked[oscore.COSE_PIV], None, style(request))
    else:
        style(outer)
    if isinstance(made, Plain):
        return made, identifiers, outer
    kid = unprotected.get(oscore.COSE_KID)
    mode = "group" if oscore.COSE_COUNTERSIGNATURE0 in unprotected else "pairwise"
    if not is_response:
        if made.get_oscore_context_for(unprotected) is None:
            raise oscore.ContextUnavailable("no context for kid context and kid")
    elif oscore.COSE_COUNTERSIGNATURE0 in asked:
        made.context_from_response(unprotected)
    else:
        target = unhex(vector["request_target"])
        made.aspect("pairwise", target).context_from_response(unprotected)
        kid = target
    return made.aspect(mode, kid), identifiers, outer


def refusals():
    return (oscore.ProtectionInvalid, oscore.NotAProtectedMessage, oscore.ContextUnavailable)


def open_message(document, vector):
    made = None
    try:
        made, identifiers, outer = opener(document, vector)
        made.unprotect(outer, identifiers)
    except CannotHold:
        raise
    except refusals() as error:
        raise Disagree(f"aiocoap refuses {vector['protected']}: {type(error).__name__}: {error}") from error
    except Exception as error:
        if made is None or made.opened is None:
            raise Disagree(f"aiocoap fails on {vector['protected']}: {type(error).__name__}: {error}") from error
        # Verified and decrypted; what failed is its reading of the inner message, which is compared as bytes below.
    aad, plaintext = made.opened
    if vector["intermediate"]["external_aad"] is not None:
        same("external_aad", aad, vector["intermediate"]["external_aad"])
    same("plaintext", plaintext, vector["intermediate"]["plaintext"])


def seal_message(document, vector):
    context = document["contexts"][vector["sender"]]
    made, seal = context_of(context), vector["seal"]
    if seal["ssn"] >= MAX_SSN and seal["own_partial_iv"] is not False:
        raise CannotHold("aiocoap does not use the last sequence number")
    if vector["request_sender"] or vector["request_receiver"]:
        raise CannotHold("a rekey lies between request and response")
    is_response, identifiers = vector["direction"] == "response", None
    if is_response:
        identifiers = server_identifiers(document, vector)
    if not isinstance(made, Plain):
        if vector["mode"] == "group":
            if isinstance(made.alg_signature, oscore.ECDSA_SHA256_P256):
                raise CannotHold("aiocoap's ECDSA is not deterministic")
        else:
            target = unhex(seal["target"]) if not is_response else identifiers.peer
            made = made.aspect("pairwise", target)
        if is_response and seal["kid_context"]:
            raise CannotHold("aiocoap puts no kid context into responses")
        if is_response and expected_kid(vector) is None:
            raise CannotHold("aiocoap always puts the kid into responses of a group")
    made.sender_sequence_number = seal["ssn"]
    plain = decode(unhex(vector["plain"]))
    plain.direction = Direction.OUTGOING
    split_as_we_do(vector, made, plain, identifiers)
    how = {} if is_response or seal["kid_context"] is None else {"kid_context": seal["kid_context"]}
    outer, _ = made.protect(plain, identifiers, **how)
    expected = decode(unhex(vector["protected"]))
    same("option", outer.opt.oscore.hex(), expected.opt.oscore.hex())
    same("payload", outer.payload.hex(), expected.payload.hex())
    same("Outer Code", int(outer.code), int(expected.code))


def expected_kid(vector):
    return oscore.CanUnprotect._extract_encrypted0(decode(unhex(vector["protected"])))[2].get(oscore.COSE_KID)


def server_identifiers(document, vector):
    """The server opens the request with aiocoap first; what it keeps of it makes the response."""
    request = decode(unhex(vector["request"]))
    style(request)
    made = context_of(document["contexts"][vector["sender"]])
    peer = None
    if not isinstance(made, Plain):
        unprotected = oscore.CanUnprotect._extract_encrypted0(request)[2]
        peer = unprotected[oscore.COSE_KID]
        made = made.aspect("group" if oscore.COSE_COUNTERSIGNATURE0 in unprotected else "pairwise", peer)
    try:
        _, identifiers = made.unprotect(request)
    except refusals() as error:
        raise Disagree(f"aiocoap refuses the request {vector['request']}: {error}") from error
    except Exception as error:
        raise CannotHold(f"aiocoap fails on the inner message of the request: {type(error).__name__}") from error
    identifiers.can_reuse_nonce = not vector["seal"]["own_partial_iv"]
    identifiers.peer = peer
    return identifiers


def split_as_we_do(vector, made, plain, identifiers):
    """aiocoap's choice of what goes inside is its own business; only where it is ours can bytes be compared."""
    try:
        outer, plaintext = made._split_message(plain, identifiers)
    except Exception as error:
        raise CannotHold(f"aiocoap cannot split the message: {type(error).__name__}") from error
    if plaintext.hex() != vector["intermediate"]["plaintext"]:
        observes = "with Observe" if plain.opt.observe is not None else "other options"
        raise CannotHold(f"aiocoap splits the message into Inner and Outer in its own way ({observes})")
    expected = decode(unhex(vector["protected"]))
    if outer.code != expected.code:
        raise CannotHold(f"aiocoap chooses another Outer Code ({outer.code} instead of {expected.code})")


# ---- negatives ----


def try_negative(document, vector):
    """In words what aiocoap does with a message the reference refuses."""
    try:
        made, identifiers, outer = opener(document, vector)
        made.unprotect(outer, identifiers)
    except CannotHold as cannot:
        return f"cannot be held: {cannot}"
    except refusals():
        return "refused as well"
    except Exception as error:
        return f"ends in another exception: {type(error).__name__}"
    return "accepted"
