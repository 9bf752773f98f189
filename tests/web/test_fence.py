"""From Markdown to HTML: forms, values in sentences, and what an author's mistakes are told.

`snapshots/*.md` are converted with the extensions of mkdocs.yml and compared with `*.html` beside
them. A missing snapshot is written, except where CI is set: there it fails.
"""

import os
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown import Markdown
from mkdocs.config import load_config

from hwcalc import calculator
from hwcalc.web import fence, sweeps
from hwcalc.web.fence import AuthorError

ROOT = Path(__file__).parents[2]
SNAPSHOTS = Path(__file__).with_name("snapshots")
Convert = Callable[[str], str]


@pytest.fixture(autouse=True)
def workshop(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only calculators there are: those of tests/web/calculators."""
    folder = Path(__file__).with_name("calculators")
    monkeypatch.setattr(calculator, "folder", lambda: folder)
    return folder


@pytest.fixture(scope="module")
def markdown() -> Markdown:
    """Markdown with the extensions of the blog, in the blog's order."""
    config = load_config(str(ROOT / "mkdocs.yml"))
    return Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)


@pytest.fixture
def convert(markdown: Markdown) -> Convert:
    """Converts a text as a page of its own."""
    return lambda text: markdown.reset().convert(text)


@pytest.fixture
def article(tmp_path: Path) -> Iterator[Path]:
    """The file that is being converted, as the MkDocs plugin tells the fence."""
    path = tmp_path / "article.md"
    told = fence.source_file.set(path)
    yield path
    fence.source_file.reset(told)


def outline(html: str) -> str:
    """The HTML without the insides of pictures, which other versions may draw otherwise."""
    html = re.sub(
        r"(<svg [^>]*?)\s*(?:viewBox|style|class)=.*?</svg>", r"\1>…</svg>", html, flags=re.S
    )
    return re.sub(r"(data:image/png;base64,)[\w+/=]+", r"\1…", html) + "\n"


@pytest.mark.parametrize("source", sorted(SNAPSHOTS.glob("*.md")), ids=lambda path: path.stem)
def test_markdown_becomes_the_expected_html(source: Path, convert: Convert) -> None:
    """Pages keep their HTML: a change of it is seen, and reviewed, as a change of a snapshot."""
    html = outline(convert(source.read_text(encoding="utf-8")))
    snapshot = source.with_suffix(".html")
    if not snapshot.is_file():
        assert "CI" not in os.environ, (
            f"{snapshot.name} is missing; run the tests once and commit it"
        )
        snapshot.write_text(html, encoding="utf-8")
    assert html == snapshot.read_text(encoding="utf-8")


def test_every_snapshot_belongs_to_a_page() -> None:
    """A snapshot whose Markdown is gone tests nothing."""
    pages, snapshots = ({p.stem for p in SNAPSHOTS.glob(f"*.{kind}")} for kind in ("md", "html"))
    assert snapshots <= pages


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text inside labels and outputs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps an element; one that names an attribute twice is no HTML."""
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        self.found.append((tag, dict(attrs)))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of these kinds."""
        return [attributes for tag, attributes in self.found if tag in tags]


TWO = "```calculator copying\n```\n\n```calculator doubling\n```\n\n{{ copying.time }}"


def test_the_page_contract(convert: Convert) -> None:
    """Forms, controls and results keep the names that bookmarks and scripts rely on."""
    page = Elements(convert(TWO))
    forms = [form for form in page.all("form") if form["class"] == "hwcalc"]
    assert [form["data-calculator"] for form in forms] == ["copying", "doubling"]
    assert {form["data-state"] for form in forms} == {"static"}
    controls = [c["name"] for c in page.all("input", "select") if "name" in c]
    assert controls == [*calculator.load("copying").controls, "amount"]
    outputs = [o["name"] for o in page.all("output") if o.get("class") != "hwcalc-value"]
    names = [result.name for result in calculator.run("copying").results]
    assert sorted(o or "" for o in outputs) == sorted([*names, "twice"])
    (value,) = [o for o in page.all("output") if o.get("class") == "hwcalc-value"]
    assert (value["data-calculator"], value["name"]) == ("copying", "time")


def test_every_control_and_result_has_a_name_to_speak(convert: Convert) -> None:
    """Ids are unique on a page with several calculators, and every reference finds its element."""
    page = Elements(convert(TWO))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {label["for"] for label in page.all("label") if "for" in label}
    for tag in ("input", "select"):
        for control in page.all(tag):
            switch = control.get("type") == "checkbox"  # stands inside its label
            assert switch or control.get("aria-label") or control["id"] in labelled, control
    for _, attributes in page.found:
        for reference in ("for", "aria-labelledby", "aria-describedby"):
            assert set((attributes.get(reference) or "").split()) <= set(ids), attributes
    for output in page.all("output"):
        assert output.get("class") == "hwcalc-value" or output["aria-labelledby"]


