#!/usr/bin/env bash
set -euo pipefail
# Versions: weasyprint 70.0, pillow 13.0.0
# One would guess: importing a library that writes PDF changes nothing for the other users of Pillow in the process: a file
#   whose copy was broken off is still refused by `load()`.
# Seen: the import switches Pillow's `ImageFile.LOAD_TRUNCATED_IMAGES` on for the whole process, for good. The same file is then
#   decoded without a word, and the rows that it lacks are 0.
# Cost: in one process with reports, images with missing rows were read as whole ones. Set the switch before each image that is
#   opened, or print in a process of its own.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet weasyprint==70.0 pillow==13.0.0

cat > finding.py <<'PYTHON'
import io
import sys

from PIL import Image

whole = io.BytesIO()
Image.effect_noise((64, 64), 40).save(whole, "PNG")
half = whole.getvalue()[: len(whole.getvalue()) // 2]


def outcome():
    try:
        with Image.open(io.BytesIO(half)) as image:
            image.load()
            return f"read; the last row is {set(image.crop((0, 63, 64, 64)).tobytes())}"
    except OSError as error:
        return f"refused: {error}"


before = outcome()
import weasyprint  # noqa: E402, F401

after = outcome()
print(f"before `import weasyprint`: {before}")
print(f"after: {after}")
if not (before.startswith("refused") and after == "read; the last row is {0}"):
    sys.exit("Changed: the import leaves Pillow as it is.")
PYTHON
venv/bin/python finding.py
