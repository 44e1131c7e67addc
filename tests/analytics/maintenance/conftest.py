from tests.portfolio.conftest import agency, meta

__all__ = ["agency", "meta"]
