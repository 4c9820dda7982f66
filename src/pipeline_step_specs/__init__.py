"""Step specifications: what each pipeline step needs and gives."""
