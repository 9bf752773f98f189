"""Reference pages: `[models]`, `[arguments]` and their like, each on a line of its own.

`[models]` becomes every model, `[arguments]` every name of an argument with its unit and meanings;
`[accelerators]` and `[links]` become the catalogue, `[accuracy TOPIC]` what the tests measured.
A model is a public function whose docstring has `Args:` and `References:`. The sources are parsed,
not imported: an edit shows at the next build of a running `mkdocs serve`, and a module that does
not import yet breaks nothing. Loaded as the Markdown extension `hwcalc.web.reference`.
"""

import ast
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

PACKAGE = Path(__file__).parents[1]
# Modules by topic, each topic from the simple to the composed; a module not named here comes last.
GROUPS = {
    "Kernels": "roofline matmul machine kernels attention elementwise throttle latency "
    "tile_schedule",
    "Networks": "transformer weights blocks training_flops activations kv_cache convnets cnn "
    "convolution convolution_theorem diffusion pictures convolution_time convolution_runs "
    "cnn_work cnn_time",
    "Links and collectives": "transfers collectives all_reduce torus fabric collective_time "
    "engine_all_reduce preflight",
    "Training": "training compute_optimal data_parallel buckets parallel_step cluster_step "
    "scaling_runs sharding layer_split pipeline_schedule layout layer_time training_attention "
    "exchange replicas training_step llama_runs planner encoder",
    "Inference": "achieved deployment experts serving_step engines serving batches speculative "
    "serving_runs llama_cpp offload",
    "Memory": "states memory adapters gguf serving_memory card_memory",
    "Choosing a card": "ranking card_speeds fine_tuning use_cases choosing",
    "Machine": "data_path host_memory pcie_lanes build power power_supply cooling",
    "Cost": "cost prices ownership waiting",
    "Trends": "history scaling_trends growth random_walk supercomputers distributions",
    "Brain": "brain brain_energy uncertainty",
    "This page": "page_boot",
}
_SECTION = re.compile(r"^(Args|Returns|Raises|References|Examples):$")
_UNIT = re.compile(r"\s*\[([^\[\]]+)\]\.?$")
_ADDRESS = re.compile(r"(?:https?://|doi:)\S+$")
_DOI = re.compile(r"(?<![\w/])doi:(10\.\S+?)(?=[,;.]?(?:\s|$))")


def models_page() -> str:
    """Return Markdown that lists every model: modules by topic, functions in their order."""
    found = {module: (docstring, functions) for module, docstring, functions in _models()}
    named = {topic: [m for m in modules.split() if m in found] for topic, modules in GROUPS.items()}
    grouped = {module for modules in named.values() for module in modules}
    named["Further"] = [module for module in found if module not in grouped]
    parts = []
    for topic, modules in named.items():
        links = [f"[{_title(found[module][0])}](#{module})" for module in modules]
        parts += [f"{topic}\n:   " + "\n:   ".join(links)] if links else []
    for module in (module for modules in named.values() for module in modules):
        docstring, functions = found[module]
        parts.append(_module(module, docstring))
        parts += [_function(module, function) for function in functions]
    return "\n\n".join(parts)


def arguments_page() -> str:
    """Return Markdown that lists the models' arguments by name, unit and meaning."""
    meanings: dict[tuple[str, str], dict[str, list[str]]] = {}
    for module, _, functions in _models():
        for function in functions:
            link = f"[`{function.name}`](models.md#{module}.{function.name})"
            for name, text in entries(sections(ast.get_docstring(function) or "")["Args"]):
                meaning = _UNIT.sub("", text).rstrip(".")
                users = meanings.setdefault((name, _unit(text)), {}).setdefault(meaning, [])
                users.append(link)
    parts = []
    for (name, unit), uses in sorted(meanings.items(), key=lambda item: item[0]):
        parts.append(f"`{name}`{unit}")
        parts += [f":   {meaning}: {', '.join(links)}" for meaning, links in uses.items()]
        parts.append("")
    return "\n".join(parts)


def _accelerators() -> str:
    from hwcalc.web import hardware

    return hardware.accelerators_table()


def _links() -> str:
    from hwcalc.web import hardware

    return hardware.links_table()


# Written in Markdown; and in HTML, which Markdown need not read again.
PAGES = {"[models]": models_page, "[arguments]": arguments_page}
TABLES = {"[accelerators]": _accelerators, "[links]": _links}
_ACCURACY = re.compile(r"\[accuracy (\w+)\]$")


