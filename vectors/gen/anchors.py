"""Figures of published texts, and second ways to the same result, that the primitives must meet. The derive family calls check()."""

import primitives as prim
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509 import load_der_x509_certificate


def _hex(text):
    return bytes.fromhex(text)


def ciphers():
    # RFC 3610 section 8, packet vector 1: AES-CCM with L = 2, M = 8
    key, nonce, aad = _hex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"), _hex("00000003020100a0a1a2a3a4a5"), bytes(range(8))
    sealed = _hex("588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0")
    assert prim.aead_seal(10, key, nonce, aad, bytes(range(8, 31))) == sealed
    assert prim.aead_open(10, key, nonce, aad, sealed) == bytes(range(8, 31))
    for alg, (kind, key_len, nonce_len, tag_len) in prim.CIPHERS.items():
        key, nonce = bytes(range(key_len)), bytes(range(100, 100 + nonce_len))
        sealed = prim.aead_seal(alg, key, nonce, b"aad", b"text" * 9)
        assert prim.aead_open(alg, key, nonce, b"aad", sealed) == b"text" * 9 and len(sealed) == 36 + tag_len
        if kind == "ctr":
            blocks = b"".join(nonce + bytes([0, 0, 0, counter]) for counter in range(3))
            stream = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(blocks)
            assert sealed == bytes(a ^ b for a, b in zip(b"text" * 9, stream))
        else:
            assert prim.aead_open(alg, key, nonce, b"add", sealed) is None
            assert prim.aead_open(alg, key, nonce, b"aad", sealed[: tag_len - 1]) is None


def derivation():
    # RFC 5869 A.1
    found = prim.hkdf(5, _hex("000102030405060708090a0b0c"), b"\x0b" * 22, _hex("f0f1f2f3f4f5f6f7f8f9"), 42)
    assert found.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    for number, name in ((5, hashes.SHA256()), (7, hashes.SHA512())):
        for salt in (b"", b"salt", bytes(64), b"s" * 65, b"s" * 129):
            other = HKDF(name, 132, salt, b"info").derive(b"secret")
            assert prim.hkdf(number, salt, b"secret", b"info", 132) == other


def signatures():
    # RFC 8032 section 7.1, test 1
    pair = prim.KeyPair.from_private(prim.ED25519, _hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert pair.public.x.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert prim.sign(-8, pair.private, b"").hex().startswith("e5564300c360ac729086e2cc806e828a")
    # RFC 6979 A.2.5, SHA-256, "sample"
    private = _hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
    signed = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    signed += "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    assert prim.sign(-7, private, b"sample").hex() == signed
    for alg, (curve, _, length) in prim.SIGNATURES.items():
        pair = prim.KeyPair.from_seed(curve, "anchor")
        made = prim.sign(alg, pair.private, b"message")
        assert len(made) == length and prim.verify(alg, pair.public, b"message", made)
        assert not prim.verify(alg, pair.public, b"massage", made)
        assert not prim.verify(alg, pair.public, b"message", made[:-1] + bytes([made[-1] ^ 1]))
        certificate = load_der_x509_certificate(prim.make_x509(pair, "anchor"))
        authority = prim.KeyPair.from_seed(prim.ED25519, "certificate authority").public
        assert prim.verify(-8, authority, certificate.tbs_certificate_bytes, certificate.signature)


def agreement():
    # RFC 7748 section 5.2
    scalar = _hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    u = _hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    assert prim.x25519(scalar, u).hex() == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    # RFC 5903 section 8.1
    private = _hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433")
    x, y = (
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63",
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
    )
    other = prim.PublicKey(prim.P256, _hex(x), _hex(y))
    secret = prim.shared_secret(-27, private, prim.public_of(prim.P256, private), other)
    assert secret.hex() == "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"
    # The base points of the two forms of the curve (RFC 7748 section 4.1): y = 4/5 and u = 9
    base = (4 * pow(5, -1, prim.P25519) % prim.P25519).to_bytes(32, "little")
    assert prim.ed25519_to_x25519_public(base) == (9).to_bytes(32, "little")
    for name in ("one", "two", "three"):
        pair = prim.KeyPair.from_seed(prim.ED25519, name)
        scalar, u = prim.ed25519_to_x25519_private(pair.private), prim.ed25519_to_x25519_public(pair.public.x)
        assert prim.x25519(scalar, (9).to_bytes(32, "little")) == u
        library = X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(base[::-1]))
        assert library == prim.x25519(scalar, base[::-1])
    assert len(prim.SMALL_ORDER_YS) == 5


def check():
    ciphers()
    derivation()
    signatures()
    agreement()
