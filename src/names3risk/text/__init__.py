"""Text: tokenizer training and the encoding of text columns."""
