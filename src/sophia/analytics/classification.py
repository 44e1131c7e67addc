"""Classifies metrics by what drives them, the platform's algorithm or people, from the catalogue."""

from collections.abc import Iterator

from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.lookup import METRICS, explain
from sophia.meta.catalogue.terms import Level, Platform


def _classes() -> Iterator[tuple[str, MetricClass]]:
    """Yield the class of every canonical and every stored name."""
    for canonical in CANONICAL.values():
        yield canonical.name, canonical.metric_class
    for metric in METRICS:
        for name in metric.stored_names:
            canonical_name = metric.canonical_of(name)
            if canonical_name is not None:
                yield name, CANONICAL[canonical_name].metric_class


# A test checks that no name has two classes, on any platform and level.
_CLASS_OF: dict[str, MetricClass] = dict(_classes())

ALGO_DEPENDENT: frozenset[str] = frozenset(
    name for name, metric_class in _CLASS_OF.items() if metric_class is MetricClass.ALGORITHM_DEPENDENT
)
ALGO_INDEPENDENT: frozenset[str] = frozenset(
    name for name, metric_class in _CLASS_OF.items() if metric_class is MetricClass.ALGORITHM_INDEPENDENT
)


def classify(
    metric_name: str, platform: Platform | None = None, level: Level | None = None, breakdown: str = ""
) -> MetricClass:
    """Return the class of a metric by its stored or canonical name.

    With platform and level, the catalogue is searched there first. `breakdown` (as stored) distinguishes the parts of
    `follows_and_unfollows`. Any other name is unclassified: ` reach` and `Reach` are not `reach`.
    """
    if platform is not None and level is not None:
        explained = explain(platform, level, metric_name, breakdown)
        if explained is not None:
            return explained.metric_class
    return _CLASS_OF.get(metric_name, MetricClass.UNCLASSIFIED)


def is_algorithm_dependent(
    metric_name: str, platform: Platform | None = None, level: Level | None = None, breakdown: str = ""
) -> bool | None:
    """Return whether a metric depends on the algorithm; None for levels and unclassified names."""
    metric_class = classify(metric_name, platform, level, breakdown)
    if metric_class is MetricClass.ALGORITHM_DEPENDENT:
        return True
    if metric_class is MetricClass.ALGORITHM_INDEPENDENT:
        return False
    return None
