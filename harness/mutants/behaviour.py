"""Mutants as peers: a muster-peer with one fault plays scenarios as the subject, and must turn them red.

Below build/mutants: `stage` is a copy of what the runner and the peer are made of, `stage-out` holds the objects.
"""
import fnmatch
import json
import os
import shutil
import time

import engine
import patches

RED = ('fail', 'crash', 'hang')
OPTIMISED = ['-O1', '-g0', '-w']
FOLDERS = ('peers/lib', 'peers/io', 'peers/bin', 'vectors', 'harness')
LEFT_OUT = ('harness/mutants', 'harness/tests', 'vectors/gen', 'vectors/schema', 'vectors/common', 'vectors/group-02',
            'vectors/group-28', 'vectors/oscore')
PEER_LIBS = engine.LIBS + ['-lsqlite3']
PLAY_SECONDS = 900  # for all scenarios of one mutant
CASES = 3  # of a scenario that only shares a requirement with a mutant
PATIENCE_MS = 3000  # for one answer of a mutant that hangs


class Scenario:
    """What a file says that matters here."""

    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            document = json.load(file)
        self.id = document['id']
        self.req = document.get('req', [])
        self.kills = document.get('kills', [])
        self.subjects = [name for name, peer in document['peers'].items() if peer.get('subject')]
        self.never = any('never' in one for one in document['expect'])


def scenarios_of(folder):
    """{id: Scenario} of all files."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith('.json') and place != folder:
                one = Scenario(os.path.join(place, name))
                found[one.id] = one
    return found


class Stage:
    """The copy, the runner and the peer without any mutant."""

    def __init__(self, root, build, jobs):
        self.root, self.build, self.jobs = root, build, jobs
        self.tree, self.out = os.path.join(build, 'stage'), os.path.join(build, 'stage-out')
        self.compiler = os.environ.get('CC', 'gcc')
        self.sodium = engine.command(['pkg-config', '--cflags', 'libsodium', 'jansson'], root)[1].split()

    def prepare(self):
        """Copy and build. Errors: EngineError with the first lines of what the compiler says."""
        self._copy()
        self.runner = os.path.join(self.out, 'muster')
        self.peer = os.path.join(self.out, 'muster-peer')
        status, said = engine.command(
            ['make', '-s', '-j%d' % self.jobs, 'VARIANT=debug', 'CC=' + self.compiler, 'BUILD=' + self.out,
             'CFLAGS=' + ' '.join(OPTIMISED), self.runner, self.peer], self.tree)
        if status != 0:
            raise engine.EngineError('the peer does not compile: ' + '; '.join(said.splitlines()[:3]))
        self.objects = self._objects('peers/lib') + ['peers/lib/crypto/mbedtls.o'] + self._objects('peers/io') + \
            self._objects('peers/bin/muster-peer') + self._objects('vectors')
        self.scenarios = scenarios_of(os.path.join(self.tree, 'harness', 'scenarios'))
        shutil.rmtree(os.path.join(self.build, 'peers'), ignore_errors=True)

    def _copy(self):
        wanted = {'Makefile', 'ci/check_libs.sh'}
        for top in FOLDERS:
            for place, folders, names in os.walk(os.path.join(self.root, top)):
                below = os.path.relpath(place, self.root)
                folders[:] = [one for one in folders if os.path.join(below, one) not in LEFT_OUT]
                wanted.update(os.path.join(below, name) for name in names if not name.startswith('.'))
        for name in wanted:
            try:
                engine.copy_new(os.path.join(self.root, name), os.path.join(self.tree, name))
            except FileNotFoundError:
                continue  # gone since it was listed
        for place, _, names in os.walk(self.tree):
            for name in names:
                path = os.path.join(place, name)
                if os.path.relpath(path, self.tree) not in wanted:
                    os.unlink(path)

    def _objects(self, folder):
        names = sorted(os.listdir(os.path.join(self.tree, folder)))
        return [os.path.join(folder, name[:-2] + '.o') for name in names if name.endswith('.c')]

    def build_peer(self, patch):
        """The program of a mutant: changed files compiled, and all files where a header changed. Errors: PatchError, EngineError."""
        folder = os.path.join(self.build, 'peers', patch.id)
        shutil.rmtree(folder, ignore_errors=True)
        texts = {os.path.join(patch.below, name): text
                 for name, text in patch.apply(os.path.join(self.tree, patch.below)).items()}
        sources = list(texts)
        rooms = ['peers/lib', 'peers/io', 'vectors']
        if any(name.endswith('.h') for name in texts):
            # A source finds the headers beside it first, so all of them have to move.
            sources = [name[:-2] + '.c' for name in self.objects]
            for room in ('peers', 'vectors'):
                shutil.copytree(os.path.join(self.tree, room), os.path.join(folder, room))
            rooms = [os.path.join(folder, room) for room in rooms]
        for name, text in texts.items():
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                file.write(text)
        made = {name[:-2] + '.o': self._compile(patch, folder, name, rooms) for name in sources}
        program = os.path.join(folder, 'muster-peer')
        objects = [made.get(name) or os.path.join(self.out, name) for name in self.objects]
        status, said = engine.command([self.compiler, '-o', program] + objects + PEER_LIBS, self.tree)
        if status != 0:
            raise engine.EngineError('%s does not link: %s' % (patch.id, '; '.join(said.splitlines()[:2])))
        return program

    def _compile(self, patch, folder, name, rooms):
        """The object of one source below a mutant's folder."""
        source = os.path.join(folder, name)
        own = os.path.dirname(name)
        status, said = engine.command(
            [self.compiler] + engine.STD + OPTIMISED + [word for one in [own] + rooms for word in ('-iquote', one)] +
            self.sodium + ['-c', source, '-o', source[:-2] + '.o'], self.tree)
        if status != 0:
            errors = [line for line in said.splitlines() if 'error' in line]
            raise engine.EngineError('%s does not compile: %s' % (patch.id, (errors or said.splitlines() or ['?'])[0]))
        return source[:-2] + '.o'

    def play(self, program, patterns, key, jobs=1):
        """The records of the cases of these scenarios with the program as the peer under test."""
        if not patterns:
            return []
        path = os.path.join(self.build, 'play-%s.json' % key)
        if os.path.exists(path):
            os.unlink(path)
        status, said = engine.command(
            [self.runner, 'run', '--peer', program, '--reference', self.peer, '--jobs', str(jobs), '--port', 'stdio', '--json', path,
             '--patience', str(PATIENCE_MS), '--limit', '6'] + list(patterns), self.tree, PLAY_SECONDS)
        if status not in (0, 1, 3) or not os.path.exists(path):
            raise engine.EngineError('muster run of %s: status %d: %s' % (key, status, ' '.join(said.split())[-300:]))
        with open(path, encoding='utf-8') as file:
            records = [json.loads(line) for line in file]
        os.unlink(path)
        return records


