"""Columns on their way through a pipeline."""

import pytest

from pipeline_steps import PipelineError

RAW = {"raw_data": {"id": "string", "name": "string", "amount": "number"}}


def problems(pipeline):
    return [str(problem) for problem in pipeline.check()]


def test_what_is_not_declared_is_not_judged(load):
    assert problems(load(steps={"Tokenizer": {"required_columns": {"train_data": {"name": "string"}}}})) == []


def test_columns_pass_through_and_are_added(load):
    pipeline = load(
        steps={
            "Preprocess": {"given_columns": RAW},
            "Tokenizer": {"required_columns": {"train_data": {"name": "string", "amount": "any", "label": "number"}}},
        }
    )
    assert problems(pipeline) == []


def test_the_first_step_that_drops_a_column_is_named(load):
    again = {
        "type": "TabularPreprocessing",
        "inputs": {"raw_data": {"step": "Preprocess", "output": "processed_data"}},
    }
    wired = {"step": "Again", "output": "processed_data"}
    dropping = {"processed_data": {"keeps_columns_of": "raw_data", "drops_columns": ["name"]}}
    pipeline = load(
        steps={
            "Preprocess": {"given_columns": RAW, "output_columns": dropping},
            "Again": again,
            "Tokenizer": {"inputs": {"train_data": wired}, "required_columns": {"train_data": {"name": "string"}}},
            "Train": {"inputs": {"input_path": wired}},
            "Evaluate": {"inputs": {"eval_data": wired}},
        }
    )
    assert problems(pipeline) == [
        "Tokenizer: inputs.train_data: PP701 needs the column 'name', which the step 'Preprocess' drops"
    ]


def test_a_column_that_never_was_is_told_with_the_nearest(load):
    pipeline = load(
        steps={
            "Preprocess": {"given_columns": RAW},
            "Tokenizer": {"required_columns": {"train_data": {"nam": "string"}}},
        }
    )
    assert problems(pipeline) == [
        "Tokenizer: inputs.train_data: PP701 needs the column 'nam', "
        "which 'raw_data' of 'Preprocess' does not have; did you mean 'name'?"
    ]


def test_types_are_compared(load):
    pipeline = load(
        steps={
            "Preprocess": {"given_columns": RAW},
            "Tokenizer": {"required_columns": {"train_data": {"amount": "string"}}},
        }
    )
    assert problems(pipeline)[0].endswith("needs the column 'amount' as string, it is number")


def test_a_step_that_writes_its_own_table_has_its_own_columns(load):
    pipeline = load(steps={"Preprocess": {"output_columns": {"processed_data": {"columns": {"score": "number"}}}}})
    assert problems(pipeline)[0].endswith(
        "needs the column 'label', which Preprocess.processed_data does not have; known are: score"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"required_columns": {"raw": {"a": "string"}}}, "required_columns.raw: PP101 there is no 'raw'"),
        ({"output_columns": {"data": {"columns": {}}}}, "output_columns.data: PP101 there is no 'data'"),
        ({"given_columns": {"raw_data": {"a": "text"}}}, "given_columns.raw_data.a"),
        ({"output_columns": {"processed_data": {"keeps_columns_of": "x"}}}, "keeps the columns of 'x', which is not"),
    ],
)
def test_columns_of_what_is_not_there_are_told(load, settings, told):
    with pytest.raises(PipelineError) as error:
        load(steps={"Preprocess": settings}).definition()
    assert told in str(error.value)
