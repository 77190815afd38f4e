"""The nonce: RFC 8613 section 5.2, Group OSCORE -28 section 3.3."""


def nonce(common_iv, length, id_piv, partial_iv):
    """`id_piv` is the Sender ID of whoever made the Partial IV; leading bytes of a longer Common IV are used.

    A Partial IV counts as a number, so leading zeros do not matter; both fields stand right-aligned.
    """
    number = int.from_bytes(partial_iv, "big")
    partial = bytes([len(id_piv)]) + id_piv.rjust(length - 6, b"\0") + number.to_bytes(5, "big")
    assert len(partial) == length <= len(common_iv)
    return bytes(a ^ b for a, b in zip(partial, common_iv))
