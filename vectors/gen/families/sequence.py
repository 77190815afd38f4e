"""The sequence family: one endpoint with state, step by step. The themes are in sequence_*.py; what they share is in sequence_scene.py."""

from families import sequence_exchange, sequence_window

THEMES = (sequence_window, sequence_exchange)


def files():
    books = (theme.make(dialect) for theme in THEMES for dialect in ("oscore", "group-02", "group-28"))
    return {book.path: book.document() for book in books}
