"""One file of vectors over contexts in the making: contexts by name, numbered vectors, flags with their explanation."""

CONTEXT_KEYS = (
    "dialect reading hkdf aead group_enc signature agreement master_secret master_salt id_context cred_format gm_cred "
    "sender recipients members max_recipients window_size windows freshness_ms"
).split()


class ContextBook:
    """`first` is the number of the first vector; files of one dialect and family take disjoint ranges.

    Ids are permanent: new vectors go to the end of a file.
    """

    def __init__(self, family, dialect, path, seed, first, notes):
        self.family, self.dialect, self.path, self.seed = family, dialect, path, seed
        self.next, self.notes = first, notes
        self.contexts, self.vectors, self._names, self._titles = {}, [], {}, set()

    def context(self, context, hint=None):
        """The name under which the context stands in this file; equal ones share a name."""
        ordered = {key: context[key] for key in CONTEXT_KEYS if key in context}
        assert len(ordered) == len(context), set(context) - set(ordered)
        key = repr(ordered)
        if key not in self._names:
            name = hint or f"c{len(self._names) + 1:03d}"
            assert name not in self.contexts, name
            self._names[key], self.contexts[name] = name, ordered
        return self._names[key]

    def add(self, title, req, flags=(), reason=None, control=None, **rest):
        number = f"{self.dialect}-{self.family}-{self.next:04d}"
        self.next += 1
        assert len(title) <= 200 and (reason is None) == (control is None), title
        assert all(flag in self.notes for flag in flags), flags
        assert title not in self._titles, f"title twice: {title}"
        self._titles.add(title)
        vector = {"id": number, "title": title, "req": list(dict.fromkeys(req)), "flags": list(flags)}
        vector |= {"result": "ok" if reason is None else "reject", "reason": reason, "control": control, "confirmed": []}
        self.vectors.append(vector | rest)
        return number

    def document(self):
        used = {flag for vector in self.vectors for flag in vector["flags"]}
        notes = {flag: note for flag, note in self.notes.items() if flag in used}
        source = {"kind": "generated", "ref": "vectors/gen", "seed": self.seed}
        head = {"format": "muster-vectors-1", "family": self.family, "dialect": self.dialect, "source": source}
        return head | {"notes": notes, "contexts": self.contexts, "vectors": self.vectors}


def note(bug, effect, *mutants):
    return {"bug": bug, "effect": effect, "mutants": list(mutants)}
