"""Well-known packages: import name to distribution, and which roots are certainly third-party."""

from __future__ import annotations

import sys

from ..words import words

# Import names that differ from the name of the distribution.
DISTRIBUTIONS = {
    "absl": "absl-py",
    "azure.storage.blob": "azure-storage-blob",
    "azure.identity": "azure-identity",
    "botocore": "boto3",
    "cairo": "pycairo",
    "community": "python-louvain",
    "grpc": "grpcio",
    "hydra": "hydra-core",
    "osgeo": "gdal",
    "pdfminer": "pdfminer.six",
    "pl_bolts": "lightning-bolts",
    "pynvml": "nvidia-ml-py",
    "pythonjsonlogger": "python-json-logger",
    "pywt": "pywavelets",
    "sklearnex": "scikit-learn-intelex",
    "snappy": "python-snappy",
    "snowflake.connector": "snowflake-connector-python",
    "websocket": "websocket-client",
    "igraph": "python-igraph",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "google.protobuf": "protobuf",
    "google.cloud.storage": "google-cloud-storage",
    "google.cloud.bigquery": "google-cloud-bigquery",
    "attr": "attrs",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "Crypto": "pycryptodome",
    "OpenSSL": "pyopenssl",
    "serial": "pyserial",
    "usb": "pyusb",
    "magic": "python-magic",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "fitz": "pymupdf",
    "MySQLdb": "mysqlclient",
    "psycopg2": "psycopg2",
    "git": "gitpython",
    "github": "pygithub",
    "slugify": "python-slugify",
    "Levenshtein": "levenshtein",
    "faiss": "faiss-cpu",
    "tensorflow_text": "tensorflow-text",
    "tensorflow_hub": "tensorflow-hub",
    "tensorflow_io": "tensorflow-io",
    "umap": "umap-learn",
    "hdbscan": "hdbscan",
    "imblearn": "imbalanced-learn",
    "pytorch_lightning": "pytorch-lightning",
    "lightning_utilities": "lightning-utilities",
    "sentence_transformers": "sentence-transformers",
    "huggingface_hub": "huggingface-hub",
    "category_encoders": "category-encoders",
    "lightgbm": "lightgbm",
    "smart_open": "smart-open",
    "pydantic_settings": "pydantic-settings",
    "sagemaker_training": "sagemaker-training",
    "sagemaker_inference": "sagemaker-inference",
    "sagemaker_containers": "sagemaker-containers",
    "ruamel": "ruamel.yaml",
    "pkg_resources": "setuptools",
    "mpl_toolkits": "matplotlib",
    "pylab": "matplotlib",
    "Bio": "biopython",
    "nacl": "pynacl",
    "zmq": "pyzmq",
    "ldap": "python-ldap",
    "socks": "pysocks",
    "win32api": "pywin32",
    "airflow": "apache-airflow",
    "tflite_runtime": "tflite-runtime",
    "torch_geometric": "torch-geometric",
    "scikitplot": "scikit-plot",
    "wx": "wxpython",
    "gi": "pygobject",
    "kafka": "kafka-python",
    "flask_cors": "flask-cors",
    "rest_framework": "djangorestframework",
    "skopt": "scikit-optimize",
    "lightfm": "lightfm",
    "surprise": "scikit-surprise",
    "sqlalchemy": "sqlalchemy",
    "onnxruntime": "onnxruntime",
}
# Distributions that provide a package under another name than usual.
ALTERNATIVES = {
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "tensorflow": ("tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos", "intel-tensorflow"),
    "onnxruntime": ("onnxruntime-gpu",),
    "psycopg2": ("psycopg2-binary",),
    "faiss-cpu": ("faiss-gpu",),
    "pillow": ("pillow-simd",),
    "keras": ("tensorflow", "tf-keras"),
    "lightning": ("pytorch-lightning",),
    "pytorch-lightning": ("lightning",),
    "torch": ("pytorch",),
    "polars": ("polars-lts-cpu", "polars-u64-idx"),
    "xgboost": ("xgboost-cpu",),
    "levenshtein": ("python-levenshtein",),
    "pyarrow": ("pyarrow-hotfix",),
    "bson": ("pymongo",),
    "pycryptodome": ("pycryptodomex",),
}
# Packages that SageMaker's containers bring along for their own use.
CONTAINER_PACKAGES = frozenset(
    words(
        """sagemaker_training sagemaker_inference sagemaker_containers sagemaker_sklearn_container
        sagemaker_xgboost_container sagemaker_pytorch_container sagemaker_pytorch_serving_container
        sagemaker_tensorflow_container sagemaker_huggingface_inference_toolkit smdebug smdistributed
        sagemaker_processing multi_model_server mms"""
    )
)
KNOWN_PACKAGES = frozenset(
    words(
        """numpy pandas polars pyarrow scipy sklearn torch torchvision torchaudio torchmetrics torchtext lightning
        pytorch_lightning tensorflow keras jax flax transformers tokenizers datasets accelerate peft trl
        diffusers sentence_transformers sentencepiece safetensors huggingface_hub xgboost lightgbm catboost onnx
        onnxruntime onnxscript skl2onnx onnxmltools matplotlib seaborn plotly bokeh altair PIL cv2 imageio
        skimage h5py zarr xarray joblib dill cloudpickle yaml toml bs4 lxml requests httpx aiohttp urllib3 boto3
        botocore sagemaker s3fs fsspec gcsfs smart_open flask fastapi starlette uvicorn gunicorn pydantic
        pydantic_settings attr attrs click typer fire rich tqdm absl dotenv omegaconf hydra mlflow wandb
        tensorboard tensorboardX comet_ml neptune optuna ray dask pyspark statsmodels prophet nltk spacy gensim
        fasttext emoji regex unidecode langdetect textblob shap lime eli5 imblearn category_encoders networkx
        igraph numba cython psutil gputil pynvml sqlalchemy psycopg2 pymysql duckdb redis pymongo pytest
        hypothesis setuptools pkg_resources pip packaging dateutil pytz arrow pendulum autogluon timm einops
        albumentations librosa soundfile faiss annoy hnswlib umap hdbscan geopandas shapely rasterio pydicom
        nibabel narwhals selectolax deepspeed apex horovod bitsandbytes evaluate rouge_score sacrebleu seqeval
        google azure werkzeug jinja2 markdown tabulate termcolor colorama loguru structlog simplejson orjson
        ujson msgpack smdebug smdistributed sagemaker_training sagemaker_inference sagemaker_containers cudf
        cuml cupy rmm"""
    )
) | frozenset(sys.stdlib_module_names)


def distribution_of(module: str) -> str:
    """Gives the distribution that provides a module, in normal spelling."""
    pieces = module.split(".")
    for size in range(min(len(pieces), 3), 0, -1):
        name = DISTRIBUTIONS.get(".".join(pieces[:size]))
        if name is not None:
            return normal_name(name)
    return normal_name(pieces[0])


def normal_name(name: str) -> str:
    """Gives the normal spelling of a distribution: lower case, single hyphens."""
    result = name.lower().replace("_", "-").replace(".", "-")
    while "--" in result:
        result = result.replace("--", "-")
    return result