def is_red(record, without):
    """Whether a case is red that was not without the mutant; a warning is what a broken SHOULD looks like."""
    return without is not None and without not in RED and \
        (record['verdict'] in RED or (record['verdict'] == 'warn' and without == 'pass'))


def words_of(record):
    """Everything a case complains of, the reason of its verdict first."""
    said = [record.get('why') or ''] + [one.get('text', '') for kind in ('findings', 'warnings')
                                        for one in record.get(kind, [])]
    return [text for text in said if text]


def is_variant(name, one):
    """Whether `kills` of a scenario means this mutant: M24 is any variant of it."""
    return name == one or (name == one.rstrip('abcdefghijklmnopqrstuvwxyz'))


class Behaviour:
    """The set: what is played, and what became of it."""

    def __init__(self, stage, chosen, table=False):
        """chosen: patches, those of both sets; table: everything against everything."""
        self.stage, self.chosen, self.table = stage, chosen, table
        self.good, self.some = {}, {}

    def named(self, patch):
        """The scenarios that are to catch a mutant: by its header, or by their own `kills`."""
        return {one.id for one in self.stage.scenarios.values()
                if self.table or any(is_variant(name, patch.id) for name in one.kills) or
                any(fnmatch.fnmatchcase(one.id, kill.who.partition('@')[0]) for kill in patch.of('scenario'))}

    def sharing(self, patch):
        """The scenarios that cite a requirement it breaks."""
        return {one.id for one in self.stage.scenarios.values() if set(one.req) & set(patch.requirements)}

    def wanted(self, patch):
        """What is played: all cases of scenarios named, some of those that only share a requirement."""
        named = self.named(patch)
        return sorted(named) + [case for one in sorted(self.sharing(patch) - named) for case in self.some[one]]

    def control(self):
        """Without any mutant each case must pass; what does not is told, and counts for nothing. (cases, lines)."""
        names = sorted({name for patch in self.chosen for name in self.named(patch) | self.sharing(patch)})
        records = self.stage.play(self.stage.peer, names, 'control', self.stage.jobs)
        bad = []
        self.some = {name: sample([one for one in records if one['scenario'] == name]) for name in names}
        for record in records:
            self.good[record_key(record)] = record['verdict']
            if record['verdict'] in RED:
                bad.append('control: %s%s is red without any mutant: %s' % (
                    record['id'], of_place(record), record.get('why')))
        return len(records), bad

    def run(self, job, _, patch):
        """What became of one mutant."""
        start = time.monotonic()
        wanted = self.wanted(patch)
        records = self.stage.play(self.stage.build_peer(patch), wanted, 'job-%d' % job) if wanted else []
        red = [one for one in records if is_red(one, self.good.get(record_key(one)))]
        return judge(patch, records, red, int(1000 * (time.monotonic() - start)))


def sample(records):
    """Ids of a few cases of a scenario: of each dialect and mode in turn."""
    seen, keyed = {}, []
    for i, one in enumerate(sorted(records, key=lambda one: one['id'])):
        kind = (one['dialect'], one['params'].get('mode'))
        keyed.append((seen.setdefault(kind, 0), i, one['id']))
        seen[kind] += 1
    ids = [case for _, _, case in sorted(keyed)]
    return sorted(set(list(dict.fromkeys(ids))[:CASES]))


