"""A fresh web process has done before its first request what the visitor would otherwise wait for."""

from __future__ import annotations

from django.template import engines
from django.template.loaders.cached import Loader
from django.urls import clear_url_caches, get_resolver

from project import warming
from project.static_files import StaticFiles


def test_addresses_and_templates_are_there_before_anybody_asks() -> None:
    [cached] = engines["django"].engine.template_loaders  # type: ignore[attr-defined]  # of Django's own engine
    assert isinstance(cached, Loader)
    cached.reset()
    clear_url_caches()
    static_files = StaticFiles(None)
    warming.warm_up(static_files)
    assert "_found" in vars(static_files)
    assert get_resolver()._populated  # type: ignore[attr-defined]  # what reverse() builds
    assert set(warming.PAGES) <= {template.name for template in cached.get_template_cache.values()}
