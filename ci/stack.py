#!/usr/bin/env python3
"""stack.py DIR LIMIT: worst stack of every public function of the core.

DIR holds the objects and the call graphs of gcc -fcallgraph-info=su. A call through a member of a dialect may
reach every function that some dialect object keeps in that member; any other call through a pointer is a
callback of the application. Those, the crypto adapter and mem* count 0: they belong to the platform.
Exit status 1 above LIMIT, for a frame of no fixed size, and for recursion.
"""
import glob
import os
import re
import subprocess
import sys

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^":]+):(\d+):(\d+)")?')
MEMBER = re.compile(r'(?:->|\.)(\w+)\(')
ASSIGNED = re.compile(r'(?:->|\.)(\w+) = &?(\w+)[,;]')
SIZE = re.compile(r'(\d+) bytes \(([a-z,]+)\)')
INDIRECT = '__indirect_call'


def read_graphs(directory):
    """Frame sizes and calls by function; a static function's title has its file before it."""
    frames, calls, problems = {}, {}, []
    for path in sorted(glob.glob(os.path.join(directory, '*.ci'))):
        with open(path, encoding='utf-8') as graph:
            for line in graph:
                node = NODE.match(line)
                edge = EDGE.match(line)
                if node and SIZE.search(node.group(2)):
                    size, kind = SIZE.search(node.group(2)).groups()
                    frames[node.group(1)] = int(size)
                    if kind not in ('static', 'dynamic,bounded'):
                        problems.append(f'{node.group(1)}: frame is {kind}')
                elif edge:
                    target = edge.group(2)
                    if target == INDIRECT:
                        target = f'{INDIRECT} {called_member(*edge.group(3, 4, 5))}'
                    calls.setdefault(edge.group(1), set()).add(target)
    return frames, calls, problems


def short(title):
    return title.rsplit(':', 1)[-1]


def called_member(path, line, column):
    """Name of the struct member whose function is called at a place of the source."""
    with open(path, encoding='utf-8') as source:
        text = ''.join(source.readlines()[int(line) - 1:int(line) + 2])[int(column) - 1:]
    found = MEMBER.search(text)
    return found.group(1) if found else f'{path}:{line}'


def kept_in_members(frames):
    """Functions by the struct member that peers/lib assigns them to."""
    kept = {}
    for path in sorted(glob.glob('peers/lib/*.c')):
        with open(path, encoding='utf-8') as source:
            for member, name in ASSIGNED.findall(source.read()):
                titles = {t for t in (name, f'{path}:{name}') if t in frames}
                kept.setdefault(member, set()).update(titles)
    return {member: sorted(titles) for member, titles in kept.items() if titles}


def public_functions(directory):
    public = set()
    for path in sorted(glob.glob(os.path.join(directory, '*.o'))):
        if os.path.basename(path) != 'core.o':
            names = subprocess.run(['arm-none-eabi-nm', path], check=True, capture_output=True, text=True).stdout
            public.update(line.split()[-1] for line in names.splitlines() if ' T ' in line)
    return public


class Worst:
    """Worst path below a function, by depth first search; every function is finished once."""

    def __init__(self, frames, calls, kept):
        self.frames, self.calls, self.kept = frames, calls, kept
        self.done, self.problems, self.callbacks = {}, [], set()

    def below(self, title, path):
        if title in self.done:
            return self.done[title]
        if title in path:
            self.problems.append('recursion: ' + ' -> '.join(short(t) for t in path[path.index(title):] + [title]))
            return 0, []
        deepest = (0, [])
        for target in sorted(self.calls.get(title, ())):
            for one in self.reached(target):
                if one in self.frames:
                    deepest = max(deepest, self.below(one, path + [title]))
        self.done[title] = (self.frames[title] + deepest[0], [short(title)] + deepest[1])
        return self.done[title]

    def reached(self, target):
        if not target.startswith(INDIRECT):
            return [target]
        member = target.split()[1]
        if member not in self.kept:
            # A method that the caller chooses among those the library offers by that name.
            self.kept[member] = [t for t in sorted(self.frames) if t.startswith(f'gosc_{member}_')]
        if ':' in member:
            self.problems.append(f'{member}: a call through a pointer that cannot be followed')
        elif not self.kept[member]:
            self.callbacks.add(member)
        return self.kept[member]


def main():
    directory, limit = sys.argv[1], int(sys.argv[2])
    frames, calls, problems = read_graphs(directory)
    public = public_functions(directory)
    worst = Worst(frames, calls, kept_in_members(frames))
    rows = sorted((worst.below(t, []) for t in frames if t in public), reverse=True)
    if not rows:
        print('stack: no public function found', file=sys.stderr)
        return 1
    for size, path in rows[:5]:
        print(f'{size:7d}  bytes of stack: {" > ".join(path)}')
    verdict = 'ok' if rows[0][0] <= limit else 'TOO MUCH'
    print(f'{rows[0][0]:7d}  {"bytes of stack, deepest of " + str(len(rows)) + " public functions":<52} '
          f'limit {limit:5d}  {verdict}')
    if worst.callbacks:
        print(f'         callbacks of the application, counted 0: {", ".join(sorted(worst.callbacks))}')
    for problem in problems + worst.problems:
        print(f'stack: {problem}', file=sys.stderr)
    return 1 if verdict != 'ok' or problems or worst.problems else 0


if __name__ == '__main__':
    sys.exit(main())
