"""Assignments: what is stored under a name, or in an array's element, and what several of them in one line are short for."""

from __future__ import annotations

import ast
from collections.abc import Callable

from course.simt.language.arrays import Arrays
from course.simt.language.calls import Calls
from course.simt.language.control import Control, Leaf
from course.simt.language.expressions import Expressions
from course.simt.language.folds import Folds
from course.simt.language.hints import HINTS
from course.simt.language.rewriting import at, name_of
from course.simt.language.scope import UNKNOWN, Expression
from course.simt.machine import Body, Warp
from course.simt.values import BINARY, Value

Step = tuple[Leaf | None, Body | None]


class Assignments(Control, Arrays, Calls, Folds, Expressions):
    """Compiles assignments."""

    def plain(self, node: ast.Assign | ast.AnnAssign) -> list[ast.stmt] | None:
        """An assignment in simpler ones: a = b = …, pairs on both sides, a tuple or list under a name; None where it is simple."""
        assert node.value is not None
        value, targets = node.value, node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) > 1:
            if self.fold(value) is not UNKNOWN or isinstance(value, ast.Name):
                return [at(node, ast.Assign([target], value)) for target in targets]
            held = self.hidden()
            sets: list[ast.stmt] = [at(node, ast.Assign([name_of(node, held, store=True)], value))]
            return [*sets, *(at(node, ast.Assign([target], name_of(node, held))) for target in targets)]
        match targets[0]:
            case ast.Name(id=name):
                if count := self.several(value):
                    parts: list[ast.expr] = [name_of(node, self.hidden()) for _ in range(count)]
                    stored: list[ast.expr] = [
                        name_of(node, part.id, store=True) for part in parts if isinstance(part, ast.Name)
                    ]
                    made = at(node, ast.Assign([at(node, ast.Tuple(stored, ast.Store()))], value))
                    return [made, *self.declare_sequence(name, node, parts)]
                sequence = None if isinstance(value, ast.Constant) else self.parts(value)
                return None if sequence is None else self.declare_sequence(name, value, sequence)
            case ast.Tuple() | ast.List() as target:
                pairs = self._pairs(target, value)
                if all(isinstance(to, ast.Name) and not self._makes_no_number(given) for to, given in pairs):
                    return None
                if any(isinstance(given, ast.Call) and self.is_array(self.path(given.func)) for _, given in pairs):
                    return [at(node, ast.Assign([to], given)) for to, given in pairs]
                held_all = [(to, self.hidden(), given) for to, given in pairs if not self._makes_no_number(given)]
                sets = [
                    at(node, ast.Assign([name_of(node, hidden, store=True)], given)) for _, hidden, given in held_all
                ]
                sets += [at(node, ast.Assign([to], name_of(node, hidden))) for to, hidden, _ in held_all]
                return sets + [at(node, ast.Assign([to], given)) for to, given in pairs if self._makes_no_number(given)]
        return None

    def _makes_no_number(self, value: ast.expr) -> bool:
        """Whether a value is an array, a function, or a tuple or list."""
        if isinstance(value, ast.Call) and self.is_array(self.path(value.func)):
            return True
        return isinstance(value, ast.Lambda) or (not isinstance(value, ast.Constant) and self.parts(value) is not None)

    def _pairs(self, target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
        """Each name or element on the left, with its value on the right."""
        if not isinstance(target, ast.Tuple | ast.List):
            return [(target, value)]
        for one in target.elts:
            if isinstance(one, ast.Starred):
                self.refuse(one, "a * in front of a name is not possible here: give each value a name of its own")
        count = self.several(value)
        if count:
            values: list[ast.expr] | None = [value] * count
        else:
            values = self.parts(value)
        if values is None:
            grid = isinstance(value, ast.Call) and self.path(value.func) == [self.scope.handle, "grid"]
            said = "t.grid(2) is two numbers, t.grid(3) is three" if grid else ""
            self.refuse(target, said or "there is one value on the right, and several names on the left")
        if len(values) != len(target.elts):
            self.refuse(
                target, f"there are {len(target.elts)} names on the left, and {len(values)} values on the right"
            )
        return [pair for to, given in zip(target.elts, values, strict=True) for pair in self._pairs(to, given)]

    def _assign(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> Step | None:
        match target, value:
            case ast.Name(id=name), ast.Call(func=func) if self.is_array(self.path(func)):
                self.declare_array(node, name, value)
                return None
            case ast.Name(id=name), ast.Lambda():
                return self.function_inside(node, _named(value, name))
            case ast.Name(id=name), ast.Name() if (memory := self.array(value)) and self.scope.stores.get(name) == 1:
                self.slot(node, name)
                del self.scope.slots[name]
                self.scope.arrays[name] = memory
                return None
            case ast.Name(id=name), _:
                return self._set(node, [(name, self.expr(value))])
            case ((ast.Tuple() | ast.List()), _):
                names = [to.id for to, _ in self._pairs(target, value) if isinstance(to, ast.Name)]
                if self.several(value) and isinstance(value, ast.Call):
                    return self._set(node, list(zip(names, self.unpacked(value), strict=True)))
                values = [self.expr(given) for _, given in self._pairs(target, value)]
                return self._set(node, list(zip(names, values, strict=True)))
            case ast.Subscript(), _:
                store = self._stored(target, self.expr(value))
                book = self.booked(node)
                return (lambda w: store(w, book)), None
        self.refuse(target, "a value can be stored under a name or in an array's element")

    def _set(self, node: ast.stmt, pairs: list[tuple[str, Expression]]) -> Step:
        slots = [(self.slot(node, name), value) for name, value in pairs]
        book = self.booked(node)
        if len(slots) == 1:
            ((slot, one),) = slots

            def run(w: Warp) -> None:
                value = one(w)
                if book:
                    book(w)
                w.assign(slot, value)

            return run, None

        def run_all(w: Warp) -> None:
            values = [value(w) for _, value in slots]
            if book:
                book(w)
            for (slot, _), value in zip(slots, values, strict=True):
                w.assign(slot, value)

        return run_all, None

    def _stored(self, target: ast.Subscript, value: Expression) -> Callable[[Warp, Leaf | None], None]:
        target = self.element(target)
        memory = self.array(target.value)
        if memory is None:
            self.refuse(
                target,
                "only an array's element can be stored into, as in out[i] = …; t.local.array(shape, dtype) is a thread's own memory, in the place of a list",
            )
        parts = self.indices(target, memory)
        site = self.site(target, memory, "store")

        def store(w: Warp, book: Leaf | None) -> None:
            got, where = value(w), [part(w) for part in parts]
            if book:
                book(w)
            memory.store(w, site, where, got)

        return store

    def _augmented(self, node: ast.AugAssign) -> Leaf:
        op = type(node.op).__name__
        if op not in BINARY:
            self.refuse(node, HINTS.get(op))
        if isinstance(node.target, ast.Name):
            read = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            step, _ = self._set(node, [(node.target.id, self.binary(node, op, self.expr(read), self.expr(node.value)))])
            assert step is not None
            return step
        target = self.element(node.target) if isinstance(node.target, ast.Subscript) else None
        memory = self.array(target.value) if target else None
        if target is None or memory is None:
            self.refuse(node, "only a name or an array's element can be added to")
        parts, right = self.indices(target, memory), self.expr(node.value)
        loaded, stored = self.site(node, memory, "load"), self.site(node, memory, "store")
        held: list[Value] = [0]
        combine = self.binary(node, op, lambda w: held[0], right)
        book = self.booked(node)

        def run(w: Warp) -> None:
            where = [part(w) for part in parts]
            held[0] = memory.load(w, loaded, where)
            got = combine(w)
            if book:
                book(w)
            memory.store(w, stored, where, got)

        return run

    def function_inside(self, node: ast.AST, function: ast.FunctionDef) -> Step | None:
        """Let a name stand for a function that is written inside of another one."""
        if function.decorator_list:
            self.refuse(node, f"{function.name} has a decorator: write a plain def")
        self.slot(node, function.name)
        if self.scope.stores[function.name] > 1:
            self.refuse(
                node, f"{function.name} is a function here, and something else in another line: choose another name"
            )
        del self.scope.slots[function.name]
        self.scope.functions[function.name] = function, self.scope
        return None


def _named(function: ast.Lambda, name: str) -> ast.FunctionDef:
    """A lambda as the function that it is short for."""
    made = ast.parse(f"def {name}(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.args, made.body = function.args, [at(function, ast.Return(function.body))]
    return at(function, made)
