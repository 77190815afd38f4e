"""Copies of the tree, objects, and the runs of vectors and test programs against a mutant.

Everything happens below build/mutants: `tree` is a copy of what is compiled, `base` and `asan` hold its objects, `work`
a folder for each of the jobs.
"""
import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess

STD = ['-std=c11', '-D_POSIX_C_SOURCE=200809L']
FAST = ['-O2', '-g0', '-fPIC', '-w']
ASAN = ['-O1', '-g0', '-fPIC', '-w', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
LIBS = ['-lmbedcrypto', '-lsodium', '-ljansson']
COPIED = ('peers/lib', 'peers/lib/crypto', 'peers/tests', 'peers/tests/plain', 'vectors', 'harness/mutants')
PLAIN = 'peers/lib/crypto/plain.c'
TEST_CPU_SECONDS = 60  # of processor time; the slowest that is run takes 2
RESTARTS = 25  # after vectors that end the process


class EngineError(Exception):
    """One line: the run cannot go on."""


def command(args, cwd, seconds=600, **variables):
    """Runs a command; gives (status, output). Status 124 for one that took too long."""
    try:
        done = subprocess.run(args, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                              check=False, env=dict(os.environ, ASAN_OPTIONS='detect_leaks=0', LC_ALL='C', **variables))
    except subprocess.TimeoutExpired:
        return 124, ''
    return done.returncode, done.stdout.decode('utf-8', 'replace')


def copy_new(source, target):
    """Copies a file whose contents differ, so that make sees what changed and only that."""
    with open(source, 'rb') as file:
        data = file.read()
    if os.path.exists(target):
        with open(target, 'rb') as file:
            if file.read() == data:
                return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, 'wb') as file:
        file.write(data)


def copy_tree(root, tree):
    """Brings the copy up to date: sources, vectors, the Makefile and what it calls for objects."""
    wanted = {'Makefile', 'ci/check_libs.sh'}
    for folder in COPIED:
        wanted.update(os.path.join(folder, name) for name in os.listdir(os.path.join(root, folder))
                      if name.endswith(('.c', '.h')))
    for pattern in os.listdir(os.path.join(root, 'vectors')):
        folder = os.path.join('vectors', pattern)
        if os.path.isdir(os.path.join(root, folder)) and pattern not in ('gen', 'schema'):
            wanted.update(os.path.join(folder, name) for name in os.listdir(os.path.join(root, folder))
                          if name.endswith(('.json', '.tsv')))
    for name in wanted:
        copy_new(os.path.join(root, name), os.path.join(tree, name))
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, tree) not in wanted:
                os.unlink(path)


class Outcome:
    """What a replay found."""

    def __init__(self):
        self.red = []  # (index, what was said), in the order replayed
        self.skipped = 0
        self.ended = None  # 'crash' or 'timeout' when a vector ended the process


class Host:
    """A process that has read the vectors and replays them against shared objects."""

    def __init__(self, program, tree):
        self.program = subprocess.Popen([program, 'vectors'], cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        encoding='utf-8', errors='replace')
        self.ids = []
        for line in self.program.stdout:
            if line == 'ready\n':
                return
            self.ids.append(line.split()[1])
        raise EngineError('the vectors of the copy cannot be read (see above)')

    def close(self):
        """Ends the process."""
        self.program.stdin.close()
        self.program.wait()
        self.program.stdout.close()

    def once(self, path, stop, indexes, outcome):
        """One child; gives how many vectors it got through and how it ended."""
        self.program.stdin.write('%s %d %d %s\n' % (path, stop, len(indexes), ' '.join(map(str, indexes))))
        self.program.stdin.flush()
        n_done = 0
        for line in self.program.stdout:
            words = line.rstrip('\n').split(' ', 2)
            if words[0] == 'end':
                return n_done, words[1:]
            if words[0] == 'unloadable':
                raise EngineError('%s: expected a shared object, found: %s' % (path, line.strip()))
            n_done += 1
            if words[0] == 'fail':
                outcome.red.append((int(words[1]), words[2] if len(words) > 2 else ''))
            outcome.skipped += words[0] == 'skip'
        raise EngineError('the host of the vectors ended (see above)')

    def replay(self, path, indexes, stop):
        """Replays vectors in order. One that ends the process is red too; the rest follows in a new child."""
        outcome = Outcome()
        for _ in range(RESTARTS):
            n_done, (how, number) = self.once(path, stop, indexes, outcome)
            if how == 'exit' or n_done >= len(indexes):
                break
            word = 'timeout' if number in ('14', '27') else 'crash'
            outcome.ended = outcome.ended or word
            outcome.red.append((indexes[n_done], '%s (signal %s)' % (word, number)))
            indexes = indexes[n_done + 1:]
            if stop or not indexes:
                break
        return outcome


