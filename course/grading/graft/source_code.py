"""What Python source says, told from its text: nothing is run, and nothing raises.

The source is hostile: it may be made to exhaust a parser.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Longer text is run, but not read: parsing takes up to a second for 100,000 characters that are made for it.
_LONGEST_READ = 100_000
# Cell magics that run their body in the notebook's own namespace, so that what it defines stays; and all others.
_RUNS_BODY = re.compile(r"\s*%%(?:time|capture|prun)\b[^\n]*\n")
# Cell magics that only measure or tidy their body, but lose what it defines, or come with a package that isn't here. After the
# options of the first two may stand a statement that prepares for it.
_PREPARED = ("timeit", "memit")
_MEASURES = (*_PREPARED, "mprun", "lprun", "heat", "snakeviz", "scalene", "pyinstrument", "black", "blackit")
_HEADER = re.compile(r"\s*%%(\w+)([^\n]*)\n")
_OPTION = re.compile(r"\s*-[a-zA-Z]+[ \t]*\d*(?=\s|\Z)")
_MOST_HEADERS, _MOST_OPTIONS = 5, 20
_CELL_MAGIC = re.compile(r"\s*%%\w")
# Lines for IPython alone. It would rewrite them itself, but reads the cell again for each, and IPython 7, Colab's,
# knows no `x = !ls` on Python 3.12 and newer.
# No possessive quantifiers: Python 3.11.2, Debian's, finds nothing with them in a group (cpython issue 106052).
_ASSIGNED_MAGIC = re.compile(r"^([^\S\n]*\w[\w., ]*=)[^\S\n]*[!%].*$", re.M)
_MAGIC = re.compile(r"^([^\S\n]*)(?=\S)(?:[!%?,;/].*(?:(?<=\\)\n.*)*|[^#\n]*\?[^\S\n]*)$", re.M)
_DEFINITION = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.M)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError, SystemError, UnicodeError)
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display", "In", "Out", "__name__"}


@dataclass(frozen=True)
class Code:
    """What a source says.

    Attributes:
        stands: it is whole: it parses, and has no `return` outside of a function.
        empty: it has nothing to run: comments, blank lines, a string.
        defines: names of the functions and classes that it defines at the top level.
        assigns: names that it makes callable by assignment, from something else: `relu = jax.nn.relu`.
        binds, uses: all names that it gives a value at the top level, and that it needs from elsewhere.
        shape: equal for two sources that differ in comments, docstrings and white space only.
        calls: what it calls if it does nothing else, as `check(neuron)` does; or empty.
    """

    stands: bool
    empty: bool
    defines: frozenset[str]
    assigns: frozenset[str]
    binds: frozenset[str]
    uses: frozenset[str]
    shape: str
    calls: frozenset[str]


def read_code(source: str) -> Code:
    """What a source says. Nothing is run, and nothing raises: what can't be read does not stand."""
    return _read_cached(source) if len(source) < 5_000 else _read(source)


def as_run(source: str) -> str:
    """The source as it is run: without cell magics that only measure what their body does. No line is added or lost.

    `%%timeit` would run the body as a function's, so that nothing it defines is left.
    """
    at = 0
    for _ in range(_MOST_HEADERS):
        found = _HEADER.match(source, at)
        if found and found[1] in _MEASURES:
            at = found.start(1) - len("%%")
            source = source[:at] + (_prepares(found[2]) if found[1] in _PREPARED else "") + source[found.end(2) :]
        elif found and _RUNS_BODY.match(source, at):
            at = found.end()
        else:
            break
    return source


def _prepares(header: str) -> str:
    """The statement after a header's options."""
    at = 0
    for _ in range(_MOST_OPTIONS):
        if not (option := _OPTION.match(header, at)):
            break
        at = option.end()
    return header[at:].strip()


def plain_python(source: str) -> str:
    """The source without IPython's magics, if that makes it parse; otherwise as it is."""
    return _parsed(source)[0]


