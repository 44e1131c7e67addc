"""Every metric we know: how to ask for it, what it means, who decides it. A new metric costs one row."""

from sophia.meta.catalogue.canonical import CANONICAL, Canonical, Counting, MetricClass, Unit
from sophia.meta.catalogue.lookup import (
    METRICS,
    Explained,
    explain,
    find,
    live,
    read_breakdown,
    reads,
    stored_breakdown,
    stored_name,
    stored_names,
)
from sophia.meta.catalogue.questions import Question, questions, refusal_label, spans
from sophia.meta.catalogue.terms import Asked, Key, Level, Metric, MetricType, ObjectKind, Period, Platform, Source

__all__ = [
    "CANONICAL",
    "METRICS",
    "Asked",
    "Canonical",
    "Counting",
    "Explained",
    "Key",
    "Level",
    "Metric",
    "MetricClass",
    "MetricType",
    "ObjectKind",
    "Period",
    "Platform",
    "Question",
    "Source",
    "Unit",
    "explain",
    "find",
    "live",
    "questions",
    "read_breakdown",
    "reads",
    "refusal_label",
    "spans",
    "stored_breakdown",
    "stored_name",
    "stored_names",
]
