"""What a careful engineer would try first: linear models on spelling, boosting on the table, and both stacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from names3risk.data.preparation import LABEL

if TYPE_CHECKING:
    import polars as pl

    from names3risk.data.schema import ColumnSchema

Probabilities = NDArray[np.float64]
FOLDS = 5


@dataclass(frozen=True)
class Baseline:
    """A baseline by name.

    Args:
        name: As the table shows it.
        fit_predict: Learns from the first table and gives P(class 1) of each row of the second one, `(N,)`.
    """

    name: str
    fit_predict: Callable[[pl.DataFrame, pl.DataFrame], Probabilities]


def baselines(schema: ColumnSchema, seed: int = 0) -> list[Baseline]:
    """The baselines for two classes, those that the columns allow.

    Args:
        schema: The resolved roles of the columns.
        seed: Of boosting and of the folds that stacking learns from.
    """
    from sklearn.linear_model import LogisticRegression

    text = _Model(lambda frame: _joined_text(frame, schema), _spelling_model)
    if not schema.feature_columns:
        return [Baseline("logistic regression on character n-grams of the text", text.fit_predict)]
    table = _Model(lambda frame: _numbers(frame, schema), lambda: _boosting_model(schema, seed))
    other = _Model(lambda frame: _numbers(frame, schema), lambda: _xgboost_model(schema, seed))

    def stacked(train: pl.DataFrame, test: pl.DataFrame) -> Probabilities:
        labels = train[LABEL].to_numpy()
        parts = [text, table]
        learn = np.column_stack([_log_odds(part.out_of_fold(train, seed)) for part in parts])
        score = np.column_stack([_log_odds(part.fit_predict(train, test)) for part in parts])
        model = LogisticRegression().fit(learn, labels)
        return np.asarray(model.predict_proba(score)[:, 1])

    return [
        Baseline("logistic regression on character n-grams of the text", text.fit_predict),
        Baseline("gradient boosting on the tabular columns", table.fit_predict),
        *([Baseline("XGBoost on the tabular columns", other.fit_predict)] if find_spec("xgboost") else []),
        Baseline("both, stacked by logistic regression", stacked),
    ]


@dataclass(frozen=True)
class _Model:
    inputs: Callable[[pl.DataFrame], Any]
    make: Callable[[], Any]

    def fit_predict(self, train: pl.DataFrame, test: pl.DataFrame) -> Probabilities:
        fitted = self.make().fit(self.inputs(train), train[LABEL].to_numpy())
        return np.asarray(fitted.predict_proba(self.inputs(test))[:, 1])

    def out_of_fold(self, train: pl.DataFrame, seed: int) -> Probabilities:
        from sklearn.model_selection import StratifiedKFold, cross_val_predict

        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        found = cross_val_predict(
            self.make(), self.inputs(train), train[LABEL].to_numpy(), cv=folds, method="predict_proba"
        )
        return np.asarray(found[:, 1])


def _spelling_model() -> Any:
    """TF-IDF of the 2- to 5-grams; length, case and C were chosen by validation."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    grams = TfidfVectorizer(analyzer="char", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    return make_pipeline(grams, LogisticRegression(C=10, max_iter=1000))


def _boosting_model(schema: ColumnSchema, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline

    n_numeric = len(schema.tab_fields)
    categorical = list(range(n_numeric, n_numeric + len(schema.cat_field_list)))
    boosting = HistGradientBoostingClassifier(categorical_features=categorical, random_state=seed)
    return make_pipeline(_columns(schema), boosting)


def _columns(schema: ColumnSchema) -> Any:
    """Numbers as they are, categories as codes."""
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OrdinalEncoder

    n_numeric = len(schema.tab_fields)
    categorical = list(range(n_numeric, n_numeric + len(schema.cat_field_list)))
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=250)
    return make_column_transformer(("passthrough", list(range(n_numeric))), (codes, categorical), sparse_threshold=0.0)


def _xgboost_model(schema: ColumnSchema, seed: int) -> Any:
    """As many and as small trees as careful use of little data takes; categories by their codes."""
    from sklearn.pipeline import make_pipeline
    from xgboost import XGBClassifier

    boosting = XGBClassifier(
        n_estimators=300,
        learning_rate=0.03,
        max_depth=5,
        min_child_weight=5,
        subsample=0.8,
        colsample_bytree=0.7,
        random_state=seed,
    )
    return make_pipeline(_columns(schema), boosting)


def _joined_text(frame: pl.DataFrame, schema: ColumnSchema) -> list[str]:
    import polars as pl

    fields = [pl.col(name).fill_null("[MISSING]") for name in schema.text_source_fields]
    return frame.select(pl.concat_str(fields, separator="|")).to_series().to_list()


def _numbers(frame: pl.DataFrame, schema: ColumnSchema) -> NDArray[np.object_]:
    import polars as pl

    numeric = frame.select(pl.col(list(schema.tab_fields)).cast(pl.Float64)).to_numpy()
    categorical = frame.select(pl.col(list(schema.cat_field_list)).cast(pl.String).fill_null("")).to_numpy()
    return np.concatenate([numeric.astype(object), categorical.astype(object)], axis=1)


def _log_odds(probabilities: Probabilities) -> Probabilities:
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped))
