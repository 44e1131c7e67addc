from tests.meta.conftest import meta
from tests.portfolio.conftest import agency

__all__ = ["agency", "meta"]
