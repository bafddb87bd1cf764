"""What a view raises when it cannot do what was asked: a status, a code and a sentence."""


class Problem(Exception):
    """`code` is for programs and does not change; `message` tells a person what to do."""

    status = 400
    code = "bad_request"
    retry_after: int | None = None  # seconds

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None):
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status


class ModelUnavailable(Problem):
    """The model server does not answer; what was uploaded is kept."""

    status, code, retry_after = 503, "model_unavailable", 10


class Busy(Problem):
    """Too much at once on this machine; trying again helps."""

    status, code, retry_after = 503, "busy", 5
