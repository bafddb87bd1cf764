"""One exception for every refused request: a canonical code, its HTTP status, a message."""

from enum import Enum


class Code(Enum):
    """Canonical codes as (number in gRPC and TensorFlow, HTTP status of the REST answer)."""

    OK = (0, 200)
    CANCELLED = (1, 499)
    UNKNOWN = (2, 500)
    INVALID_ARGUMENT = (3, 400)
    DEADLINE_EXCEEDED = (4, 504)
    NOT_FOUND = (5, 404)
    ALREADY_EXISTS = (6, 409)
    PERMISSION_DENIED = (7, 403)
    RESOURCE_EXHAUSTED = (8, 429)
    FAILED_PRECONDITION = (9, 400)
    ABORTED = (10, 409)
    OUT_OF_RANGE = (11, 400)
    UNIMPLEMENTED = (12, 501)
    INTERNAL = (13, 500)
    UNAVAILABLE = (14, 503)
    DATA_LOSS = (15, 500)
    UNAUTHENTICATED = (16, 401)

    @property
    def number(self) -> int:
        return self.value[0]

    @property
    def http(self) -> int:
        return self.value[1]


BY_NUMBER = {code.number: code for code in Code}


class ServingError(Exception):
    """A refusal that goes to the client as it is."""

    def __init__(self, code: Code, message: str):
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """`CODE: message`, the form that is quoted inside other messages."""
        return f"{self.code.name}: {self.message}"


def invalid(message: str) -> ServingError:
    """INVALID_ARGUMENT, the commonest refusal."""
    return ServingError(Code.INVALID_ARGUMENT, message)
