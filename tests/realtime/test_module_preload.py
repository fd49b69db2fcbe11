"""Which modules a script imports, and how a page names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import override_settings

from realtime.module_preload import imported_by


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write static files in which one imports others in every way, and one of them imports it back."""
    (tmp_path / "far").mkdir()
    (tmp_path / "page.js").write_text(
        'import { a, b } from "./near.js";\nimport "./far/effect.js";\nexport * from "./far/again.js";\n'
        'import {\n  c,\n} from "../page_beside.js";\n// import "./never.js";\nconst text = "from \'./no.js\'";\n'
    )
    (tmp_path / "near.js").write_text("import * as all from './far/effect.js';\nimport { x } from './missing.js';\n")
    (tmp_path / "far" / "effect.js").write_text('import { y } from "../page.js";\n')
    (tmp_path / "far" / "again.js").write_text('export const z = 1;\nimport("./lazy.js");\n')
    return tmp_path


def test_all_that_is_imported_at_once_is_found_once(folder: Path) -> None:
    with override_settings(STATICFILES_DIRS=[("made", str(folder)), *settings.STATICFILES_DIRS]):
        found = imported_by("made/page.js")
    assert found == ("made/near.js", "made/far/effect.js", "made/far/again.js")


def test_a_page_names_the_script_and_asks_for_what_it_imports() -> None:
    html = Template('{% load scripts %}{% script "realtime/queue/queue.js" %}').render(Context())
    first, *links = html.split("\n")
    assert first == '<script type="module" src="/static/realtime/queue/queue.js"></script>'
    assert '<link rel="modulepreload" href="/static/realtime/frame/api.js">' in links
    assert len(set(links)) == len(links) == len(imported_by("realtime/queue/queue.js"))


def test_every_page_names_its_scripts_in_this_one_way() -> None:
    templates = [*settings.BASE_DIR.glob("realtime/templates/**/*.html")]
    templates += settings.BASE_DIR.glob("experiments/templates/**/*.html")
    assert len(templates) > 8
    assert [path.name for path in templates if 'type="module"' in path.read_text()] == []