class Vectors:
    """What the files say about each vector, in the order of the host."""

    def __init__(self, tree, ids):
        rows, self.notes = {}, {}
        for folder in ('common', 'group-02', 'group-28', 'oscore'):
            for name in sorted(fnmatch.filter(os.listdir(os.path.join(tree, 'vectors', folder)), '*.json')):
                with open(os.path.join(tree, 'vectors', folder, name), encoding='utf-8') as file:
                    self._take(json.load(file), folder + '/' + name, rows)
        missing = [one for one in ids if one not in rows]
        if missing:
            raise EngineError('vector %s: expected in the copy of the tree, found nowhere' % missing[0])
        self.rows = [rows[one] for one in ids]
        self.index = {one: i for i, one in enumerate(ids)}

    def _take(self, document, path, rows):
        for flag, note in document.get('notes', {}).items():
            self.notes.setdefault(flag, set()).update(note['mutants'])
        contexts = document.get('contexts', {})
        for vector in document.get('vectors', []):
            names = [vector.get(key) for key in ('sender', 'receiver', 'context')]
            curves = {contexts.get(name, {}).get('signature') for name in names if name}
            rows[vector['id']] = {'id': vector['id'], 'flags': vector['flags'], 'title': vector['title'],
                                  'req': vector['req'], 'file': path, 'slow': bool(curves & {-7, -35, -36})}

    def spread(self, n_slow=None):
        """Indexes in an order in which a fault shows soon: flag by flag and file by file in turn, the slow ones (ECDSA,
        which take nine tenths of the time) last, and no more than n_slow of them."""
        seen, keyed = {}, []
        for i, row in enumerate(self.rows):
            rank = 0
            for key in [row['file']] + [(row['file'], flag) for flag in row['flags']]:
                rank = max(rank, seen.get(key, 0))
                seen[key] = seen.get(key, 0) + 1
            keyed.append((row['slow'], rank, i))
        keyed.sort()
        return [i for slow, _, i in keyed if not slow] + [i for slow, _, i in keyed if slow][:n_slow]


