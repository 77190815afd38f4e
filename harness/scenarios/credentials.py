#!/usr/bin/env python3
"""Makes credentials.json: the key pairs and credentials that worlds are made of. The same bytes every time.

    credentials.py          print the file
    credentials.py --check  compare it with credentials.json beside this program

Private keys come from SHA-512 of a label, certificates are signed by an Ed25519 authority (deterministic). Nothing here is a
secret. SPDX-License-Identifier: BSD-2-Clause
"""

import datetime
import hashlib
import json
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

COUNTS = {"ed25519": 128, "p256": 24, "p384": 6, "p521": 6, "x25519": 6}
ALL_FORMATS = 24  # the others are for the largest groups, in one format: every case reads the whole file
EC = {"p256": (1, ec.SECP256R1(), 32), "p384": (2, ec.SECP384R1(), 48), "p521": (3, ec.SECP521R1(), 66)}
# Different lengths, so that two credentials never look alike.
SUBJECTS = ["a", "lamp-in-the-hall", "c3", "sensor-4711", "door", "mallory-the-member", "x", "pump-room-east"]


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    if value < 256:
        return bytes([major << 5 | 24, value])
    return bytes([major << 5 | 25]) + value.to_bytes(2, "big")


def integer(value):
    return head(0, value) if value >= 0 else head(1, -1 - value)


def bstr(data):
    return head(2, len(data)) + data


def tstr(text):
    return head(3, len(text)) + text.encode()


def dictionary(entries):
    return head(5, len(entries)) + b"".join(key + value for key, value in entries)


def key_pair(kind, index):
    seed = hashlib.sha512(f"muster {kind} {index}".encode()).digest()
    if kind == "ed25519":
        private = ed25519.Ed25519PrivateKey.from_private_bytes(seed[:32])
        return 6, seed[:32], private.public_key()
    if kind == "x25519":
        private = x25519.X25519PrivateKey.from_private_bytes(seed[:32])
        return 4, seed[:32], private.public_key()
    number, curve, size = EC[kind]
    scalar = int.from_bytes(seed * 2, "big") % (1 << (8 * size - 16)) + 1
    return number, scalar.to_bytes(size, "big"), ec.derive_private_key(scalar, curve).public_key()


def cose_key(kind, number, public):
    if kind in ("ed25519", "x25519"):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return dictionary([(integer(1), integer(1)), (integer(-1), integer(number)), (integer(-2), bstr(raw))])
    size, numbers = EC[kind][2], public.public_numbers()
    x, y = numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")
    return dictionary(
        [(integer(1), integer(2)), (integer(-1), integer(number)), (integer(-2), bstr(x)), (integer(-3), bstr(y))]
    )


def claims(subject, key):
    return dictionary([(integer(2), tstr(subject)), (integer(8), dictionary([(integer(1), key)]))])


def web_token(authority, content):
    protected = bytes.fromhex("a10127")
    to_be_signed = head(4, 4) + tstr("Signature1") + bstr(protected) + bstr(b"") + bstr(content)
    return head(4, 4) + bstr(protected) + dictionary([]) + bstr(content) + bstr(authority.sign(to_be_signed))


def certificate(authority, subject, public, serial):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "muster")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(serial).not_valid_before(begin)
    builder = builder.not_valid_after(datetime.datetime(2049, 1, 1, tzinfo=datetime.timezone.utc))
    return builder.sign(authority, None).public_bytes(Encoding.DER)


def document():
    authority = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"muster authority").digest())
    curves = {}
    for kind, count in COUNTS.items():
        members = []
        for index in range(count):
            number, private, public = key_pair(kind, index)
            subject = SUBJECTS[index % len(SUBJECTS)] + ("" if index < len(SUBJECTS) else f"-{index}")
            content = claims(subject, cose_key(kind, number, public))
            member = {"private_key": private.hex(), "ccs": content.hex()}
            if index < ALL_FORMATS:
                member["cwt"] = web_token(authority, content).hex()
                member["x509"] = certificate(authority, subject, public, index + 1).hex()
            members.append(member)
        curves[str(number)] = members
    manager = {}
    _, _, public = key_pair("ed25519", 1000)
    manager["ccs"] = claims("group manager", cose_key("ed25519", 6, public)).hex()
    manager["cwt"] = web_token(authority, bytes.fromhex(manager["ccs"])).hex()
    manager["x509"] = certificate(authority, "group manager", public, 1000).hex()
    return {"format": "muster-credentials-1", "manager": manager, "curves": curves}


def main():
    text = json.dumps(document(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        same = Path(__file__).with_name("credentials.json").read_text() == text
        print("credentials.json: " + ("as generated" if same else "not what credentials.py makes"))
        return 0 if same else 1
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
