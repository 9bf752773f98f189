"""The blog as built: what a reader, a search engine and a feed reader find in it."""

import json
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
import yaml

from tests.web.pages import Element, Page

ROOT = Path(__file__).parents[2]
CATEGORIES = ("GPUs", "Hardware", "TPUs", "Parallelism", "Brain")


def front_matter(path: Path) -> dict[str, object]:
    """Read what stands between the first two lines of dashes."""
    data = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
    assert isinstance(data, dict)
    return data


ARTICLES = sorted(
    (front_matter(path) for path in (ROOT / "docs" / "posts").glob("*.md")),
    key=lambda article: str(article["date"]),
    reverse=True,
)
SLUGS = [str(article["slug"]) for article in ARTICLES]


@cache
def page(site: Path, name: str) -> Page:
    """Parse a page of the site; '' is the first one."""
    return Page(site / name / "index.html" if not name.endswith(".html") else site / name)


def pages(site: Path) -> list[Page]:
    """Parse every page of the site."""
    return [page(site, str(path.relative_to(site))) for path in site.rglob("*.html")]


def address(file: Page, site: Path, link: str) -> str:
    """Resolve a link on a page to a path in the site, as a browser does."""
    own = "/" + str(file.path.relative_to(site)).removesuffix("index.html")
    return urljoin(own, link)


class TestListing:
    """The first page, categories, tags and archive."""

    def test_lists_articles_newest_first(self, site: Path) -> None:
        """Every article is on the first page, in order of its date, with its excerpt."""
        first = page(site, "")
        entries = first.find("article", "hw-entry")
        titles = [first.inside(entry, "h2")[0].text for entry in entries]
        assert sorted(titles) == sorted(str(a["title"]) for a in ARTICLES)
        dates = [first.inside(entry, "time")[0].attributes["datetime"] for entry in entries]
        assert dates == sorted(dates, reverse=True)
        for entry in entries:
            assert len(first.inside(entry, "p")[1].text.split()) > 25, "an excerpt, not a teaser"

    def test_excerpt_leads_on(self, site: Path) -> None:
        """Each excerpt ends with the link "Read more…" to its article."""
        first = page(site, "")
        links = first.find("a", "hw-more")
        assert [link.text for link in links] == ["Read more…"] * len(ARTICLES)
        targets = {address(first, site, link.attributes["href"]) for link in links}
        assert targets == {f"/posts/{slug}/" for slug in SLUGS}

    @pytest.mark.parametrize("category", CATEGORIES)
    def test_category_introduces_itself(self, site: Path, category: str) -> None:
        """A category says which questions it answers, whether it has an article or not."""
        file = page(site, f"category/{category.lower()}")
        head = file.find("header", "hw-listing__head")[0]
        assert file.inside(head, "h1")[0].text.startswith(category)
        assert len(head.text.split()) > 40
        listed = {
            address(file, site, link.attributes["href"]) for link in file.find("a", "hw-more")
        }
        assert listed == {
            f"/posts/{article['slug']}/"
            for article in ARTICLES
            if category in article["categories"]  # type: ignore[operator]  # a list
        }

    def test_introductions_differ(self, site: Path) -> None:
        """Each category has words of its own, for readers and as its description."""
        files = [page(site, f"category/{category.lower()}") for category in CATEGORIES]
        assert len({file.meta("description")[0] for file in files}) == len(CATEGORIES)

    def test_menu_leads_everywhere(self, site: Path) -> None:
        """Every page offers the articles, all categories, the reference and the about page."""
        for file in pages(site):
            (menu,) = file.find("nav", "hw-sections")
            names = [link.text for link in file.inside(menu, "a")]
            assert names == ["Articles", *CATEGORIES, "Reference", "About"]

    def test_menu_marks_the_page(self, site: Path) -> None:
        """The section being read is marked for eyes and for screen readers."""
        for category in CATEGORIES:
            file = page(site, f"category/{category.lower()}")
            marked = [e.text for e in file.elements if e.attributes.get("aria-current") == "page"]
            assert marked == [category]

    def test_tags_and_archive_are_complete(self, site: Path) -> None:
        """The tags page has every tag, the archive and the author's page every article."""
        tags = {tag for article in ARTICLES for tag in article["tags"]}  # type: ignore[attr-defined]
        shown = {e.text.rstrip("#").strip() for e in page(site, "tags").find("h2")}
        assert tags <= shown
        for name in ("archive", "author/founders"):
            file = page(site, name)
            links = {address(file, site, e.attributes["href"]) for e in file.find("a")}
            assert {f"/posts/{slug}/" for slug in SLUGS} <= links


