"""Cryptographic primitives by COSE number: AEAD, HKDF, signatures, key agreement, keys and credentials.

Nothing here knows of OSCORE. What a library does is taken from python3-cryptography (AEAD, Ed25519, X25519, ECDH) and
python3-ecdsa (deterministic ECDSA); what decides between refusal and acceptance (point validation, the map from
Ed25519 to X25519, CBOR and DER of credentials) is done by hand with big integers, so that it can be read.

Refusals are exceptions derived from Refused; `reason` is one of the names in vectors/README.md.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from typing import Optional

import ecdsa
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Refused(Exception):
    """A refusal with a name; the subclasses name those of set-up."""

    reason = None

    def __init__(self, text="", reason=None):
        super().__init__(text or self.reason)
        if reason is not None:
            self.reason = reason


class ContextInvalid(Refused):
    reason = "context-invalid"


class AlgorithmUnknown(Refused):
    reason = "algorithm-unknown"


class CredentialMalformed(Refused):
    reason = "credential-malformed"


class KeyInvalid(Refused):
    reason = "key-invalid"


class AgreementZero(Refused):
    reason = "agreement-zero"


class CoseMalformed(Refused):
    reason = "cose-malformed"


# ---- content encryption (COSE numbers; RFC 9053 section 4, RFC 9459 for AES-CTR) ----

HKDF_HASHES = {5: "sha256", 7: "sha512"}

#          alg: (cipher, key, nonce, tag)
CIPHERS = {
    1: ("gcm", 16, 12, 16),
    2: ("gcm", 24, 12, 16),
    3: ("gcm", 32, 12, 16),
    10: ("ccm", 16, 13, 8),
    11: ("ccm", 32, 13, 8),
    12: ("ccm", 16, 7, 8),
    13: ("ccm", 32, 7, 8),
    24: ("chacha", 32, 12, 16),
    30: ("ccm", 16, 13, 16),
    31: ("ccm", 32, 13, 16),
    32: ("ccm", 16, 7, 16),
    33: ("ccm", 32, 7, 16),
    -65534: ("ctr", 16, 12, 0),
    -65533: ("ctr", 24, 12, 0),
    -65532: ("ctr", 32, 12, 0),
}


def _size(alg, column):
    return CIPHERS[alg][column] if alg in CIPHERS else None


def key_len(alg):
    return _size(alg, 1)


def nonce_len(alg):
    return _size(alg, 2)


def tag_len(alg):
    return _size(alg, 3)


def is_authenticated(alg):
    """True for an AEAD, False for AES-CTR and for numbers that are unknown."""
    return alg in CIPHERS and CIPHERS[alg][0] != "ctr"


def _cipher(alg, key, nonce):
    kind, key_bytes, nonce_bytes, tag_bytes = CIPHERS[alg]
    if len(key) != key_bytes or len(nonce) != nonce_bytes:
        raise ValueError(f"alg {alg}: key {len(key)}, nonce {len(nonce)} bytes")
    if kind == "gcm":
        return AESGCM(key)
    if kind == "chacha":
        return ChaCha20Poly1305(key)
    return AESCCM(key, tag_length=tag_bytes)


def _ctr(key, nonce, data):
    # The initial counter block is the 12-byte nonce and a 32-bit counter of zero (GO-2.1.7-05).
    if len(nonce) != 12:
        raise ValueError("AES-CTR takes a 12-byte nonce here")
    run = Cipher(algorithms.AES(key), modes.CTR(nonce + bytes(4))).encryptor()
    return run.update(data) + run.finalize()


def aead_seal(alg, key, nonce, aad, plaintext):
    """Ciphertext and tag; AES-CTR has no tag and takes no AAD."""
    if CIPHERS[alg][0] == "ctr":
        return _ctr(key, nonce, plaintext)
    sealed = _cipher(alg, key, nonce).encrypt(nonce, plaintext, aad)
    assert len(sealed) == len(plaintext) + tag_len(alg)
    return sealed


def aead_open(alg, key, nonce, aad, ciphertext):
    """The plaintext, or None when the tag does not verify or does not fit in."""
    if CIPHERS[alg][0] == "ctr":
        return _ctr(key, nonce, ciphertext)
    if len(ciphertext) < tag_len(alg):
        return None
    try:
        return _cipher(alg, key, nonce).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        return None


def hkdf(hkdf_id, salt, ikm, info, length):
    """RFC 5869 with HMAC SHA-256 (5) or HMAC SHA-512 (7); salt None is the empty salt."""
    name = HKDF_HASHES[hkdf_id]
    prk = hmac.new(salt or b"", ikm, name).digest()
    out, block = b"", b""
    for counter in range(1, -(-length // len(prk)) + 1):
        block = hmac.new(prk, block + info + bytes([counter]), name).digest()
        out += block
    return out[:length]


# ---- curves and keys (COSE curve numbers) ----

P256, P384, P521, X25519, ED25519 = 1, 2, 3, 4, 6

_EC = {
    P256: (ecdsa.NIST256p, ec.SECP256R1),
    P384: (ecdsa.NIST384p, ec.SECP384R1),
    P521: (ecdsa.NIST521p, ec.SECP521R1),
}
CURVE_LEN = {P256: 32, P384: 48, P521: 66, X25519: 32, ED25519: 32}
#             alg: (curve, hash, signature length)
SIGNATURES = {
    -8: (ED25519, None, 64),
    -7: (P256, hashlib.sha256, 64),
    -35: (P384, hashlib.sha384, 96),
    -36: (P521, hashlib.sha512, 132),
}
AGREEMENTS = {-27: 5, -28: 7}  # the HKDF that the number names

P25519 = 2**255 - 19
_D25519 = -121665 * pow(121666, -1, P25519) % P25519


def signature_len(alg):
    return SIGNATURES[alg][2] if alg in SIGNATURES else None


def signature_curve(alg):
    return SIGNATURES[alg][0] if alg in SIGNATURES else None


@dataclass(frozen=True)
class PublicKey:
    """A key as its COSE_Key says it: y is None for OKP keys and for compressed points (then y_odd is a bool)."""

    curve: int
    x: bytes
    y: Optional[bytes] = None
    y_odd: Optional[bool] = None
    alg: Optional[int] = None

    def point(self):
        """Affine coordinates of an EC key; KeyInvalid when they are not a point of the curve."""
        curve = _EC[self.curve][0].curve
        p, a, b = curve.p(), curve.a(), curve.b()
        x = int.from_bytes(self.x, "big")
        if x >= p:
            raise KeyInvalid("x is no field element")
        square = (pow(x, 3, p) + a * x + b) % p
        if self.y is None:
            y = pow(square, (p + 1) // 4, p)  # p = 3 mod 4 for all three curves
            if y * y % p != square:
                raise KeyInvalid("no point has this x")
            y = p - y if (y & 1) != self.y_odd else y
        else:
            y = int.from_bytes(self.y, "big")
        if y >= p or y * y % p != square:
            raise KeyInvalid("not on the curve")
        return x, y

    def check(self):
        """KeyInvalid for an EC point off its curve; OKP keys are looked at where they are used."""
        if self.curve in _EC:
            self.point()
        return self

    def uncompressed(self):
        if self.curve not in _EC or self.y is not None:
            return self
        size = CURVE_LEN[self.curve]
        return replace(self, y=self.point()[1].to_bytes(size, "big"), y_odd=None)

    def same_key(self, other):
        if self.curve != other.curve:
            return False
        return self.point() == other.point() if self.curve in _EC else self.x == other.x

    def _library_key(self):
        x, y = self.point()
        return ec.EllipticCurvePublicNumbers(x, y, _EC[self.curve][1]()).public_key()


@dataclass(frozen=True)
class KeyPair:
    private: bytes
    public: PublicKey
    text: str = field(default="", compare=False)

    @classmethod
    def from_private(cls, curve, private, text=""):
        return cls(private, public_of(curve, private), text)

    @classmethod
    def from_seed(cls, curve, text):
        """The same pair for the same text, for ever."""
        stream = hashlib.shake_256(b"muster-key-pair|%d|" % curve + text.encode()).digest(96)
        if curve in _EC:
            order = _EC[curve][0].order
            scalar = int.from_bytes(stream, "big") % (order - 1) + 1
            private = scalar.to_bytes(CURVE_LEN[curve], "big")
        else:
            private = stream[:32]
        return cls.from_private(curve, private, text)


def public_of(curve, private):
    """The public key of a raw private key; KeyInvalid when the number is no private key of the curve."""
    if len(private) != CURVE_LEN[curve]:
        raise KeyInvalid("length of the private key")
    raw = (Encoding.Raw, PublicFormat.Raw)
    if curve == ED25519:
        return PublicKey(curve, Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes(*raw))
    if curve == X25519:
        return PublicKey(curve, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(*raw))
    scalar, parameters = int.from_bytes(private, "big"), _EC[curve][0]
    if not 0 < scalar < parameters.order:
        raise KeyInvalid("scalar out of range")
    point = parameters.generator * scalar
    size = CURVE_LEN[curve]
    return PublicKey(curve, int(point.x()).to_bytes(size, "big"), int(point.y()).to_bytes(size, "big"))


def private_matches(private, public):
    try:
        return public_of(public.curve, private).same_key(public)
    except KeyInvalid:
        return False


# ---- signatures ----


def sign(alg, private_key, message):
    """EdDSA over Ed25519, or ECDSA after RFC 6979 as raw r, s."""
    curve, digest, length = SIGNATURES[alg]
    if curve == ED25519:
        signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(message)
    else:
        key = ecdsa.SigningKey.from_string(private_key, _EC[curve][0])
        signature = key.sign_deterministic(message, hashfunc=digest, sigencode=ecdsa.util.sigencode_string)
    assert len(signature) == length
    return signature


def _small_order_ys():
    """The y of the points of order 1, 2, 4 and 8: 1, -1, 0, and the roots of d y^4 + 2 y^2 - 1."""
    p, d = P25519, _D25519
    ys = {1, p - 1, 0}
    root = _sqrt25519(1 + d)
    for square in ((-1 + root) * pow(d, -1, p) % p, (-1 - root) * pow(d, -1, p) % p):
        y = _sqrt25519(square)
        if y is not None:
            ys |= {y, p - y}
    return ys


def _sqrt25519(square):
    """A root mod p, or None (p = 5 mod 8)."""
    p = P25519
    root = pow(square, (p + 3) // 8, p)
    for candidate in (root, root * pow(2, (p - 1) // 4, p) % p):
        if candidate * candidate % p == square % p:
            return candidate
    return None


def _weak_ed25519(encoded):
    """True for a point that is not canonical or of small order."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y >= P25519 or y in SMALL_ORDER_YS


