"""Generic mutants: one small change of a C source each, found token by token; the same source gives the same list.

Nothing is changed in comments, strings, preprocessor lines, outside functions, or in the size of an array.
"""
import re

TOKEN = re.compile(r'''
    (?P<space>\s+|/\*.*?\*/|//[^\n]*)
  | (?P<directive>\#(?:\\\n|[^\n])*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|[0-9]+[uUlL]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%=<>!~?:;,.(){}\[\]&|^])
''', re.X | re.S)

SWAPS = {'<': ('<=',), '<=': ('<',), '>': ('>=',), '>=': ('>',), '==': ('!=',), '!=': ('==',), '&&': ('||',),
         '||': ('&&',), '+': ('-',), '-': ('+',), '<<': ('>>',), '>>': ('<<',), '|': ('&',), '&': ('|',), '^': ('|',),
         '++': ('--',), '|=': ('=', '&='), '^=': ('|=',), '+=': ('-=',), '-=': ('+=',), '>>=': ('<<=',)}
BINARY_ONLY = {'+', '-', '&', '<', '>'}
NAMED = re.compile(r'^GOSC_\w+_(MAX|LIMIT|LEAD|LEN)$')
TYPE_WORDS = {'const', 'static', 'volatile', 'unsigned', 'int', 'char', 'bool', 'void', 'struct', 'enum', 'union',
              'size_t'}
CONTROL = {'if', 'for', 'while', 'switch', 'do', 'else', 'case', 'default', 'break', 'continue', 'goto', 'enum',
           'struct', 'static'}
CLOSING = {'(': ')', '[': ']', '{': '}'}


class Token:
    """A significant token and where it stands."""

    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)


class Mutant:
    """One change; `key` tells it from all others in terms that survive changes elsewhere in the file."""

    def __init__(self, file, function, line, line_text, mutation):
        self.file, self.function, self.line, self.mutation = file, function, line, mutation
        self.line_text, self.nth = line_text, 1
        self.start = self.end = 0
        self.new = ''

    @property
    def key(self):
        """What survivors.json matches."""
        return (self.file, self.function, self.line_text, self.mutation, self.nth)

    def apply(self, text):
        """The source with this change."""
        return text[:self.start] + self.new + text[self.end:]

    def __str__(self):
        return '%s:%d %s: %s: %s' % (self.file, self.line, self.function, self.mutation, self.line_text)


def tokenise(text):
    """The significant tokens of a source."""
    at, tokens = 0, []
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError('no C token at byte %d: %r' % (at, text[at:at + 20]))
        if match.lastgroup not in ('space', 'directive'):
            tokens.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return tokens


def match_brackets(tokens):
    """For each bracket the index of its partner."""
    partner, open_ones = {}, []
    for i, token in enumerate(tokens):
        if token.text in CLOSING:
            open_ones.append(i)
        elif token.text in (')', ']', '}'):
            j = open_ones.pop()
            partner[i], partner[j] = j, i
    return partner


class Source:
    """A file on its way through the operators."""

    def __init__(self, file, text):
        self.file, self.text = file, text
        self.tokens = tokenise(text)
        self.partner = match_brackets(self.tokens)
        self.found = []

    def functions(self):
        """(name, return type, index of "{", index of "}") of each function of the file."""
        i = 0
        while i < len(self.tokens):
            token = self.tokens[i]
            if token.text == '{':
                end = self.partner[i]
                if i > 0 and self.tokens[i - 1].text == ')':
                    head = self.partner[i - 1]
                    first = head - 1
                    while first > 0 and self.tokens[first - 1].text not in (';', '}'):
                        first -= 1
                    words = [one.text for one in self.tokens[first:head - 1]]
                    yield self.tokens[head - 1].text, words, i, end
                i = end
            i += 1

    def add(self, function, first, last, new, mutation):
        """Records the change of tokens first to last into new."""
        start, end = self.tokens[first].start, self.tokens[last].end
        line_start = self.text.rfind('\n', 0, start) + 1
        line_end = self.text.find('\n', start)
        mutant = Mutant(self.file, function, self.text.count('\n', 0, start) + 1,
                        ' '.join(self.text[line_start:line_end].split()), mutation)
        mutant.start, mutant.end, mutant.new = start, end, new
        self.found.append(mutant)

    def span(self, first, last):
        """The text of tokens first to last."""
        return self.text[self.tokens[first].start:self.tokens[last].end]

    def is_cast(self, i):
        """Whether the bracket at i closes a cast."""
        inside = [token.text for token in self.tokens[self.partner[i] + 1:i]]
        return bool(inside) and all(word in TYPE_WORDS or word == '*' or re.fullmatch(r'\w+_t|gosc_\w+', word)
                                    for word in inside)

    def is_binary(self, i):
        """Whether the operator at i has an operand on its left."""
        before = self.tokens[i - 1]
        if before.kind in ('number', 'text') or before.text == ']':
            return True
        if before.text == ')':
            return not self.is_cast(i - 1)
        return before.kind == 'name' and before.text not in ('return', 'sizeof', 'case')

    def statements(self, begin, end):
        """(first, last) of each simple statement: first token to its semicolon."""
        i = begin + 1
        while i < end:
            if self.tokens[i - 1].text in (';', '{', '}') and self.tokens[i].text not in CONTROL and \
                    self.tokens[i].text not in (';', '{', '}'):
                last = i
                while last < end and self.tokens[last].text != ';':
                    last = self.partner[last] if self.tokens[last].text in CLOSING else last
                    last += 1
                if last < end:
                    yield i, last
                i = last
            i += 1


