"""Security contexts of aiocoap made of the Context object of vectors/README.md.

Everything cryptographic is aiocoap's. The subclasses hold parameters the constructors have no place for, and watch: what protect and
unprotect were given and gave is told to the adapter, and goes on unchanged.
"""

import contextvars
import json
import pathlib
import tempfile

import cbor2
from aiocoap import oscore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

AEADS = {one.value: name for name, one in oscore.algorithms.items() if isinstance(one, oscore.AeadAlgorithm)}
HASHES = {5: "sha256", 7: "sha512"}
ED25519, P256, AGREEMENT = 6, 1, -27
KEYS = set("""dialect reading hkdf aead group_enc signature agreement master_secret master_salt id_context cred_format gm_cred sender recipients
members max_recipients window_size windows freshness_ms""".split())
# Keys aiocoap has nothing for; only these values can be held.
NOT_READ = {"members": [], "freshness_ms": 0}

# What is going on in this task: an incoming request of a server or an exchange of a client. aiocoap's tasks inherit it.
current = contextvars.ContextVar("current", default=None)


class Unsupported(Exception):
    """aiocoap has no place for it; args[0] says what."""


class Fault(Exception):
    """The harness asked for something wrong; args[0] is the line it gets."""


def unhex(text):
    return None if text is None else bytes.fromhex(text)


class Receives:
    """Tells the record of the current task what was unprotected; changes nothing."""

    mode = None

    def unprotect(self, protected, *args, **named):
        record = current.get()
        try:
            made, identifiers = super().unprotect(protected, *args, **named)
        except Exception as error:
            if record is not None:
                record.refused(self, error, protected)
            raise
        if record is not None:
            record.unprotected(self, made, protected)
        return made, identifiers


class Watched(Receives):
    """And what was protected."""

    def protect(self, message, *args, **named):
        outer, identifiers = super().protect(message, *args, **named)
        if current.get() is not None:
            current.get().protected(outer)
        return outer, identifiers


# ---- oscore ----


class Oscore(Watched, oscore.FilesystemSecurityContext):
    """aiocoap's own context for applications, with its files, its lock, B.1.1 for numbers and B.1.2 (Echo) for windows."""


class Plain:
    """A context of RFC 8613 in a directory, kept or temporary."""

    def __init__(self, context, keep):
        if len(context.get("recipients") or ()) != 1:
            raise Unsupported("an oscore context with other than one recipient")
        if context.get("aead", 10) not in AEADS:
            raise Unsupported(f"AEAD Algorithm {context.get('aead')}")
        self.temporary = None if keep else tempfile.TemporaryDirectory(prefix="aiocoap-")
        self.folder = pathlib.Path(keep or self.temporary.name)
        settings = {
            "algorithm": AEADS[context.get("aead", 10)],
            "kdf-hashfun": HASHES[context.get("hkdf", 5)],
            "window": context.get("window_size", 32),
            "sender-id_hex": context["sender"]["id"],
            "recipient-id_hex": context["recipients"][0]["id"],
            "secret_hex": context["master_secret"],
            "salt_hex": context.get("master_salt") or "",
        }
        if context.get("id_context") is not None:
            settings["id-context_hex"] = context["id_context"]
        self.folder.mkdir(parents=True, exist_ok=True)
        is_known = self._is_known(settings)
        (self.folder / "settings.json").write_text(json.dumps(settings))
        ssn, is_valid = context["sender"].get("ssn", 0), context.get("windows", "valid") == "valid"
        if not is_known and (ssn or not is_valid):
            self._write_sequence(ssn, {"index": 0, "bitfield": 0} if is_valid else "unknown")
        self._load()

    def _is_known(self, settings):
        """Whether the directory has this context already; another one's numbers do not count."""
        try:
            if json.loads((self.folder / "settings.json").read_text()) == settings:
                return (self.folder / "sequence.json").exists()
        except (OSError, ValueError):
            pass
        (self.folder / "sequence.json").unlink(missing_ok=True)
        return False

    def _write_sequence(self, ssn, received):
        (self.folder / "sequence.json").write_text(json.dumps({"next-to-send": ssn, "received": received}))

    def _load(self):
        try:
            self.made = Oscore(str(self.folder))
        except oscore.FilesystemSecurityContext.LoadError as error:
            raise Fault(f"context-invalid: {error}") from error
        except Exception as error:
            if type(error).__name__ == "Timeout":  # of its lock
                raise Fault("keep: the directory is in use") from error
            raise

    def lose_windows(self):
        """As after a crash: the file says what aiocoap writes when it does not know the window any more."""
        ssn = self.made.sender_sequence_number
        self.close()
        self._write_sequence(ssn, "unknown")
        self._load()

    def close(self):
        if self.made.lockfile is not None:
            self.made._destroy()  # what its own __del__ does, at a known time

    def for_sending(self, mode, target):
        if mode is not None:
            raise Fault("mode: oscore has none")
        return self.made

    def windows(self):
        return [(self.made.recipient_id, self.made.recipient_replay_window)]


