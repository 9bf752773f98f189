"""While an author writes: what a saved file cannot have changed is not made again.

MkDocs converts every page at every rebuild, and Material converts every article again for each
list that shows its beginning, and reads all of it for the search. All three are kept as long as the
text is the same and so is what a conversion reads besides: models, data, calculators, templates,
and which files the site has.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

from material.plugins.blog.structure import Excerpt  # type: ignore[import-untyped]
from material.plugins.search.plugin import SearchIndex  # type: ignore[import-untyped]
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

# What a conversion leaves at a page or at an article's beginning, but links to other pages.
MADE = ("content", "toc", "_title_from_render", "present_anchor_ids", "more")

_read = ""
_kept: dict[tuple[str, ...], tuple[str, dict[str, Any], dict[str, dict[str, str]]]] = {}
_indexed: dict[str, tuple[str, list[dict[str, Any]]]] = {}


def begin(places: Iterable[Path], files: Files) -> None:
    """Starts a rebuild; forgets every page if anything but a text has changed since the last."""
    global _read
    state = hashlib.sha256()
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not {"__pycache__", "node_modules"} & set(path.parts):
                state.update(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    for file in files:
        state.update(f"{file.src_uri} {file.url}\n".encode())
    if state.hexdigest() != _read:
        _kept.clear()
        _read = state.hexdigest()


def install() -> None:
    """Has MkDocs and Material ask here before they convert."""
    for kind in (Page, Excerpt):
        kind.render = _remembering(kind.render)  # type: ignore[method-assign]
    SearchIndex.add_entry_from_context = _indexing(SearchIndex.add_entry_from_context)


def _remembering(render: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(render)
    def remembered(self: Page, place: MkDocsConfig | Page, other: Files | str) -> None:
        # A page is converted for the site, with its files; a beginning for the page that shows it.
        article = getattr(self, "post", self)
        text = f"{article.meta}\n{article.markdown}"
        key = (type(self).__name__, self.file.src_uri, place.url if isinstance(place, Page) else "")
        known, made, links = _kept.get(key, ("", {}, {}))
        if known != text:
            render(self, place, other)
            made = {name: deepcopy(getattr(self, name)) for name in MADE if hasattr(self, name)}
            links = {file.src_uri: to for file, to in (self.links_to_anchors or {}).items()}
            _kept[key] = (text, made, links)
            return
        for name, value in made.items():
            setattr(self, name, deepcopy(value))
        if isinstance(other, Files):
            # Files are of one build only; this one has others of the same names.
            found = {other.get_file_from_path(uri): to for uri, to in links.items()}
            self.links_to_anchors = {file: to for file, to in found.items() if file}

    return remembered


def _indexing(add: Callable[[Any, Page], None]) -> Callable[[Any, Page], None]:
    @functools.wraps(add)
    def indexing(self: Any, page: Page) -> None:
        text = f"{page.meta}\n{page.title}\n{page.content}"
        known, entries = _indexed.get(page.url, ("", []))
        if known == text:
            self.entries.extend(entries)
            return
        before = len(self.entries)
        add(self, page)
        _indexed[page.url] = (text, self.entries[before:])

    return indexing
