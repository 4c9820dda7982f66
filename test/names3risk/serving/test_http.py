"""The HTTP application: SageMaker's routes, clear refusals, and a log without anybody's data."""

import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import names3risk_samples as samples
import pytest

from names3risk.serving.handlers import model_fn
from names3risk.serving.http import make_app

testclient = pytest.importorskip("starlette.testclient", reason="needs the extra serve")

SCRIPT = Path(__file__).resolve().parents[3] / "dockers" / "names3risk_pytorch" / "inference.py"


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    return samples.train(tmp_path_factory.mktemp("http"), tab_field_list=["amount"]).model_dir


@pytest.fixture(scope="module")
def model(model_dir):
    return model_fn(str(model_dir))


@pytest.fixture
def client(model):
    return testclient.TestClient(make_app(model, max_body_bytes=20_000))


ROW = {**samples.orders(1).row(0, named=True), "customerName": "Wilhelmina Testperson"}


def test_ping_and_invocations(client, model):
    assert client.get("/ping").status_code == 200
    found = client.post("/invocations", json=ROW)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    score = found.json()["predictions"][0]["legacy-score"]
    assert score == pytest.approx(float(model.predictor.row_probabilities([ROW])[0, 1]))
    assert client.post("/invocations", json=ROW, headers={"accept": "text/csv"}).text.startswith("objectId,legacy")


@pytest.mark.parametrize(
    ("content", "headers", "status", "message"),
    [
        ("{", {}, 400, "not JSON"),
        (json.dumps({**ROW, "amount": "x"}), {}, 400, "column 'amount' holds 'x' in row 1"),
        ("x", {"content-type": "text/html"}, 415, "media type 'text/html' is not known"),
        (json.dumps(ROW), {"accept": "image/png"}, 415, "'image/png'"),
        ("x" * 20_001, {}, 413, "longer than 20,000 bytes"),
    ],
)
def test_what_the_sender_can_mend_is_a_4xx_with_the_reason(client, content, headers, status, message):
    found = client.post("/invocations", content=content, headers=headers)
    assert found.status_code == status
    assert message in found.json()["error"]


def test_a_long_body_is_refused_though_its_length_is_not_announced(client):
    found = client.post("/invocations", content=(b"x" * 5000 for _ in range(100)))
    assert found.status_code == 413


def test_other_routes_and_methods_are_refused(client):
    assert client.get("/invocations").status_code == 405
    assert client.get("/").status_code == 404


def test_a_failure_of_the_model_is_a_500_without_detail(client, model, monkeypatch, caplog):
    def broken(rows):
        raise ValueError(f"cannot score {rows}")

    monkeypatch.setattr(model.predictor, "row_probabilities", broken)
    found = client.post("/invocations", json=ROW)
    assert found.status_code == 500
    assert found.json() == {"error": "the request failed; the log says where"}
    assert "ValueError" in caplog.text
    assert "Wilhelmina" not in caplog.text


def test_the_log_holds_nobody_s_data(client, caplog):
    caplog.set_level(logging.DEBUG)
    client.post("/invocations", json=ROW)
    client.post("/invocations", json={**ROW, "amount": "Wilhelmina"})
    assert "1 rows" in caplog.text
    assert "Wilhelmina" not in caplog.text
    assert ROW["emailAddress"] not in caplog.text


@pytest.mark.parametrize("start", ["command", "script"])
def test_a_server_of_its_own(model_dir, tmp_path, start):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "model").symlink_to(model_dir)
    command = [str(Path(sys.executable).with_name("names3risk")), "serve", str(model_dir), "--port", str(port)]
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(tmp_path), "SAGEMAKER_BIND_TO_PORT": str(port)}
    arguments = command if start == "command" else [str(SCRIPT)]
    server = subprocess.Popen([sys.executable, *arguments], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        url, headers = f"http://127.0.0.1:{port}/invocations", {"content-type": "application/json"}
        request = urllib.request.Request(url, json.dumps(ROW).encode(), headers)
        for _ in range(200):
            try:
                with urllib.request.urlopen(request, timeout=5) as response:
                    assert len(json.load(response)["predictions"]) == 1
                break
            except urllib.error.HTTPError:
                raise
            except urllib.error.URLError:
                assert server.poll() is None, server.stderr.read()
                time.sleep(0.1)
        else:
            pytest.fail("the server did not answer")
    finally:
        server.terminate()
        server.wait(10)
    assert "Traceback" not in server.stderr.read()