def record_key(record):
    """A case in one place."""
    return record['id'], record.get('place')


def of_place(record):
    """` as lamp`, where there is a place."""
    return ' as ' + record['place'] if record.get('place') else ''


def is_never(finding):
    """Whether something was there that must never be. Its number says nothing: expectations of several peers are counted
    one by one."""
    return finding.get('text', '').startswith('expected {"never"')


def judge(patch, records, red, spent_ms):
    """The row of a mutant: each `kills: scenario` must hold, and some scenario must be red for a reason it names."""
    result = {'id': patch.id, 'title': patch.title, 'requirements': patch.requirements, 'killed_by': [],
              'n_played': len(records), 'n_red': len(red), 'red': sorted({one['scenario'] for one in red}),
              'never': [], 'evidence': {}, 'ms': spent_ms}
    missed = []
    for kill in patch.of('scenario'):
        by = next(({'scenario': one['scenario'], 'case': one['id'], 'said': said} for one in red if kill.of_case(one)
                   for said in words_of(one) if kill.said.search(said)), None)
        if by is None:
            missed.append(kill.text)
        else:
            result['killed_by'].append(by)
    never = set()
    for one in red:
        for finding in one.get('findings', []):
            if is_never(finding) or finding.get('kind') in ('unverified', 'nonce-reuse'):
                never.add(one['scenario'])
        for requirement in set(one['req']) & set(patch.requirements):
            result['evidence'].setdefault(requirement, set()).add(one['scenario'])
    result['never'] = sorted(never)
    result['evidence'] = {key: sorted(ids) for key, ids in result['evidence'].items()}
    result['verdict'] = 'survived' if missed else 'killed'
    if missed:
        said = ['%s: %s' % (one['id'], (words_of(one) or ['?'])[0]) for one in red[:3]]
        result['why'] = 'not red as named: %s; %d of %d cases red%s' % (
            ' and '.join(missed), len(red), len(records), ', ' + '; '.join(said) if said else '')
    return result


def part_of(results, own):
    """What results.json keeps: rows of this set (ids `own`), of seeded mutants played as peers, and the evidence."""
    part = {'behaviour': [], 'replayed': [], 'evidence': {}}
    for result in results:
        for requirement, ids in result['evidence'].items():
            part['evidence'].setdefault(requirement, {})[result['id']] = ids
        keys = ('id', 'title', 'requirements', 'verdict', 'killed_by', 'n_played', 'n_red', 'red')
        part['behaviour' if result['id'] in own else 'replayed'].append(
            {key: result[key] for key in (keys if result['id'] in own else ('id', 'n_played', 'n_red', 'red'))})
    return part


def check_kills(scenarios, results):
    """`kills` of scenarios that do not hold, as lines; how many hold."""
    red = {result['id']: set(result['red']) for result in results}
    gaps, n = [], 0
    for one in scenarios.values():
        for name in one.kills:
            variants = [other for other in red if is_variant(name, other)]
            if not variants:
                gaps.append('scenario %s names %s in kills, and there is no such mutant' % (one.id, name))
            elif not any(one.id in red[other] for other in variants):
                gaps.append('scenario %s names %s in kills and stays green under it' % (one.id, name))
            else:
                n += 1
    return gaps, n


def negative(scenarios, results, excused):
    """Scenarios with a `never`: (rows {scenario: {'own', 'other'}}, lines for those without any mutant). `own`: the mutant
    made the never itself (or an oracle of forged content) fail; `other`: red for another expectation of it."""
    rows, gaps = {}, []
    for one in scenarios.values():
        if not one.never or not one.subjects:
            continue
        own = sorted(result['id'] for result in results if one.id in result['never'])
        other = sorted(result['id'] for result in results if one.id in result['red'] and result['id'] not in own)
        rows[one.id] = {'own': own, 'other': other}
        if (not own and not other) != (one.id in excused):
            gaps.append('absent.json excuses scenario %s, which %s turns red' % (one.id, (own + other)[0])
                        if one.id in excused else
                        'negative scenario %s stays green under every mutant' % one.id)
    gaps += ['absent.json excuses scenario %s, which is not there or not negative' % one for one in excused
             if one not in rows]
    return rows, gaps


def table_of(results):
    """The table of the set, lines."""
    for result in results:
        by = result['killed_by'][0] if result['killed_by'] else {}
        yield '%-8s %-6s %-74.74s %3d of %3d red %6d ms  %s' % (
            'ok' if result['verdict'] == 'killed' else 'FAIL', result['id'], result['title'], result['n_red'],
            result['n_played'], result['ms'],
            ('%s: %s' % (by['case'], by['said']) if by else result.get('why', '-'))[:220])


def load_patches(folder):
    """The patches of this set: each is to be caught by a scenario."""
    found = patches.load(folder, 'peers/')
    for patch in found:
        if len(patch.of('scenario')) != len(patch.kills):
            raise patches.PatchError('%s: expected "# kills: scenario" only' % os.path.basename(patch.path))
    return found
