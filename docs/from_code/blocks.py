"""What a page takes from the code: `<!-- from code: options data -->` becomes the table of that group."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from docs.from_code.audit import audit_actions
from docs.from_code.client import client_methods
from docs.from_code.commands import command_options
from docs.from_code.events import event_fields
from docs.from_code.limits import limits
from docs.from_code.options import network_options, options
from docs.from_code.scale import growth, growth_measured, sizing
from docs.from_code.states import states

BLOCKS: Mapping[str, Callable[..., str]] = {
    "audit-actions": audit_actions,
    "client": client_methods,
    "options": options,
    "network-options": network_options,
    "event": event_fields,
    "command": command_options,
    "states": states,
    "limits": limits,
    "growth": growth,
    "growth-measured": growth_measured,
    "sizing": sizing,
}
MARK = re.compile(r"^<!-- from code: ([\w-]+)((?: [\w-]+)*) -->$", re.MULTILINE)


def expand(text: str) -> str:
    """Write every block into the text of a page. Raises KeyError for one that does not exist."""
    return MARK.sub(lambda found: BLOCKS[found[1]](*found[2].split()), text)
