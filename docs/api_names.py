"""Write `project/openapi/names.json`: the names of the REST API that may not disappear within this version.

`python -m docs.api_names` after the version was raised, or to hold on to what was added.
"""

from __future__ import annotations

import os

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    import django

    django.setup()
    from project.openapi import document, names

    names.write(document.build())
