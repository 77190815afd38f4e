#!/usr/bin/env python3
"""Makes crypto_kat.h: known answers for the crypto adapter from other implementations.

OpenSSL through python3-cryptography gives AES, ChaCha20-Poly1305, Ed25519 and X25519; python3-ecdsa gives ECDSA
(RFC 6979) and ECDH; HKDF is written out over hashlib; the map of Ed25519 keys is integer arithmetic below.
Long inputs are not stored: they come from a seed, by the same few lines here and in the header.

    python3 gen_crypto_kat.py >crypto_kat.h
"""
import hashlib
import hmac
import random
import sys

import ecdsa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

SEED = 8613
HEAD = 33  # bytes of an output that are shown; all of it is in the hash

HEADER = """/*
 * Known answers for the crypto adapter. Made by gen_crypto_kat.py (seed %d): do not edit.
 * SPDX-License-Identifier: BSD-2-Clause
 */
#ifndef MUSTER_CRYPTO_KAT_H
#define MUSTER_CRYPTO_KAT_H

#include <stddef.h>
#include <stdint.h>

/* kat_fill makes the bytes of an input from its seed (splitmix64). */
static inline void kat_fill(uint64_t seed, uint8_t *out, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        if (i %% 8 == 0) {
            seed += UINT64_C(0x9e3779b97f4a7c15);
            word = (seed ^ (seed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
            word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
            word ^= word >> 31;
        }
        out[i] = (uint8_t)(word >> (8 * (i %% 8)));
    }
}

/* kat_hash tells outputs apart that are too long to be written down (FNV-1a). */
static inline uint64_t kat_hash(const uint8_t *bytes, size_t len)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* clang-format off */
"""


def fill(seed, length):
    out = b""
    mask = 2**64 - 1
    while len(out) < length:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        word = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        out += (word ^ (word >> 31)).to_bytes(8, "little")
    return out[:length]


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & (2**64 - 1)
    return value


def quoted(data, indent):
    """Hexadecimal as C strings of at most 48 bytes a line."""
    text = data.hex()
    lines = ['"%s"' % text[i:i + 96] for i in range(0, len(text), 96)] or ['""']
    return ("\n" + " " * indent).join(lines)


def table(out, name, comment, fields, rows):
    out.append("/* %s */" % comment)
    out.append("static const struct %s {" % name)
    out.extend("    %s;" % f for f in fields)
    out.append("} %s[] = {" % (name + "s"))
    out.extend("    {%s}," % r for r in rows)
    out.append("};\n")


CIPHERS = [  # COSE number, mode, key, nonce, tag
    (1, "gcm", 16, 12, 16), (2, "gcm", 24, 12, 16), (3, "gcm", 32, 12, 16),
    (10, "ccm", 16, 13, 8), (11, "ccm", 32, 13, 8), (12, "ccm", 16, 7, 8), (13, "ccm", 32, 7, 8),
    (24, "chacha", 32, 12, 16),
    (30, "ccm", 16, 13, 16), (31, "ccm", 32, 13, 16), (32, "ccm", 16, 7, 16), (33, "ccm", 32, 7, 16),
    (-65534, "ctr", 16, 12, 0), (-65533, "ctr", 24, 12, 0), (-65532, "ctr", 32, 12, 0),
]
# AAD lengths around one block of CCM with its 2-byte length (14, 15) and around the longer length field (65280).
SIZES = [(0, 0), (0, 16), (1, 1), (14, 15), (15, 16), (21, 17), (160, 64), (20, 1024), (65279, 17), (65280, 17)]


def seal(kind, tag, key, nonce, aad, plaintext):
    if kind == "ccm":
        return AESCCM(key, tag).encrypt(nonce, plaintext, aad)
    if kind == "gcm":
        return AESGCM(key).encrypt(nonce, plaintext, aad)
    if kind == "chacha":
        return ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)
    worker = Cipher(algorithms.AES(key), modes.CTR(nonce + bytes(4))).encryptor()
    return worker.update(plaintext) + worker.finalize()


