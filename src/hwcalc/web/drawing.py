"""Vega-Lite specifications to SVG, at build time; remembered, since most charts change rarely."""

import hashlib
import re
from functools import cache

import vl_convert

VEGA_LITE = "6.4"  # the newest that vl-convert has; package.json has the page's


@cache
def svg(spec: str) -> str:
    """A specification, as JSON, drawn to SVG; the same input gives the same bytes."""
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    # Several drawings share a page: an id must not reach into its neighbour. Vega numbers ids
    # through all drawings of a process, which would make them depend on the order of pages.
    unique = f"h{hashlib.sha256(spec.encode()).hexdigest()[:8]}-"
    names: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        return found[1] + names.setdefault(found[2], f"{unique}{len(names)}")

    return re.sub(r'( id="|url\(#)([^")]+)', renamed, drawn)
