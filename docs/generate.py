"""Writes the pages that are made from the code: settings.md, metrics.md, requirements.md and api.txt.

Run `python docs/generate.py` after a change to a setting, to the catalogue, to the API, or to the rows that a test names.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.main import create_app
from sophia.meta.catalogue.canonical import CANONICAL
from sophia.meta.catalogue.lookup import METRICS
from sophia.meta.catalogue.terms import Asked, Level, Metric, Platform

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent

# How many rows each part of the requirements has, and what the part is about.
PARTS = {
    "A": (18, "what stored numbers mean"),
    "B": (13, "the protocol of Meta's API"),
    "C": (11, "errors, limits, resilience"),
    "D": (7, "secrets and access"),
    "E": (9, "jobs and concurrency"),
    "F": (16, "tagged links"),
    "G": (18, "KPIs, trends, campaigns, funnel"),
    "H": (12, "anomalies, sentiment, audience, briefing"),
    "I": (9, "decision traces"),
    "J": (13, "the REST API"),
    "K": (11, "schema and operations"),
    "L": (30, "Meta as it is today, and faults found in trials"),
}
ROW = re.compile(r"\b([A-L])(\d{1,2})(?:[\u2013-]([A-L])?(\d{1,2}))?\b")
NOTE = "<!-- Made by docs/generate.py. Change the code, not this page. -->"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def settings_page() -> str:
    rows = [
        (f"`SOPHIA_{name.upper()}`", default_of(field), allowed(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return f"""# Settings

{NOTE}

Every setting is an environment variable. A file named `.env` in the current folder may hold them too; the environment
wins over the file, and an empty variable counts as one that is not set. A wrong value stops the program with a message
that names the variable and never shows its value.

{table(("variable", "default", "allowed", "meaning"), rows)}
"""


def default_of(field: FieldInfo) -> str:
    default = field.get_default()
    if default is None:
        return "-"
    return "`[]`" if isinstance(default, frozenset) else f"`{default}`"


def allowed(field: FieldInfo) -> str:
    """What values a setting takes, in a few words."""
    choices = [value for value in get_args(field.annotation) if isinstance(value, str)]
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    bounds: dict[str, Any] = {}
    for rule in field.metadata:
        bounds |= {name: getattr(rule, name) for name in ("ge", "gt", "le", "lt") if hasattr(rule, name)}
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    if bounds:
        return ", ".join(f"{signs[name]} {value:g}" for name, value in bounds.items())
    return "secret" if SecretStr in get_args(field.annotation) else ""


def metrics_page() -> str:
    parts = []
    for platform in Platform:
        for level in Level:
            rows = [metric for metric in METRICS if metric.platform is platform and metric.level is level]
            living = [living_row(metric) for metric in rows if metric.retired_on is None]
            retired = [retired_row(metric) for metric in rows if metric.retired_on is not None]
            parts.append(
                f"## {platform.value.title()}, {level.value} level: {len(living)} alive, {len(retired)} retired"
            )
            parts.append(table(LIVING_HEAD, living))
            if retired:
                parts.append(f"Retired, kept so that old readings stay readable:\n\n{table(RETIRED_HEAD, retired)}")
    meanings = [(f"`{one.name}`", one.metric_class.value, one.meaning) for one in CANONICAL.values()]
    tables = "\n\n".join(parts)
    return f"""# Metrics

{NOTE}

The catalogue (`src/sophia/meta/catalogue/`): {len(METRICS)} rows, {len(CANONICAL)} canonical metrics. Words are
explained in the [glossary](glossary.md). A canonical metric in **bold** is read from this very row for these kinds. *On request* means: asked only when `SOPHIA_ASK_ALSO` names it. `like → likes` in the last column: this
key of the answer is stored under its own name, the metric's with `_like` behind it, and means the canonical `likes`.

{tables}

## Canonical metrics

{table(("canonical", "class", "meaning"), meanings)}
"""


LIVING_HEAD = ("name", "kinds", "periods", "canonical", "class", "unit", "counting", "asked", "keys and breakdowns")
RETIRED_HEAD = ("name", "kinds", "canonical", "class", "retired on", "last version", "successor")


def living_row(metric: Metric) -> tuple[str, ...]:
    canonical = f"**{metric.canonical}**" if metric.primary else metric.canonical
    asked = "always" if metric.asked is Asked.ALWAYS else "on request"
    parts = [f"{key.suffix} → {key.canonical}" for key in metric.keys]
    parts += [f"by {metric.dimension}"] if metric.dimension else []
    parts += [f"by {breakdown}" for breakdown in metric.breakdowns]
    kinds, periods = sorted_words(metric.kinds), ", ".join(metric.periods)
    counted = (metric.metric_class.value, metric.unit.value, metric.counting.value)
    return (f"`{metric.name}`", kinds, periods, canonical, *counted, asked, "; ".join(parts))


def retired_row(metric: Metric) -> tuple[str, ...]:
    successor = f"`{metric.successor}`" if metric.successor else "-"
    when, version = str(metric.retired_on), metric.last_version or "-"
    meaning = (metric.canonical, metric.metric_class.value)
    return (f"`{metric.name}`", sorted_words(metric.kinds), *meaning, when, version, successor)


def sorted_words(words: Any) -> str:
    return ", ".join(sorted(str(word) for word in words))


def requirements_page() -> str:
    named, simulated = rows_in_tests()
    summary, parts = [], []
    for letter, (count, about) in PARTS.items():
        rows = [f"{letter}{number}" for number in range(1, count + 1)]
        missing = [row for row in rows if row not in named]
        summary.append((letter, about, f"{count - len(missing)} of {count}", ", ".join(missing) or "-"))
        tests = [
            (row, "<br>".join(named.get(row, ())), "<br>".join(simulated.get(row, ())))
            for row in rows
            if row in named or row in simulated
        ]
        if tests:
            parts.append(f"## {letter}: {about}\n\n{table(('row', 'tests', 'the simulated Meta behaves so'), tests)}")
    total = sum(count for count, _ in PARTS.values())
    tables = "\n\n".join(parts)
    return f"""# Requirements and the tests that show them

