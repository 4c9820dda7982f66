"""What certainly opens no path that it is given: whole packages, and methods of any object."""

from __future__ import annotations

from ..words import words

SILENT_PACKAGES = frozenset(
    words(
        """builtins logging re math cmath random statistics itertools functools operator collections copy time
        datetime calendar typing warnings string textwrap enum dataclasses abc contextlib inspect traceback
        types decimal fractions hashlib hmac secrets uuid base64 binascii struct pprint json argparse click
        typer fire absl getpass platform sys gc weakref threading asyncio concurrent queue signal atexit locale
        numbers bisect heapq array codecs io csv html urllib http socket ssl email mimetypes unicodedata difflib
        timeit token tokenize ast keyword builtins tqdm rich colorama tabulate termcolor structlog loguru
        prettytable wandb mlflow comet_ml neptune sagemaker requests httpx pydantic pydantic_core pydantic_settings attr
        attrs numba psutil pytz dateutil yaml os pickle marshal shlex fnmatch tempfile glob pathlib shutil subprocess
        importlib pkgutil runpy smart_open narwhals pyspark optuna flask fastapi starlette bottle falcon tornado
        aiohttp werkzeug polars pandas numpy seaborn statsmodels torchmetrics triton boto3 botocore"""
    )
)
SILENT_METHODS = frozenset(
    words(
        """append add extend insert remove discard get setdefault update pop keys values items index count sort
        copy format join split rsplit replace strip lstrip rstrip lower upper startswith endswith encode decode
        find info debug warning warn error critical exception log print write writelines writerow writerows put
        put_nowait isin map apply rename drop fillna set_index reset_index groupby merge head tail astype
        set_description set_postfix post put patch delete options route before_request errorhandler log_param
        log_params log_metric log_metrics set_tag add_argument parse_args exit send respond json assert_called
        add_scalar add_text add_figure add_hparams add_graph add_histogram add_scalars register_forward_hook
        add_callback push_to_hub register route get_logger getLogger with_columns select filter with_row_index agg
        alias"""
    )
)