@pytest.mark.parametrize("slug", SLUGS)
class TestArticle:
    """What stands around an article."""

    def test_metadata_line(self, site: Path, slug: str) -> None:
        """Date, category and minutes stand above the heading; the minutes are those of prose."""
        file = page(site, f"posts/{slug}")
        line = file.find("p", "hw-meta")[0].text
        minutes = re.search(r"(\d+) min read$", line)
        assert minutes
        # 1,500 to 4,000 words (some articles, a little more) at 220 a minute.
        assert 5 <= int(minutes[1]) <= 25
        written = file.find("time")[0].attributes["datetime"]
        assert written in str(ARTICLES[SLUGS.index(slug)]["date"])

    def test_table_of_contents(self, site: Path, slug: str) -> None:
        """Contents list every section, beside the text and, for narrow screens, above it."""
        file = page(site, f"posts/{slug}")
        sections = [e.attributes["id"] for e in file.find("h2") if "id" in e.attributes]
        assert len(sections) >= 3
        for outer in (*file.find("nav", "hw-toc"), *file.find("details", "hw-contents")):
            listed = [link.attributes["href"] for link in file.inside(outer, "a")]
            assert [f"#{section}" for section in sections] == [
                link for link in listed if link.removeprefix("#") in sections
            ]

    def test_what_machines_read(self, site: Path, slug: str) -> None:
        """Title, description, dates and type agree in every vocabulary."""
        file = page(site, f"posts/{slug}")
        article = ARTICLES[SLUGS.index(slug)]
        (canonical,) = file.find("link", rel="canonical")
        assert canonical.attributes["href"].endswith(f"/posts/{slug}/")
        assert file.meta("og:url") == [canonical.attributes["href"]]
        assert file.meta("og:type") == ["article"]
        assert file.meta("description") == [article["description"]]
        assert len(str(article["description"])) <= 160
        for name in ("og:title", "twitter:title"):
            assert file.meta(name) == [article["title"]]
        for name in ("og:description", "twitter:description"):
            assert file.meta(name) == [article["description"]]
        (data,) = [json.loads(e.text) for e in file.find("script", type="application/ld+json")]
        assert data["@type"] == "BlogPosting"
        assert data["headline"] == article["title"]
        assert data["url"] == canonical.attributes["href"]
        assert file.meta("article:published_time") == [data["datePublished"]]
        assert datetime.fromisoformat(data["datePublished"]).tzinfo is not None

    def test_notes_lead_there_and_back(self, site: Path, slug: str) -> None:
        """Every footnote is referred to, and has a link back."""
        file = page(site, f"posts/{slug}")
        notes = [e for e in file.find("li") if e.attributes.get("id", "").startswith("fn:")]
        assert notes
        referred = {e.attributes["href"] for e in file.find("a", "footnote-ref")}
        assert referred == {f"#{note.attributes['id']}" for note in notes}
        for note in notes:
            assert any(link.has("footnote-backref") for link in file.inside(note, "a"))

    def test_formulas_need_no_script(self, site: Path, slug: str) -> None:
        """Formulas are MathML; no LaTeX is left in the text."""
        file = page(site, f"posts/{slug}")
        assert file.find("math")
        (text,) = file.find("article")
        assert not re.search(r"\\[a-zA-Z]+\{|\\\(|\\\[|\$\$", text.text)

    def test_neighbours(self, site: Path, slug: str) -> None:
        """Previous and next article follow the dates."""
        file = page(site, f"posts/{slug}")
        (around,) = file.find("nav", "hw-siblings")
        links = {e.attributes["rel"]: e for e in file.inside(around, "a")}
        assert links.keys() <= {"prev", "next"}
        dates = {str(a["slug"]): str(a["date"]) for a in ARTICLES}
        for relation, link in links.items():
            other = address(file, site, link.attributes["href"]).split("/")[-2]
            pair = [dates[other], dates[slug]]
            assert pair == sorted(pair, reverse=relation == "next")