{NOTE}

A requirement is a fault that systems of this kind have had. A test that shows it met names its row in its docstring.
{len(named)} of {total} rows are named by a test. Tests of the simulated Meta, in `tests/demo`, name rows too, but a
simulation that behaves well proves nothing about Sophia: they stand in a column of their own and are not counted.

{table(("part", "about", "rows named", "not named yet"), summary)}

{tables}
"""


def rows_in_tests() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """{row: links to the tests that name it} of tests of Sophia, and of tests of the simulated Meta."""
    named: dict[str, list[str]] = {}
    simulated: dict[str, list[str]] = {}
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        place = path.relative_to(ROOT).as_posix()
        found = simulated if place.startswith("tests/demo/") else named
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                for row in dict.fromkeys(rows_of(ast.get_docstring(node) or "")):
                    found.setdefault(row, []).append(f"[{path.stem}](../{place}) `{node.name}`")
    return named, simulated


def rows_of(text: str) -> Iterator[str]:
    """The rows that a text names: `A1`, and every row of a range such as `A1-A3`."""
    for letter, first, last_letter, last in ROW.findall(text):
        is_range = last and last_letter in ("", letter)
        for number in range(int(first), int(last if is_range else first) + 1):
            yield f"{letter}{number}"


def api_page() -> str:
    """Return the API as sorted lines: a line per operation, then a line per field of every schema."""
    document = create_app(Settings(), Database("sqlite:///unopened.db")).openapi()
    operations = [
        operation_line(f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    fields = [line for name, schema in document["components"]["schemas"].items() for line in schema_lines(name, schema)]
    return "\n".join([API_HEAD, *sorted(operations), "", *sorted(fields), ""])


API_HEAD = """# The API in one line per operation and one line per field. Made by docs/generate.py; change the code, not this file.
# `?` marks a parameter or field that may be left out, `-> 200 Draft[]` an answer. Every operation answers errors with a
# Problem; their status codes follow the answer.
"""


def operation_line(title: str, operation: dict[str, Any]) -> str:
    parameters = [
        f"{parameter['name']}{'' if parameter.get('required') else '?'}: {type_name(parameter['schema'])}"
        + (f" = {default}" if (default := parameter["schema"].get("default")) is not None else "")
        for parameter in sorted(operation.get("parameters", ()), key=lambda parameter: str(parameter["name"]))
        if parameter["in"] != "path"
    ]
    bodies = [type_name(content["schema"]) for content in operation.get("requestBody", {}).get("content", {}).values()]
    answers, problems = [], []
    for status, response in operation["responses"].items():
        names = {type_name(content.get("schema", {})) for content in response.get("content", {}).values()}
        if names == {"Problem"}:
            problems.append(status)
        else:
            answers.append(f"{status} {' '.join(sorted(names))}".strip())
    line = f"{title} ({', '.join(parameters)})" if parameters else title
    line += "".join(f" body {body}" for body in bodies)
    return f"{line} -> {', '.join(answers)}; {' '.join(sorted(problems))}"


def schema_lines(name: str, schema: dict[str, Any]) -> Iterator[str]:
    properties = schema.get("properties")
    if not properties:
        yield f"{name}: {type_name(schema)}"
        return
    required = schema.get("required", ())
    for field, details in properties.items():
        yield f"{name}.{field}{'' if field in required else '?'}: {type_name(details)}"


def type_name(schema: dict[str, Any]) -> str:
    """Return a schema as a type: `Draft`, `string (date)`, `(integer | null)[]`, `"ok" | "failed"`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    name = str(schema.get("type", "any"))
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            name = " | ".join(dict.fromkeys(type_name(part) for part in schema[union]))
    if "prefixItems" in schema:
        name = f"[{', '.join(type_name(part) for part in schema['prefixItems'])}]"
    elif name == "array":
        item = type_name(schema.get("items", {}))
        name = f"({item})[]" if " | " in item else f"{item}[]"
    elif isinstance(schema.get("additionalProperties"), dict):
        name = f"{{string: {type_name(schema['additionalProperties'])}}}"
    return f"{name} ({schema['format']})" if "format" in schema else name


PAGES = {
    "settings.md": settings_page,
    "metrics.md": metrics_page,
    "requirements.md": requirements_page,
    "api.txt": api_page,
}

if __name__ == "__main__":
    for file, make in PAGES.items():
        (DOCS / file).write_text(make(), encoding="utf-8")
        print(f"docs/{file}")
