"""The breach-notification laws that we count, and the engine that counts them.

Listed by hand, so a new law shows up in review as a new line. A jurisdiction that is not listed is
not ignored: counsel is told to find out, against a short target of our own.
"""

from responder.regimes.regime import Regime, load

REGIMES: tuple[Regime, ...] = (load("us-ca"), load("us-ny"), load("us-tx"))
BY_JURISDICTION: dict[str, Regime] = {regime.jurisdiction: regime for regime in REGIMES}
