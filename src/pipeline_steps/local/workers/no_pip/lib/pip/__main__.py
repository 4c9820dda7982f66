"""Answers `python -m pip ...`."""

import sys

if __name__ == "__main__":
    words = " ".join(["pip", *sys.argv[1:]])
    sys.stdout.write(f"{words}: not run here: the packages of this machine's interpreter are used\n")