def seal_rows(rng):
    for alg, kind, key_len, nonce_len, tag in CIPHERS:
        for aad_len, length in SIZES:
            if kind == "ccm" and aad_len >= 65280:  # refused by Mbed TLS
                continue
            seed = rng.getrandbits(32)
            sealed = seal(kind, tag, fill(seed, key_len), fill(seed + 1, nonce_len), fill(seed + 2, aad_len),
                          fill(seed + 3, length))
            yield '%d, %d, %d, %d, "%s", UINT64_C(0x%x)' % (alg, seed, aad_len, length, sealed[:HEAD].hex(),
                                                          fnv(sealed))


def hkdf(name, salt, ikm, info, length):
    prk = hmac.new(salt, ikm, name).digest()
    block, out, number = b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([number]), name).digest()
        out += block
        number += 1
    return out[:length]


HKDF_SIZES = [  # salt, input keying material, info, output
    (0, 16, 9, 16), (8, 16, 9, 13), (8, 16, 18, 32), (0, 0, 0, 1), (16, 32, 40, 64), (63, 1, 0, 96), (64, 999, 1, 132),
    (65, 1001, 300, 33), (127, 3, 3, 63), (128, 3, 3, 64), (129, 3, 3, 65), (65536, 65536, 1000, 114),
    (8, 32, 10, 255),
]


def hkdf_rows(rng):
    for alg, name, size in ((5, "sha256", 32), (7, "sha512", 64)):
        for salt, ikm, info, length in HKDF_SIZES:
            length = 255 * size if length == 255 else length
            seed = rng.getrandbits(32)
            okm = hkdf(name, fill(seed, salt), fill(seed + 1, ikm), fill(seed + 2, info), length)
            yield '%d, %d, %d, %d, %d, %d, "%s", UINT64_C(0x%x)' % (alg, seed, salt, ikm, info, length,
                                                                  okm[:HEAD].hex(), fnv(okm))


CURVES = [(1, -7, ecdsa.NIST256p, hashlib.sha256), (2, -35, ecdsa.NIST384p, hashlib.sha384),
          (3, -36, ecdsa.NIST521p, hashlib.sha512)]


def ec_pair(rng, curve):
    secret = rng.randrange(1, curve.order)
    point = curve.generator * secret
    size = (curve.curve.p().bit_length() + 7) // 8
    return secret, point, size


def sign_row(alg, curve, private, x, y, seed, length, signature):
    return "%d, %d, %d, %d,\n     %s,\n     %s,\n     %s,\n     %s" % (
        alg, curve, seed, length, quoted(private, 5), quoted(x, 5), quoted(y, 5), quoted(signature, 5))


def sign_rows(rng):
    for length in (0, 1, 100, 1000):
        seed = rng.getrandbits(32)
        private = rng.randbytes(32)
        key = ed25519.Ed25519PrivateKey.from_private_bytes(private)
        yield sign_row(-8, 6, private, raw(key.public_key()), b"", seed, length, key.sign(fill(seed, length)))
    for number, alg, curve, digest in CURVES:
        for length in (0, 1, 100, 1000):
            seed = rng.getrandbits(32)
            secret, point, size = ec_pair(rng, curve)
            key = ecdsa.SigningKey.from_secret_exponent(secret, curve, digest)
            signature = key.sign_deterministic(fill(seed, length), hashfunc=digest,
                                               sigencode=ecdsa.util.sigencode_string)
            yield sign_row(alg, number, secret.to_bytes(size, "big"), point.x().to_bytes(size, "big"),
                           point.y().to_bytes(size, "big"), seed, length, signature)


def raw(public):
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


# Edwards curve of Ed25519, affine.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def inverse(a):
    return pow(a, P - 2, P)


def edwards_x(y):
    square = (y * y - 1) * inverse(D * y * y + 1) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x * x % P == square else None


def edwards_add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1] % P
    return ((a[0] * b[1] + a[1] * b[0]) * inverse(1 + t) % P, (a[1] * b[1] + a[0] * b[0]) * inverse(1 - t) % P)


