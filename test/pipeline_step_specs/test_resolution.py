"""Which output feeds which dependency."""

import pytest

from pipeline_step_specs import (
    DependencySpec,
    DependencyType,
    NodeType,
    OutputSpec,
    Resolver,
    Source,
    StepKind,
    StepSpecification,
)

PATH = "properties.ModelArtifacts.S3ModelArtifacts"


def source(step_type="Prepare", *outputs, **fields):
    return StepSpecification(
        step_type=step_type, node_type=NodeType.SOURCE, step_kind=StepKind.TRAINING, outputs=list(outputs), **fields
    )


def gives(name, output_type=DependencyType.PROCESSING_OUTPUT, **fields):
    return OutputSpec(logical_name=name, output_type=output_type, property_path=PATH, **fields)


def needs(name="data", dependency_type=DependencyType.PROCESSING_OUTPUT, **fields):
    return DependencySpec(logical_name=name, dependency_type=dependency_type, **fields)


def sink(*dependencies):
    return StepSpecification(
        step_type="Consume", node_type=NodeType.SINK, step_kind=StepKind.TRAINING, dependencies=list(dependencies)
    )


def resolve(need, wired=None, **steps):
    return Resolver({**steps, "Consume": sink(need)}).resolve("Consume", need, wired)


def test_the_same_name_goes_before_the_same_type():
    found = resolve(needs(), A=source("A", gives("other")), B=source("B", gives("data")))
    assert found.source == Source("B", "data")
    assert "same name or alias" in found.reason


def test_an_alias_counts_as_a_name_on_either_side():
    assert resolve(needs(), A=source("A", gives("x", aliases=["DATA"])), B=source("B", gives("y"))).source == Source(
        "A", "x"
    )
    assert resolve(needs(aliases=["Y"]), A=source("A", gives("x")), B=source("B", gives("y"))).source == Source(
        "B", "y"
    )


def test_a_unique_type_is_enough():
    found = resolve(needs(), A=source("A", gives("x")), B=source("B", gives("y", DependencyType.MODEL_ARTIFACTS)))
    assert found.source == Source("A", "x")
    assert found.reason == "A.x is the only processing_output that fits"


def test_two_equally_good_candidates_are_an_error_that_lists_both():
    found = resolve(needs(), A=source("A", gives("x")), B=source("B", gives("y")))
    assert found.source is None
    assert found.candidates == [Source("A", "x"), Source("B", "y")]
    assert found.error == (
        "Consume: dependency 'data' has no source: A.x and B.y are equally good; name one of them under inputs"
    )


def test_keywords_order_suggestions_but_never_decide():
    need = needs(semantic_keywords=["pear"])
    found = resolve(need, A=source("A", gives("apple")), B=source("B", gives("pear")))
    assert found.source is None
    assert found.candidates == [Source("B", "pear"), Source("A", "apple")]


def test_an_optional_dependency_may_stay_empty_but_not_be_ambiguous():
    need = needs(required=False)
    assert resolve(need, A=source("A", gives("x", DependencyType.MODEL_ARTIFACTS))).error is None
    assert resolve(need, A=source("A", gives("x")), B=source("B", gives("y"))).error is not None


def test_compatible_sources_are_step_types_kinds_or_other_names():
    steps = {"A": source("A", gives("x")), "B": source("B", gives("y"), also_known_as=["Loader"])}
    assert resolve(needs(compatible_sources=["b"]), **steps).source == Source("B", "y")
    assert resolve(needs(compatible_sources=["loader"]), **steps).source == Source("B", "y")
    assert resolve(needs(compatible_sources=["TrainingStep"]), A=steps["A"]).source == Source("A", "x")
    refused = resolve(needs("x", compatible_sources=["C"]), **steps)
    assert refused.source is None
    assert "no step gives processing_output (S3Uri) from C" in refused.reason
    assert "nearest: A.x (a A is not among its compatible sources)" in refused.reason


@pytest.mark.parametrize(
    ("wired", "told"),
    [
        (Source("Z", "x"), "there is no step 'Z'"),
        (Source("A", "xx"), "step 'A' has no output 'xx'"),
        (Source("A", "model"), "it gives model_artifacts, needed is processing_output"),
        (Source("A", "name"), "it is a String, needed is a S3Uri"),
    ],
)
def test_wiring_that_cannot_be_is_told(wired, told):
    step = source("A", gives("x"), gives("model", DependencyType.MODEL_ARTIFACTS), gives("name", data_type="String"))
    found = resolve(needs(required=False), wired, A=step)
    assert found.source is None
    assert told in found.error


def test_explicit_wiring_goes_before_everything_and_may_name_an_alias():
    step = source("A", gives("data"), gives("other", aliases=["Old"]))
    found = resolve(needs(compatible_sources=["B"]), Source("A", "old"), A=step)
    assert found.source == Source("A", "other")
    assert found.reason == "A.other was named explicitly"


def test_a_step_never_feeds_itself():
    spec = StepSpecification(
        step_type="Loop",
        node_type=NodeType.INTERNAL,
        step_kind=StepKind.TRAINING,
        dependencies=[needs()],
        outputs=[gives("data")],
    )
    assert Resolver({"Loop": spec}).resolve("Loop", spec.dependencies[0]).source is None


def test_training_data_may_be_a_processing_output_but_not_a_model():
    need = needs("d", DependencyType.TRAINING_DATA)
    assert resolve(need, A=source("A", gives("x"))).source == Source("A", "x")
    assert resolve(need, A=source("A", gives("x", DependencyType.MODEL_ARTIFACTS))).source is None


class TestStepsThatWait:
    """An output of a step that waits for the one in need is no source for it."""

    raw = needs("raw")
    first = StepSpecification(
        step_type="First",
        node_type=NodeType.INTERNAL,
        step_kind=StepKind.TRAINING,
        dependencies=[raw],
        outputs=[gives("data")],
    )
    second = StepSpecification(
        step_type="Second",
        node_type=NodeType.INTERNAL,
        step_kind=StepKind.TRAINING,
        dependencies=[needs("data")],
        outputs=[gives("scores")],
    )

    def test_is_not_chosen(self):
        found = Resolver({"First": self.first, "Second": self.second}).resolve("First", self.raw)
        assert found.source is None
        assert found.reason == "no step gives processing_output (S3Uri); give it one under inputs"

    def test_does_not_compete(self):
        steps = {"First": self.first, "Second": self.second, "Load": source("Load", gives("table"))}
        assert Resolver(steps).resolve("First", self.raw).source == Source("Load", "table")

    @pytest.mark.parametrize("given", [None, Source("Load", "table")])
    def test_is_chosen_where_it_is_given_something_else(self, given):
        steps = {
            "First": self.first,
            "Second": self.second,
            "Load": source("Load", gives("table", DependencyType.PAYLOAD_SAMPLES)),
        }
        found = Resolver(steps, {("Second", "data"): given}).resolve("First", self.raw)
        assert found.source == Source("Second", "scores")
