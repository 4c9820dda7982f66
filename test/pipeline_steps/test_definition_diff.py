"""What changed, and which steps lose their cached results by it."""

import pytest

from pipeline_steps.definition_diff import diff_definitions

CACHED = ("code: code", "code: code\n  cache_days: 30")


@pytest.fixture
def cached(load):
    return load(CACHED).definition()


def test_the_same_definition_has_no_difference(cached, load):
    difference = diff_definitions(cached, load().definition())
    assert difference.is_empty
    assert str(difference) == "nothing changed\n"
    assert difference.kept == ["Preprocess", "Tokenizer", "Train", "Evaluate"]


def test_a_hyperparameter_costs_the_cache_of_its_step_and_of_what_reads_it(cached, load):
    difference = diff_definitions(cached, load(("lr: 0.001", "lr: 0.01")).definition())
    assert [str(change) for change in difference.changed["Train"]] == ['HyperParameters.lr: "0.001" -> "0.01"']
    assert difference.reasons == {"Train": "it changed", "Evaluate": "it reads the results of Train, which runs anew"}
    assert difference.kept == ["Preprocess", "Tokenizer"]


def test_a_step_that_is_not_cached_costs_all_that_read_it(cached, load):
    pipeline = load(steps={"Tokenizer": {"cache_days": 0}})
    difference = diff_definitions(cached, pipeline.definition())
    assert difference.reasons == {
        "Train": "it reads the results of Tokenizer, which is not cached",
        "Evaluate": "it reads the results of Train, which runs anew",
    }


def test_a_step_that_was_not_cached_before_has_no_result_to_reuse(load):
    before = load(CACHED, steps={"Tokenizer": {"cache_days": 0}}).definition()
    difference = diff_definitions(before, load().definition())
    assert difference.reasons == {
        "Tokenizer": "it was not cached before",
        "Train": "it reads the results of Tokenizer, which runs anew",
        "Evaluate": "it reads the results of Train, which runs anew",
    }


def test_retries_and_order_cost_nothing(cached, load):
    pipeline = load(steps={"Train": {"retry": [{"exception_types": ["Step.THROTTLING"]}], "depends_on": ["Tokenizer"]}})
    difference = diff_definitions(cached, pipeline.definition())
    assert "Train" in difference.changed
    assert difference.reasons == {}


def test_a_new_default_costs_the_steps_that_use_it(cached, load):
    difference = diff_definitions(cached, load(("s3://bucket/raw", "s3://bucket/raw2")).definition())
    assert difference.reasons["Preprocess"] == "the default of RawDataUri changed"
    assert set(difference.reasons) == {"Preprocess", "Tokenizer", "Train", "Evaluate"}
    assert [str(change) for change in difference.pipeline] == [
        'Parameters.RawDataUri.DefaultValue: "s3://bucket/raw" -> "s3://bucket/raw2"'
    ]


def test_steps_come_and_go(cached, load):
    more = {
        "type": "TabularPreprocessing",
        "job_type": "calibration",
        "inputs": {"raw_data": {"parameter": "RawDataUri"}},
    }
    wired = {"step": "Preprocess", "output": "processed_data"}
    steps = {"More": more, "Tokenizer": {"inputs": {"train_data": wired}}, "Train": {"inputs": {"input_path": wired}}}
    steps["Evaluate"] = {"inputs": {"eval_data": {**wired, "subfolder": "test"}}}
    wider = load(steps=steps).definition()
    assert diff_definitions(cached, wider).added == ["More"]
    assert diff_definitions(cached, wider).reasons == {"More": "it is new"}
    shrunk = diff_definitions(wider, cached)
    assert shrunk.removed == ["More"]
    assert "- step More" in str(shrunk)


def test_an_inserted_entry_does_not_change_those_behind_it(cached, load):
    changed = load(steps={"Train": {"tags": {"a": "b"}}}).definition()
    changes = diff_definitions(cached, changed).changed["Train"]
    assert [str(change) for change in changes] == ['Tags: nothing -> [{"Key": "a", "Value": "b"}]']
    channels = next(step for step in changed["Steps"] if step["Name"] == "Train")["Arguments"]["InputDataConfig"]
    channels.insert(1, {"ChannelName": "extra", "DataSource": {}})
    changes = diff_definitions(cached, changed).changed["Train"]
    assert [change.path for change in changes] == ["InputDataConfig.extra", "Tags"]