# ---- group-28 ----


class GroupAspect(Receives, oscore._GroupContextAspect):
    mode = "group"


class PairwiseAspect(Watched, oscore._PairwiseContextAspect):
    mode = "pairwise"

    def context_from_response(self, unprotected):
        """Of a response in group mode to a request in pairwise mode it is the other aspect."""
        made = super().context_from_response(unprotected)
        return made if made is self else self.groupcontext._watched(made)


class P256Agreement(oscore.ECDSA_SHA256_P256):
    """aiocoap's agreement with P-256 keys, under the number of the context: aiocoap writes -7 into the AAD, and says so itself."""

    value = AGREEMENT


class SimpleGroup(Watched, oscore.SimpleGroupContext):
    mode = "group"

    def __init__(self, cred_format, **parameters):
        self.cred_format = cred_format
        super().__init__(**parameters)

    def _parse_credential(self, credential):
        """The key of any credential: aiocoap itself reads only CCSs that carry an alg, which the text leaves optional."""
        return public_key(credential, self.cred_format)[1]

    # The aspects are aiocoap's, watched.
    def _watched(self, aspect):
        watched = {oscore._GroupContextAspect: GroupAspect, oscore._PairwiseContextAspect: PairwiseAspect}.get(type(aspect))
        return aspect if watched is None else watched(aspect.groupcontext, aspect.recipient_id)

    def get_oscore_context_for(self, unprotected):
        return self._watched(super().get_oscore_context_for(unprotected))

    def context_from_response(self, unprotected):
        return self._watched(super().context_from_response(unprotected))

    def pairwise_for(self, recipient_id):
        return self._watched(super().pairwise_for(recipient_id))


def public_key(credential, cred_format):
    """(COSE curve, key as aiocoap's algorithms want it)"""
    if cred_format == "x509":
        key = x509.load_der_x509_certificate(credential).public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            return (P256 if key.curve.name == "secp256r1" else None), key
        is_signing = "ed25519" in type(key).__module__.lower() or type(key).__name__.startswith("Ed25519")
        return (ED25519 if is_signing else None), key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    if cred_format == "cwt":
        credential = cbor2.loads(credential)[2]
    key = cbor2.loads(credential)[8][1]
    if key[1] == 1:
        return (ED25519 if key[-1] == ED25519 else None), key[-2]
    if key[-1] != P256:
        return None, None
    point = b"\4" + key[-2] + key[-3] if isinstance(key[-3], bytes) else bytes([2 + key[-3]]) + key[-2]
    return P256, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


