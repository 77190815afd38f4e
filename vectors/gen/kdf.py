"""Security contexts: which are refused, and the keys of those that are not.

In: the Context object of vectors/README.md, a dict as it comes from JSON. Out: Keys, in bytes.
RFC 8613 section 3.2, Group OSCORE -28 sections 2.1 to 2.5, Group OSCORE -02 section 2.
"""

from dataclasses import dataclass, field
from typing import Optional

import primitives as prim
from primitives import AlgorithmUnknown, ContextInvalid, CredentialMalformed, KeyInvalid, cbor

READINGS = {
    "oscore": (None,),
    "group-28": ("CS5", "CS4"),
    "group-02": ("S1/E1", "S2/E1", "S3/E1", "S1/E0", "S2/E0", "S3/E0"),
}
DEFAULTS = {
    "hkdf": 5,
    "group_enc": None,
    "signature": None,
    "agreement": None,
    "master_salt": None,
    "id_context": None,
    "cred_format": None,
    "gm_cred": None,
    "recipients": (),
    "members": (),
    "window_size": 32,
    "windows": "valid",
    "freshness_ms": 0,
}


@dataclass(frozen=True)
class Recipient:
    id: bytes
    info: bytes
    key: bytes
    credential: Optional[bytes] = None
    public: Optional[prim.PublicKey] = None


@dataclass(frozen=True)
class Pairwise:
    id: bytes
    shared_secret: bytes
    sender_ikm: bytes
    sender_info: bytes
    sender_key: bytes
    recipient_ikm: bytes
    recipient_info: bytes
    recipient_key: bytes


@dataclass
class Keys:
    """What is derived from one context. `recipients` and `pairwise` are in the order of the context."""

    sender_info: Optional[bytes] = None
    sender_key: Optional[bytes] = None
    recipients: list = field(default_factory=list)
    iv_info: bytes = b""
    common_iv: bytes = b""
    signature_encryption_info: Optional[bytes] = None
    signature_encryption_key: Optional[bytes] = None
    pairwise: list = field(default_factory=list)
    sender_public: Optional[prim.PublicKey] = None

    def expect(self):
        """The `expect` object of the derive family."""

        def hexed(value):
            return None if value is None else value.hex()

        pairwise = [{name: getattr(pair, name).hex() for name in Pairwise.__dataclass_fields__} for pair in self.pairwise]
        return {
            "sender_info": hexed(self.sender_info),
            "sender_key": hexed(self.sender_key),
            "recipients": [{"id": r.id.hex(), "info": r.info.hex(), "key": r.key.hex()} for r in self.recipients],
            "iv_info": self.iv_info.hex(),
            "common_iv": self.common_iv.hex(),
            "signature_encryption_info": hexed(self.signature_encryption_info),
            "signature_encryption_key": hexed(self.signature_encryption_key),
            "pairwise": pairwise,
        }


def unhex(text):
    return None if text is None else bytes.fromhex(text)


def full(context):
    """The context with its defaults filled in."""
    whole = dict(DEFAULTS)
    whole["aead"] = None if context["dialect"] == "group-28" else 10
    whole["reading"] = READINGS[context["dialect"]][0]
    whole.update(context)
    whole.setdefault("max_recipients", len(whole["recipients"]) + len(whole["members"]))
    return whole


def is_group(context):
    return context["dialect"] != "oscore"


def group_mode(context):
    """Group mode of -28 is set up."""
    return context["dialect"] == "group-28" and context["group_enc"] is not None and context["signature"] is not None


def pairwise_mode(context):
    return context["dialect"] == "group-28" and context["aead"] is not None and context["agreement"] is not None


def key_algorithm(context):
    """The algorithm of Sender Key, Recipient Keys and Common IV (GO-2.3-01, GO-2.3-02, GO-2.3-04)."""
    return context["aead"] if context["group_enc"] is None else context["group_enc"]


def _nonce_lengths(context):
    return [prim.nonce_len(alg) for alg in (context["aead"], context["group_enc"]) if alg is not None]


def common_iv_len(context):
    return max(_nonce_lengths(context))


def max_id_len(context):
    return min(_nonce_lengths(context)) - 6


# ---- what is refused ----


def _check_algorithms(context):
    fits = {
        "hkdf": lambda alg: alg in prim.HKDF_HASHES,
        "aead": prim.is_authenticated,
        "group_enc": lambda alg: alg in prim.CIPHERS,
        "signature": lambda alg: alg in prim.SIGNATURES,
        "agreement": lambda alg: alg in prim.AGREEMENTS,
    }
    for name, fit in fits.items():
        if context[name] is not None and not fit(context[name]):
            raise AlgorithmUnknown(f"{name} {context[name]}")


def _check_set_up(context):
    """Which algorithms must be there, and which must not."""
    dialect = context["dialect"]
    if context["reading"] not in READINGS[dialect]:
        raise ContextInvalid("reading")
    if context["hkdf"] is None:
        raise ContextInvalid("no HKDF")
    if dialect == "group-28":
        if not group_mode(context) and not pairwise_mode(context):
            raise ContextInvalid("neither mode is complete")
        if context["agreement"] is not None and prim.AGREEMENTS[context["agreement"]] != context["hkdf"]:
            raise ContextInvalid("the key agreement names another HKDF")
        if context["gm_cred"] is None:
            raise ContextInvalid("no credential of the Group Manager")
    else:
        if context["aead"] is None:
            raise ContextInvalid("no AEAD")
        strangers = ("group_enc", "agreement", "signature") if dialect == "oscore" else ("group_enc", "agreement")
        if any(context[name] is not None for name in strangers):
            raise ContextInvalid("an algorithm that the dialect does not have")
        if dialect == "group-02" and context["signature"] is None:
            raise ContextInvalid("no signature algorithm")
    if is_group(context):
        if context["id_context"] is None or context["cred_format"] is None:
            raise ContextInvalid("no Gid or no credential format")
        sender = context["sender"]
        if sender is not None and (sender.get("credential") is None or sender.get("private_key") is None):
            raise ContextInvalid("sender without key pair")


