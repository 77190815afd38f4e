"""A file of codec vectors in the making: numbers them in order of entry, keeps the notes, fills in what all share.

Ids are permanent: append new vectors at the end of a family's list, never between others.
"""


class Book:
    def __init__(self, room, family, first=1):
        self.room, self.family, self.number = room, family, first
        self.notes, self.vectors = {}, []

    def note(self, flag, bug, effect, *mutants):
        self.notes[flag] = {"bug": bug, "effect": effect, "mutants": list(mutants)}

    def ok(self, title, req, flags=(), **fields):
        """Returns the id, to be the control of others."""
        return self._add(title, req, flags, "ok", None, None, fields)

    def reject(self, reason, control, title, req, flags, **fields):
        return self._add(title, req, flags, "reject", reason, control, fields)

    def _add(self, title, req, flags, result, reason, control, fields):
        missing = set(flags) - set(self.notes)
        assert not missing, f"{title}: flags without note: {missing}"
        name = f"{self.room}-{self.family}-{self.number:04}"
        self.number += 1
        self.vectors.append(
            {
                "id": name,
                "title": title,
                "req": list(req),
                "flags": list(flags),
                **fields,
                "result": result,
                "reason": reason,
                "control": control,
                "confirmed": [],
            }
        )
        return name

    def document(self, source=None, contexts=None):
        used = {flag for vector in self.vectors for flag in vector["flags"]}
        return {
            "format": "muster-vectors-1",
            "family": self.family,
            "dialect": None if self.room == "common" else self.room,
            "source": source or {"kind": "generated", "ref": "vectors/gen"},
            "notes": {flag: note for flag, note in self.notes.items() if flag in used},
            "contexts": contexts or {},
            "vectors": self.vectors,
        }
