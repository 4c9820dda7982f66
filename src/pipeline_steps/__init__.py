"""Step builders, the pipeline definition, deployment and the local runner."""
