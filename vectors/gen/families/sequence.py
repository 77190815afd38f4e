"""The sequence family: one endpoint with state, step by step. The themes are in sequence_*.py; what they share is in sequence_scene.py."""

from families import sequence_echo, sequence_exchange, sequence_rekey, sequence_table, sequence_window

GROUPS = ("group-02", "group-28")
ALL = ("oscore",) + GROUPS
THEMES = ((sequence_window, ALL), (sequence_exchange, ALL), (sequence_echo, ALL), (sequence_rekey, ALL), (sequence_table, GROUPS))


def files():
    books = (theme.make(dialect) for theme, dialects in THEMES for dialect in dialects)
    return {book.path: book.document() for book in books}
