"""The breach-notification regimes that we count, and the engine that counts them.

Each is a file in `data`, and each contract of the shop's own a file in `own`. A place for which no
entry stands is not ignored: counsel is told to find out, against a short target of our own.
"""

from importlib import resources
from pathlib import Path

from responder.regimes.regime import Regime, load, load_own

_HERE = resources.files("responder.regimes")
OWN = Path(str(_HERE.joinpath("own")))  # a Lambda layer and a checkout are both plain folders
REGIMES: tuple[Regime, ...] = (
    *(load(name.name) for name in sorted(_HERE.joinpath("data").iterdir(), key=str)),
    *load_own(OWN),
)
BY_JURISDICTION: dict[str, Regime] = {regime.jurisdiction: regime for regime in REGIMES}