def test_every_slider_has_a_field_and_a_unit(convert: Convert) -> None:
    """A slider's value can be typed, and both say what it is measured in."""
    page = Elements(convert(TWO))
    sliders = [c for c in page.all("input") if c.get("type") == "range"]
    fields = {c["name"]: c for c in page.all("input") if c.get("type") == "text"}
    assert [s["data-for"] for s in sliders] == ["size", "copies", "reached", "amount"]
    for slider in sliders:
        field = fields[slider["data-for"]]
        unit = f"{field['id']}-unit"
        assert unit in (field["aria-describedby"] or "").split()
        assert (slider["aria-valuetext"] or "").startswith(field["value"] or "?")
    assert sliders[0]["aria-valuetext"] == "64 GiB"
    assert (sliders[0]["min"], sliders[0]["max"], sliders[0]["value"]) == ("0.0", "10.0", "6.0")


def test_html_has_no_blank_line_inside_a_form(convert: Convert) -> None:
    """Another generator may see the form as Markdown, where a blank line would end it."""
    form = convert(TWO).split("<form")[1].split("</form>")[0]
    assert "\n\n" not in form
    assert not re.search(r"\n\s+\n", form)


def test_text_of_authors_is_escaped(convert: Convert) -> None:
    """Labels, helps and cells are text, whatever characters they have."""
    html = convert("```calculator copying\n```")
    assert "A &#34;shard&#34; &amp; its &lt;index&gt;" in html
    assert "<td>copy &lt;once&gt;</td>" in html


def test_values_in_prose_follow_the_fence_of_their_page(convert: Convert) -> None:
    """A sentence before a fence already has the numbers that the fence sets."""
    html = convert("It is {{ doubling.twice }}.\n\n```calculator doubling\namount = 5\n```\n")
    assert re.search(r"It is <output [^>]*>10</output>", html)
    assert (
        '<output name="twice" aria-labelledby="hwcalc-doubling-twice-label" aria-live="off">10<'
        in html
    )
    # The next page starts afresh.
    assert ">4</output>" in convert("It is {{ doubling.twice }}.")


def test_values_in_html_are_replaced_where_it_holds_markdown(convert: Convert) -> None:
    """A caption written as HTML takes values once it says that it holds Markdown."""
    html = convert("<figcaption markdown>It is {{ doubling.twice }}.</figcaption>\n")
    assert re.search(r"<figcaption>\s*(<p>)?It is <output [^>]*>4</output>", html)
    assert "{{ a.b }}" in convert("<p><code>{{ a.b }}</code></p>\n")


def test_values_are_taken_as_they_are(convert: Convert) -> None:
    """Stars and quotes in an answer are not Markdown, or prose and calculator would differ."""
    html = convert("So {{ copying.patience }}.")
    assert 'it is *not* "soon"' in html.replace("&quot;", '"')


FRONT = "---\ntitle: A copy\ndescription: About copies\n---\n\nSome text.\n\n"
FIRST = FRONT.count("\n") + 1  # the line on which the text after the front matter starts
RIGHT = "```calculator doubling\n```\n\n"


UNKNOWN = (
    "there is no calculator 'copyng'; there is copying, doubling; "
    "calculators are files in calculators/"
)
NO_VALUE = "is no value; write {{ calculator.result }}"
NOT_IN_PROSE = "a sentence takes a quantity or verdict"