SMALL_ORDER_YS = _small_order_ys()


def verify(alg, public_key, message, signature):
    curve, digest, length = SIGNATURES[alg]
    if public_key.curve != curve or len(signature) != length:
        return False
    if curve == ED25519:
        if _weak_ed25519(signature[:32]) or _weak_ed25519(public_key.x):
            return False
        try:  # the library refuses S >= L and takes the equation without cofactor
            Ed25519PublicKey.from_public_bytes(public_key.x).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True
    size = CURVE_LEN[curve]
    x, y = public_key.point()
    key = ecdsa.VerifyingKey.from_string(x.to_bytes(size, "big") + y.to_bytes(size, "big"), _EC[curve][0])
    try:
        return key.verify(signature, message, hashfunc=digest, sigdecode=ecdsa.util.sigdecode_string)
    except ecdsa.BadSignatureError:
        return False


# ---- key agreement ----


def _decode_y(encoded):
    """The y of an Ed25519 public key (RFC 8032 5.1.3); KeyInvalid when no point has it."""
    number = int.from_bytes(encoded, "little")
    sign_bit, y = number >> 255, number & (2**255 - 1)
    if y >= P25519:
        raise KeyInvalid("y is no field element")
    square = (y * y - 1) * pow(_D25519 * y * y + 1, -1, P25519) % P25519
    if pow(square, (P25519 - 1) // 2, P25519) not in (0, 1):
        raise KeyInvalid("no point has this y")
    if square == 0 and sign_bit:
        raise KeyInvalid("x is zero and its sign is not")
    return y


def ed25519_to_x25519_public(encoded):
    """u = (1 + y) / (1 - y) mod p; y = 1 and y = -1 are refused (GO-2.5.2.1-01, GO-2.5.2.1-02)."""
    number = int.from_bytes(encoded, "little") & (2**255 - 1)
    if number in (1, P25519 - 1):
        raise KeyInvalid("y is 1 or -1")
    y = _decode_y(encoded)
    u = (1 + y) * pow(1 - y, -1, P25519) % P25519
    return u.to_bytes(32, "little")


def ed25519_to_x25519_private(seed):
    """The first half of SHA-512(seed); X25519 clamps it (GO-2.5.2.1-03)."""
    return hashlib.sha512(seed).digest()[:32]


def x25519(scalar, u):
    """RFC 7748 section 5 by the ladder."""
    k = int.from_bytes(scalar, "little")
    k = (k & ~7 & (2**255 - 1)) | 2**254
    p = P25519
    x1 = int.from_bytes(u, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for bit in range(254, -1, -1):
        k_bit = k >> bit & 1
        if swap != k_bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = k_bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a % p, c * b % p
        aa, bb = a * a % p, b * b % p
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, "little")


def shared_secret(agreement_alg, own_private, own_public, other_public):
    """Static-static cofactor ECDH: raw x coordinate or raw X25519 output (GO-2.5.1-06 to -08)."""
    if agreement_alg not in AGREEMENTS:
        raise AlgorithmUnknown(f"agreement {agreement_alg}")
    if own_public.curve != other_public.curve:
        raise CredentialMalformed("keys on different curves")
    curve = own_public.curve
    if curve in _EC:
        scalar = int.from_bytes(own_private, "big")
        own = ec.derive_private_key(scalar, _EC[curve][1]())
        secret = own.exchange(ec.ECDH(), other_public._library_key())
        assert len(secret) == CURVE_LEN[curve]
        return secret  # cofactor 1: the point at infinity cannot come out of a valid point
    if curve == ED25519:
        scalar, u = ed25519_to_x25519_private(own_private), ed25519_to_x25519_public(other_public.x)
    else:
        scalar, u = own_private, other_public.x
    secret = x25519(scalar, u)
    if secret == bytes(32):
        raise AgreementZero()
    return secret


# ---- CBOR: deterministic out, strict in ----


def _head(major, number):
    for size, extra in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * size:
            return bytes([major << 5 | extra]) + number.to_bytes(size, "big")
    raise ValueError("number too large for CBOR")


def cbor(value):
    """Shortest heads, definite lengths; maps keep the order they were given."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, (bytes, bytearray)):
        return _head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(cbor(item) for item in value)
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    raise TypeError(type(value))


class Opaque:
    """A data item whose kind nobody here asks for: text, tag, float, undefined, simple value."""


def _cbor_head(data, at):
    if at >= len(data):
        raise ValueError("cut")
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    if low < 24:
        return major, low, low, at
    if low > 27:
        raise ValueError("indefinite length, break or reserved head")
    size = 1 << (low - 24)
    if at + size > len(data):
        raise ValueError("cut head")
    number = int.from_bytes(data[at : at + size], "big")
    if major == 7:
        if low == 24 and number < 32:
            raise ValueError("simple value in two bytes")
    elif number < (24, 1 << 8, 1 << 16, 1 << 32)[low - 24]:
        raise ValueError("head is not the shortest")
    return major, low, number, at + size


def _cbor_map(data, at, pairs, depth):
    entries, seen = {}, set()
    for _ in range(pairs):
        start = at
        key, at = _cbor_item(data, at, depth)
        if data[start:at] in seen:
            raise ValueError("key twice")
        seen.add(data[start:at])
        value, at = _cbor_item(data, at, depth)
        if _is_int(key):
            entries[key] = value  # only whole numbers are ever asked for
    return entries, at


def _cbor_item(data, at, depth):
    major, low, number, at = _cbor_head(data, at)
    if major in (4, 5, 6):
        depth += 1
        if depth > 8:
            raise ValueError("nested too deeply")
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        if number > len(data) - at:
            raise ValueError("cut string")
        return (data[at : at + number] if major == 2 else Opaque()), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = _cbor_item(data, at, depth)
            items.append(item)
        return items, at
    if major == 5:
        return _cbor_map(data, at, number, depth)
    if major == 6:
        return Opaque(), _cbor_item(data, at, depth)[1]
    return {20: False, 21: True, 22: None}.get(low, Opaque()), at


def cbor_read(data):
    """One item and nothing behind it, by the rules of vectors/README.md ("CBOR"); ValueError for anything else."""
    value, end = _cbor_item(data, 0, 0)
    if end != len(data):
        raise ValueError("bytes behind the item")
    return value


# ---- COSE_Key and credentials ----


def cose_key(public, compressed=False, extra=None):
    """The COSE_Key map of a public key (RFC 9052 section 7, RFC 9053 section 7)."""
    key = {1: 2 if public.curve in _EC else 1}
    if public.alg is not None:
        key[3] = public.alg
    key[-1], key[-2] = public.curve, public.x
    if public.curve in _EC:
        full = public.uncompressed()
        key[-3] = bool(full.y[-1] & 1) if compressed or public.y is None else public.y
    key.update(extra or {})
    return key


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def read_cose_key(key, error=CredentialMalformed):
    """PublicKey of a decoded COSE_Key map. Whether a point lies on its curve is not looked at: check() does."""
    if not isinstance(key, dict):
        raise error("COSE_Key is no map")
    curve, x, y, alg = key.get(-1), key.get(-2), key.get(-3), key.get(3)
    if not _is_int(curve) or curve not in CURVE_LEN:
        raise error("crv")
    if 3 in key and not (_is_int(alg) and -(2**31) <= alg < 2**31):
        raise error("alg")
    if -4 in key:
        raise error("a private key")
    if not _is_int(key.get(1)) or key[1] != (2 if curve in _EC else 1):
        raise error("kty does not fit the curve")
    if not isinstance(x, bytes) or len(x) != CURVE_LEN[curve]:
        raise error("x")
    if curve not in _EC:
        if -3 in key:
            raise error("an OKP key has no y")
        return PublicKey(curve, x, alg=alg)
    if isinstance(y, bool):
        return PublicKey(curve, x, None, y, alg)
    if not isinstance(y, bytes) or len(y) != CURVE_LEN[curve]:
        raise error("y")
    return PublicKey(curve, x, y, None, alg)


def parse_cose_key(data):
    try:
        value = cbor_read(data)
    except ValueError as why:
        raise CoseMalformed(str(why)) from None
    return read_cose_key(value, CoseMalformed)


def _public(pair):
    return pair.public if isinstance(pair, KeyPair) else pair


def make_ccs(pair, subject, compressed=False, extra=None, key_extra=None, alg=None):
    """Untagged CWT Claims Set { 2: subject, 8: { 1: COSE_Key } } (RFC 8392, RFC 8747)."""
    public = _public(pair)
    public = replace(public, alg=alg) if alg is not None else public
    claims = {} if subject is None else {2: subject}
    claims[8] = {1: cose_key(public, compressed, key_extra)}
    claims.update(extra or {})
    return cbor(claims)


def make_cwt(pair, issuer, subject="member", compressed=False, alg=-8, extra=None):
    """Untagged COSE_Sign1 CWT; issuer is a KeyPair that fits alg, or a text from which an Ed25519 pair is made."""
    issuer = KeyPair.from_seed(SIGNATURES[alg][0], issuer) if isinstance(issuer, str) else issuer
    claims = {1: "coap://as.example.com", 2: subject}
    claims[8] = {1: cose_key(_public(pair), compressed)}
    claims.update(extra or {})
    protected, payload = cbor({1: alg}), cbor(claims)
    signature = sign(alg, issuer.private, cbor(["Signature1", protected, b"", payload]))
    return cbor([protected, {}, payload, signature])


def _der(tag, *content):
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def _oid(text):
    numbers = [int(part) for part in text.split(".")]
    body = bytearray()
    for number in [numbers[0] * 40 + numbers[1]] + numbers[2:]:
        groups = [number & 127]
        while number := number >> 7:
            groups.append(number & 127 | 128)
        body += bytes(reversed(groups))
    return _der(0x06, bytes(body))


def _integer(number):
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


_OID_EC = _oid("1.2.840.10045.2.1")
_OID_CURVE = {P256: _oid("1.2.840.10045.3.1.7"), P384: _oid("1.3.132.0.34"), P521: _oid("1.3.132.0.35")}
_OID_OKP = {X25519: _oid("1.3.101.110"), ED25519: _oid("1.3.101.112")}
_OID_SIGNATURE = {
    -8: _oid("1.3.101.112"),
    -7: _oid("1.2.840.10045.4.3.2"),
    -35: _oid("1.2.840.10045.4.3.3"),
    -36: _oid("1.2.840.10045.4.3.4"),
}


def _spki(public, compressed):
    if public.curve not in _EC:
        return _der(0x30, _der(0x30, _OID_OKP[public.curve]), _der(0x03, b"\0", public.x))
    if compressed:
        odd = public.uncompressed().y[-1] & 1
        point = bytes([2 + odd]) + public.x
    else:
        point = b"\x04" + public.x + public.uncompressed().y
    algorithm = _der(0x30, _OID_EC, _OID_CURVE[public.curve])
    return _der(0x30, algorithm, _der(0x03, b"\0", point))


def _name(text):
    return _der(0x30, _der(0x31, _der(0x30, _oid("2.5.4.3"), _der(0x0C, text.encode()))))


def make_x509(pair, subject, issuer=None, serial=None, compressed=False):
    """A version 3 certificate (RFC 5280, RFC 8410) by an Ed25519 issuer, the same bytes every time."""
    issuer = issuer or KeyPair.from_seed(ED25519, "certificate authority")
    alg = next(a for a, row in SIGNATURES.items() if row[0] == issuer.public.curve)
    serial = serial or int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big") >> 1 | 1
    identifier = _der(0x30, _OID_SIGNATURE[alg])
    validity = _der(0x30, _der(0x17, b"250101000000Z"), _der(0x18, b"99991231235959Z"))
    tbs = _der(
        0x30,
        _der(0xA0, _integer(2)),
        _integer(serial),
        identifier,
        _name("Muster CA"),
        validity,
        _name(subject),
        _spki(_public(pair), compressed),
    )
    signature = sign(alg, issuer.private, tbs)
    if alg != -8:
        half = len(signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        signature = _der(0x30, _integer(r), _integer(s))
    return _der(0x30, tbs, identifier, _der(0x03, b"\0", signature))


def _tlv(data, at, tag=None):
    """(tag, content, end) of the DER element at `at`; CredentialMalformed for everything that is not DER here."""
    if at + 2 > len(data):
        raise CredentialMalformed("cut DER")
    found, length = data[at], data[at + 1]
    at += 2
    if found & 31 == 31 or (tag is not None and found != tag):
        raise CredentialMalformed("DER tag")
    if length == 0x80 or length > 0x84:
        raise CredentialMalformed("DER length")
    if length > 0x80:
        size = length - 0x80
        length = int.from_bytes(data[at : at + size], "big")
        if at + size > len(data) or length < 128 or length >> 8 * (size - 1) == 0:
            raise CredentialMalformed("DER length")
        at += size
    if at + length > len(data):
        raise CredentialMalformed("cut DER")
    return found, data[at : at + length], at + length


def _parse_x509(data):
    certificate, end = _tlv(data, 0, 0x30)[1:]
    tbs, at = _tlv(certificate, 0, 0x30)[1:]
    algorithm, after = _tlv(certificate, at, 0x30)[1:]
    if end != len(data) or _tlv(certificate, after, 0x03)[2] != len(certificate):
        raise CredentialMalformed("bytes behind the certificate or its signature")
    at = 0
    if tbs[:1] == b"\xa0":
        version, at = _tlv(tbs, 0)[1:]
        if version not in (b"\x02\x01\x01", b"\x02\x01\x02"):
            raise CredentialMalformed("version")
    at = _tlv(tbs, at, 0x02)[2]
    inner, at = _tlv(tbs, at, 0x30)[1:]
    if inner != algorithm:
        raise CredentialMalformed("two signature algorithms")
    for _ in ("issuer", "validity", "subject"):
        at = _tlv(tbs, at, 0x30)[2]
    spki, at = _tlv(tbs, at, 0x30)[1:]
    for tag in (0x81, 0x82, 0xA3):
        if tbs[at : at + 1] == bytes([tag]):
            at = _tlv(tbs, at)[2]
    if at != len(tbs):
        raise CredentialMalformed("bytes behind the extensions")
    identifier, at = _tlv(spki, 0, 0x30)[1:]
    bits, end = _tlv(spki, at, 0x03)[1:]
    if end != len(spki) or bits[:1] != b"\0":
        raise CredentialMalformed("subject public key")
    return _spki_key(identifier, bits[1:])


def _spki_key(algorithm, key):
    for curve, oid in _OID_OKP.items():
        if algorithm == oid and len(key) == 32:
            return PublicKey(curve, key)
    for curve, oid in _OID_CURVE.items():
        size = CURVE_LEN[curve]
        if algorithm == _OID_EC + oid:
            if key[:1] == b"\x04" and len(key) == 1 + 2 * size:
                return PublicKey(curve, key[1 : 1 + size], key[1 + size :])
            if key[:1] in (b"\x02", b"\x03") and len(key) == 1 + size:
                return PublicKey(curve, key[1:], None, key[:1] == b"\x03")
    raise CredentialMalformed("algorithm or length of the subject public key")


def parse_credential(fmt, data):
    """PublicKey of a `ccs`, `cwt` or `x509`; CredentialMalformed when it cannot be read.

    An issuer's signature is not looked at: trust in a credential comes from the Group Manager.
    """
    if fmt == "x509":
        return _parse_x509(data)
    if fmt not in ("ccs", "cwt"):
        raise CredentialMalformed(f"format {fmt}")
    try:
        value = cbor_read(data)
        if fmt == "cwt":
            if not isinstance(value, list) or len(value) != 4:
                raise CredentialMalformed("no untagged COSE_Sign1")
            kinds = (bytes, dict, bytes, bytes)
            if not all(isinstance(part, kind) for part, kind in zip(value, kinds)):
                raise CredentialMalformed("no untagged COSE_Sign1")
            if value[0] and not isinstance(cbor_read(value[0]), dict):
                raise CredentialMalformed("protected header is no map")
            value = cbor_read(value[2])
    except ValueError as why:
        raise CredentialMalformed(str(why)) from None
    if not isinstance(value, dict) or not isinstance(value.get(8), dict):
        raise CredentialMalformed("no cnf claim")
    return read_cose_key(value[8].get(1))
