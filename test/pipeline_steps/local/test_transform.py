"""Transform steps: requests, filters, joins, and models of several containers."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from runner_kit import Place, get, pipeline

from pipeline_steps.local import DefinitionError

CSV_HANDLERS = """
import os
def model_fn(model_dir):
    return float(open(os.path.join(model_dir, "factor")).read())
def input_fn(body, content_type):
    assert content_type == "text/csv", content_type
    print("request of", len(body.splitlines()), "lines")
    return [line.split(",") for line in body.splitlines()]
def predict_fn(rows, factor):
    return [[factor * float(row[-1]), len(row)] for row in rows]
def output_fn(prediction, accept):
    return "\\n".join(",".join(map(str, row)) for row in prediction)
"""
JOINED = [
    {"id": 1, "amount": 5, "SageMakerOutput": {"score": 0.5}},
    {"id": 2, "amount": 7, "SageMakerOutput": {"score": 0.7}},
]
JSON_HANDLERS = """
import json
def model_fn(model_dir):
    return None
def predict_fn(record, model):
    return {"score": record["amount"] / 10} if isinstance(record, dict) else record
def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
"""


def archive(files: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return raw.getvalue()


def scoring(*models: str, content: str = "text/csv", **more: Any) -> dict[str, Any]:
    """A pipeline that scores s3://data/in with s3://models/<name>.tar.gz, one after the other."""
    containers = [{"Image": "image", "ModelDataUrl": f"s3://models/{name}.tar.gz"} for name in models or ("model",)]
    model = {"Name": "Model", "Type": "Model", "Arguments": {"Containers": containers}}
    arguments = {
        "ModelName": get("Steps.Model.ModelName"),
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}},
            "ContentType": content,
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": "s3://out/scores", "AssembleWith": "Line", "Accept": content},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
        **more,
    }
    return pipeline(model, {"Name": "Score", "Type": "Transform", "Arguments": arguments})


@pytest.fixture
def csv_model(place: Place) -> Place:
    place.put("models/model.tar.gz", archive({"factor": "10", "code/inference.py": CSV_HANDLERS}))
    place.put("data/in/a.csv", 'id1,"x,y",1\nid2,z,2\n')
    return place


@pytest.fixture
def json_model(place: Place) -> Place:
    place.put("models/model.tar.gz", archive({"code/inference.py": JSON_HANDLERS}))
    place.put("data/in/a.json", '{"id": 1, "amount": 5}\n{"id": 2, "amount": 7}\n')
    return place


def scores(place: Place, definition: dict[str, Any], name: str = "a.csv") -> str:
    record = place.run(definition)
    assert record.succeeded, record.failure_reason
    return place.read(f"s3://out/scores/{name}.out")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"InputFilter": "$[2:]"}, "10.0,1\n20.0,1\n"),
        ({"InputFilter": "$[0,2:]"}, "10.0,2\n20.0,2\n"),
        ({"InputFilter": "$[-1]", "OutputFilter": "$[0]"}, "10.0\n20.0\n"),
        ({"InputFilter": "$[2]", "JoinSource": "Input"}, 'id1,"x,y",1,10.0,1\nid2,z,2,20.0,1\n'),
        ({"InputFilter": "$[2]", "JoinSource": "Input", "OutputFilter": "$[0,3]"}, "id1,10.0\nid2,20.0\n"),
    ],
)
@pytest.mark.parametrize("strategy", ["MultiRecord", "SingleRecord"])
def test_rows_are_filtered_and_joined(csv_model: Place, options: dict[str, str], expected: str, strategy: str) -> None:
    assert scores(csv_model, scoring(DataProcessing=options, BatchStrategy=strategy)) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"JoinSource": "Input"}, JOINED),
        (
            {"JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"},
            [{key: record[key] for key in ("id", "SageMakerOutput")} for record in JOINED],
        ),
        ({"OutputFilter": "$.score"}, [0.5, 0.7]),
        ({"InputFilter": "$.id"}, [1, 2]),
        ({"InputFilter": "$.*", "JoinSource": "Input", "OutputFilter": "$.SageMakerOutput[1]"}, [5, 7]),
    ],
)
def test_json_lines_are_filtered_and_joined(json_model: Place, options: dict[str, str], expected: list[Any]) -> None:
    definition = scoring(content="application/json", DataProcessing=options, BatchStrategy="SingleRecord")
    assert [json.loads(line) for line in scores(json_model, definition, "a.json").splitlines()] == expected


def test_a_whole_document_is_one_record(json_model: Place) -> None:
    json_model.put("data/in/a.json", '{"id": 1,\n "amount": 5}')
    definition = scoring(content="application/json", DataProcessing={"JoinSource": "Input"})
    definition["Steps"][1]["Arguments"]["TransformInput"]["SplitType"] = "None"
    assert json.loads(scores(json_model, definition, "a.json"))["SageMakerOutput"] == {"score": 0.5}


def test_input_that_is_no_object_is_joined_under_a_name_of_its_own(json_model: Place) -> None:
    json_model.put("data/in/a.json", "[1, 2]\n")
    definition = scoring(content="application/json", DataProcessing={"JoinSource": "Input"})
    assert json.loads(scores(json_model, definition, "a.json")) == {
        "SageMakerInput": [1, 2],
        "SageMakerOutput": [1, 2],
    }