def copying(*lines: str) -> str:
    """A fence of the calculator `copying` with this body."""
    return "\n".join(["```calculator copying", *lines, "```"])


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("```calculator copyng\n```", 0, UNKNOWN),
        ("It is {{ copyng.time }}.", 0, UNKNOWN),
        (
            RIGHT + copying("size = 128", "speed = 3"),
            5,
            "calculator copying has no control 'speed'; it has link, size, copies, reached, price, "
            "method, verify",
        ),
        (
            copying("copies = 2", "link = 'pcie-6'"),
            2,
            "Link: 'pcie-6' is not an option; did you mean pcie-5, pcie-4?",
        ),
        (copying("size = 2048"), 1, "Size: 2,048 is not in the range 1 to 1,024 GiB."),
        (copying("size = [64]"), 1, "Size: [64] is not a number; expected 1 to 1,024 GiB."),
        (copying("'copies' = 2.5"), 1, "Copies: 2.5 is not a whole number; expected 1 to 16."),
        (
            copying("# size = 1", "verify = 'perhaps'"),
            2,
            "Verify: 'perhaps' is not an option; expected true or false.",
        ),
        (
            copying("size = 1024", "copies = 16"),
            0,
            "16 copies of 1.09951e+12 B: must be at most 4 TiB",
        ),
        (copying("copies = 2", "size 64", "price = 1"), 2, "the values are not TOML: …"),
        (copying("size = 64", "size = 65"), 2, "the values are not TOML: …"),
        (copying("copies = 2", "size ="), 2, "the values are not TOML: …"),
        (RIGHT + RIGHT, 3, "calculator doubling appears twice; its address can name only one"),
        (RIGHT + "```calculator copying doubling\n```", 3, fence.ONE_ID),
        (RIGHT + "```calculator\n```", 3, fence.ONE_ID),
        ("```calculator copying size=64\n```", 0, fence.ONE_ID),
        ("```calculator copy-ing\n```", 0, fence.ONE_ID),
        ("``` {.calculator #copying}\n```", 0, fence.ONE_ID),
        (
            "```calculator copying\nsize = 64\n\nText.",
            0,
            "this fence is not closed; end it as it starts, equally indented",
        ),
        (
            RIGHT + "It takes\n{{ doubling.thrice }}.",
            4,
            "calculator doubling has no result 'thrice'; it has twice, and the controls amount",
        ),
        ("# Of {{ copying.parts }}", 0, f"parts is of kind table; {NOT_IN_PROSE}"),
        ("{{ copying.sizes }}", 0, f"sizes is of kind chart; {NOT_IN_PROSE}"),
        ("{{ copying.map }}", 0, f"map is of kind image; {NOT_IN_PROSE}"),
        ("{{ copying }}", 0, "{{ copying }} " + NO_VALUE),
        (
            "<figcaption>\nIt is {{ copying.time }}.\n</figcaption>",
            1,
            "{{ copying.time }} stands in HTML; give its element the attribute markdown",
        ),
        ("{{ copy-ing.time }}", 0, "{{ copy-ing.time }} " + NO_VALUE),
        ("{{ copying.time.text }}", 0, "{{ copying.time.text }} " + NO_VALUE),
    ],
)
def test_mistakes_name_file_line_and_fix(
    text: str, line: int, message: str, convert: Convert, article: Path
) -> None:
    """The message leads to the line in the file, front matter counted, and says what is right."""
    article.write_text(FRONT + text, encoding="utf-8")
    with pytest.raises(AuthorError) as error:
        convert("Some text.\n\n" + text)  # as generators do: without the front matter
    told = str(error.value)
    if message.endswith("…"):  # the rest is Python's, and differs between its versions
        told = told[: len(f"{article}:{FIRST + line}: {message}") - 1] + "…"
    assert told == f"{article}:{FIRST + line}: {message}"


def test_without_a_file_the_line_of_the_text_is_named(convert: Convert) -> None:
    """Outside of MkDocs a message still has the line."""
    with pytest.raises(AuthorError, match=r"^line 3: there is no calculator 'nope'"):
        convert("Text.\n\n```calculator nope\n```")


