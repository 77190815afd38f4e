"""Family `message`: one message, both directions of the computation. The themes are in message_oscore, message_group02, message_group28."""

from families import message_group02, message_group28, message_oscore


def files():
    return dict(theme.document() for module in (message_oscore, message_group02, message_group28) for theme in module.themes())
