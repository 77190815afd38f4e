#!/usr/bin/env python3
"""muster mutants: is every seeded fault caught, for the named reason?"""
import argparse
import json
import os
import queue
import signal
import sys
import threading
import time

import behaviour
import coverage
import engine
import evidence
import generic
import patches

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GENERIC_FILES = ('replay_window.c', 'aad.c', 'nonce.c', 'kdf.c', 'counter_signature.c', 'protect.c', 'unprotect.c',
                 'message.c', 'group_message.c', 'oscore_option.c', 'response_number.c', 'exchange.c', 'pairwise.c',
                 'echo.c')
QUICK_GENERIC = 60  # mutants of the second set in --quick
# Test programs of the adapter alone, and one that goes through every algorithm once more and takes long.
NOT_FOR_MUTANTS = ('test_mbedtls', 'test_unprotect_algorithms')
N_SLOW = 100  # vectors with ECDSA that a generic mutant is replayed against
AT_ONCE = 100  # vectors within which the control that must die does
PATIENCE = 2  # seconds before progress is told

HELP = """examples:
  python3 harness/mutants/run.py                          all sets, writes harness/mutants/results.json
  python3 harness/mutants/run.py --set behaviour          mutated peers in the lab; brings results.json up to date
  python3 harness/mutants/run.py --evidence               which requirements have evidence, by results.json
  python3 harness/mutants/run.py --only M05               one seeded mutant, all its variants
  python3 harness/mutants/run.py --set generic --file replay_window.c
  python3 harness/mutants/run.py --quick                  seeded, controls, a sample of the generic ones

exit status: 0 every mutant was caught or is explained, 1 one was not, 2 the run could not be made
"""


class Progress:
    """Tells on standard error how far it is, when that takes a while."""

    def __init__(self, what, total):
        self.what, self.total, self.done, self.told = what, total, 0, time.monotonic()
        self.lock = threading.Lock()

    def step(self):
        """One more is done."""
        with self.lock:
            self.done += 1
            now = time.monotonic()
            every = PATIENCE if sys.stderr.isatty() else 30
            if now - self.told >= every:
                self.told = now
                sys.stderr.write('%s%s: %d of %d%s' % ('\r' if sys.stderr.isatty() else '', self.what, self.done,
                                                       self.total, '' if sys.stderr.isatty() else '\n'))
                sys.stderr.flush()

    def end(self):
        """Leaves the line clean."""
        if sys.stderr.isatty():
            sys.stderr.write('\r%60s\r' % '')


def check_apply(root, chosen):
    """All that no longer apply to this tree, by name."""
    faults = []
    for patch in chosen:
        try:
            patch.apply(os.path.join(root, patch.below))
        except patches.PatchError as fault:
            faults.append(str(fault))
    if faults:
        raise patches.PatchError('\nmutants: '.join(faults))