BROKEN = {
    "syntax": ("def calculate(:", "does not load: SyntaxError: ", 3),
    "import": ("import nowhere", "does not load: ModuleNotFoundError: No module", 3),
    "nothing": ("x = 1", "does not load: TypeError: {path}: a calculator has a docstring and", 0),
    "bare": ("def calculate(x):\n    return []", "does not load: TypeError: {path}: annotate x", 0),
    "raises": (
        "def calculate():\n    return [{}['h100']]",
        "failed: KeyError: 'h100'",
        4,
    ),
    "names": (
        "from hwcalc.calculator import Verdict\n"
        "def calculate():\n    return [Verdict('a', 'A', 'x'), Verdict('a', 'A', 'y')]",
        "failed: TypeError: calculator names: names of results and controls must differ",
        0,
    ),
    "unit": (
        "from hwcalc.calculator import Quantity\n"
        "def calculate():\n    return [Quantity('a', 'A', 1.0, 'ms/step')]",
        "failed: LookupError: unknown unit 'ms/step'",
        5,
    ),
    "drawing": (
        "from hwcalc.calculator import Table, Column\n"
        "def calculate():\n    return [Table('a', 'A', [Column('A')], [[{}]])]",
        "cannot be drawn: TypeError: ",
        0,
    ),
    "data": (
        "from typing import Annotated, Any\n"
        "from hwcalc.calculator import Choice\n"
        "from hwcalc.datafile import Folder, read\n"
        "FOLDER = Folder('{folder}', lambda path: read(path, {{'bandwidth': float}}))\n"
        "def calculate(link: Annotated[Any, Choice(FOLDER, start='slow')]):\n    return []",
        "failed: ValueError: links/slow.toml: missing key 'bandwidth'; add a float",
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_calculator_names_its_own_line_too(
    name: str, convert: Convert, article: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong in a calculator or its data, article and cause are both named."""
    code, message, line = BROKEN[name]
    folder = article.parent / "calculators"
    data = article.parent / "links"
    folder.mkdir()
    data.mkdir()
    source = '"source" = ["https://example.org"]\nchecked = 2026-11-20\n'
    (data / "slow.toml").write_text(source, encoding="utf-8")
    path = folder / f"{name}.py"
    if name == "data":
        code = code.format(folder=data.as_posix())
    path.write_text(f'"""What is wrong?"""\n\n{code}\n', encoding="utf-8")
    monkeypatch.setattr(calculator, "folder", lambda: folder)
    article.write_text(f"Text.\n\n```calculator {name}\n```\n", encoding="utf-8")
    with pytest.raises(AuthorError) as error:
        convert(article.read_text(encoding="utf-8"))
    told = str(error.value)
    assert told.startswith(f"{article}:3: calculator {name} {message.format(path=path)}")
    if line:
        assert f"({path}:{line})" in told
    # The same mistake behind a value in a sentence.
    article.write_text(f"One.\nIt is {{{{ {name}.time }}}}.\n", encoding="utf-8")
    with pytest.raises(AuthorError, match=rf":2: (calculator )?{name}"):
        convert(article.read_text(encoding="utf-8"))


def test_examples_of_fences_in_code_do_nothing(convert: Convert) -> None:
    """An article may show how to write a calculator without running it."""
    html = convert("````markdown\n```calculator nowhere\nsize = 1\n```\n````\n")
    assert "<form" not in html
    assert "nowhere" in html


@pytest.mark.parametrize(
    ("control", "step"),
    [
        (calculator.Slider(1, 4096, start=8, scale="log2"), 1),
        (calculator.Slider(1, 2**20, start=8, scale="log"), 0.1),
        (calculator.Slider(0, 100, start=50), 1),
        (calculator.Slider(0, 1, start=0.5), 0.01),
        (calculator.Slider(1, 72, start=8, whole=True), 1),
        (calculator.Slider(0, 10, start=1.3, step=0.1), 0.1),
        (calculator.Slider(0, 3, start=1, whole=True), 1),
    ],
)
def test_sliders_have_about_a_hundred_round_steps(control: calculator.Slider, step: float) -> None:
    """Steps are 1, 2 or 5 of a decade, doublings on a log2 scale, whole where the value is."""
    assert fence.slider_step(control) == step
    steps = (fence.position(control, control.high) - fence.position(control, control.low)) / step
    assert control.whole or control.scale == "log2" or 50 <= steps <= 201


def test_an_error_leads_to_its_page_where_there_is_one(convert: Convert) -> None:
    """The tag beside a result is a link, and the note says the same words with and without it."""
    text = "```calculator copying\n```\n"
    plain = convert(text)
    assert ">± 5 % · without start-up<" in plain
    assert "data-accuracy" not in plain
    told = fence.accuracy_page.set("../../reference/accuracy/")
    try:
        linked = convert(text)
    finally:
        fence.accuracy_page.reset(told)
    assert '<a href="../../reference/accuracy/">± 5 %</a> · without start-up<' in linked
    assert 'data-accuracy="../../reference/accuracy/"' in linked
    unlinked = re.sub(r'<a href="../../reference/accuracy/">(.*?)</a>', r"\1", linked)
    assert unlinked.replace(' data-accuracy="../../reference/accuracy/"', "") == plain


def test_sweeps_are_named_and_drawn_where_they_can_be_kept(
    convert: Convert, tmp_path: Path
) -> None:
    """With a folder for them the form names its sweeps; sliders that matter carry their curve."""
    text = "```calculator doubling\n```\n"
    assert "data-sweeps" not in convert(text)
    told = sweeps.folder.set(tmp_path)
    try:
        html = convert(text)
    finally:
        sweeps.folder.reset(told)
    found = re.search(r'data-sweeps="(doubling\.\w{12}\.json)"', html)
    assert found is not None
    assert (tmp_path / found[1]).is_file()
    assert len(re.findall(r'<svg class="hwcalc-curve" aria-hidden="true"', html)) == 1


def test_a_form_is_drawn_once_for_article_and_excerpts(
    convert: Convert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listings repeat the beginning of an article; other values are drawn anew."""
    text = "```calculator doubling\n```\n"
    first = convert(text)
    monkeypatch.setattr(fence, "page_form", lambda *_: "drawn again")
    assert convert(text) == first
    changed = "```calculator doubling\namount = 3\n```\n"
    assert "drawn again" in convert(changed)
