"""How big each function and layer of a build is, unzipped, beside what Lambda allows.

`make sizes` prints it for the build that is deployed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

LAYERS = ("ResponderLayer", "DependenciesLayer", "ScanLayer")  # the last for two functions only
# A function with its layers, unzipped (Lambda Developer Guide, "Lambda quotas").
LIMIT_BYTES = 250 * 1024 * 1024


def sizes(build: Path) -> dict[str, int]:
    """Bytes of each package in a build folder, layers last."""
    found = {
        folder.name: sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        for folder in sorted(build.iterdir())
        if folder.is_dir()
    }
    return dict(sorted(found.items(), key=lambda one: one[0] in LAYERS))


def lines(found: dict[str, int]) -> Iterator[str]:
    """A table for a terminal."""
    for name, size_bytes in found.items():
        yield f"{name:<20} {size_bytes / 1024:>12,.1f} KiB"
    layers = sum(found[name] for name in LAYERS)
    largest = max(size_bytes for name, size_bytes in found.items() if name not in LAYERS)
    share = 100 * (layers + largest) / LIMIT_BYTES
    yield f"{'function + layers':<20} {(layers + largest) / 1024:>12,.1f} KiB"
    yield f"{share:.0f} % of the 250 MiB that Lambda allows"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines(sizes(Path(sys.argv[1])))) + "\n")
