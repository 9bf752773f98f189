"""A rebuild of `mkdocs serve` converts what an edit can have changed, and nothing else."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown import Markdown
from material.plugins.blog.structure import Excerpt  # type: ignore[import-untyped]
from material.plugins.search.plugin import SearchIndex  # type: ignore[import-untyped]
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from hwcalc.web import rebuild

CONFIG = """
site_name: A blog
theme: {name: material, font: false}
plugins: [blog: {blog_dir: .}, search]
validation: {anchors: warn}
"""
POST = """---
date: 2026-11-20
---
# Title of {name}

Beginning of {name}.

<!-- more -->

Rest of {name}.
"""


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    """Two articles and a page that refers to a heading of another."""
    texts = {
        "mkdocs.yml": CONFIG,
        "docs/index.md": "# Blog\n",
        "docs/first.md": "# First\n\nSee [there](second.md#there).\n",
        "docs/second.md": "# Second\n\n## There\n",
        "docs/posts/one.md": POST.format(name="one"),
        "docs/posts/two.md": POST.format(name="two"),
        "code/model.py": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def built(blog: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Builds the blog as `mkdocs serve` does; returns the texts it converted."""
    for owner, name in (
        (Page, "render"),
        (Excerpt, "render"),
        (SearchIndex, "add_entry_from_context"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back after the test
    rebuild.install()
    converted: list[str] = []
    convert = Markdown.convert

    def noting(self: Markdown, source: str) -> str:
        converted.append(source)
        return convert(self, source)

    monkeypatch.setattr(Markdown, "convert", noting)

    def once() -> list[str]:
        converted.clear()
        config = load_config(str(blog / "mkdocs.yml"), site_dir=str(blog / "site"))
        config.plugins.events["nav"].append(begin)
        config.plugins.on_startup(command="serve", dirty=False)
        build(config)
        return [text for text in converted if text]

    def begin(nav: object, files: Files, **_: object) -> None:
        del nav
        rebuild.begin([blog / "code", blog / "mkdocs.yml"], files)

    return once


def files_of(site: Path) -> dict[str, bytes]:
    """Every file of a site but compressed ones, which carry the time."""
    found = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    return {path.as_posix(): body for path, body in found.items() if path.suffix != ".gz"}


def test_an_unchanged_blog_is_not_converted(built: Callable[[], list[str]], blog: Path) -> None:
    """A rebuild without a change converts nothing and writes the same site."""
    first = built()
    assert len([text for text in first if "Beginning of one" in text]) > 1  # its page and lists
    before = files_of(blog / "site")
    shutil.rmtree(blog / "site")
    assert built() == []
    assert files_of(blog / "site") == before


def test_a_changed_article_alone_is_converted(built: Callable[[], list[str]], blog: Path) -> None:
    """Its page, its beginning in the lists and the search are the new ones."""
    built()
    path = blog / "docs/posts/one.md"
    path.write_text(path.read_text("utf-8").replace("Beginning", "Start"), encoding="utf-8")
    converted = built()
    assert converted
    assert all("Start of one" in text for text in converted)
    assert "Start of one" in (blog / "site/index.html").read_text("utf-8")
    assert "Beginning of two" in (blog / "site/index.html").read_text("utf-8")
    index = (blog / "site/search/search_index.json").read_text("utf-8")
    assert "Start of one" in index
    assert "Beginning of one" not in index


@pytest.mark.parametrize("change", ["code", "config", "new file"])
def test_what_may_change_every_page_converts_every_page(
    built: Callable[[], list[str]], blog: Path, change: str
) -> None:
    """A model, the configuration, or a file that links may lead to."""
    everything = len(built())
    if change == "code":
        (blog / "code/model.py").write_text("changed = True\n", encoding="utf-8")
    elif change == "config":
        (blog / "mkdocs.yml").write_text(f"{CONFIG}site_author: me\n", encoding="utf-8")
    else:
        (blog / "docs/third.md").write_text("# Third\n", encoding="utf-8")
    assert len(built()) >= everything


def test_a_changed_front_matter_counts(built: Callable[[], list[str]], blog: Path) -> None:
    """A title stands above the text that it belongs to, and in the lists."""
    built()
    path = blog / "docs/posts/two.md"
    path.write_text(path.read_text("utf-8").replace("---\ndate", "---\ntitle: New\ndate", 1))
    assert built()


def test_a_link_to_a_lost_heading_is_told(
    built: Callable[[], list[str]], blog: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when the page with the link has not changed."""
    built()
    assert "does not contain an anchor" not in caplog.text
    (blog / "docs/second.md").write_text("# Second\n\n## Elsewhere\n", encoding="utf-8")
    os.utime(blog / "docs/second.md")
    converted = built()
    assert len(converted) == 1
    assert "'first.md' contains a link 'second.md#there'" in caplog.text
