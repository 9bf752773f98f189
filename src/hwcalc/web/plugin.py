"""The MkDocs plugin: where the browser's files go, which file is being read, what to watch."""

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.config_options import ExtraScriptValue
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from mkdocs.utils.templates import TemplateContext

# Below the site's root; names inside carry hashes, so this folder never changes its meaning.
FOLDER = "assets/hwcalc"


class Plugin(BasePlugin):  # type: ignore[type-arg,no-untyped-call]  # no options of its own
    """Puts calculators' scripts, style and Python into the site."""

    serving = False

    def on_startup(self, command: str, dirty: bool) -> None:
        """Remembers whether the site is being written: its readers keep nothing for later."""
        del dirty
        self.serving = command == "serve"
        if self.serving:
            from hwcalc.web import rebuild

            rebuild.install()

    def on_nav(self, nav: Navigation, config: MkDocsConfig, files: Files) -> None:
        """While the site is being written: tells what its pages are made of besides their texts."""
        del nav
        if self.serving:
            from hwcalc.calculator import folder
            from hwcalc.web import rebuild

            package, root = Path(__file__).parents[1], Path(config.config_file_path)
            rebuild.begin([package, folder(), package.parents[1] / "tests", root], files)

    def on_env(self, env: Environment, config: MkDocsConfig, files: Files) -> None:
        """Makes the browser's files and has every page refer to them.

        MkDocs has converted all articles by now: a calculator's mistake was told with the line of
        its article, and not by the bundler, which runs every calculator, too.
        """
        from hwcalc.web import bundle

        del files
        cache = Path(config.config_file_path).parent / bundle.CACHE / "templates"
        cache.mkdir(parents=True, exist_ok=True)
        env.bytecode_cache = FileSystemBytecodeCache(str(cache))
        self.bundle = bundle.make(Path(config.config_file_path).parent / bundle.CACHE)
        self.swept: set[str] = set()
        self.pictures: dict[str, Path] = {}
        names = self.names = json.loads((self.bundle / "manifest.json").read_text())
        script = ExtraScriptValue(f"{FOLDER}/{names['script']}")
        script.type = "module"
        config.extra_javascript.append(script)
        config.extra_css = [*(_versioned(name, config) for name in config.extra_css),
                            f"{FOLDER}/{names['style']}"]  # fmt: skip

    def on_page_markdown(
        self, markdown: str, page: Page, config: MkDocsConfig, files: Files
    ) -> str | None:
        """Tells the fence which file it reads, for its messages, and where errors are explained."""
        from hwcalc.web import bundle, fence, sweeps

        del markdown
        cache = Path(config.config_file_path).parent / bundle.CACHE
        sweeps.folder.set(cache / "sweeps")
        fence.source_file.set(Path(page.file.abs_src_path) if page.file.abs_src_path else None)
        explained = files.get_file_from_path("reference/accuracy.md")
        link = get_relative_url(explained.url, page.url) if explained else ""
        fence.accuracy_page.set(link)
        return None

    def on_page_content(self, html: str, page: Page, config: MkDocsConfig, files: Files) -> None:
        """Times the reading of an article by its prose: nobody reads a calculator's 127 options."""
        del files
        post = getattr(page, "config", None)
        if post is not None and post.readtime:
            words = len(re.sub(r"<form\b.*?</form>|<[^>]+>", " ", html, flags=re.DOTALL).split())
            pace = config.plugins["material/blog"].config.post_readtime_words_per_minute
            post.readtime = max(1, round(words / pace))

    def on_page_context(
        self, context: TemplateContext, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Draws an article's picture for previews of links; other pages show the first page's."""
        del nav
        if self.serving:
            return context  # nobody previews what is being written
        from hwcalc.web import bundle, social

        post = getattr(page, "config", None)
        name, title, kicker = config.site_name, config.site_description or "", "Articles"
        if post is not None and "slug" in page.meta:
            name, title, kicker = page.meta["slug"], page.meta["title"], ", ".join(post.categories)
        path = f"{social.FOLDER}/{name}.png"
        if page.is_homepage or name != config.site_name:
            shown = social.card(config.site_name, kicker, title, page.content or "")
            folder = Path(config.config_file_path).parent / bundle.CACHE / "social"
            self.pictures[path] = social.picture(shown, folder)
            alternative = social.alternative(shown)
        else:
            alternative = f"{name}: {title}"
        context["picture"] = {"path": path, "alt": alternative}  # type: ignore[typeddict-unknown-key]
        return context

    def on_post_page(self, output: str, page: Page, config: MkDocsConfig) -> str:
        """Says which build a page belongs to, and where its service worker is."""
        del page, config
        self.swept.update(re.findall(r' data-sweeps="([^"]+)"', output))
        worker = "" if self.serving else f"../../{self.names['offline']}"
        told = (
            f'<meta name="hwcalc-build" content="{self.names["script"]}">'
            f'<meta name="hwcalc-offline" content="{worker}">'
        )
        return output.replace("</head>", f"{told}</head>", 1)

    def on_post_build(self, config: MkDocsConfig) -> None:
        """Copies the browser's files into the site; the service worker sees what is below it."""
        from hwcalc.web import sweeps

        target = Path(config.site_dir) / FOLDER
        alone = shutil.ignore_patterns("manifest.json", self.names["offline"])
        shutil.copytree(self.bundle, target, ignore=alone, dirs_exist_ok=True)
        (target / "sweeps").mkdir(exist_ok=True)
        kept = self.bundle.parent / "sweeps"
        for name in self.swept:
            shutil.copy(kept / name, target / "sweeps")
            os.utime(kept / name)  # it is in use
        for name, picture in self.pictures.items():
            (Path(config.site_dir) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, Path(config.site_dir) / name)
        for folder in (kept, kept.with_name("social")):
            if folder.is_dir():
                sweeps.prune(folder)
        if not self.serving:
            shutil.copy(self.bundle / self.names["offline"], config.site_dir)
        _forget_modules()

    def on_build_error(self, error: Exception) -> None:
        """An author's mistake ends the build with its message alone, without a traceback."""
        from hwcalc.web.fence import AuthorError
        from hwcalc.web.node import NodeError

        known = isinstance(error, AuthorError | NodeError)
        _forget_modules()
        if known:
            raise Abort(str(error)) from None

    def on_serve(
        self, server: LiveReloadServer, config: MkDocsConfig, builder: Any
    ) -> LiveReloadServer:
        """Watches models, data, calculators, templates and the page's own files."""
        from hwcalc.calculator import folder

        del config, builder
        package = Path(__file__).parents[1]
        for path in (package, package / "web", package / "web" / "assets"):
            server.watch(str(path), recursive=False)
        for path in (package / "data", package / "web" / "templates", package / "web" / "theme"):
            server.watch(str(path))
        server.watch(str(folder()))
        return server


def _versioned(name: str, config: MkDocsConfig) -> str:
    """A style sheet of fixed name, with its hash behind it: pages never meet an older one."""
    for folder in (config.docs_dir, *config.theme.dirs):
        if (path := Path(folder) / name).is_file():
            return f"{name}?{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    return name


def _forget_modules() -> None:
    """Lets the next build of `mkdocs serve` import models and the fence as they are then."""
    # What holds work worth keeping, and what that imports.
    kept = {
        f"hwcalc.web.{name}" for name in ("plugin", "drawing", "mathml", "node", "parts", "rebuild")
    }
    # Packages go, too: a kept one would hand out the modules it remembers.
    for name in [name for name in sys.modules if name.split(".")[0] == "hwcalc"]:
        if name not in kept:
            del sys.modules[name]
