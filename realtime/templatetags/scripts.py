"""`{% script "realtime/list/list.js" %}`: the one way in which a page names its scripts."""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from realtime.module_preload import imported_by

register = template.Library()


@register.simple_tag
def script(name: str) -> SafeString:
    """Render the module, and links by which the browser asks at once for all that it imports."""
    element = format_html('<script type="module" src="{}"></script>', static(name))
    links = format_html_join(
        "", '\n<link rel="modulepreload" href="{}">', ((static(one),) for one in imported_by(name))
    )
    return element + links