def _check_identifiers(context):
    if not unhex(context["master_secret"]):
        raise ContextInvalid("empty Master Secret")
    peers = list(context["recipients"]) + list(context["members"])
    ids = [unhex(peer["id"]) for peer in peers]
    if context["sender"] is not None:
        ids.append(unhex(context["sender"]["id"]))
    if any(len(one) > max_id_len(context) for one in ids):
        raise ContextInvalid("identifier too long")
    if len(set(ids)) != len(ids):
        raise ContextInvalid("identifier twice")
    if not 1 <= context["window_size"] <= 64:
        raise ContextInvalid("window size")
    if context["max_recipients"] < len(context["recipients"]):
        raise ContextInvalid("no room for the Recipient Contexts")


def _check_key(context, public):
    """A credential's key must fit the Signature Algorithm, or without it the key agreement (GO-2.4-04)."""
    if context["dialect"] == "group-02" or group_mode(context):
        wanted_alg, fits = context["signature"], public.curve == prim.signature_curve(context["signature"])
    else:
        wanted_alg, fits = context["agreement"], True
    if not fits or public.alg not in (None, wanted_alg):
        raise CredentialMalformed("the key does not fit the algorithm")
    public.check()
    return public


def read_credential(context, credential):
    """PublicKey of a member's credential, after all checks that need no private key."""
    return _check_key(context, prim.parse_credential(context["cred_format"], credential))


# ---- what is derived ----


def info(identifier, id_context, alg, kind, length):
    """info = [ id, id_context, alg_aead, type, L ] (RFC 8613 section 3.2.1)."""
    return cbor([identifier, id_context, alg, kind, length])


def _derive_one(context, identifier, kind, alg, length):
    packed = info(identifier, unhex(context["id_context"]), alg, kind, length)
    salt, secret = unhex(context["master_salt"]), unhex(context["master_secret"])
    return packed, prim.hkdf(context["hkdf"], salt, secret, packed, length)


def derive_recipient(context, identifier, credential=None, public=None):
    """Info and key of one Recipient ID; `context` is a full one."""
    alg = key_algorithm(context)
    packed, key = _derive_one(context, identifier, "Key", alg, prim.key_len(alg))
    return Recipient(identifier, packed, key, credential, public)


def derive_pairwise(context, keys, recipient):
    """Both pairwise keys with one member (GO-2.5.1-01 to -08)."""
    sender, alg = context["sender"], context["aead"]
    own_id, own_cred, gid = unhex(sender["id"]), unhex(sender["credential"]), unhex(context["id_context"])
    secret = prim.shared_secret(
        context["agreement"], unhex(sender["private_key"]), keys.sender_public, recipient.public
    )
    length = prim.key_len(alg)
    sender_ikm = own_cred + recipient.credential + secret
    recipient_ikm = recipient.credential + own_cred + secret
    sender_info = info(own_id, gid, alg, "Key", length)
    recipient_info = info(recipient.id, gid, alg, "Key", length)
    hkdf = context["hkdf"]
    return Pairwise(
        recipient.id,
        secret,
        sender_ikm,
        sender_info,
        prim.hkdf(hkdf, keys.sender_key, sender_ikm, sender_info, length),
        recipient_ikm,
        recipient_info,
        prim.hkdf(hkdf, recipient.key, recipient_ikm, recipient_info, length),
    )


def _read_recipient_key(context, peer):
    if not is_group(context) or peer.get("credential") is None:
        return None, None
    credential = unhex(peer["credential"])
    return credential, read_credential(context, credential)


def derive(context):
    """Keys of a context; prim.Refused (with `reason`) when the context is refused."""
    context = full(context)
    _check_algorithms(context)
    _check_set_up(context)
    _check_identifiers(context)
    keys = Keys()
    alg = key_algorithm(context)
    sender = context["sender"]
    if sender is not None:
        if is_group(context):
            keys.sender_public = read_credential(context, unhex(sender["credential"]))
            if not prim.private_matches(unhex(sender["private_key"]), keys.sender_public):
                raise KeyInvalid("private key of another credential")
        keys.sender_info, keys.sender_key = _derive_one(context, unhex(sender["id"]), "Key", alg, prim.key_len(alg))
    keys.iv_info, keys.common_iv = _derive_one(context, b"", "IV", alg, common_iv_len(context))
    if group_mode(context):
        packed, key = _derive_one(context, b"", "SEKey", context["group_enc"], prim.key_len(context["group_enc"]))
        keys.signature_encryption_info, keys.signature_encryption_key = packed, key
    for peer in context["recipients"]:
        credential, public = _read_recipient_key(context, peer)
        keys.recipients.append(derive_recipient(context, unhex(peer["id"]), credential, public))
    if pairwise_mode(context) and sender is not None:
        for recipient in keys.recipients:
            if recipient.public is not None:
                keys.pairwise.append(derive_pairwise(context, keys, recipient))
    return keys
