"""Seeded mutants against the notes of the vectors, and what became of all that as results.json."""
import json
import os
import re


def mutant_number(one):
    """M05 of M05b, M110 of M110x."""
    return re.match('M[0-9]+', one).group()


def of_requirements(patch, rows, red):
    """{requirement the mutant breaks: ids of the vectors for it that went red}."""
    found = {}
    for requirement in patch.requirements:
        ids = sorted({rows[i]['id'] for i, _ in red if requirement in rows[i]['req']})
        if ids:
            found[requirement] = ids
    return found


def cross_check(notes, results, excused, rows):
    """Gaps between notes and patches: a list of lines, and counts.

    Both ways: each mutant that the notes name exists or is said to be impossible, and each flag that names a mutant is
    red under a variant of it. `excused` is absent.json.
    """
    absent = excused['absent']
    pairs = {(pair['flag'], pair['mutant']): pair['why'] for pair in excused['pairs']}
    numbers = {mutant_number(result['id']) for result in results}
    gaps, caught, alone = [], 0, 0
    red_flags = {}
    for result in results:
        flags = set()
        for i in result['red_indexes']:
            flags.update(rows[i]['flags'])
        red_flags.setdefault(mutant_number(result['id']), set()).update(flags)
    named = sorted((flag, one) for flag, ones in notes.items() for one in ones)
    for flag, one in named:
        if one not in numbers:
            if one not in absent:
                gaps.append('flag %s names %s, which is neither seeded nor listed in absent.json' % (flag, one))
        elif (flag not in red_flags.get(one, ())) != ((flag, one) in pairs):
            gaps.append('absent.json excuses flag %s for %s, which it does catch' % (flag, one)
                        if (flag, one) in pairs else
                        'flag %s names %s: no vector of that flag went red under any variant of it' % (flag, one))
        elif (flag, one) not in pairs:
            caught += 1
    gaps += ['absent.json excuses flag %s for %s, which its notes do not name' % pair for pair in pairs
             if pair not in named]
    for flag in sorted(notes):
        # A mutant that nothing but vectors of this flag would have caught.
        if any(result['red_indexes'] and all(flag in rows[i]['flags'] for i in result['red_indexes'])
               for result in results):
            alone += 1
    for one in sorted(numbers & set(absent)):
        gaps.append('%s is listed in absent.json and seeded all the same' % one)
    for number in range(1, 69):
        one = 'M%02d' % number
        if one not in numbers and one not in absent:
            gaps.append('%s is neither seeded nor listed in absent.json' % one)
    return gaps, {'flags': len(notes), 'flags_naming_mutants': len({flag for flag, _ in named}),
                  'pairs_named': len(named), 'pairs_caught': caught, 'flags_that_alone_catch_a_mutant': alone}


EMPTY = {'controls': [], 'seeded': [], 'generic': [], 'behaviour': [], 'replayed': [], 'negative': {}}
EVIDENCE = ('vectors', 'scenarios')


def load(path):
    """results.json, or an empty one; evidence in two parts: by vectors, by scenarios."""
    document = dict(EMPTY, evidence={}, vectors={}, scenarios={})
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            document.update(json.load(file))
    scenarios = {one for row in document['behaviour'] + document['replayed'] for one in row['red']}
    for requirement, mutants in document['evidence'].items():
        for mutant, ids in mutants.items():
            for kind, some in (('vectors', [one for one in ids if one not in scenarios]),
                               ('scenarios', [one for one in ids if one in scenarios])):
                if some:
                    document[kind].setdefault(requirement, {})[mutant] = some
    return document


def write(path, parts):
    """Brings results.json up to date with the parts that were run, whole or not at all; one line for each mutant, so that
    changes can be read."""
    document = load(path)
    for part in parts:
        kind = 'scenarios' if 'behaviour' in part else 'vectors'
        if 'evidence' in part:
            document[kind] = part['evidence']
        document.update({key: part[key] for key in part if key != 'evidence'})
    merged = {}
    for kind in EVIDENCE:
        for requirement, mutants in document[kind].items():
            for mutant, ids in mutants.items():
                merged.setdefault(requirement, {}).setdefault(mutant, []).extend(ids)
    lines = ['{ "format": "muster-mutants-1"']
    for key in ('controls', 'seeded', 'behaviour', 'replayed', 'generic'):
        rows = ',\n  '.join(json.dumps(row, sort_keys=True, ensure_ascii=True) for row in document[key])
        lines.append('  "%s": [\n  %s ]' % (key, rows))
    lines.append('  "negative": %s' % lines_of(document['negative']))
    lines.append('  "pairs": {"vectors": %d, "scenarios": %d, "all": %d}' % (
        pairs(document['vectors']), pairs(document['scenarios']), pairs(merged)))
    lines.append('  "evidence": %s' % lines_of(merged))
    part = '%s.part-%d' % (path, os.getpid())
    with open(part, 'w', encoding='utf-8') as file:
        file.write(',\n'.join(lines) + ' }\n')
    os.replace(part, path)


def pairs(found):
    """Distinct (requirement, mutant) pairs."""
    return sum(len(mutants) for mutants in found.values())


def lines_of(found):
    """An object with a line for each key: {requirement: {mutant: [vectors and scenarios]}}."""
    rows = ['"%s": %s' % (one, json.dumps(found[one], sort_keys=True)) for one in sorted(found)]
    return '{\n    %s }' % ',\n    '.join(rows) if rows else '{}'