@pytest.mark.parametrize(
    ("strategy", "payload", "requests"),
    [("MultiRecord", None, [4]), ("SingleRecord", None, [1, 1, 1, 1]), ("MultiRecord", 1, [2, 2])],
)
def test_a_request_holds_as_many_records_as_the_strategy_says(
    csv_model: Place, strategy: str, payload: int | None, requests: list[int]
) -> None:
    row = "x" * 400_000 if payload else "x"
    csv_model.put("data/in/a.csv", "".join(f"{row},{number}\n" for number in range(4)))
    more = {} if payload is None else {"MaxPayloadInMB": payload}
    record = csv_model.run(scoring(BatchStrategy=strategy, **more))
    assert record.succeeded, record.failure_reason
    assert csv_model.log(record, "Score").splitlines() == [f"request of {count} lines" for count in requests]


def test_a_record_larger_than_a_request_is_told(csv_model: Place) -> None:
    csv_model.put("data/in/a.csv", "a,1\n" + "x" * 2**20 + ",2\n")
    reason = csv_model.run(scoring(MaxPayloadInMB=1)).failure_reason or ""
    assert "a.csv:2 has 1,048,579 bytes, more than MaxPayloadInMB allows" in reason
    assert not (csv_model.s3 / "out").exists()


def test_containers_in_a_row_hand_their_answers_on(csv_model: Place) -> None:
    second = CSV_HANDLERS.replace("text/csv", "text/x-first").replace("len(row)", "os.environ['WHO']")
    first = CSV_HANDLERS.replace("for row in prediction)\n", "for row in prediction), 'text/x-first'\n")
    csv_model.put("models/one.tar.gz", archive({"factor": "10", "code/inference.py": first}))
    csv_model.put("models/two.tar.gz", archive({"factor": "3", "code/inference.py": second}))
    definition = scoring("one", "two", DataProcessing={"InputFilter": "$[2]", "JoinSource": "Input"})
    definition["Steps"][0]["Arguments"]["Containers"][1]["Environment"] = {"WHO": "second"}
    assert scores(csv_model, definition) == 'id1,"x,y",1,3.0,second\nid2,z,2,3.0,second\n'


def test_a_model_without_network_is_served_without_network(csv_model: Place) -> None:
    definition = scoring()
    definition["Steps"][0]["Arguments"]["EnableNetworkIsolation"] = True
    record = csv_model.run(definition)
    assert record.steps["Score"].warnings == ["EnableNetworkIsolation is not enforced in portable mode"]


def test_several_machines_share_the_files(csv_model: Place) -> None:
    for name in "bcd":
        csv_model.put(f"data/in/{name}.csv", "x,4\n")
    definition = scoring(TransformResources={"InstanceCount": 2, "InstanceType": "ml.m5.large"})
    record = csv_model.run(definition)
    assert record.succeeded, record.failure_reason
    assert sorted(path.name for path in (csv_model.s3 / "out/scores").iterdir()) == [f"{n}.csv.out" for n in "abcd"]


def test_a_model_without_handlers_is_noticed_when_it_is_made(csv_model: Place) -> None:
    csv_model.put("models/model.tar.gz", archive({"factor": "10"}))
    record = csv_model.run(scoring())
    assert "has no code/inference.py" in record.steps["Model"].warnings[0]
    assert "the model has no serving handlers" in (record.failure_reason or "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"DataProcessing": {"InputFilter": "[0]"}}, "DataProcessing.InputFilter: '[0]' does not start with '$'"),
        ({"DataProcessing": {"OutputFilter": "$.a..b"}}, "cannot be read at '..b'"),
        ({"DataProcessing": {"InputFilter": "$[?(@.x)]"}}, "expected names in quotes, positions or ranges"),
        ({"DataProcessing": {"JoinSource": "Output"}}, "JoinSource is 'Output'"),
        ({"DataProcessing": {"JoinSource": "Input"}, "TransformOutput": {}}, "answers in the format of the input"),
        ({"DataProcessing": {"InputFilter": "$[1]"}, "content": "image/png"}, "ContentType is 'image/png'"),
        ({"MaxPayloadInMB": "6"}, "MaxPayloadInMB is '6', expected a whole number"),
    ],
)
def test_what_cannot_be_filtered_is_told_before_anything_starts(
    csv_model: Place, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        csv_model.run(scoring(**options))
    assert said in str(caught.value)


@pytest.mark.parametrize("split", ["RecordIO", "TFRecord"])
def test_binary_records_are_refused(csv_model: Place, split: str) -> None:
    definition = scoring()
    definition["Steps"][1]["Arguments"]["TransformInput"]["SplitType"] = split
    with pytest.raises(DefinitionError, match=f"SplitType is '{split}', which does not run locally"):
        csv_model.run(definition)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"InputFilter": "$[7]"}, "a record has no [7]: ['id1', 'x,y', '1']"),
        ({"InputFilter": "$.amount"}, "a record has no 'amount'"),
    ],
)
def test_a_record_without_the_selected_part_fails_the_step(
    csv_model: Place, options: dict[str, str], said: str
) -> None:
    assert said in (csv_model.run(scoring(DataProcessing=options)).failure_reason or "")


def test_a_model_that_answers_too_few_records_cannot_be_joined(csv_model: Place) -> None:
    one = CSV_HANDLERS.replace("for row in rows]", "for row in rows[:1]]")
    csv_model.put("models/model.tar.gz", archive({"factor": "10", "code/inference.py": one}))
    definition = scoring(DataProcessing={"JoinSource": "Input"})
    assert "the model answered 1 records to 2" in (csv_model.run(definition).failure_reason or "")


def test_an_error_of_the_handlers_keeps_its_traceback(csv_model: Place) -> None:
    csv_model.put("data/in/a.csv", "id1,many\n")
    reason = csv_model.run(scoring()).failure_reason or ""
    assert "in predict_fn" in reason
    assert "could not convert string to float: 'many'" in reason
