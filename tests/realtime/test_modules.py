"""What the browser is told to load with a page's script."""

from __future__ import annotations

from django.template import Context, Template

from realtime.templatetags.modules import needed


def test_all_that_a_script_imports_is_named_once() -> None:
    assert needed("realtime/frame/keyboard.js") == ("realtime/frame/keyboard.js", "realtime/frame/dom.js")
    found = needed("realtime/run/live.js")
    assert found[0] == "realtime/run/live.js"
    assert {"realtime/events/waking.js", "realtime/charts/gestures.js"} <= set(found)  # imported by imported ones
    assert len(found) == len(set(found))


def test_each_is_a_link() -> None:
    text = Template("{% load modules %}{% modules 'realtime/frame/keyboard.js' %}").render(Context())
    assert text.splitlines() == [
        '<link rel="modulepreload" href="/static/realtime/frame/keyboard.js">',
        '<link rel="modulepreload" href="/static/realtime/frame/dom.js">',
    ]
