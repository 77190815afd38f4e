"""Which requirements have evidence: something that cites them went red under a mutant that breaks them."""
import csv
import json
import os

import behaviour
import evidence

CATALOGUES = ('oscore', 'group-oscore', 'echo', 'group-oscore-02')
KINDS = ('wire', 'behaviour')
MANAGER = ('gm', 'group-manager', 'as')


def rows_of(root, catalogue):
    """The rows that ask for evidence: of kind wire or behaviour, those for the Group Manager aside."""
    with open(os.path.join(root, 'vectors', 'requirements', catalogue + '.tsv'), encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))
    return [row for row in rows if row['kind'] in KINDS and row['role'] not in MANAGER]


def claims(root):
    """{requirement: ids of vectors and scenarios that cite it}."""
    found = {}
    for folder in ('common', 'group-02', 'group-28', 'oscore'):
        place = os.path.join(root, 'vectors', folder)
        for name in sorted(os.listdir(place)):
            if name.endswith('.json'):
                with open(os.path.join(place, name), encoding='utf-8') as file:
                    for vector in json.load(file).get('vectors', []):
                        for one in vector['req']:
                            found.setdefault(one, []).append(vector['id'])
    for one in behaviour.scenarios_of(os.path.join(root, 'harness', 'scenarios')).values():
        for requirement in one.req:
            found.setdefault(requirement, []).append(one.id)
    return found


def untestable(root):
    """{requirement: why it cannot be seen from outside}."""
    path = os.path.join(root, 'vectors', 'requirements', 'untestable.json')
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as file:
        document = json.load(file)
    return {row: reason['why'] for reason in document['reasons'] for row in reason['rows']}


def report(root, results, only):
    """Prints the counts, and the rows without evidence of one catalogue (or `all`)."""
    found, cited, excused = evidence.load(results)['evidence'], claims(root), untestable(root)
    print('%-18s %6s %10s %6s %12s %12s %14s' % ('catalogue', 'rows', 'evidence', '%', 'tag only', 'not cited',
                                                'of these excused'))
    total = [0] * 5
    for catalogue in CATALOGUES:
        rows = rows_of(root, catalogue)
        open_ones = [row for row in rows if row['id'] not in found]
        tagged = [row for row in open_ones if row['id'] in cited]
        why = [row for row in open_ones if row['id'] in excused]
        counts = [len(rows), len(rows) - len(open_ones), len(tagged), len(open_ones) - len(tagged), len(why)]
        total = [a + b for a, b in zip(total, counts)]
        print('%-18s %6d %10d %6.1f %12d %12d %14d' % (catalogue, *counts[:2], 100 * counts[1] / counts[0], *counts[2:]))
        if only in (catalogue, 'all'):
            for row in open_ones:
                print('  %s %-16s %-12s %s%s' % ('tag ' if row['id'] in cited else '    ', row['id'], row['role'],
                                                 row['requirement'],
                                                 ' [%s]' % excused[row['id']] if row['id'] in excused else ''))
    print('%-18s %6d %10d %6.1f %12d %12d %14d' % ('all', *total[:2], 100 * total[1] / total[0], *total[2:]))
    return 0