def edwards_decode(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    x = edwards_x(y)
    return (P - x if x % 2 != data[31] >> 7 else x, y)


def edwards_encode(point):
    return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")


def edwards_mul(k, point):
    total = (0, 1)
    while k:
        if k & 1:
            total = edwards_add(total, point)
        point = edwards_add(point, point)
        k >>= 1
    return total


def torsion_point(rng):
    """A point of order 8: L times any point has an order that divides 8."""
    order = 2**252 + 27742317777372353535851937790883648493
    while True:
        y = rng.randrange(P)
        x = edwards_x(y)
        if x is None:
            continue
        point = edwards_mul(order, (x, y))
        if edwards_mul(4, point) != (0, 1):
            return point


def mapped(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    return ((1 + y) * inverse(1 - y) % P).to_bytes(32, "little")


def agree_row(curve, a, b, ax, ay, bx, by, secret):
    return "%d,\n     %s" % (curve, ",\n     ".join(quoted(v, 5) for v in (a, b, ax, ay, bx, by, secret)))


def agree_rows(rng):
    for number, _, curve, _ in CURVES:
        for _ in range(4):
            a, big_a, size = ec_pair(rng, curve)
            b, big_b, _ = ec_pair(rng, curve)
            values = [a, b, big_a.x(), big_a.y(), big_b.x(), big_b.y(), (big_b * a).x()]
            yield agree_row(number, *[v.to_bytes(size, "big") for v in values])
    for _ in range(4):
        a, b = rng.randbytes(32), rng.randbytes(32)
        keys = [x25519.X25519PrivateKey.from_private_bytes(k) for k in (a, b)]
        yield agree_row(4, a, b, raw(keys[0].public_key()), b"", raw(keys[1].public_key()), b"",
                        keys[0].exchange(keys[1].public_key()))
    signs = set()
    while len(signs) < 4:  # both signs of x on both sides
        a, b = rng.randbytes(32), rng.randbytes(32)
        ax, bx = (raw(ed25519.Ed25519PrivateKey.from_private_bytes(k).public_key()) for k in (a, b))
        if (ax[31] >> 7, bx[31] >> 7) in signs:
            continue
        signs.add((ax[31] >> 7, bx[31] >> 7))
        scalar = x25519.X25519PrivateKey.from_private_bytes(hashlib.sha512(a).digest()[:32])
        secret = scalar.exchange(x25519.X25519PublicKey.from_public_bytes(mapped(bx)))
        yield agree_row(6, a, b, ax, b"", bx, b"", secret)


def mixed_rows(rng):
    for _ in range(2):
        a, b = rng.randbytes(32), rng.randbytes(32)
        bx = raw(ed25519.Ed25519PrivateKey.from_private_bytes(b).public_key())
        off = edwards_encode(edwards_add(edwards_decode(bx), torsion_point(rng)))
        scalar = x25519.X25519PrivateKey.from_private_bytes(hashlib.sha512(a).digest()[:32])
        secret = scalar.exchange(x25519.X25519PublicKey.from_public_bytes(mapped(off)))
        yield "\n     %s,\n     %s,\n     %s" % (quoted(a, 5), quoted(off, 5), quoted(secret, 5))


def main():
    rng = random.Random(SEED)
    out = [HEADER % SEED]
    table(out, "kat_seal", "Seeds: key, then +1 nonce, +2 AAD, +3 plaintext.",
          ["int32_t alg", "uint64_t seed", "uint32_t aad_len", "uint32_t len", "const char *head", "uint64_t hash"],
          seal_rows(rng))
    table(out, "kat_hkdf", "Seeds: salt, then +1 input keying material, +2 info.",
          ["int32_t alg", "uint64_t seed", "uint32_t salt_len", "uint32_t ikm_len", "uint32_t info_len",
           "uint32_t okm_len", "const char *head", "uint64_t hash"], hkdf_rows(rng))
    table(out, "kat_sign", "The message comes from the seed.",
          ["int32_t alg", "int32_t curve", "uint64_t seed", "uint32_t len",
           "const char *private_key, *x, *y, *signature"], sign_rows(rng))
    table(out, "kat_agree", "Two key pairs and what they agree on.",
          ["int32_t curve", "const char *a, *b, *ax, *ay, *bx, *by, *secret"], agree_rows(rng))
    table(out, "kat_mixed", "Ed25519 keys outside the prime-order subgroup (a good key plus a point of order 8).",
          ["const char *private_key, *x, *secret"], mixed_rows(rng))
    out.append("/* clang-format on */\n\n#endif")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
