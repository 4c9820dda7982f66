#!/bin/sh
# Compares our pipelines with the SageMaker Python SDK, versions 2 and 3, and runs theirs; each version in an
# environment of its own: the SDK wants other versions of common packages than the rest of the project.
# `sh run.sh [PYTHON]`, from anywhere.
set -eu

python=${1:-python3}
cd "$(dirname "$0")/../../.."
for requirement in 'sagemaker>=2.250,<3' 'sagemaker>=3'; do
    environment=.cache/conformance-$(printf '%s' "$requirement" | cksum | cut -d' ' -f1)
    test -x "$environment/bin/python" || "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet "$requirement" 'moto[s3]' pytest pydantic pyyaml
    "$environment/bin/python" -m pip list 2>/dev/null | grep '^sagemaker '
    PYTHONPATH=src "$environment/bin/python" -m pytest -c /dev/null --rootdir . --import-mode=importlib \
        -p no:cacheprovider -q -W ignore test/pipeline_steps/conformance
done