def operators(source, name, begin, end):
    """Operators, constants and truth values."""
    tokens = source.tokens
    i = begin
    while i + 1 < end:
        i += 1
        token = tokens[i]
        if token.text == '[' and tokens[i - 1].kind == 'name' and tokens[i - 2].kind == 'name' and \
                tokens[i - 2].text != 'return':
            i = source.partner[i]  # the size of an array in a declaration is memory, not behaviour
        elif token.kind == 'op' and token.text in SWAPS:
            if token.text in BINARY_ONLY and not source.is_binary(i):
                continue
            for new in SWAPS[token.text]:
                source.add(name, i, i, new, '%s -> %s' % (token.text, new))
        elif token.text in ('true', 'false'):
            new = 'false' if token.text == 'true' else 'true'
            source.add(name, i, i, new, '%s -> %s' % (token.text, new))
        elif token.kind == 'number':
            suffix = re.search(r'[uUlL]*$', token.text).group()
            value = int(token.text.rstrip('uUlL'), 0)
            for new in (value + 1, value - 1):
                if new >= 0:
                    source.add(name, i, i, '%d%s' % (new, suffix), '%s -> %d' % (token.text, new))
        elif NAMED.match(token.text):
            for sign in '+-':
                source.add(name, i, i, '(%s %s 1)' % (token.text, sign), '%s -> %s %s 1' % (token.text, token.text, sign))


def conditions(source, name, begin, end):
    """Negates the conditions of if, while, for and ?:."""
    tokens = source.tokens
    for i in range(begin + 1, end):
        if tokens[i].text in ('if', 'while'):
            first, last = i + 2, source.partner[i + 1] - 1
        elif tokens[i].text == 'for':
            first = i + 2
            while tokens[first].text != ';':
                first += 1
            first += 1
            last = first
            while tokens[last + 1].text != ';':
                last += 1
            if tokens[first].text == ';':
                continue
        elif tokens[i].text == '?':
            first, last = i - 1, i - 1
            while True:
                if tokens[first].text in (')', ']'):
                    first = source.partner[first]
                before = tokens[first - 1].text
                if before in ('=', 'return', '(', ',', ':', '?', ';', '{', '[', '+=', '-=', '|='):
                    break
                first -= 1
        else:
            continue
        source.add(name, first, last, '!(%s)' % source.span(first, last), 'condition negated')


def statement(source, name, words, first, last):
    """Drops a call or an assignment, or the value that is returned."""
    tokens = source.tokens
    texts = [token.text for token in tokens[first:last]]
    is_call = texts[-1] == ')' and len(texts) > 2
    if texts[0] == 'return':
        if 'gosc_err' in words and texts[1:] != ['GOSC_OK'] and texts[1:] != ['err']:
            source.add(name, first, last, 'return GOSC_OK;', 'returns GOSC_OK')
        elif 'bool' in words and len(texts) > 1 and texts[1] not in ('true', 'false'):
            source.add(name, first, last, 'return !(%s);' % source.span(first + 1, last - 1), 'returns the opposite')
        return
    if texts[:2] == ['err', '='] or texts[:3] == ['gosc_err', 'err', '=']:
        if texts[-1] != 'GOSC_OK':
            start = first + texts.index('=') + 1
            source.add(name, start, last, 'GOSC_OK;', 'call dropped: err = GOSC_OK' if is_call else 'err = GOSC_OK')
        return
    assigned = [i for i, text in enumerate(texts) if text in ('=', '++', '--') or
                (len(text) > 1 and text[-1] == '=' and text not in ('==', '!=', '<=', '>='))]
    if is_call and (texts[1] == '(' or texts[:3] == ['(', 'void', ')'] or '->' in texts[:texts.index('(')]) and \
            not assigned:
        source.add(name, first, last, ';', 'call dropped')
        return
    is_declaration = texts[0] in TYPE_WORDS or (len(texts) > 1 and tokens[first].kind == 'name' and
                                                (tokens[first + 1].kind == 'name' or
                                                 (texts[1] == '*' and tokens[first + 2].kind == 'name')))
    if assigned and not is_declaration:
        source.add(name, first, last, ';', 'assignment dropped')


def mutants(file, text):
    """All mutants of a source, in the order of the text."""
    source = Source(file, text)
    for name, words, begin, end in source.functions():
        operators(source, name, begin, end)
        conditions(source, name, begin, end)
        for first, last in source.statements(begin, end):
            statement(source, name, words, first, last)
    source.found.sort(key=lambda one: (one.start, one.end, one.mutation))
    counts = {}
    for one in source.found:
        key = one.key[:4]
        counts[key] = counts.get(key, 0) + 1
        one.nth = counts[key]
    return source.found
