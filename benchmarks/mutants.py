"""Mutants of a module: its syntax tree with one condition, filter or arithmetic operator changed."""

import ast
import copy
from dataclasses import dataclass
from pathlib import Path

# The closest wrong operator: a boundary for an order, the opposite for an equality.
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}
# Calls whose arguments are conditions, all of which must hold.
CONDITION_CALLS = ("where", "having", "and_")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the node's place in `ast.walk`, which of its parts changes, and the line before and after."""

    path: Path
    node: int
    part: int
    line: int
    kind: str
    before: str
    after: str


def mutants_of(path: Path, *, with_arithmetic: bool) -> list[Mutant]:
    """All mutants of a file in the order of its syntax tree; without arithmetic only its conditions and filters."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for index, node in enumerate(ast.walk(tree)):
        for part, kind in enumerate(_kinds(node)):
            if kind == "arithmetic" and not with_arithmetic:
                continue
            changed = copy.deepcopy(node)
            _change(changed, part)
            found.append(Mutant(path, index, part, _line(node), kind, _text(node), _text(changed)))
    return found


def mutated_tree(mutant: Mutant) -> ast.Module:
    """The syntax tree of the mutant's file with its change."""
    tree = ast.parse(mutant.path.read_text(encoding="utf-8"))
    node = next(node for index, node in enumerate(ast.walk(tree)) if index == mutant.node)
    _change(node, mutant.part)
    return ast.fix_missing_locations(tree)


def _line(node: ast.AST) -> int:
    # A filter of a comprehension has no line of its own.
    line = getattr(node.target if isinstance(node, ast.comprehension) else node, "lineno", 0)
    return int(line)


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node.test if isinstance(node, ast.If) else node).split())


def _kinds(node: ast.AST) -> list[str]:
    return [kind for kind, _ in _changes(node)]


def _changes(node: ast.AST) -> list[tuple[str, int]]:
    """(kind, which operator or filter of the node) for each way to change this node."""
    kind, count = "", 1
    match node:
        case ast.Compare():
            kind, count = "comparison", len(node.ops)
        case ast.BoolOp():
            kind = "boolean operator"
        case ast.comprehension():
            kind, count = "filter dropped", len(node.ifs)
        case ast.BinOp() if type(node.op) in ARITHMETIC and not _has_text(node):
            kind = "arithmetic"
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            kind = "function"
        case ast.Call() if _called_name(node) in CONDITION_CALLS:
            kind, count = "filter dropped", len(node.args)
        case ast.If() | ast.IfExp() if not isinstance(node.test, ast.Compare | ast.BoolOp):
            kind = "condition negated"
    return [(kind, index) for index in range(count)] if kind else []


def _change(node: ast.AST, part: int) -> None:
    """Make one of the changes of `_changes`, in place."""
    _, index = _changes(node)[part]
    match node:
        case ast.Compare():
            node.ops[index] = COMPARISONS[type(node.ops[index])]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.comprehension():
            del node.ifs[index]
        case ast.BinOp():
            node.op = ARITHMETIC[type(node.op)]()
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            node.func = ast.Name(id=NAMES[name], ctx=ast.Load())
        case ast.Call():
            del node.args[index]
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)


def _called_name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _has_text(node: ast.BinOp) -> bool:
    """Whether text is joined or formatted here: another operator would only raise TypeError."""
    return any(
        isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in ast.walk(node)
    )
