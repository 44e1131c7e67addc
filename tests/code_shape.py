"""Measures how plain the code of `src/sophia` is: `python -m tests.code_shape` prints it and fails above the bounds.

Vague names are names that say nothing of what they hold; other projects of this field have at most 0.1 % of them. Mirrored
classes are pairs of classes that repeat the same fields, so that a field must be changed twice.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "sophia"
VAGUE = frozenset(
    (
        "one",
        "found",
        "mine",
        "told",
        "given",
        "who",
        "asked",
        "place",
        "said",
        "known",
        "seen",
        "shown",
        "wanted",
        "each",
    )
) | {"whole"}
MOST_VAGUE_PERCENT = 0.3
MOST_MIRRORED = 10
EQUAL_SHARE = 0.8
FEWEST_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """What was measured. `vague`: {file: number of vague names}. `mirrored`: pairs of qualified class names."""

    files: int
    lines: int
    names: int
    vague: Counter[str]
    mirrored: tuple[tuple[str, str], ...]

    @property
    def vague_percent(self) -> float:
        return 100 * self.vague.total() / self.names if self.names else 0.0


def names_in(tree: ast.AST) -> Iterator[str]:
    """Every name that the code assigns or takes as a parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def fields_of(node: ast.ClassDef) -> frozenset[str]:
    """The annotated fields that the body of a class declares itself."""
    return frozenset(
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    )


def mirrored(classes: dict[str, frozenset[str]]) -> tuple[tuple[str, str], ...]:
    """Pairs of classes that share at least 80 % of the fields of the larger."""
    large = sorted((name, fields) for name, fields in classes.items() if len(fields) >= FEWEST_FIELDS)
    return tuple(
        (first, second)
        for (first, a), (second, b) in combinations(large, 2)
        if len(a & b) >= EQUAL_SHARE * max(len(a), len(b))
    )


def measure(source: Path = SOURCE) -> Shape:
    """Read every Python file below `source`; generated migrations count for nothing."""
    paths = [path for path in sorted(source.rglob("*.py")) if "versions" not in path.parts]
    lines = names = 0
    vague: Counter[str] = Counter()
    classes: dict[str, frozenset[str]] = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        tree, file = ast.parse(text), str(path.relative_to(source))
        lines += text.count("\n")
        for name in names_in(tree):
            names += 1
            if name in VAGUE:
                vague[file] += 1
        classes |= {f"{file}:{node.name}": fields_of(node) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return Shape(len(paths), lines, names, vague, mirrored(classes))


def main() -> None:
    shape = measure()
    print(f"{shape.files} files, {shape.lines} lines without migrations")
    print(f"vague names: {shape.vague_percent:.2f} % of {shape.names} (at most {MOST_VAGUE_PERCENT} %)")
    print(f"mirrored classes: {len(shape.mirrored)} pairs (at most {MOST_MIRRORED})")
    if "--list" in sys.argv:
        for file, count in shape.vague.most_common():
            print(f"  {count:4} {file}")
        for first, second in shape.mirrored:
            print(f"  {first} = {second}")
    if shape.vague_percent > MOST_VAGUE_PERCENT or len(shape.mirrored) > MOST_MIRRORED:
        sys.exit("Above a bound; `python -m tests.code_shape --list` names the files and classes.")


if __name__ == "__main__":
    main()
