"""Leave light models of AWS's services in a build: botocore's own, without their documentation.

    python layers/lighten.py .aws-sam/build

Four fifths of a model is documentation, which nothing of ours reads and every cold start unpacks
and parses. Nothing else is left out. The whole models stay where they are: a function reads them
where there are no light ones, or those of another version of botocore.
"""

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import botocore

from responder.aws.models import SERVICES, light_folder

# Not endpoint-rule-set-1: botocore reads the documentation of its parameters.
_TYPE = "service-2"
_READ = "clientContextParams"  # botocore reads the documentation of these, and breaks without it


def main(words: Sequence[str]) -> int:
    """Refuses a build whose botocore is not the one of this environment."""
    packages = Path(words[0]) / "DependenciesLayer/python"
    built = packages / f"botocore-{botocore.__version__}.dist-info"
    if not built.is_dir():
        sys.stderr.write(f"{packages} holds no botocore {botocore.__version__}; nothing was left\n")
        return 1
    lighten(packages / "botocore/data", light_folder(packages))
    return 0


def lighten(whole: Path, light: Path) -> None:
    """Write the light models of our services, each at the path that it has among the whole ones."""
    for service in SERVICES:
        for packed in sorted((whole / service).glob(f"*/{_TYPE}.json.gz")):
            _write(
                light / service / packed.parent.name / f"{_TYPE}.json",
                json.loads(gzip.decompress(packed.read_bytes())),
            )


def _write(path: Path, model: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_without_words(model), separators=(",", ":")))


def _without_words(model: Any) -> Any:
    """Documentation is text: a member of that name is a mapping, and stays."""
    if isinstance(model, dict):
        return {
            name: value if name == _READ else _without_words(value)
            for name, value in model.items()
            if name != "documentation" or not isinstance(value, str)
        }
    if isinstance(model, list):
        return [_without_words(value) for value in model]
    return model


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
