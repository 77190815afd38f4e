"""Mutants written by hand: unified diffs against peers/ with a header that says what they are to be caught by.

# M01a window left edge one too wide
# kills: vector FLAG-OR-ID-PATTERN [~ TITLE PART] | REGEX OF WHAT IS SAID
# kills: test PROGRAM | REGEX OF THE LINE THAT IS NOT OK
# kills: scenario ID-OR-CASE-PATTERN | REGEX OF THE REASON IN THE FAILURE LINE
# by: REQUIREMENT-ID...
"""
import fnmatch
import os
import re

REQUIREMENT = re.compile(r'^(O|GO|G02|E|GC|AG)-[A-Za-z0-9.]+(-[A-Za-z0-9.]+)*-[0-9]+$')


class PatchError(Exception):
    """One line: which patch, what is wrong with it."""


class Kill:
    """Who is to catch a mutant, and with which words."""

    def __init__(self, text, path):
        head, bar, said = text.partition('|')
        kind, _, who = head.strip().partition(' ')
        if not bar or kind not in ('vector', 'test', 'scenario') or not who.strip() or not said.strip():
            raise PatchError('%s: expected "kills: vector|test|scenario NAME | TEXT", found "%s"' % (path, text))
        self.kind = kind
        self.who, _, title = (part.strip() for part in who.partition('~'))
        self.title = title
        self.said = re.compile(said.strip())
        self.text = text

    def wants(self, vector):
        """Whether this is a vector that is to catch the mutant: by flag, else by id."""
        named = self.who in vector['flags'] or re.fullmatch(self.who.replace('*', '.*'), vector['id']) is not None
        return named and self.title in vector['title']

    def of_case(self, record):
        """Whether this is a case that is to catch the mutant."""
        return fnmatch.fnmatchcase(record['scenario'], self.who) or fnmatch.fnmatchcase(record['id'], self.who)


class Patch:
    """One mutant: its header, and the files it changes, all below one folder of the project."""

    def __init__(self, path, below='peers/lib/'):
        self.path, self.below = path, below
        name = os.path.basename(path)[:-len('.patch')]
        self.id = name.partition('-')[0]
        self.title, self.kills, self.requirements, self.hunks = '', [], [], []
        with open(path, encoding='utf-8') as file:
            lines = file.read().splitlines()
        self._header([line[2:] for line in lines if line.startswith('# ')], name)
        self._hunks(lines)

    def _header(self, lines, name):
        for line in lines:
            if line.startswith('kills: '):
                self.kills.append(Kill(line[7:], self.path))
            elif line.startswith('by: '):
                self.requirements += line[4:].split()
            elif line.startswith(self.id + ' '):
                self.title = line[len(self.id) + 1:]
        for what, there in (('a line "# %s title"' % self.id, self.title), ('"# kills:"', self.kills),
                            ('"# by:"', self.requirements)):
            if not there:
                raise PatchError('%s: expected %s, found none' % (name, what))
        for word in self.requirements:
            if not REQUIREMENT.match(word):
                raise PatchError('%s: expected a requirement id, found "%s"' % (name, word))

    def _hunks(self, lines):
        """Fills hunks: (file below the folder, line it stood at, lines before, lines after)."""
        file = None
        for line in lines:
            if line.startswith('+++ b/'):
                if not line.startswith('+++ b/' + self.below):
                    raise PatchError('%s: expected a change below %s, found "%s"'
                                     % (os.path.basename(self.path), self.below, line))
                file = line[len('+++ b/' + self.below):].split('\t')[0]
            elif line.startswith('@@'):
                self.hunks.append((file, int(re.match(r'@@ -(\d+)', line).group(1)), [], []))
            elif self.hunks and line[:1] in (' ', '-', '+') and not line.startswith(('--- ', '+++ ')):
                if line[0] != '+':
                    self.hunks[-1][2].append(line[1:])
                if line[0] != '-':
                    self.hunks[-1][3].append(line[1:])
        if not self.hunks:
            raise PatchError('%s: expected a change of %s, found none' % (os.path.basename(self.path), self.below))

    def of(self, *kinds):
        """The kills of these kinds."""
        return [kill for kill in self.kills if kill.kind in kinds]

    def apply(self, folder):
        """Gives {file: changed text}. Of several places the nearest to where it stood; white space does not matter, so
        that sources can be formatted."""
        texts = {}
        for file, at, before, after in self.hunks:
            if file not in texts:
                with open(os.path.join(folder, file), encoding='utf-8') as source:
                    texts[file] = source.read()
            text = texts[file]
            words = re.findall(r'\w+|[^\w\s]', '\n'.join(before))
            found = list(re.finditer(r'\s*'.join(map(re.escape, words)), text))
            if not found:
                raise PatchError('%s: no longer applies to %s%s: expected "%s", not found'
                                 % (os.path.basename(self.path), self.below, file, '\\n'.join(before)[:120]))
            place = min(found, key=lambda one: abs(text.count('\n', 0, one.start()) - (at - 1)))
            texts[file] = text[:place.start()] + '\n'.join(after) + text[place.end():]
        return texts


def load(folder, below='peers/lib/'):
    """All patches of a folder, ordered by id."""
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith('.patch'))
    found = [Patch(path, below) for path in paths]
    ids = [patch.id for patch in found]
    for one in ids:
        if ids.count(one) > 1:
            raise PatchError('%s: expected one patch of that id, found %d' % (one, ids.count(one)))
    return found
