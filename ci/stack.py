#!/usr/bin/env python3
"""stack.py DIR LIMIT: worst stack of every public function of the core.

DIR holds the objects and the call graphs of gcc -fcallgraph-info=su. A call through a pointer may reach every
function whose address stands in a data section (the dialect objects). The crypto adapter and mem* count 0:
they belong to the platform. Exit status 1 above LIMIT, for a frame of no fixed size, and for recursion.
"""
import glob
import os
import re
import subprocess
import sys

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
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
                    calls.setdefault(edge.group(1), set()).add(edge.group(2))
    return frames, calls, problems


def short(title):
    return title.rsplit(':', 1)[-1]


def symbols(directory):
    """Public functions, and functions whose address is stored in data."""
    public, stored = set(), set()
    for path in sorted(glob.glob(os.path.join(directory, '*.o'))):
        if os.path.basename(path) == 'core.o':
            continue
        names = subprocess.run(['arm-none-eabi-nm', path], check=True, capture_output=True, text=True).stdout
        public.update(line.split()[-1] for line in names.splitlines() if ' T ' in line)
        relocations = subprocess.run(['arm-none-eabi-objdump', '-r', path], check=True, capture_output=True,
                                     text=True).stdout
        in_data = False
        for line in relocations.splitlines():
            if line.startswith('RELOCATION RECORDS FOR'):
                in_data = re.search(r'\[\.(rodata|data)', line) is not None
            elif in_data and len(line.split()) == 3:
                stored.add(re.sub(r'^\.text\.|\+0x.*$', '', line.split()[2]))
    return public, stored


class Worst:
    """Worst path below a function, by depth first search; every function is finished once."""

    def __init__(self, frames, calls, stored):
        self.frames, self.calls = frames, calls
        self.targets = sorted(t for t in frames if short(t) in stored)
        self.done, self.problems = {}, []

    def below(self, title, path):
        if title in self.done:
            return self.done[title]
        if title in path:
            self.problems.append('recursion: ' + ' -> '.join(short(t) for t in path[path.index(title):] + [title]))
            return 0, []
        deepest = (0, [])
        for target in sorted(self.calls.get(title, ())):
            reached = [t for t in self.targets if t not in path + [title]] if target == INDIRECT else [target]
            for one in reached:
                if one in self.frames:
                    deepest = max(deepest, self.below(one, path + [title]))
        found = (self.frames[title] + deepest[0], [short(title)] + deepest[1])
        # Through a pointer a function on the path is left out: only a result free of that may be kept.
        if not path or INDIRECT not in self.reach(title, set()):
            self.done[title] = found
        return found

    def reach(self, title, seen):
        for target in self.calls.get(title, ()):
            if target not in seen:
                seen.add(target)
                self.reach(target, seen)
        return seen


def main():
    directory, limit = sys.argv[1], int(sys.argv[2])
    frames, calls, problems = read_graphs(directory)
    public, stored = symbols(directory)
    worst = Worst(frames, calls, stored)
    rows = sorted((worst.below(t, []) for t in frames if t in public), reverse=True)
    if not rows:
        print('stack: no public function found', file=sys.stderr)
        return 1
    for size, path in rows[:5]:
        print(f'{size:7d}  bytes of stack: {" > ".join(path)}')
    verdict = 'ok' if rows[0][0] <= limit else 'TOO MUCH'
    print(f'{rows[0][0]:7d}  {"bytes of stack, deepest of " + str(len(rows)) + " public functions":<52} '
          f'limit {limit:5d}  {verdict}')
    for problem in problems + worst.problems:
        print(f'stack: {problem}', file=sys.stderr)
    return 1 if verdict != 'ok' or problems or worst.problems else 0


if __name__ == '__main__':
    sys.exit(main())
