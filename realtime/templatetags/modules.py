"""`{% modules "realtime/run/live.js" %}`: tells the browser at once all that a page's script imports.

It would else find that out level by level, and wait for the server at each.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()
_IMPORT = re.compile(r'^(?:import|export) .*from "(.+)";$', re.MULTILINE)


@register.simple_tag
def modules(name: str) -> SafeString:
    """A link for each script that `name` needs, itself included; they go before the script element."""
    links = ((static(each),) for each in needed(name))
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', links)


@functools.cache
def needed(name: str) -> tuple[str, ...]:
    """Paths below the static folders, in the order in which a reader of the imports comes to them."""
    found, waiting = {name: None}, [name]
    for current in waiting:
        path = finders.find(current)
        for imported in _IMPORT.findall(Path(path).read_text()) if path else ():
            each = normpath(join(dirname(current), imported))
            if each not in found:
                found[each] = None
                waiting.append(each)
    return tuple(found)
