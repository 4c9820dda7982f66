"""What the images of the scripts install, as the contracts promise it; SC502 and SC503 compare it with `dockers/`."""

PYTORCH_REQUIREMENTS = {
    "emoji": "==2.16.0",
    "lightning": "==2.6.6",
    "matplotlib": "==3.11.2",
    "narwhals": "==2.29.0",
    "numpy": "==2.4.6",
    "onnx": "==1.23.2",
    "onnxruntime": "==1.32.0",
    "onnxscript": "==0.7.2",
    "peft": "==0.21.2",
    "polars": "==2.1.0",
    "pyarrow": "==26.0.1",
    "pydantic": "==2.14.3",
    "pydantic_core": "==2.50.4",
    "PyYAML": "==6.0.3",
    "safetensors": "==0.8.0",
    "scikit-learn": "==1.9.1",
    "scipy": "==1.17.1",
    "selectolax": "==1.0.2",
    "starlette": "==1.10.0",
    "tensorboard": "==2.21.0",
    "tokenizers": "==0.23.3",
    "torch": "==2.13.0",
    "torchmetrics": "==1.9.0",
    "transformers": "==5.23.0",
    "uvicorn": "==0.54.0",
}
"""The images of dockers/names3risk_pytorch and dockers/pytorch_bsm."""

_NETWORKS_ONLY = ("lightning", "safetensors", "torchmetrics")

XGBOOST_REQUIREMENTS = {
    **{name: version for name, version in PYTORCH_REQUIREMENTS.items() if name not in _NETWORKS_ONLY},
    "xgboost": "==3.2.0",
}
"""The image of dockers/xgboost: the library's packages without those that train networks, and XGBoost."""
