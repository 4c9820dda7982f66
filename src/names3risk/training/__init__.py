"""Training: loss, optimizer, schedule, loaders, callbacks and the trainer that binds them."""
