#!/usr/bin/env bash
set -euo pipefail
# Version: sphinx 9.0.4
# One would guess: pages of Sphinx's plainest theme, `basic`, from which others are made, work under the policy
#   "script-src 'self'; style-src 'self'": all of its scripts and styles are files.
# Seen: its pages also hold scripts and style attributes of their own. Under that policy a browser leaves the search box
#   hidden, which an inline script is to show.
# Cost: no theme of Sphinx's own can be shown under such a policy. Write a layout template of your own, rather than
#   loosen the policy.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet sphinx==9.0.4
mkdir source
echo 'html_theme = "basic"' > source/conf.py
printf 'A page\n======\n\nWith a sentence.\n' > source/index.rst
venv/bin/python -m sphinx -q source site

cat > finding.py <<'PYTHON'
import sys
from html.parser import HTMLParser
from pathlib import Path


class Inline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "script" and "src" not in given:
            self.found.append("a script")
        if "style" in given:
            self.found.append(f"<{tag} style={given['style']!r}>")


inline = Inline()
inline.feed(Path("site/index.html").read_text())
print(inline.found)
if "a script" not in inline.found or not any("display: none" in found for found in inline.found):
    sys.exit("Changed: the pages have no inline script or no hidden element.")
PYTHON
venv/bin/python finding.py
