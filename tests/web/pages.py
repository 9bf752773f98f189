"""A built page, read as far as the tests ask: elements with their attributes and text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Element:
    """One element; its text includes that of the elements inside."""

    tag: str
    attributes: dict[str, str]
    inside: "list[Element]"
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, with runs of white space as one space."""
        return " ".join("".join(self.pieces).split())

    def has(self, name: str) -> bool:
        """Say whether the element has the class."""
        return name in self.attributes.get("class", "").split()


class Page(HTMLParser):
    """All elements of a file in the order of the document."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(path.read_text(encoding="utf-8"))

    def find(self, tag: str, class_: str = "", /, **attributes: str) -> list[Element]:
        """Return the elements with tag, class and attributes; `property_` stands for `property`."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag
            and (not class_ or element.has(class_))
            and wanted.items() <= element.attributes.items()
        ]

    def inside(self, outer: Element, tag: str) -> list[Element]:
        """Return the elements with the tag that stand inside another one."""
        return [e for e in self.elements if e.tag == tag and any(o is outer for o in e.inside)]

    def meta(self, name: str) -> list[str]:
        """Return the contents of the `meta` elements with this name or property."""
        return [
            element.attributes["content"]
            for element in self.elements
            if element.tag == "meta"
            and name in (element.attributes.get("name"), element.attributes.get("property"))
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and where it stands."""
        element = Element(tag, {key: value or "" for key, value in attrs}, [*self._open])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those inside that HTML lets stay open."""
        if any(element.tag == tag for element in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Give text to every element around it."""
        for element in self._open:
            element.pieces.append(data)