class Group:
    def __init__(self, context, keep):
        if keep:
            raise Unsupported("keep: SimpleGroupContext cannot be stored")
        if context.get("windows", "valid") != "valid":
            raise Unsupported("invalid windows: SimpleGroupContext has no Echo")
        if context.get("reading") not in (None, "CS5"):
            raise Unsupported(f"reading {context['reading']}")
        sender, peers = context["sender"], context.get("recipients") or []
        if any(one.get("credential") is None for one in peers):
            raise Unsupported("a recipient without credential")
        for key in ("aead", "group_enc"):
            if context.get(key) not in AEADS:
                raise Unsupported(f"{key} {context.get(key)}: aiocoap wants an AEAD it has")
        try:
            curve, _ = public_key(unhex(sender["credential"]), context["cred_format"])
            self.made = self._make(context, sender, peers, curve)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise Fault(f"context-invalid: {type(error).__name__}: {error}") from error
        self.made.sender_sequence_number = sender.get("ssn", 0)
        for one in self.made.recipient_replay_windows:
            # The constructor makes windows of 32; the class takes any width.
            self.made.recipient_replay_windows[one] = window = oscore.ReplayWindow(context.get("window_size", 32), lambda: None)
            window.initialize_empty()

    def _make(self, context, sender, peers, curve):
        signing = {ED25519: oscore.Ed25519, P256: oscore.ECDSA_SHA256_P256}.get(curve)
        if signing is None or context.get("signature") != signing.value:
            raise Unsupported(f"signature {context.get('signature')} on curve {curve}")
        if context.get("agreement") not in (None, AGREEMENT):
            raise Unsupported(f"agreement {context['agreement']}")
        agreement = {ED25519: oscore.EcdhSsHkdf256, P256: P256Agreement}[curve]
        raw = unhex(sender["private_key"])
        return SimpleGroup(
            context["cred_format"],
            alg_aead=oscore.algorithms[AEADS[context["aead"]]],
            hashfun={5: hashes.SHA256(), 7: hashes.SHA512()}[context.get("hkdf", 5)],
            alg_signature=signing(),
            alg_group_enc=oscore.algorithms[AEADS[context["group_enc"]]],
            alg_pairwise_key_agreement=None if context.get("agreement") is None else agreement(),
            group_id=unhex(context["id_context"]),
            master_secret=unhex(context["master_secret"]),
            master_salt=unhex(context.get("master_salt")) or b"",
            sender_id=unhex(sender["id"]),
            private_key=raw if curve == ED25519 else ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1()),
            sender_auth_cred=unhex(sender["credential"]),
            peers={unhex(one["id"]): unhex(one["credential"]) for one in peers},
            group_manager_cred=unhex(context["gm_cred"]),
        )

    def lose_windows(self):
        raise Unsupported("forget: SimpleGroupContext has no Echo to come back with")

    def close(self):
        pass

    def for_sending(self, mode, target):
        if mode != "pairwise":
            return self.made
        if target is None:
            raise Fault("target: pairwise mode needs one")
        if self.made.alg_pairwise_key_agreement is None:
            raise Unsupported("pairwise mode is not set up")
        if unhex(target) not in self.made.peers:
            raise Fault("recipient-unknown: no such target")
        return self.made.pairwise_for(unhex(target))

    def windows(self):
        return sorted(self.made.recipient_replay_windows.items())


def make(context, keep, roles):
    if not isinstance(context, dict) or context.get("dialect") not in ("oscore", "group-28"):
        raise Unsupported("dialects but oscore and group-28")
    if set(context) - KEYS:
        raise Fault(f"context: unknown {sorted(set(context) - KEYS)[0]}")
    if context.get("sender") is None or "silent" in roles:
        raise Unsupported("silent servers: aiocoap wants a Sender Context")
    for key, default in NOT_READ.items():
        if context.get(key) not in (None, default):
            raise Unsupported(f"context.{key}: aiocoap has no such thing")
    if context.get("max_recipients") not in (None, len(context.get("recipients") or ())):
        raise Unsupported("max_recipients: aiocoap's contexts have no other than the peers of set-up")
    if context["dialect"] == "oscore":
        return Plain(context, keep)
    if "server" in roles and context.get("agreement") is None:
        raise Unsupported("a server without agreement: aiocoap answers group mode in pairwise mode always")
    return Group(context, keep)
