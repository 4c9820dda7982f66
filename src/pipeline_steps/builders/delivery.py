"""The builders of the steps between a trained model and its registration: calibration, packaging, sample requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline_step_specs import MODEL_CALIBRATION_SPEC, PACKAGING_SPEC, PAYLOAD_SPEC, OutputSpec
from pipeline_steps.builders.base import BuildContext
from pipeline_steps.builders.processing import ProcessingStepBuilder
from pipeline_steps.problems import Problem
from pipeline_steps.references import Value, join
from pipeline_steps.settings import ProcessingSettings


class ModelCalibrationStepBuilder(ProcessingStepBuilder):
    """Builds the step that fits and measures a calibration."""

    specification = MODEL_CALIBRATION_SPEC


class PackagingSettings(ProcessingSettings):
    """The settings of packaging.

    Args:
        inference_code: The folder of the inference code; published by content. Which of its files are packed is the
            argument `code_files`.
    """

    inference_code: Path | None = None


class PackagingStepBuilder(ProcessingStepBuilder):
    """Builds the step that packs a model; what comes out of it is the address of the archive itself."""

    specification = PACKAGING_SPEC
    settings_class = PackagingSettings

    def problems(self) -> Iterator[Problem]:
        """Gives what is wrong with the settings."""
        yield from super().problems()
        folder = self._inference_code
        if folder is not None and not folder.is_dir():
            yield self.problem("inference_code", f"there is no folder '{folder}'")

    def own_inputs(self, context: BuildContext) -> dict[str, Value]:
        """Gives the inference code, when its folder is among the settings."""
        folder = self._inference_code
        return {} if folder is None else {"inference_code": context.assets.add_folder(folder)}

    def address(self, output: OutputSpec, context: BuildContext) -> Value:
        """Gives the address of the archive, which registration and models take."""
        return join(super().address(output, context), "model.tar.gz", on="/")

    @property
    def _inference_code(self) -> Path | None:
        assert isinstance(self.settings, PackagingSettings)
        return self.settings.inference_code


class PayloadStepBuilder(ProcessingStepBuilder):
    """Builds the step that writes sample requests; what comes out of it is the address of their archive."""

    specification = PAYLOAD_SPEC

    def address(self, output: OutputSpec, context: BuildContext) -> Value:
        """Gives the address of the archive, which registration takes."""
        return join(super().address(output, context), "payload.tar.gz", on="/")
