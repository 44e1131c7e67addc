"""Faults of the machine: a row is one entry of MACHINE."""

from tests.reliability.scenarios import Scenario

MACHINE: tuple[Scenario, ...] = ()