def each(what, items, work, hosts):
    """Calls work(job, host, item) for each item, a thread for each host; gives the results in the order of items."""
    todo, results, faults = queue.Queue(), [None] * len(items), []
    progress = Progress(what, len(items))
    for pair in enumerate(items):
        todo.put(pair)

    def worker(job):
        while not faults:
            try:
                i, item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                results[i] = work(job, hosts[job], item)
            except Exception as fault:  # told by the caller, in the main thread
                faults.append(fault)
            progress.step()

    threads = [threading.Thread(target=worker, args=(job,)) for job in range(len(hosts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.end()
    if faults:
        raise faults[0]
    return results


class Run:
    """The engine with as many hosts as there are jobs, and all vectors."""

    def __init__(self, args):
        self.args = args
        self.engine = engine.Engine(ROOT, args.build, args.jobs)
        self.engine.prepare()
        self.hosts = [engine.Host(self.engine.host, self.engine.tree) for _ in range(args.jobs)]
        self.vectors = engine.Vectors(self.engine.tree, self.hosts[0].ids)
        self.order = self.vectors.spread(N_SLOW)
        self.all = self.vectors.spread()
        self.tests_ready = False
        self.test_lock = threading.Lock()

    def check_patches(self, chosen):
        """All that no longer apply, by name."""
        check_apply(self.engine.tree, chosen + patches.load(os.path.join(HERE, 'controls')))

    def each(self, what, items, work):
        """Calls work(job, host, item) for each item on all hosts; gives the results in the order of items."""
        return each(what, items, work, self.hosts)

    def need_tests(self):
        """Builds the test programs when they are first asked for; all must pass without any mutant."""
        with self.test_lock:
            if self.tests_ready:
                return
            self.engine.prepare_tests()
            for name in sorted(self.engine.tests):
                if not name.startswith(NOT_FOR_MUTANTS):
                    verdict, lines = self.engine.test(name)
                    if verdict != 'passed':
                        raise engine.EngineError('%s: expected to pass without any mutant, found: %s' % (name, lines))
            self.tests_ready = True

    def build_mutant(self, job, patch, texts):
        """The shared object of a mutant that must compile."""
        made = self.engine.compile(job, texts, engine.FAST, '.o')
        if isinstance(made, str):
            raise engine.EngineError('%s does not compile: %s' % (patch.id, made))
        return self.engine.mutant(job, made)

    # ---- seeded ----

    def chosen(self, patch):
        """Indexes for a seeded mutant: what is replayed, and the slow ones it names (NIST curves), if need be."""
        rows = self.vectors.rows
        named = [i for i in self.all if any(kill.kind == 'vector' and kill.wants(rows[i]) for kill in patch.kills)]
        slow = [i for i in named if rows[i]['slow']]
        return [i for i in (named if self.args.quick else self.all) if not rows[i]['slow']], slow

    def by_vector(self, kill, outcome):
        """The red vector that says what the header names, None when none does."""
        rows = self.vectors.rows
        return next(({'vector': rows[i]['id'], 'said': said} for i, said in outcome.red
                     if kill.wants(rows[i]) and kill.said.search(said)), None)

    def seeded(self, job, host, patch):
        """What became of a seeded mutant."""
        start = time.monotonic()
        result = {'id': patch.id, 'title': patch.title, 'requirements': patch.requirements, 'killed_by': [],
                  'red_indexes': [], 'evidence': {}, 'n_red': 0}
        texts = patch.apply(os.path.join(self.engine.tree, 'peers', 'lib'))
        path = self.build_mutant(job, patch, texts)
        quick, slow = self.chosen(patch)
        outcome = host.replay(path, quick, False)
        if slow and any(kill.kind == 'vector' and self.by_vector(kill, outcome) is None for kill in patch.kills):
            outcome.red += host.replay(path, slow, False).red
        rows = self.vectors.rows
        missed = []
        for kill in patch.of('vector', 'test'):
            by = self.test_kill(job, kill, texts) if kill.kind == 'test' else self.by_vector(kill, outcome)
            if by is None:
                missed.append(kill.text)
            else:
                result['killed_by'].append(by)
        result['red_indexes'] = [i for i, _ in outcome.red]
        result['n_red'] = len(outcome.red)
        result['evidence'] = evidence.of_requirements(patch, rows, outcome.red)
        result['verdict'] = 'killed'
        if missed:
            result['verdict'] = 'survived'
            result['why'] = self.why_missed(missed, outcome)
        result['ms'] = int(1000 * (time.monotonic() - start))
        return result

    def why_missed(self, missed, outcome):
        """One line: which reason was not seen, and what was seen instead."""
        said = ['%s: %s' % (self.vectors.rows[i]['id'], text) for i, text in outcome.red[:2]]
        return 'not red as named: %s; %d vectors red%s' % (' and '.join(missed), len(outcome.red),
                                                           ', ' + '; '.join(said) if said else '')

    def test_kill(self, job, kill, texts):
        """The line of a test program that is not ok as it should be, else None."""
        self.need_tests()
        if kill.who not in self.engine.tests:
            return None
        _, lines = self.engine.test(kill.who, self.engine.test_libraries(job, texts))
        line = next((line for line in lines.splitlines() if kill.said.search(line)), None)
        return None if line is None else {'test': kill.who, 'said': line}

    # ---- generic ----

    def sources(self, job, _, name):
        """A file, its mutants, and the object code of the original."""
        with open(os.path.join(self.engine.tree, 'peers', 'lib', name), encoding='utf-8') as file:
            text = file.read()
        return text, generic.mutants(name, text), self.code(self.engine.compile(job, {name: text}, engine.FAST, '.o'))

    @staticmethod
    def code(made):
        """The bytes of the one object made."""
        with open(next(iter(made.values())), 'rb') as file:
            return file.read()

    def generic(self, job, host, item):
        """What became of a generic mutant: its verdict and who caught it."""
        mutant, text, original = item
        texts = {mutant.file: mutant.apply(text)}
        made = self.engine.compile(job, texts, engine.FAST, '.o')
        if isinstance(made, str):
            return 'no C', ''  # what compilers say names folders of this machine
        if self.code(made) == original:
            return 'same code', ''
        outcome = host.replay(self.engine.mutant(job, made), self.order, True)
        if outcome.red:
            i, said = outcome.red[0]
            return outcome.ended or 'killed', '%s: %s' % (self.vectors.rows[i]['id'], said)
        return self.tested(job, mutant.file, texts)

    def tested(self, job, name, texts):
        """Test programs, that of the file first."""
        self.need_tests()
        own = 'test_' + os.path.basename(name)[:-2]
        folder = self.engine.test_libraries(job, texts)
        for test in sorted(self.engine.tests, key=lambda one: (one != own, one)):
            if test.startswith(NOT_FOR_MUTANTS):
                continue
            verdict, lines = self.engine.test(test, folder)
            if verdict != 'passed':
                return ('killed' if verdict == 'failed' else verdict), '%s: %s' % (test, lines.splitlines()[0])
        return 'survived', ''

    # ---- controls ----

    def control(self, job, host, patch):
        """The two that show whether the run can tell: one dies at once, one survives everything."""
        texts = patch.apply(os.path.join(self.engine.tree, 'peers', 'lib'))
        path = self.build_mutant(job, patch, texts)
        must_die = patch.id.startswith('dies')
        outcome = host.replay(path, self.order[:AT_ONCE] if must_die else self.all, True)
        if must_die:
            good = any(kill.said.search(said) for kill in patch.kills for _, said in outcome.red)
            return good, outcome.red[0][1] if outcome.red else 'nothing red within %d vectors' % AT_ONCE
        if outcome.red:
            i, said = outcome.red[0]
            return False, '%s: %s' % (self.vectors.rows[i]['id'], said)
        verdict, by = self.tested(job, next(iter(texts)), texts)
        return verdict == 'survived', by or 'survived, as it must'

    def close(self):
        """Ends the hosts."""
        for host in self.hosts:
            host.close()


class Survivors:
    """survivors.json: what survives and why that is no hole; each entry must match exactly one survivor."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding='utf-8') as file:
            rows = json.load(file)['survivors']
        self.why, self.used = {}, set()
        for row in rows:
            key = (row['file'], row['function'], row['line'], row['mutation'], row.get('nth', 1))
            if key in self.why or not row['why'].strip():
                raise patches.PatchError('%s: expected one entry with a reason for %s' % (path, ' '.join(map(str, key))))
            self.why[key] = row['why']

    def explain(self, mutant):
        """The reason, None when there is none."""
        if mutant.key in self.why:
            self.used.add(mutant.key)
        return self.why.get(mutant.key)

    def stale(self, verdicts):
        """Entries for mutants that are not there any more, or do not survive; verdicts: {key: verdict} of this run."""
        files = {key[0] for key in verdicts}
        return [key for key in self.why if key[0] in files and key not in self.used]


def table_seeded(results):
    """The table of the first set."""
    for result in results:
        by = result['killed_by'][0] if result['killed_by'] else {}
        who = by.get('vector') or by.get('test') or '-'
        print('%-8s %-5s %-74.74s %-26s %6d ms  %s' % (
            'ok' if result['verdict'] == 'killed' else 'FAIL', result['id'], result['title'], who, result.get('ms', 0),
            (by.get('said', '') if result['verdict'] == 'killed' else result['why'])[:200]))


def run_seeded(run, chosen):
    """Gives (results, failures)."""
    results = run.each('seeded mutants', chosen, run.seeded)
    table_seeded(results)
    return results, [result['id'] for result in results if result['verdict'] != 'killed']


def run_behaviour(args, chosen, excused):
    """Mutated peers in the lab; gives (part of results.json, passed, failures as lines)."""
    check_apply(ROOT, chosen)
    stage = behaviour.Stage(ROOT, args.build, args.jobs)
    stage.prepare()
    played = behaviour.Behaviour(stage, chosen, args.table)
    n_cases, failures = played.control()
    print('%-8s %d cases without any mutant' % ('FAIL' if failures else 'ok', n_cases))

    def told(job, host, patch):
        row = played.run(job, host, patch)
        print(next(behaviour.table_of([row])), flush=True)
        return row

    results = each('peers', chosen, told, [None] * args.jobs)
    failures += ['%s %s: %s' % (row['id'], row['title'], row['why']) for row in results if row['verdict'] != 'killed']
    part = behaviour.part_of(results, {patch.id for patch in chosen if patch.below == 'peers/'})
    if not args.only:
        gaps, n_held = behaviour.check_kills(stage.scenarios, results)
        part['negative'], open_ones = behaviour.negative(stage.scenarios, results, excused.get('scenarios', {}))
        failures += gaps + open_ones
        print('\n%d kills of scenarios hold, %d do not; %d negative scenarios, %d of them red under no mutant' % (
            n_held, len(gaps), len(part['negative']), len(open_ones)))
    n_pairs = sum(len(mutants) for mutants in part['evidence'].values())
    print('%d (requirement, mutant) pairs killed by scenarios' % n_pairs)
    return part, sum(row['verdict'] == 'killed' for row in results), failures


def run_generic(run, survivors):
    """Gives (rows for results.json, passed, failures as lines)."""
    files = [name for name in GENERIC_FILES if not run.args.file or name in run.args.file]
    items = []
    for text, found, original in run.each('sources', files, run.sources):
        items += [(mutant, text, original) for mutant in found]
    if run.args.quick:
        items = items[::max(1, len(items) // QUICK_GENERIC)]
    verdicts = run.each('generic mutants', items, run.generic)
    counts = {name: {} for name in files}
    rows, failures = [], []
    for (mutant, _, _), (verdict, by) in zip(items, verdicts):
        why = None
        if verdict == 'survived':
            why = survivors.explain(mutant)
            verdict = 'explained' if why else 'unexplained'
            if why is None:
                failures.append('survived, not explained: %s' % mutant)
        counts[mutant.file][verdict] = counts[mutant.file].get(verdict, 0) + 1
        rows.append({'file': mutant.file, 'function': mutant.function, 'line': mutant.line_text,
                     'mutation': mutant.mutation, 'nth': mutant.nth, 'verdict': verdict, 'by': by or why or ''})
    if not run.args.quick:
        stale = survivors.stale({mutant.key: None for mutant, _, _ in items})
        failures += ['survivors.json: explains what does not survive: %s' % ' | '.join(map(str, key)) for key in stale]
    print('\n%-22s %7s %7s %8s %6s %10s %12s %10s' % ('file', 'mutants', 'killed', 'timeout', 'crash', 'explained',
                                                      'unexplained', 'same code'))
    for name in files:
        row = counts[name]
        print('%-22s %7d %7d %8d %6d %10d %12d %10d' % (
            name, sum(row.values()) - row.get('no C', 0), row.get('killed', 0), row.get('timeout', 0),
            row.get('crash', 0), row.get('explained', 0), row.get('unexplained', 0), row.get('same code', 0)))
    passed = sum(row.get(word, 0) for row in counts.values() for word in ('killed', 'timeout', 'crash', 'explained'))
    return rows, passed, failures


def run_controls(run):
    """Both controls; failures as lines."""
    controls = patches.load(os.path.join(HERE, 'controls'))
    failures, rows = [], []
    if not {'dies', 'survives'} <= {patch.id.split('-')[0] for patch in controls}:
        failures.append('controls: expected one that dies and one that survives')
    for patch, (good, said) in zip(controls, run.each('controls', controls, run.control)):
        print('%-8s %-5s %s%s' % ('ok' if good else 'FAIL', patch.id, patch.title, '' if good else ': ' + said))
        rows.append({'id': patch.id, 'title': patch.title, 'good': good})
        if not good:
            failures.append('control %s: %s' % (patch.id, said))
    return rows, failures


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog='run.py', description=__doc__, epilog=HELP,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--set', choices=('seeded', 'generic', 'behaviour'), help='only this set')
    parser.add_argument('--only', metavar='M05', action='append', default=[], help='only seeded and behaviour mutants whose id begins so')
    parser.add_argument('--file', metavar='NAME.c', action='append', default=[],
                        help='only generic mutants of this file of peers/lib')
    parser.add_argument('--quick', action='store_true',
                        help='seeded against the vectors they name, controls, a sample of the generic ones')
    parser.add_argument('--folder', metavar='DIR', default=os.path.join(HERE, 'behaviour'),
                        help='patches of the set behaviour (default: harness/mutants/behaviour)')
    parser.add_argument('--table', action='store_true', help='mutated peers play every scenario, not only those that '
                        'have to do with the fault')
    parser.add_argument('--evidence', nargs='?', const='', metavar='CATALOGUE',
                        help='requirements with and without evidence, by results.json; run nothing')
    parser.add_argument('--list', action='store_true', help='list the mutants, run nothing')
    parser.add_argument('--jobs', type=int, default=min(2, os.cpu_count() or 1), metavar='N', help='default: at most 2')
    parser.add_argument('--build', metavar='DIR', default=os.path.join(ROOT, 'build', 'mutants'),
                        help='where it is all built (default: build/mutants); one run at a time in each')
    parser.add_argument('--output', metavar='FILE', default=os.path.join(HERE, 'results.json'),
                        help='where a whole run is written to (default: harness/mutants/results.json)')
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    if args.jobs < 1:
        parser.error('--jobs: expected a number from 1, found %d' % args.jobs)
    unknown = [name for name in args.file if name not in GENERIC_FILES]
    if unknown:
        parser.error('--file: expected one of %s, found %s' % (', '.join(GENERIC_FILES), unknown[0]))
    if args.file and args.set is None:
        args.set = 'generic'
    return args


def listing(chosen, args):
    """--list."""
    if args.set != 'generic':
        for patch in chosen:
            print('%-6s %s' % (patch.id, patch.title))
            for kill in patch.kills:
                print('       kills: %s' % kill.text)
            print('       by: %s' % ' '.join(patch.requirements))
    if args.set in (None, 'generic') and not args.only:
        for name in GENERIC_FILES:
            if not args.file or name in args.file:
                with open(os.path.join(ROOT, 'peers', 'lib', name), encoding='utf-8') as file:
                    for mutant in generic.mutants(name, file.read()):
                        print(mutant)


def whole(args):
    """Whether this run covers a set, so that its results may be kept."""
    return not (args.only or args.file or args.quick)


def choose(args):
    """The patches of both sets that are to be run: (seeded, behaviour)."""
    seeded = patches.load(os.path.join(HERE, 'seeded'))
    behaving = behaviour.load_patches(args.folder)
    ids = [patch.id for patch in seeded + behaving]
    for one in ids:
        if ids.count(one) > 1:
            raise patches.PatchError('%s: expected one patch of that id, found %d' % (one, ids.count(one)))
    chosen = [[patch for patch in group if not args.only or patch.id.startswith(tuple(args.only))]
              for group in (seeded, behaving)]
    if not chosen[0] and not chosen[1]:
        raise patches.PatchError('--only: expected an id of a mutant, found "%s"' % ' '.join(args.only))
    return chosen


def seeded_part(run, args, chosen, excused):
    """The first set against the vectors; gives (part of results.json, passed, failures as lines)."""
    results, bad = run_seeded(run, chosen)
    failures = ['%s %s: %s' % (result['id'], result['title'], result['why']) for result in results
                if result['verdict'] != 'killed']
    if not args.only and not args.quick:
        gaps, counts = evidence.cross_check(run.vectors.notes, results, excused, run.vectors.rows)
        print('\n' + ', '.join('%s %d' % (key.replace('_', ' '), counts[key]) for key in counts))
        failures += gaps
    found = {}
    for result in results:
        for requirement, ids in result.pop('evidence').items():
            found.setdefault(requirement, {})[result['id']] = ids
        for key in ('red_indexes', 'ms'):
            result.pop(key, None)
    return {'seeded': results, 'evidence': found}, len(results) - len(bad), failures


def tell_evidence(chosen, parts):
    """A line for each mutant: for which of the requirements it breaks something that cites them went red, and for which not."""
    for patch in chosen:
        seen = [one for one in patch.requirements if any(patch.id in part.get('evidence', {}).get(one, ()) for part in parts)]
        rest = [one for one in patch.requirements if one not in seen]
        print('evidence %-6s %s%s' % (patch.id, ' '.join(seen) or 'none',
                                      '; nothing that cites it went red: ' + ' '.join(rest) if rest else ''))


def main():
    """Exit status."""
    args = arguments()
    if args.evidence is not None:
        return coverage.report(ROOT, args.output, args.evidence)
    survivors = Survivors(os.path.join(HERE, 'survivors.json'))
    with open(os.path.join(HERE, 'absent.json'), encoding='utf-8') as file:
        excused = json.load(file)
    seeded, behaving = choose(args)
    if args.list:
        listing([] if args.set == 'behaviour' else seeded, args)
        listing([] if args.set == 'seeded' else behaving, argparse.Namespace(set='behaviour', only=[], file=[]))
        return 0
    start = time.monotonic()
    passed, failures, parts = 0, [], []
    if args.set in (None, 'seeded', 'generic') and (seeded or args.set == 'generic'):
        run = Run(args)
        run.check_patches(seeded)
        rows, failures = run_controls(run)
        passed += len(rows) - len(failures)
        parts.append({'controls': rows})
        if args.set != 'generic':
            part, good, bad = seeded_part(run, args, seeded, excused)
            passed, failures = passed + good, failures + bad
            parts.append(part)
        if args.set == 'generic' or (args.set is None and not args.only):
            rows, good, bad = run_generic(run, survivors)
            passed, failures = passed + good, failures + bad
            parts.append({'generic': rows})
        run.close()
    if args.set in (None, 'behaviour') and not args.file:
        chosen = behaving if args.quick else seeded + behaving
        part, good, bad = run_behaviour(args, chosen, excused)
        passed, failures = passed + good, failures + bad
        parts.append(part)
    if whole(args):
        evidence.write(args.output, parts)
    elif args.only:
        tell_evidence(seeded + behaving, parts)
    for line in failures:
        print('FAIL ' + line)
    print('took %d s' % (time.monotonic() - start))
    print('%d passed, %d failed' % (passed, len(failures)))
    return 1 if failures else 0


if __name__ == '__main__':
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        sys.exit(main())
    except (engine.EngineError, patches.PatchError) as fault:
        sys.stderr.write('mutants: %s\n' % fault)
        sys.exit(2)
