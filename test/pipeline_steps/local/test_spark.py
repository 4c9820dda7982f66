"""Spark steps: SageMaker's launcher becomes the machine's own; EMR steps are a function's work."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from runner_kit import Place, pipeline, processing

from pipeline_steps.local import DefinitionError

SPARK_SUBMIT = """#!/bin/sh
echo "submitted: $@"
echo "with $PYSPARK_PYTHON"
echo joined > "$SAGEMAKER_BASE_DIR/processing/output/o/part.csv"
"""


def spark(name: str = "Join", **options: Any) -> dict[str, Any]:
    """A step as the SDK's PySparkProcessor writes it."""
    step = processing(name, outputs={"o": "s3://out/o"}, **options)
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = [
        "smspark-submit",
        "--py-files",
        "/opt/ml/processing/input/modules",
        "--local-spark-event-logs-dir",
        "/opt/ml/processing/spark-events/",
        "/opt/ml/processing/input/code/script.py",
    ]
    return step


@pytest.fixture
def with_spark(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    place.code("")
    place.put("modules/a.py", "")
    place.put("modules/b.py", "")
    programs = place.root / "bin"
    programs.mkdir()
    for name, text in (("spark-submit", SPARK_SUBMIT), ("java", "#!/bin/sh\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return place


def test_the_machines_own_spark_runs_the_script(with_spark: Place) -> None:
    python = str(with_spark.root / "bin" / "python")
    step = spark(inputs={"modules": "s3://modules"}, instances=3, arguments=["--rows", "10"])
    record = with_spark.run(pipeline(step), cores=2, keep_work=True, python=python)
    assert record.succeeded, record.failure_reason
    base = record.run_dir / "steps/Join/attempt-1/algo-1/opt/ml/processing"
    submitted, interpreter = with_spark.log(record, "Join").splitlines()
    assert submitted == (
        f"submitted: --master local[2] --py-files {base}/input/modules/a.py,{base}/input/modules/b.py "
        f"--conf spark.eventLog.enabled=true --conf spark.eventLog.dir=file://{base}/spark-events/ "
        f"{base}/input/code/script.py --rows 10"
    )
    assert interpreter == f"with {python}"
    assert with_spark.read("s3://out/o/part.csv") == "joined\n"
    assert not (record.run_dir / "steps/Join/attempt-1/algo-2").exists()


def test_without_spark_or_java_it_is_told_before_anything_starts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.code("")
    python = place.root / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(place.root / "nothing"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(DefinitionError) as caught:
        place.run(pipeline(spark()), python=str(python))
    assert f"'{python} -m pip install pyspark'" in str(caught.value)
    assert "Spark needs Java" in str(caught.value)
    assert not place.events


COUNT = """
import os
from pyspark.sql import SparkSession
base = os.environ["SAGEMAKER_BASE_DIR"] + "/processing"
spark = SparkSession.builder.getOrCreate()
rows = spark.read.csv(base + "/input/data", header=True)
rows.groupBy("region").count().coalesce(1).write.mode("append").csv(base + "/output/o")
"""


@pytest.mark.slow
def test_a_spark_job_runs_for_real(place: Place) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed; it is the extra `spark`")
    place.code(COUNT)
    place.put("modules/a.py", "")
    place.put("data/in/rows.csv", "id,region\n1,EU\n2,NA\n3,EU\n")
    record = place.run(pipeline(spark(inputs={"data": "s3://data/in", "modules": "s3://modules"})))
    assert record.succeeded, record.failure_reason
    (part,) = (place.s3 / "out/o").glob("part-*.csv")
    assert sorted(part.read_text().split()) == ["EU,2", "NA,1"]


EMR = {
    "Name": "Cluster",
    "Type": "EMR",
    "Arguments": {
        "ClusterId": "j-123",
        "StepConfig": {"HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://code/script.py"]}},
    },
}


def test_an_emr_step_is_a_functions_work(place: Place) -> None:
    place.code("")

    def work(event: dict[str, Any]) -> None:
        place.put("out/joined/part.csv", event["StepConfig"]["HadoopJarStep"]["Args"][1])

    after = processing("After", inputs={"data": "s3://out/joined"}, DependsOn=["Cluster"])
    record = place.run(pipeline(EMR, after), callables={"Cluster": work})
    assert record.succeeded, record.failure_reason
    assert place.read("s3://out/joined/part.csv") == "s3://code/script.py"


def test_an_emr_step_without_a_function_says_what_to_do(place: Place) -> None:
    with pytest.raises(DefinitionError, match="no cluster is emulated here: give a function of the step's name"):
        place.run(pipeline(EMR))
