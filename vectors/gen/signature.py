"""Countersignatures: what is signed, how it is masked, and which Ed25519 signatures are none.

Group OSCORE -28 sections 3.1, 4.1, 4.2 (readings CS5, CS4); Group OSCORE -02 with RFC 8152 section 4.5 (readings S1 to S3, E1, E0).
"""

import primitives as prim
from primitives import cbor

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def to_be_signed(dialect, reading, external, ciphertext):
    """The encoded Countersign_structure over the ciphertext with its tag."""
    if dialect == "group-28":
        return cbor(["CounterSignature0", b""] + ([b""] if reading == "CS5" else []) + [external, ciphertext])
    structure, aad = reading.split("/")
    context = "CounterSignature" if structure == "S3" else "CounterSignature0"
    sign_protected = [] if structure == "S2" else [b""]
    return cbor([context, b""] + sign_protected + [external if aad == "E1" else b"", ciphertext])


def keystream_info(identifier, gid, is_request, length):
    """[ id, id_context, type, L ]: the originator of the Partial IV, the Gid protecting this message (GO-4.2-05 to -09)."""
    return cbor([identifier, gid, is_request, length])


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def decode_point(encoded):
    """(x, y) of an Ed25519 encoding, None when it is not canonical or no point (RFC 8032 section 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


def add_points(left, right):
    (x1, y1), (x2, y2) = left, right
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def encode_point(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def multiply_point(scalar, point):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = add_points(result, point)
        point, scalar = add_points(point, point), scalar >> 1
    return result


def _large_order(encoded):
    point = decode_point(encoded)
    return point is not None and multiply_point(8, point) != (0, 1)


def verify(alg, public, message, signature):
    """As prim.verify; for Ed25519 S below the order, R and key canonical and not of small order, no cofactor."""
    if alg == -8 and len(signature) == 64:
        if int.from_bytes(signature[32:], "little") >= ORDER:
            return False
        if not (_large_order(signature[:32]) and _large_order(public.x)):
            return False
    return prim.verify(alg, public, message, signature)
