#!/usr/bin/env python3
"""Turns the vectors into seeds for the fuzz targets: export_corpus.py DIR writes DIR/TARGET/NAME.

A seed is the subject, then the settings of the target in reverse, since a target takes them from the end of its input
(fuzz/README.md). Names are digests, so that seeds which several vectors have in common are written once. DIR/keep/TARGET
holds what minimising must not drop: lengths that only a 32-bit build can take for others.
SPDX-License-Identifier: BSD-2-Clause
"""
import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIALECTS = ["oscore", "group-02", "group-28"]
FORMATS = ("ccs", "cwt", "x509")


class Seeds:
    def __init__(self, target_dir):
        self.dir = pathlib.Path(target_dir)
        self.n = {}

    def add(self, target, subject, *settings):
        """Settings in the order in which the target takes them, each a byte or bytes."""
        tail = b"".join(bytes([s]) if isinstance(s, int) else s for s in settings)
        data = subject + tail[::-1]
        path = self.dir / target / hashlib.sha1(data).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.n[target] = self.n.get(target, 0) + 1


    def keep(self, target, name, data):
        path = self.dir / "keep" / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def unhex(text):
    return None if text is None else bytes.fromhex(text)


def content(message):
    """Options and payload of a message, None when it has no room for them."""
    at = 4 + (message[0] & 15) if message else 0
    return message[at:] if 0 < at <= len(message) else None


def from_option(seeds, dialect, vector):
    signature_len = vector.get("signature_len", 0) % 133
    seeds.add("oscore_option", unhex(vector["value"]), DIALECTS.index(dialect), signature_len)


def from_coap(seeds, _dialect, vector):
    message = unhex(vector["message"])
    seeds.add("coap_message", message)
    if content(message) is not None:
        for is_request in (0, 1):
            seeds.add("option_split_merge", content(message), is_request, 0, 0, 0)
    for kind in range(4):
        seeds.add("roundtrip", message, kind, kind * 9, kind, b"\0\0\0\0\7", 0)


def from_cose(seeds, _dialect, vector):
    if vector["kind"] == "encrypt0":
        seeds.add("cose_encrypt0", unhex(vector["object"]), 1 if vector["label"] == 12 else 0)
        seeds.add("cbor", unhex(vector["object"]), 4)
    elif vector["kind"] == "key":
        seeds.add("cose_key", unhex(vector["cose_key"]))
        seeds.add("cbor", unhex(vector["cose_key"]), 22)
    elif vector["expect"] is not None:
        for name in ("enc_structure", "to_be_signed"):
            if vector["expect"].get(name):
                seeds.add("cbor", unhex(vector["expect"][name]), 0)


def from_credential(seeds, _dialect, vector):
    credential = unhex(vector["credential"])
    seeds.add("credential", credential, b"\0\x10", 0)
    if vector["cred_format"] == "x509":
        seeds.add("der", credential)
    else:
        seeds.add("cbor", credential, 8)


def kinds_of(dialect, mode):
    return {"oscore": [0], "group-02": [1], "group-28": [3 if mode == "pairwise" else 2]}[dialect]


def from_message(seeds, dialect, vector):
    response = vector["direction"] == "response"
    for name in ("plain", "opened"):
        if vector[name] is not None:
            from_coap(seeds, dialect, {"message": vector[name]})
            for kind in kinds_of(dialect, vector["mode"]):
                seeds.add("roundtrip", unhex(vector[name]), kind, 29 * response, 0, b"\0\0\0\0\0", 0)
    if vector["protected"] is not None:
        datagram = unhex(vector["protected"])
        seeds.add("coap_message", datagram)
        token_len = datagram[0] & 15 if datagram else 0
        token = datagram[4:4 + token_len][::-1]  # taken as one piece
        for kind in kinds_of(dialect, vector["mode"]):
            # The exchange has the Token of the response; Partial IV 0x14 as in RFC 8613 Appendix C.
            exchange = (0x14, len(token), token, 1) if response else ()
            seeds.add("unprotect_raw", datagram, kind, 0, int(response), *exchange, 0)
    plaintext = unhex((vector["intermediate"] or {}).get("plaintext"))
    if plaintext:
        target = {0: "oscore", 1: "group_02", 2: "group", 3: "pairwise"}[kinds_of(dialect, vector["mode"])[0]]
        digest = hashlib.sha1(plaintext).digest()
        seeds.add("sealed_" + target, plaintext, digest[0], (digest[1] & 0xfe) | response, digest[2] & 8, digest[3:18])


