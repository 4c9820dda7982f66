"""What is told in one message, without a traceback: it is not the handlers' doing."""


class TransformError(ValueError):
    """A filter, a record or a model is not what the job needs."""