class Engine:
    """Builds the objects once, then mutants from changed files."""

    def __init__(self, root, build, jobs):
        self.root, self.build, self.jobs = root, build, jobs
        self.tree = os.path.join(build, 'tree')
        self.compiler = os.environ.get('CC', 'gcc')
        self.sodium = command(['pkg-config', '--cflags', 'libsodium'], root)[1].split()

    def prepare(self):
        """Copy, objects, host. Errors: EngineError with the first line of what the compiler says."""
        os.makedirs(self.build, exist_ok=True)
        copy_tree(self.root, self.tree)
        lib = self._sources('peers/lib') + ['peers/lib/crypto/mbedtls.c']
        self.library = [name[len('peers/lib/'):] for name in lib]
        vectors = self._sources('vectors')
        own = ['harness/mutants/host.c', 'harness/mutants/mutant.c']
        self._make('debug', 'base', ' '.join(FAST), lib + vectors + own)
        objects = [self._object('base', name) for name in lib + vectors]
        self.host = os.path.join(self.build, 'host')
        self._link(['-o', self.host, self._object('base', own[0])] + objects + LIBS + ['-ldl'])
        self.rest = [self._object('base', name) for name in vectors + own[1:]]
        shutil.rmtree(os.path.join(self.build, 'work'), ignore_errors=True)

    def prepare_tests(self):
        """The test programs, linked once against a shared library that each mutant brings; with sanitizers, which see
        reads past an end that change no verdict."""
        sources = self._sources('peers/tests') + self._sources('peers/tests/plain')
        tests = [name for name in sources if os.path.basename(name).startswith('test_')]
        helpers = [name for name in sources if name not in tests]
        lib = ['peers/lib/' + name for name in self.library] + [PLAIN]
        self._make('asan', 'asan', ' '.join(ASAN), lib + helpers + tests)
        folder = os.path.join(self.build, 'asan')
        self._asan_libraries(folder, {})
        self.tests = {}
        for name in tests:
            program = os.path.join(folder, os.path.basename(name)[:-2])
            adapter = 'plain' if '/plain/' in name else 'real'
            self._link(ASAN + ['-o', program] + [self._object('asan', one) for one in [name] + helpers] +
                       ['-L' + os.path.join(folder, adapter), '-lgosc'] + LIBS)
            self.tests[os.path.basename(program)] = (program, adapter)

    def _asan_libraries(self, folder, made):
        """One with the real adapter, one with the plain one."""
        core = [made.get(one) or self._object('asan', 'peers/lib/' + one) for one in self.library if '/' not in one]
        for adapter, source in (('real', 'crypto/mbedtls.c'), ('plain', 'crypto/plain.c')):
            os.makedirs(os.path.join(folder, adapter), exist_ok=True)
            self._link(ASAN + ['-shared', '-o', os.path.join(folder, adapter, 'libgosc.so')] + core +
                       [made.get(source) or self._object('asan', 'peers/lib/' + source)] + LIBS)

    def test_libraries(self, job, texts):
        """The folder of libraries with these changed files, for `test`."""
        made = self.compile(job, texts, ASAN, '.asan.o')
        if isinstance(made, str):
            raise EngineError('with sanitizers it does not compile: ' + made)
        folder = os.path.join(self.build, 'work', str(job))
        self._asan_libraries(folder, made)
        return folder

    def _sources(self, folder):
        names = os.listdir(os.path.join(self.tree, folder))
        return sorted(os.path.join(folder, name) for name in names if name.endswith('.c'))

    def _object(self, kind, name):
        return os.path.join(self.build, kind, name[:-2] + '.o')

    def _make(self, variant, kind, flags, names):
        objects = [self._object(kind, name) for name in names]
        status, said = command(['make', '-s', '-j%d' % self.jobs, 'VARIANT=' + variant, 'CC=' + self.compiler,
                                'BUILD=' + os.path.join(self.build, kind), 'CFLAGS=' + flags] + objects, self.tree)
        if status != 0:
            raise EngineError('the tree does not compile: ' + '; '.join(said.splitlines()[:3]))

    def _link(self, args):
        status, said = command([self.compiler] + args, self.tree)
        if status != 0:
            raise EngineError('the tree does not link: ' + '; '.join(said.splitlines()[:3]))

    def compile(self, job, texts, flags, suffix):
        """Objects of changed files: {file: object}, or the first complaint of the compiler as a text."""
        made = {}
        for name, text in texts.items():
            source = os.path.join(self.build, 'work', str(job), name)
            os.makedirs(os.path.dirname(source), exist_ok=True)
            with open(source, 'w', encoding='utf-8') as file:
                file.write(text)
            made[name] = source[:-2] + suffix
            status, said = command([self.compiler] + STD + flags + ['-iquote', 'peers/lib'] + self.sodium +
                                   ['-c', source, '-o', made[name]], self.tree)
            if status != 0:
                errors = [line for line in said.splitlines() if 'error' in line]
                return (errors or said.splitlines() or ['?'])[0]
        return made

    def mutant(self, job, made):
        """A shared object to replay vectors against; made: objects of changed files, from `compile`."""
        path = os.path.join(self.build, 'work', str(job), 'mutant.so')
        objects = [made.get(name) or self._object('base', 'peers/lib/' + name) for name in self.library]
        self._link(['-shared', '-Wl,-Bsymbolic', '-o', path] + self.rest + objects + LIBS)
        return path

    def test(self, name, folder=None):
        """Runs a test program with the library of a folder: ('passed'|'failed'|'crash'|'timeout', lines not ok)."""
        program, adapter = self.tests[name]
        limited = 'ulimit -t %d; exec "$0"' % TEST_CPU_SECONDS
        status, said = command(['sh', '-c', limited, program], self.tree,
                               LD_LIBRARY_PATH=os.path.join(folder or os.path.join(self.build, 'asan'), adapter))
        if status == 0:
            return 'passed', ''
        if status in (124, -signal.SIGXCPU, -signal.SIGKILL):
            return 'timeout', 'no end after %d s of processor time' % TEST_CPU_SECONDS
        lines = re.findall(r'^not ok .*$', said, re.M)
        found = re.findall(r'(?:ERROR: AddressSanitizer: .*|runtime error: .*)', said)
        if status < 0 or found or not lines:
            return 'crash', (found or ['status %d' % status])[0]
        return 'failed', '\n'.join(lines)