def sections(docstring: str) -> dict[str, str]:
    """Split a Google-style docstring into its sections, the text above them under ''."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in docstring.splitlines():
        if match := _SECTION.match(line):
            name = match[1]
            found[name] = []
        else:
            found[name].append(line)
    return {name: dedent("\n".join(lines)).strip() for name, lines in found.items()}


def entries(section: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of the entries of a section such as `Args`."""
    for start in re.split(r"\n(?=\S)", section):
        name, _, text = start.partition(":")
        yield name.strip(), " ".join(text.split())


def _models() -> Iterator[tuple[str, str, list[ast.FunctionDef]]]:
    """Yield name, docstring and models of each module that has any."""
    for path in sorted(PACKAGE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [f for f in tree.body if isinstance(f, ast.FunctionDef) and _is_model(f)]
        if functions:
            yield path.stem, ast.get_docstring(tree) or "", functions


def _is_model(function: ast.FunctionDef) -> bool:
    docstring = ast.get_docstring(function) or ""
    return (
        not function.name.startswith("_") and {"Args", "References"} <= sections(docstring).keys()
    )


def _title(docstring: str) -> str:
    return docstring.partition("\n")[0].rstrip(".")


def _module(name: str, docstring: str) -> str:
    told = sections(docstring.partition("\n")[2])
    text = f"## {_title(docstring)} {{ #{name} }}\n\n`hwcalc.{name}`\n\n{_linked(told[''])}"
    return text + _references(told)


def _function(module: str, function: ast.FunctionDef) -> str:
    told = sections(ast.get_docstring(function) or "")
    arguments = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    parts = [
        f"### {function.name} {{ #{module}.{function.name} }}",
        f'<p class="hw-signature">{function.name}({", ".join(arguments)})</p>',
        told[""],
    ]
    for name, text in entries(told["Args"]):
        parts.append(f"`{name}`{_unit(text)}\n:   {_UNIT.sub('', text)}")
    if "Returns" in told:
        text = " ".join(told["Returns"].split())
        parts.append(f"*returns*{_unit(text)}\n:   {_UNIT.sub('', text)}")
    for name, text in entries(told["Raises"]) if "Raises" in told else ():
        parts.append(f"*raises* `{name}`\n:   {text}")
    parts.append(_references(told))
    if "Examples" in told:
        parts.append(_examples(told["Examples"]))
    return "\n\n".join(part for part in parts if part)


def _unit(text: str) -> str:
    found = _UNIT.search(text)
    return f'<span class="hw-unit">{found[1]}</span>' if found else ""


def _references(told: dict[str, str]) -> str:
    if "References" not in told:
        return ""
    # A reference may run over several lines; its address or a blank line ends it.
    items: list[list[str]] = [[]]
    for line in told["References"].splitlines():
        if items[-1] and (not line.strip() or _ADDRESS.search(items[-1][-1])):
            items.append([])
        if line.strip():
            items[-1].append(line.strip())
    shown = [_linked(" ".join(item).rstrip(".,;")) for item in items if item]
    return "\n\nSource: " + "; ".join(shown) + "."


def _examples(section: str) -> str:
    """Prose stays prose; runs of doctest lines become code blocks."""
    lines = section.splitlines()
    blocks = []
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        block = "\n".join(group)
        if not blank:
            blocks.append(f"```pycon\n{block}\n```" if block.startswith(">>>") else block)
    return "\n\n".join(blocks)


def _linked(text: str) -> str:
    text = _DOI.sub(r"[doi:\1](https://doi.org/\1)", text)
    return re.sub(r"(?<![(<\w])(https?://[^\s>]+?)(?=[,;.)]?(?:\s|$))", r"<\1>", text)


class _Directives(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        return [made for line in lines for made in self._written(line)]

    def _written(self, line: str) -> list[str]:
        if line in PAGES:
            return PAGES[line]().splitlines()
        if line in TABLES:
            return [self.md.htmlStash.store(TABLES[line]())]
        if found := _ACCURACY.match(line):
            from hwcalc.web import accuracy

            return [self.md.htmlStash.store(accuracy.section(found[1]))]
        return [line]


class ReferenceExtension(Extension):
    """Puts the lists where their directives stand."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register before SuperFences (25), which takes the examples, and after clean-up (30)."""
        md.preprocessors.register(_Directives(md), "hwcalc-reference", 28)


def makeExtension(**options: Any) -> ReferenceExtension:
    """Return the extension; Markdown calls this."""
    return ReferenceExtension(**options)
