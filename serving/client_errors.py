"""Why a call of the client failed, for gRPC and REST alike."""

UNAVAILABLE, DEADLINE, REFUSED = "unavailable", "deadline", "refused"


class ServingFailed(Exception):
    """The one exception of the client. `cause`: "unavailable" (try again later), "deadline" (it
    took too long) or "refused" (the input is wrong; trying again will not help)."""

    def __init__(self, cause: str, message: str):
        super().__init__(message)
        self.cause = cause
