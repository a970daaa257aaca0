"""What `responder close` takes from a shell, before anything is asked."""

import pytest
from typer.testing import CliRunner

from responder_cli.app import app
from tests.builders import INCIDENT_ID

ORDER = "ord-73582855c3ddaecacb10"


@pytest.mark.parametrize(
    "left", [(ORDER,), (f"{ORDER}=",), (f"{ORDER}= ",), (f"{ORDER}=a", f"{ORDER}=b")]
)
def test_what_became_of_an_order_is_said_once_and_as_order_and_words(left: tuple[str, ...]) -> None:
    words = [word for one in left for word in ("--left", one)]
    result = CliRunner().invoke(app, ["close", INCIDENT_ID, "--because", "over", *words])
    assert result.exit_code == 2
    assert "once for each order" in " ".join(result.output.replace("│", " ").split())
