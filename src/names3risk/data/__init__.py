"""Tables in, splits out: column roles, reading, preparation, time split, samples and generated data."""
