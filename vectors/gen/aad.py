"""Additional authenticated data: RFC 8613 section 5.4, Group OSCORE -28 section 3.4, Group OSCORE -02 section 3."""

from primitives import cbor


def aad_array(
    dialect, algorithms, request_kid, request_piv, request_kid_context=None, option=b"", sender_cred=None, gm_cred=None
):
    """`algorithms`: dict with aead, group_enc, signature, agreement. `option` is the value of the message at hand.

    The position "options" is the empty string: there is no class I option.
    """
    if dialect == "oscore":
        return [1, [algorithms["aead"]], request_kid, request_piv, b""]
    if dialect == "group-02":
        return [1, [algorithms["aead"], algorithms["signature"]], request_kid, request_piv, b""]
    numbers = [algorithms[name] for name in ("aead", "group_enc", "signature", "agreement")]
    return [1, numbers, request_kid, request_piv, b"", request_kid_context, option, sender_cred, gm_cred]


def external_aad(array):
    """The encoded array, before it is wrapped in a byte string."""
    return cbor(array)


def enc_structure(external):
    """Enc_structure of RFC 9052 section 5.3 with an empty protected header."""
    return cbor(["Encrypt0", b"", external])