def unread(source: str) -> Code:
    """What is taken of a source that can't be parsed: the names that its lines seem to define."""
    names = frozenset(_DEFINITION.findall(source))
    return Code(False, not source.strip(), names, frozenset(), names, frozenset(), _squeezed(source), frozenset())


@lru_cache(maxsize=1024)
def _read_cached(source: str) -> Code:
    return _read(source)


def _read(source: str) -> Code:
    plain, tree = _parsed(source)
    if tree is None:
        return unread(source)
    statements = list(_top_level(tree))
    names = frozenset(each.name for each in statements if isinstance(each, _SCOPES))
    scope = _scope(plain)
    binds, uses = scope or (names, frozenset())
    return Code(
        stands=scope is not None and not any(isinstance(each, ast.Return) for each in statements),
        empty=all(isinstance(each, ast.Pass) or _is_text(each) for each in statements),
        defines=names,
        assigns=frozenset(name for each in statements if (name := _assigned(each))),
        binds=binds,
        uses=uses - BUILTINS,
        shape=_shape(tree) or _squeezed(source),
        calls=_only_calls(tree),
    )


def _parsed(source: str) -> tuple[str, ast.Module | None]:
    """The source as plain Python, and its syntax tree, or None."""
    source = as_run(source)
    for _ in range(_MOST_HEADERS):
        if body := _RUNS_BODY.match(source):
            source = source[body.end() :]
    if _CELL_MAGIC.match(source):  # %%bash, %%writefile: no Python of this notebook
        source = "get_ipython()"
    if len(source) > _LONGEST_READ:
        return source, None
    if (tree := _tree(source)) is not None:
        return source, tree
    from IPython.core.inputtransformer2 import TransformerManager

    plain = _MAGIC.sub(r"\g<1>0", _ASSIGNED_MAGIC.sub(r"\1 None", source))
    try:
        plain = TransformerManager().transform_cell(plain)  # prompts, indentation; it rewrites text, and runs none
    except _UNREADABLE:
        return source, None
    return plain, _tree(plain)


def _tree(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" and the like
            return ast.parse(source)
    except _UNREADABLE:
        return None


def _scope(source: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The names that a source binds at the top level and those that it needs; None if no compiler takes it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(source, "cell", "exec")
            tables = [top]
            for table in tables:  # grows while it is read
                tables += table.get_children()
            binds = {symbol.get_name() for symbol in top.get_symbols() if _is_bound(symbol)}
            inner = [symbol for table in tables[1:] for symbol in table.get_symbols() if symbol.is_global()]
            binds |= {symbol.get_name() for symbol in inner if _is_bound(symbol)}
            uses = {symbol.get_name() for symbol in [*top.get_symbols(), *inner] if symbol.is_referenced()}
    except _UNREADABLE:
        return None
    return frozenset(binds), frozenset(uses - binds)


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement that runs in the notebook's own namespace, those under `if`, `for`, `with`, `try` too."""
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, _SCOPES | ast.expr):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _assigned(statement: ast.stmt) -> str:
    """The name in `name = …`, where the value may be a function and is not made from `name` itself; or ""."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return ""
    target, value = statement.targets[0], statement.value
    if not isinstance(target, ast.Name) or not isinstance(value, ast.Lambda | ast.Name | ast.Attribute | ast.Call):
        return ""
    used = (node.id for node in ast.walk(value) if isinstance(node, ast.Name))
    return "" if target.id in used else target.id


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _only_calls(tree: ast.Module) -> frozenset[str]:
    called = set()
    for each in tree.body:
        call = each.value if isinstance(each, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return frozenset()
        called.add(call.func.id)
    return frozenset(called)


def _shape(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, _SCOPES | ast.Module) and node.body and _is_text(node.body[0]):
            del node.body[0]
    try:
        return hashlib.sha256(ast.dump(tree).encode("utf-8", "replace")).hexdigest()
    except _UNREADABLE:
        return ""


def _squeezed(source: str) -> str:
    return "".join(source.split())