class TestWholeSite:
    """What holds for every page."""

    def test_nothing_comes_from_elsewhere(self, site: Path) -> None:
        """No page or style sheet loads a file from another origin."""
        for file in pages(site):
            for element in file.elements:
                loaded = [element.attributes.get("src", ""), element.attributes.get("srcset", "")]
                if element.tag == "link" and element.attributes["rel"] not in (
                    "canonical",
                    "alternate",
                    "prev",
                    "next",
                ):
                    loaded.append(element.attributes["href"])
                for source in loaded:
                    assert not re.match(r"(https?:)?//", source), (file.path, source)
        for style in site.rglob("*.css"):
            found = re.findall(
                r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')]*)", style.read_text()
            )
            assert found == [], style

    def test_links_are_relative_and_lead_somewhere(self, site: Path) -> None:
        """Below any path, every link inside the site finds its page and its place in it."""
        for file in pages(site):
            if file.path.name == "404.html":
                continue  # served at any depth, so its links are absolute
            for element in file.find("a") + file.find("link") + file.find("script"):
                link = element.attributes.get("href", element.attributes.get("src", ""))
                parts = urlsplit(link)
                if parts.scheme or not link:
                    continue
                assert not link.startswith("/"), (file.path, link)
                target = urlsplit(address(file, site, link))
                path = site / unquote(target.path).lstrip("/")
                if path.is_dir():
                    path /= "index.html"
                assert path.is_file(), (file.path, link)
                if target.fragment and path.suffix == ".html":
                    places = page(site, str(path.relative_to(site).parent)).elements
                    assert any(e.attributes.get("id") == target.fragment for e in places), link

    def test_errors_beside_results_lead_to_the_accuracy_page(self, site: Path) -> None:
        """Every error in a calculator's note is a link to where it was found."""
        told = 0
        for file in pages(site):
            for note in file.find("span", "hwcalc-note"):
                links = file.inside(note, "a")
                assert bool(links) == note.text.startswith("±"), (file.path, note.text)
                for link in links:
                    assert address(file, site, link.attributes["href"]) == "/reference/accuracy/"
                    assert note.text.startswith(link.text)
                    told += 1
        assert told > 10

    def test_headings_form_an_outline(self, site: Path) -> None:
        """One first-level heading a page, and no level is skipped on the way down."""
        for file in pages(site):
            levels = [int(e.tag[1]) for e in file.elements if re.fullmatch("h[1-6]", e.tag)]
            assert levels.count(1) == 1, file.path
            assert levels[0] == 1, file.path
            assert all(b <= a + 1 for a, b in pairwise(levels)), file.path

    def test_every_page_describes_itself(self, site: Path) -> None:
        """Title and description are there, are not each other, and no two pages share a title."""
        files = [file for file in pages(site) if file.path.name != "404.html"]
        titles = [file.find("title")[0].text for file in files]
        assert len(set(titles)) == len(titles)
        for file, title in zip(files, titles, strict=True):
            (description,) = file.meta("description")
            assert 10 <= len(description) <= 160, file.path
            assert description != title

    def test_pictures_of_previews_exist(self, site: Path) -> None:
        """A preview image is either there or not named."""
        home = page(site, "").find("link", rel="canonical")[0].attributes["href"]
        for file in pages(site):
            for image in file.meta("og:image") + file.meta("twitter:image"):
                assert (site / image.removeprefix(home)).is_file(), image

    def test_missing_page_helps(self, site: Path) -> None:
        """The page for wrong addresses stays out of search engines and offers a way on."""
        file = page(site, "404.html")
        assert file.meta("robots") == ["noindex"]
        assert any("archive" in e.attributes["href"] for e in file.find("a") if e.text == "archive")

    def test_sitemap_lists_every_page(self, site: Path) -> None:
        """Search engines, and instant navigation, find every page in the sitemap."""
        tree = ElementTree.parse(site / "sitemap.xml")
        listed = {e.text for e in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
        canonical = {
            file.find("link", rel="canonical")[0].attributes["href"]
            for file in pages(site)
            if file.path.name != "404.html"
        }
        assert canonical == listed

    def test_search_index_has_prose_not_controls(self, site: Path) -> None:
        """Articles can be searched; the options of their calculators are not in the way."""
        index = json.loads((site / "search" / "search_index.json").read_text())
        text = {entry["location"]: entry["text"] for entry in index["docs"]}
        for slug in SLUGS:
            whole = " ".join(t for place, t in text.items() if place.startswith(f"posts/{slug}/"))
            assert len(whole.split()) > 1000
            assert "Copy link" not in whole


class TestFeed:
    """What feed readers get."""

    def test_feed_has_the_articles(self, site: Path) -> None:
        """Every article is in the feed with its own date, address and description."""
        channel = ElementTree.parse(site / "feed.xml").getroot().find("channel")
        assert channel is not None
        items = channel.findall("item")
        titles = sorted(item.findtext("title") or "" for item in items)
        assert titles == sorted(str(article["title"]) for article in ARTICLES)
        for item in items:
            slug = (item.findtext("link") or "").split("/")[-2]
            article = ARTICLES[SLUGS.index(slug)]
            assert item.findtext("description") == article["description"]
            published = parsedate_to_datetime(item.findtext("pubDate") or "")
            assert str(published.date()) in str(article["date"])

    def test_feed_is_announced(self, site: Path) -> None:
        """Every page names the feed, and the feed is there."""
        for file in pages(site):
            (link,) = file.find("link", rel="alternate", type="application/rss+xml")
            if file.path.name != "404.html":
                assert address(file, site, link.attributes["href"]) == "/feed.xml"
        assert (site / "feed.xml").is_file()


def test_example_on_the_about_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """What the about page shows to Python users works as written."""
    text = (ROOT / "docs" / "about.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.S)
    exec(example, {})
    assert re.match(r"[\d.]+\s[nµm]?s \w+\n$", capsys.readouterr().out)


def test_reading_an_element_includes_what_is_inside(tmp_path: Path) -> None:
    """The tests' own reader: text of nested elements, void elements, classes."""
    (tmp_path / "x.html").write_text('<p class="a b">One<br> <b>two</b></p><p>three</p>')
    read = Page(tmp_path / "x.html")
    first: Element = read.find("p", "b")[0]
    assert first.text == "One two"
    assert [e.text for e in read.inside(first, "b")] == ["two"]
