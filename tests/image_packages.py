"""Import this first where the packages of the images are needed: it says so where they are not."""

import importlib.util
import sys

MISSING = (
    "The tests of worker, model server and fake chain need the packages of the images, which this "
    "Python does not have: make test-images"
)

if importlib.util.find_spec("allora_sdk") is None:
    sys.exit(f"ERROR: {MISSING}")
