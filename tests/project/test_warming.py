"""A fresh web process has done before its first request what the visitor would otherwise wait for."""

from __future__ import annotations

from django.template import Context, Template, engines
from django.template.loaders.cached import Loader
from django.urls import clear_url_caches, get_resolver

from project import warming
from project.static_files import StaticFiles
from realtime import module_preload


def test_addresses_and_templates_are_there_before_anybody_asks() -> None:
    [cached] = engines["django"].engine.template_loaders  # type: ignore[attr-defined]  # of Django's own engine
    assert isinstance(cached, Loader)
    cached.reset()
    clear_url_caches()
    static_files = StaticFiles(None)
    module_preload.imported_by.cache_clear()
    warming.warm_up(static_files)
    assert "_found" in vars(static_files)
    assert get_resolver()._populated  # type: ignore[attr-defined]  # what reverse() builds
    assert set(warming.PAGES) <= {template.name for template in cached.get_template_cache.values()}
    followed = module_preload.imported_by.cache_info().currsize
    for named in ("list/list.js", "run/errors/error_gallery.js", "run/live.js", "frame/frame.js"):
        assert "modulepreload" in Template(f"{{% load scripts %}}{{% script 'realtime/{named}' %}}").render(Context())
    assert module_preload.imported_by.cache_info().currsize == followed, "they were followed already"
