"""A stand-in for AWS on a free loopback port."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from pipeline_steps.deploy import AwsClients

REGION = "us-east-1"


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """The address of a moto server, which is stopped at the end."""
    server_module = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def aws_environment() -> Iterator[None]:
    """The environment of an account that is not real."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def account(moto_address, aws_environment) -> AwsClients:
    """Clients of the stand-in."""
    return AwsClients(REGION, endpoint_url=moto_address)


@pytest.fixture
def clients(account, moto_address) -> AwsClients:
    """Clients of an empty account with the bucket that the pipeline stores in."""
    request = urllib.request.Request(f"{moto_address}/moto-api/reset", method="POST")
    urllib.request.urlopen(request).read()
    account.s3.create_bucket(Bucket="bucket")
    return account
