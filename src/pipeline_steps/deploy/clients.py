"""The clients of AWS that deployment needs, made when they are first used."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pipeline_steps.deploy.errors import aws_errors

MAX_ATTEMPTS = 8


class AwsClients:
    """The clients of one account and region.

    Args:
        region: The region; by default what the environment or the profile says.
        profile: The profile of ~/.aws/config.
        endpoint_url: Another address than AWS's, for tests.
        max_attempts: How often a request is made when AWS throttles it or fails for a moment.
    """

    def __init__(
        self,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> None:
        self._region, self._profile, self._endpoint_url = region, profile, endpoint_url
        self._max_attempts = max_attempts

    @cached_property
    def sagemaker(self) -> Any:
        """The client of SageMaker."""
        return self._client("sagemaker")

    @cached_property
    def s3(self) -> Any:
        """The client of S3."""
        return self._client("s3")

    def _client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        with aws_errors(f"connect to {service}"):
            session: Any = boto3.session.Session(profile_name=self._profile, region_name=self._region)
            config = Config(retries={"mode": "standard", "max_attempts": self._max_attempts}, connect_timeout=10)
            return session.client(service, endpoint_url=self._endpoint_url, config=config)
