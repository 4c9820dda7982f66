"""What AWS answers when something is missing, said in one message with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline_steps.problems import PipelineError

_THROTTLED = ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden")
_IDENTITY = (
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
)
_NO_BUCKET = ("NoSuchBucket",)


class DeployError(PipelineError):
    """AWS cannot be reached, or refused.

    Args:
        message: What failed, why, and how to mend it.
        code: The error code of AWS; empty when it gave none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__([])
        self.code = code
        self.args = (message,)


@contextmanager
def aws_errors(action: str, subject: str = "") -> Iterator[None]:
    """Turns what botocore raises into a `DeployError`.

    Args:
        action: What is being done, for instance `create the pipeline`.
        subject: The bucket, role or pipeline that it is done with.

    Raises:
        DeployError: AWS cannot be reached, or refused.
    """
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise DeployError(_refused(action, subject, code, error.response), code) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.TokenRetrievalError) as error:
        mend = "run `aws configure` or `aws sso login`, set AWS_PROFILE, or name a profile with --profile"
        raise DeployError(f"cannot {action}: {_sentence(error)}; {mend}") from error
    except exceptions.NoRegionError as error:
        mend = "set AWS_REGION, or name a region with --region"
        raise DeployError(f"cannot {action}: no AWS region is set; {mend}") from error
    except exceptions.ProfileNotFound as error:
        raise DeployError(f"cannot {action}: {_sentence(error)}; see ~/.aws/config for the profiles") from error
    except exceptions.EndpointConnectionError as error:
        mend = "check the network and the name of the region"
        raise DeployError(f"cannot {action}: {_sentence(error)}; {mend}") from error
    except exceptions.BotoCoreError as error:
        raise DeployError(f"cannot {action}: {_sentence(error)}") from error


def _refused(action: str, subject: str, code: str, response: Any) -> str:
    message = str(response.get("Error", {}).get("Message", "")).strip() or code
    start = f"cannot {action}{f' ({subject})' if subject else ''}"
    if code in _NO_BUCKET:
        return f"{start}: there is no such bucket; create it, or name another under pipeline.storage"
    if code in _DENIED:
        return f"{start}: permission is missing: {message}; ask for it to be allowed for the role or user in use"
    if code in _IDENTITY:
        return f"{start}: the credentials are not valid (any more): {message}; log in again"
    if code in _THROTTLED:
        attempts = response.get("ResponseMetadata", {}).get("RetryAttempts")
        tried = f" after {attempts} retries" if attempts else ""
        return f"{start}: AWS still throttles the requests{tried}; try again in a minute"
    if "role" in message.casefold() and code in ("ValidationException", "InvalidParameterException"):
        return f"{start}: the role cannot be used: {message}; see pipeline.role"
    if code == "ResourceLimitExceeded":
        return f"{start}: a limit of the account is reached: {message}; ask AWS for a higher one"
    return f"{start}: {message}{f' [{code}]' if code and code not in message else ''}"


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
