"""An error that the pretend AWS answers with, as the service itself would word it."""

from typing import Any


class Fault(Exception):
    """What a call is answered with instead of a result."""

    def __init__(self, code: str, message: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.more = more  # members of the error's own shape, for example OpsItemId

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
