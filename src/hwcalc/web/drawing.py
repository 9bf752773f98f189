"""Vega-Lite specifications to SVG, at build time; remembered, since most charts change rarely."""

import hashlib
import re
from functools import cache

import vl_convert


@cache
def svg(spec: str) -> str:
    """A specification, as JSON, drawn to SVG; the same input gives the same bytes."""
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
    # Several drawings share a page: an id must not reach into its neighbour.
    unique = f"h{hashlib.sha256(spec.encode()).hexdigest()[:8]}-"
    return re.sub(r'(id="|url\(#)', rf"\1{unique}", drawn)