def by_hand(seeds):
    """State machines and set-ups, which no vector has as bytes."""
    steps = {
        "ascending": [(0, 1)] * 40,
        "jumps": [(0, 31), (1, 31), (0, 32), (1, 32), (0, 33), (1, 33), (0, 63), (0, 64), (1, 64), (0, 65), (1, 63)],
        "back": [(0, 40)] + [(1, n) for n in range(1, 70)],
        "powers": [(2, n) for n in range(41)] + [(0x82, n) for n in range(41)],
        "restart": [(0, 9), (0x7c, 5), (1, 3), (0, 1), (0x7d, 2), (1, 1), (0, 70), (0x7f, 0), (3, 0), (3, 1)],
        "zero": [(3, 0), (3, 0), (3, 1), (3, 0), (3, 2)],
    }
    for width in (0, 1, 31, 32, 62, 63):
        for pairs in steps.values():
            seeds.add("replay_window", b"", width, b"".join(bytes(p) for p in pairs))
    events = [b"\0\0", b"\1\5\1\5", b"\1\5\0\1\6\1\5\1\7", b"\1\0\1\1\1\2\1\1", b"\xf9\xff\xf9\xfe\xf9\xff", b"\0\1\1\0\0\1\2"]
    for several in (0, 1):
        for event in events:
            seeds.add("response_number", b"", several, event)
    # Steps of rederive: which message is step / 8; 0 start, 1 ask, 3 receive, 5 answer, 6 continue, 7 attack.
    whole = bytes([0, 9, 1, 0, 3, 5, 5, 0, 6, 7, 1, 0, 11, 4])
    for more in (b"", bytes([11, 4, 3, 1]), bytes([5, 0, 6, 0, 3, 2, 11, 9]), whole, bytes([7, 1, 11, 4]), bytes([7, 3, 2, 3, 0, 11, 4])):
        seeds.add("rederive", b"", whole + more)
        seeds.add("rederive", b"", whole[:8] + more + whole[8:])
    # dialect, set, aead, group_enc, signature, agreement, then spans: length and bytes (ff: absent)
    algorithms = [(0, 1, 0, 0, 0), (3, 1, 0, 12, 0), (6, 1, 0, 12, 0), (1, 1, 3, 12, 16), (1, 0, 6, 12, 0),
                  (2, 3, 0, 0, 16), (1, 4, 6, 12, 16), (1, 1, 6, 14, 17), (1, 0, 0, 0, 16), (0, 6, 0, 0, 0)]
    for dialect, *numbers in algorithms:
        for flags in (0, 1, 8, 16, 32):
            for sender in (b"\xff", b"\x01\x41", b"\0"):
                seeds.add("context", b"", dialect, flags, bytes(numbers), b"\x08secret.." b"\xff" b"\x02gi" b"\x01m", sender,
                          32, 0, b"\x01\x42", 0)


def for_32_bits(seeds):
    """Counts and lengths near 2^32 and 2^64: position plus length, and count times two, wrap in a 32-bit size_t."""
    values = [2**31 - 1, 2**31, 2**31 + 1, 2**32 - 9, 2**32 - 5, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**63 + 1, 2**64 - 9, 2**64 - 1]
    for major, name in ((2, "bstr"), (3, "tstr"), (4, "array"), (5, "map")):
        for value in values:
            head = (bytes([major << 5 | 26]) + value.to_bytes(4, "big") if value < 2**32
                    else bytes([major << 5 | 27]) + value.to_bytes(8, "big"))
            for around, data in (("alone", head + b"\0\0\0\0"), ("inside", b"\x82\x01" + head + b"\x01\x02\x03\x04\x05\x06")):
                seeds.keep("cbor", f"wrap-{name}-{value:x}-{around}", data + b"\0")
            if major == 2:
                seeds.keep("cose_encrypt0", f"wrap-{value:x}", b"\x83\x40\xa0" + head + b"abcdef" + b"\0")
                seeds.keep("cose_key", f"wrap-{value:x}", b"\xa3\x01\x01\x20\x06\x21" + head + bytes(32))
    for n in range(1, 5):
        for length in (b"\xff" * n, b"\x80" + b"\0" * (n - 1), b"\xff" * (n - 1) + b"\xf9"):
            for front in (b"", b"\x30\x80", b"\x30\x82\x00\x80\x30\x20"):
                seeds.keep("der", f"wrap-{(front + length).hex()}", front + b"\x30" + bytes([128 + n]) + length + b"\x02\x01\x01")
    for ext in (b"\xff\xff", b"\xfe\xf2", b"\xfe\xf3", b"\x00\x00"):
        seeds.keep("coap_message", f"wrap-length-{ext.hex()}", b"\x40\x01\0\0\xbe" + ext + b"abc")
        seeds.keep("coap_message", f"wrap-delta-{ext.hex()}", b"\x40\x01\0\0\xe0" + ext + b"\xe0" + ext + b"\xff0")


FAMILIES = {"option": from_option, "coap": from_coap, "cose": from_cose, "credential": from_credential,
            "message": from_message}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: export_corpus.py DIR")
    seeds = Seeds(sys.argv[1])
    for path in sorted((ROOT / "vectors").glob("*/*.json")):
        if path.parent.name in ("schema", "gen"):
            continue
        data = json.loads(path.read_text())
        if data.get("family") in FAMILIES:
            for vector in data["vectors"]:
                FAMILIES[data["family"]](seeds, data["dialect"], vector)
    by_hand(seeds)
    for_32_bits(seeds)
    for target, n in sorted(seeds.n.items()):
        print(f"{target:24} {n} seeds")


if __name__ == "__main__":
    main()
