"""The worked exchange of Group OSCORE -02, as message vectors; and the second derivation of what is transcribed.

Draft -02 prints no keys, so the exchange was computed once for this project, with other code than this; the bytes below are that
computation's. The files *-text.json are transcribed from the texts and never regenerated: `recompute` derives each of their
values again and ci/check_text_vectors.py compares.
"""

import aad
import kdf
from endpoint import Endpoint
from families.message_maker import Params, Theme
from primitives import ED25519, KeyPair, make_ccs

# RFC 8032 section 7.1, tests 1 and 2.
CLIENT = KeyPair.from_private(ED25519, bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
SERVER = KeyPair.from_private(ED25519, bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
SIGNATURES = (
    "08d88af4705ae96215fd36c346c6203b27a294b3c8326f379bf48cbdc36d6b77703d54e2b2d93a5b472f1dba0a84a1888edbece99f287c10ac39a130b0ce2b00",
    "5981a817a1a11d9fc6c2d8bd0d7615112761f9bb508990a8ee486e6109f54d337767e3f182bc353b3c6ae510f08a73916aacf23cf623b9944a3053c59d1a5802",
)
TO_BE_SIGNED = "8571436f756e7465725369676e61747572653040404a8501820a274125410540"
EXPECTED = {
    "request": {
        "protected": "51027d4186" + "9d3a" + "39050344616c" + SIGNATURES[0] + "25" + "ff" + "d0ba0819f6c0c1a96b89546491d2",
        "nonce": "1befbad5982e57d98c5057d749",
        "external_aad": "8501820a274125410540",
        "enc_structure": "8368456e637279707430404a8501820a274125410540",
        "key": "2f99604a9be876ce3267aa2806cad220",
        "plaintext": "01b46c616d70",
        "ciphertext": "d0ba0819f6c0c1a96b89546491d2",
        "to_be_signed": TO_BE_SIGNED + "4ed0ba0819f6c0c1a96b89546491d2",
        "signature": SIGNATURES[0],
    },
    "response": {
        "protected": "514460b186" + "9d35" + "28" + SIGNATURES[1] + "52" + "ff" + "e0ef3a293f323cc0fd6dd6fc5a77",
        "nonce": "1befbad5982e57d98c5057d749",
        "external_aad": "8501820a274125410540",
        "enc_structure": "8368456e637279707430404a8501820a274125410540",
        "key": "6511e11b210c2f0a89d06c667123fe7f",
        "plaintext": "45ff32322e33",
        "ciphertext": "e0ef3a293f323cc0fd6dd6fc5a77",
        "to_be_signed": TO_BE_SIGNED + "4ee0ef3a293f323cc0fd6dd6fc5a77",
        "signature": SIGNATURES[1],
    },
}


def member(own, own_id, other, other_id, ssn):
    return {
        "dialect": "group-02",
        "reading": "S1/E1",
        "hkdf": 5,
        "aead": 10,
        "signature": -8,
        "master_secret": "0102030405060708090a0b0c0d0e0f10",
        "master_salt": "9e7ca92223786340",
        "id_context": "44616c",
        "cred_format": "ccs",
        "sender": {"id": own_id, "ssn": ssn, "credential": make_ccs(own, own_id).hex(), "private_key": own.private.hex()},
        "recipients": [{"id": other_id, "credential": make_ccs(other, other_id).hex()}],
    }


def worked_exchange():
    theme = Theme("group-02", "worked", 9001)
    client = theme.context("client", member(CLIENT, "25", SERVER, "52", 5))
    server = theme.context("server", member(SERVER, "52", CLIENT, "25", 0))
    req = ["G02-3-01", "G02-3-03", "G02-3-04", "G02-3-05", "G02-3-11", "G02-2-03"]
    plain = bytes.fromhex("51017d4186b46c616d70")
    to = theme.request("worked exchange: GET /lamp", [*req, "G02-4.1-01"], client, server, plain, ssn=5)
    plain = bytes.fromhex("514560b186ff32322e33")
    theme.response("worked exchange: 2.05 with the request's nonce", [*req, "G02-4.3-02", "G02-4.3-03"], to, plain)
    path, document = theme.document()
    ref = "draft-ietf-core-oscore-groupcomm-02; computed for this project, the draft prints no keys"
    document["source"] = {"kind": "generated", "ref": ref}
    for vector in document["vectors"]:
        made = dict(vector["intermediate"], protected=vector["protected"])
        for name, value in EXPECTED[vector["direction"]].items():
            assert made[name] == value, f"worked exchange, {vector['direction']}: {name} is {made[name]}"
    return path, document


def files():
    return dict([worked_exchange()])


# ---- second derivation of transcribed vectors ----


def recompute(document, vector):
    """What the generator's code makes of the inputs of an `ok` vector, in the form the vector has it."""
    contexts = document["contexts"]
    if document["family"] == "derive":
        return {"expect": kdf.derive(contexts[vector["context"]]).expect()}
    if document["family"] == "cose" and vector["kind"] == "structures":
        numbers, kid, piv = vector["algorithms"], bytes.fromhex(vector["request_kid"]), bytes.fromhex(vector["request_piv"])
        assert document["dialect"] == "oscore", "the other dialects have no structures in their texts"
        external = aad.external_aad(aad.aad_array("oscore", numbers, kid, piv))
        made = {"external_aad": external.hex(), "enc_structure": aad.enc_structure(external).hex(), "to_be_signed": None}
        return {"expect": made}
    if document["family"] == "message":
        return recompute_message(contexts, vector)
    return recompute_codec(document["dialect"], vector)


def recompute_message(contexts, vector):
    theme = Theme("oscore", "text", 0)
    theme.contexts = contexts
    how = {name: vector["seal"][name] for name in ("ssn", "own_partial_iv", "kid", "kid_context")}
    params = Params(vector["direction"], vector["sender"], vector["receiver"], bytes.fromhex(vector["plain"]), **how)
    if vector["direction"] == "request":
        sealed = theme.seal_request(params)
        opened = theme.open(params, sealed.message)
    else:
        request = bytes.fromhex(vector["request"])
        server = Endpoint(contexts[vector["sender"]])
        exchange = server.open_request(request).exchange
        server.set_ssn(how["ssn"])
        sealed = server.seal_response(exchange, params.plain, None, how["own_partial_iv"], how["kid"], how["kid_context"])
        client = Endpoint(contexts[vector["receiver"]])
        client.expect_response(request)
        opened = client.open_response(sealed.message)
    values = {name: sealed.trace.get(name) for name in vector["intermediate"]}
    made = {name: None if value is None else value.hex() for name, value in values.items()}
    return {"intermediate": made, "protected": sealed.message.hex(), "opened": opened.message.hex()}


def recompute_codec(dialect, vector):
    from families import cose_key, option

    if "object" in vector:
        fields = cose_key.read_encrypt0(bytes.fromhex(vector["object"]), vector["label"])
        return {"expect": {name: None if value is None else value.hex() for name, value in fields.items()}}
    value = bytes.fromhex(vector["value"])
    fields = option.read(dialect, vector["direction"], vector["signature_len"], value)
    names = ("group_flag", "partial_iv", "kid_context", "signature", "kid")
    made = {name: field.hex() if isinstance(field, bytes) else field for name, field in zip(names, fields)}
    return {"expect": made, "canonical": option.is_canonical(fields, value)}
