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
    "git": "gitpython",
    "github": "pygithub",
    "slugify": "python-slugify",
    "faiss": "faiss-cpu",
    "umap": "umap-learn",
    "imblearn": "imbalanced-learn",
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
    "scikitplot": "scikit-plot",
    "wx": "wxpython",
    "gi": "pygobject",
    "kafka": "kafka-python",
    "rest_framework": "djangorestframework",
    "skopt": "scikit-optimize",
    "surprise": "scikit-surprise",
    "multipart": "python-multipart",
    "haystack": "farm-haystack",
    "past": "future",
    "libfuturize": "future",
    "ts": "torchserve",
    "model_archiver": "torch-model-archiver",
    "workflow_archiver": "torch-workflow-archiver",
    "tree": "dm-tree",
    "ffmpeg": "ffmpeg-python",
    "telegram": "python-telegram-bot",
    "googleapiclient": "google-api-python-client",
    "google.auth": "google-auth",
    "google.cloud.pubsub": "google-cloud-pubsub",
    "google.generativeai": "google-generativeai",
    "mysql.connector": "mysql-connector-python",
    "dns": "dnspython",
    "MeCab": "mecab-python3",
    "Stemmer": "pystemmer",
    "Xlib": "python-xlib",
    "chess": "python-chess",
    "clip": "openai-clip",
    "whisper": "openai-whisper",
    "opensearchpy": "opensearch-py",
    "delta": "delta-spark",
    "sparknlp": "spark-nlp",
    "s3transfer": "boto3",
    "feature_store_pyspark": "sagemaker-feature-store-pyspark",
    "official": "tf-models-official",
    "object_detection": "tf-models-research-object-detection-api",
    "en_core_web_sm": "spacy",
    "en_core_web_md": "spacy",
    "en_core_web_lg": "spacy",
    "pyximport": "cython",
    "memcache": "python-memcached",
    "OpenGL": "pyopengl",
    "cassandra": "cassandra-driver",
    "speech_recognition": "speechrecognition",
    "geohash": "python-geohash",
    "stdnum": "python-stdnum",
    "barcode": "python-barcode",
    "crontab": "python-crontab",
    "daemon": "python-daemon",
    "decouple": "python-decouple",
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
    "triton": ("torch", "pytorch", "pytorch-triton"),  # PyTorch for Linux brings its own
    "polars": ("polars-lts-cpu", "polars-u64-idx"),
    "xgboost": ("xgboost-cpu",),
    "levenshtein": ("python-levenshtein",),
    "pyarrow": ("pyarrow-hotfix",),
    "bson": ("pymongo",),
    "pycryptodome": ("pycryptodomex",),
    "farm-haystack": ("haystack-ai",),
    "openai-clip": ("clip",),
    "openai-whisper": ("whisper",),
    "tf-models-official": ("tf-models-nightly",),
    "tf-models-research-object-detection-api": ("object-detection", "tf-object-detection"),
    "multipart": ("python-multipart",),
    "python-multipart": ("multipart",),
    "spacy": ("en-core-web-sm", "en-core-web-md", "en-core-web-lg"),
    "mxnet": ("mxnet-cu90", "mxnet-cu100", "mxnet-cu101", "mxnet-cu110", "mxnet-mkl"),
    "sagemaker": ("sagemaker-core",),
    "prophet": ("fbprophet",),
    "mysql-connector-python": ("mysql-connector", "mysql-connector-python-rf"),
    "scikit-learn": ("sklearn",),
    "pyyaml": ("yaml",),
    "python-dotenv": ("dotenv",),
    "nvidia-ml-py": ("pynvml", "nvidia-ml-py3"),
    "gitpython": ("git",),
    "beautifulsoup4": ("bs4",),
    "ruamel-yaml": ("ruamel-yaml-clib",),
    "tflite-runtime": ("ai-edge-litert",),
    "apache-airflow": ("airflow",),
    "horovod": ("horovod-gpu",),
    "dm-tree": ("tree",),
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
        cuml cupy rmm triton"""
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
