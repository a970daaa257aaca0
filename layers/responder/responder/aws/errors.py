"""AWS error codes, turned once into ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from responder.domain.errors import Broken, Unavailable

# Throttling and availability codes of the services we call. botocore retries these first; what
# reaches us has outlived those retries.
TRANSIENT = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "KMSInternalException",
        "LimitExceededForRequest",
        "OperationAborted",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerException",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
        # IAM: "EntityTemporarilyUnmodifiable ... try again later" and its concurrent twin.
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
        # Organizations: "try again later", three times over.
        "ConcurrentModificationException",
        "PolicyChangesInProgressException",
        "ServiceException",
    }
)


def code_of(error: ClientError) -> str:
    """The service's own code of an error, compared with `==` by those who expect it."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def asking_aws(what: str) -> Iterator[None]:
    """Turn what AWS raises into `Unavailable` or `Broken`, naming what was being done.

    Catch the codes you expect inside it; everything that leaves it is sorted.
    """
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in TRANSIENT or status >= 500:
            raise Unavailable(f"{what}: AWS answered {code}") from error
        raise Broken(f"{what}: AWS answered {code}") from error
    except BotoCoreError as error:
        # Connection and time-out errors, and a token endpoint that did not answer.
        raise Unavailable(f"{what}: {type(error).__name__}") from error
