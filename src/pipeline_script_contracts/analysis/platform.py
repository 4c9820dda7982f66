"""What SageMaker itself provides: variables, their documented values, files and folders.

Sources: the SageMaker training toolkit's ENVIRONMENT_VARIABLES.md, and the developer guide's pages on how training
and processing containers receive data and configuration.
"""

from __future__ import annotations

from .words import words

VARIABLES = {
    "SM_MODEL_DIR": "/opt/ml/model",
    "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
    "SM_OUTPUT_DIR": "/opt/ml/output",
    "SM_OUTPUT_INTERMEDIATE_DIR": "/opt/ml/output/intermediate",
    "SM_INPUT_DIR": "/opt/ml/input",
    "SM_INPUT_CONFIG_DIR": "/opt/ml/input/config",
    "SM_INPUT_DATA_CONFIG_DIR": "/opt/ml/input/config",
    "SM_MODULE_DIR": "/opt/ml/code",
    "HOME": "/root",
    "TMPDIR": "/tmp",  # noqa: S108 - as the variable says
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/code",
}
JSON_VARIABLES = frozenset({"SM_HPS", "SM_TRAINING_ENV"})  # always set: no default of the script stands for them
CHANNEL_PREFIX = "SM_CHANNEL_"
HYPERPARAMETER_PREFIX = "SM_HP_"
CHANNEL_FOLDER = "/opt/ml/input/data"
MODEL_FOLDER = "/opt/ml/model"
SERVER_CONTEXT = "sagemaker_inference.context"  # what model servers hand to handlers: it names the model's folder

_PREFIXES = (
    "SM_",
    "SMDEBUG_",
    "SAGEMAKER_",
    "AWS_",
    "ECS_",
    "CUDA_",
    "NVIDIA_",
    "NCCL_",
    "MASTER_",
    "TORCHELASTIC_",
    "TORCH_",
    "PYTORCH_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "TF_",
    "KMP_",
    "HOROVOD_",
    "OMPI_",
    "LC_",
    "XDG_",
    "GLOO_",
    "FI_",
)
_NAMES = frozenset(
    words(
        """PATH HOME USER LOGNAME SHELL PWD OLDPWD HOSTNAME TERM LANG LANGUAGE TZ TMP TEMP TMPDIR EDITOR DISPLAY
        COLUMNS LINES PYTHONPATH PYTHONHOME PYTHONHASHSEED PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE
        PYTHONWARNINGS PYTHONFAULTHANDLER PYTHONIOENCODING PYTHONUTF8 PYTHONOPTIMIZE PYTHONMALLOC PYTHONDEVMODE
        PYTHONTRACEMALLOC PYTHONASYNCIODEBUG PYTHONNOUSERSITE
        VIRTUAL_ENV LD_LIBRARY_PATH RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE GROUP_RANK
        NODE_RANK TOKENIZERS_PARALLELISM TRAINING_JOB_NAME PROCESSING_JOB_NAME TRAINING_JOB_ARN
        PROCESSING_JOB_ARN DATA_INPUT_PATH HF_HOME TRANSFORMERS_CACHE HF_HUB_OFFLINE TRANSFORMERS_OFFLINE
        HF_DATASETS_CACHE HF_DATASETS_OFFLINE MPLCONFIGDIR MPLBACKEND NO_PROXY HTTP_PROXY HTTPS_PROXY http_proxy
        https_proxy no_proxy CI KUBERNETES_SERVICE_HOST DMLC_INTERFACE"""
    )
)

_FILES = (
    "/opt/ml/input/config",
    "/opt/ml/config",
    "/opt/ml/output/failure",
    "/opt/ml/output/tensors",
    "/opt/ml/output/profiler",
    "/opt/ml/output/metrics/sagemaker",
    "/opt/ml/code",
    "/opt/ml/processing/input/code",
    "/opt/ml/input/code",
    "/dev",
    "/proc",
    "/sys",
    "/etc",
    "/usr",
    "/tmp",  # noqa: S108 - nothing is written there: it is where analysed scripts may
    "/var/tmp",  # noqa: S108 - the same
    "/run",
    "/root",
    "/home",
    "/opt/conda",
)
HYPERPARAMETERS_FILE = "/opt/ml/input/config/hyperparameters.json"


def is_platform_variable(name: str) -> bool:
    """Tells whether the platform, not the contract, is answerable for a variable."""
    return name in _NAMES or name.startswith(_PREFIXES)


def is_platform_path(path: str) -> bool:
    """Tells whether a path belongs to the platform or is scratch: it needs no declaration.

    Only SageMaker writes into /opt/ml/input/config; the hyperparameters there are what contracts declare as an input.
    """
    if path == HYPERPARAMETERS_FILE:
        return False
    return any(path == each or path.startswith(each + "/") for each in _FILES)


def documented_value(name: str) -> str | None:
    """Gives the value that SageMaker sets a variable to, or None where it is not fixed."""
    if name in VARIABLES:
        return VARIABLES[name]
    if name.startswith(CHANNEL_PREFIX) and len(name) > len(CHANNEL_PREFIX):
        return f"{CHANNEL_FOLDER}/{name[len(CHANNEL_PREFIX) :].lower()}"
    return None
