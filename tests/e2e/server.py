"""A static server that behaves like GitHub Pages, keeps a log, and fails on demand.

Like GitHub Pages it serves a folder below a sub-path, sends types by file name, compresses with
gzip what is worth it, lets every file be cached for ten minutes under an ETag, redirects a folder
to its address with a slash, and answers a missing page with `404.html`.

    with StaticServer(folder, prefix="/repo/") as server:
        server.faults["*.wasm"] = Fault(status=404)
        page.goto(server.url)
        server.faults.clear()
        assert server.bytes_sent("*.wasm") > 0
"""

import gzip
import hashlib
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

# Written out, because what `mimetypes` knows differs between systems. Names that are not listed
# are sent as GitHub Pages sends them, too.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "application/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".mjs": "application/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
COMPRESSED = {".css", ".html", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm", ".xml"}
UNKNOWN_TYPE = "application/octet-stream"
# What travels in one piece over a slow connection: answers take turns with so much [B].
PIECE = 16 * 1024


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the answers to some paths.

    Attributes:
        status: answer with this status instead, such as 404 or 503.
        content_type: send this type instead of the right one.
        corrupt: keep the length and change the bytes.
        delay: wait so long before answering [s].
        drop: close the connection without an answer.
    """

    status: int | None = None
    content_type: str | None = None
    corrupt: bool = False
    delay: float = 0.0
    drop: bool = False


@dataclass(frozen=True)
class Link:
    """A slow connection that all answers share, pages' and workers' alike, in any browser.

    Attributes:
        rate: how fast bodies travel, all of them together [B/s].
        delay: from a request to the first byte of its answer [s].
    """

    rate: float
    delay: float


class _Bucket:
    """Lets bytes pass at a rate, piece by piece in the order of asking."""

    # Sleeps end late on a busy machine: so long a pause amid an answer is made up for [s].
    CATCH_UP = 1.0

    def __init__(self, link: Link) -> None:
        self.link = link
        self._free = 0.0
        self._answers = 0
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        """Begin an answer; an idle link saves nothing up."""
        with self._turn:
            if not self._answers:
                self._free = max(self._free, time.monotonic())
            self._answers += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._answers -= 1

    def take(self, size: int) -> None:
        """Wait until so many bytes have passed [B]."""
        with self._turn:
            self._free = max(self._free, time.monotonic() - self.CATCH_UP) + size / self.link.rate
            wait = self._free - time.monotonic()
        if wait > 0:
            time.sleep(wait)


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `sent` counts the bytes of the body on the wire."""

    path: str
    status: int
    sent: int
    encoding: str


class StaticServer:
    """Serves a folder on a free port of this machine, from its own threads, until closed.

    Pages and sitemap name the address they were `built_for`; what is sent names `url` instead, as
    if the folder had been built for this server.

    Attributes:
        folder: what is served.
        url: the address of the folder, with the sub-path and a slash at the end.
        log: every exchange, in the order of the answers; paths are relative to `url`.
        faults: what goes wrong, by pattern of the path relative to `url`; the first match counts.
        headers: sent with every answer besides its own, such as a content security policy.
        link: how slow the connection is; None sends as fast as this machine can.
    """

    def __init__(self, folder: Path, prefix: str = "/", built_for: str = "") -> None:
        if not (prefix.startswith("/") and prefix.endswith("/")):
            raise ValueError(f"prefix = {prefix!r} must start and end with a slash.")
        self.log: list[Exchange] = []
        self.faults: dict[str, Fault] = {}
        self.headers: dict[str, str] = {}
        self.bucket: _Bucket | None = None
        self.folder = folder.resolve()
        self._prefix = prefix
        self._built_for = built_for.encode()
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._listener.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._listener.server_port}{prefix}"
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering; the log stays."""
        self._listener.shutdown()
        self._listener.server_close()

    @property
    def link(self) -> Link | None:
        """How slow the connection is."""
        return self.bucket.link if self.bucket else None

    @link.setter
    def link(self, link: Link | None) -> None:
        self.bucket = _Bucket(link) if link else None

    def bytes_sent(self, pattern: str = "*") -> int:
        """Return the bytes of all bodies sent for the paths that match [B]."""
        return sum(each.sent for each in list(self.log) if fnmatchcase(each.path, pattern))

    def requests(self, pattern: str = "*") -> list[Exchange]:
        """Return the exchanges whose path matches, in the order of the answers."""
        return [each for each in list(self.log) if fnmatchcase(each.path, pattern)]

    def resolve(self, address: str) -> tuple[str, Path | None]:
        """Return the path relative to `url`, and the file it names, if there is one."""
        path = unquote(urlsplit(address).path)
        if not path.startswith(self._prefix):
            return path, None
        relative = path.removeprefix(self._prefix)
        file = (self.folder / relative).resolve()
        if relative == "" or relative.endswith("/"):
            file = file / "index.html"
        inside = file.is_relative_to(self.folder)
        return relative, file if inside and file.exists() else None

    def fault(self, relative: str) -> Fault:
        """Return what goes wrong with this path; a fault without effect, if nothing does."""
        for pattern, fault in list(self.faults.items()):
            if fnmatchcase(relative, pattern):
                return fault
        return Fault()

    def read(self, file: Path) -> bytes:
        """Return the file as it is sent."""
        body = file.read_bytes()
        if self._built_for and file.suffix in (".html", ".xml"):
            body = body.replace(self._built_for, self.url.encode())
        return body

    def not_found_page(self) -> bytes:
        """Return the body of a 404 answer."""
        page = self.folder / "404.html"
        return self.read(page) if page.is_file() else b"Not found"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: StaticServer, *connection: object) -> None:
        self.site = site
        super().__init__(*connection)  # type: ignore[arg-type]  # passed on as they came

    def handle(self) -> None:
        # A page that is closed takes its connections with it.
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        relative, file = self.site.resolve(self.path)
        fault = self.site.fault(relative)
        time.sleep(fault.delay + (self.site.link.delay if self.site.link else 0.0))
        if fault.drop:
            self.close_connection = True
        elif fault.status is not None:
            self._answer(relative, fault.status, b"This failure was asked for.", "text/plain")
        elif file is None:
            page = self.site.not_found_page()
            self._answer(relative, HTTPStatus.NOT_FOUND, page, TYPES[".html"])
        elif file.is_dir():
            target = urlsplit(self.path)._replace(path=urlsplit(self.path).path + "/").geturl()
            self._answer(relative, HTTPStatus.MOVED_PERMANENTLY, b"", TYPES[".html"], target)
        else:
            self._send_file(relative, file, fault)

    do_HEAD = do_GET

    def _send_file(self, relative: str, file: Path, fault: Fault) -> None:
        body = self.site.read(file)
        if fault.corrupt:
            body = bytes(byte ^ 0xA5 for byte in body)
        suffix = file.suffix.lower()
        kind = fault.content_type or TYPES.get(suffix, UNKNOWN_TYPE)
        encoding = ""
        if suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, encoding = _compressed(body), "gzip"
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer(relative, HTTPStatus.NOT_MODIFIED, b"", kind, tag=tag)
        else:
            self._answer(relative, HTTPStatus.OK, body, kind, encoding=encoding, tag=tag)

    def _answer(
        self,
        relative: str,
        status: int,
        body: bytes,
        kind: str,
        target: str = "",
        encoding: str = "",
        tag: str = "",
    ) -> None:
        headers = {
            "Content-Type": kind,
            "Content-Encoding": encoding,
            "Location": target,
            "ETag": tag,
            # A failure asked for must not be kept: the next try is to reach the server.
            "Cache-Control": "max-age=600" if tag else "no-store",
            "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
            **self.site.headers,
        }
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        sent = 0 if self.command == "HEAD" else len(body)
        # Before anything is sent: whoever has the answer finds it in the log.
        self.site.log.append(Exchange(relative, int(status), sent, encoding))
        self.end_headers()
        if sent:
            self._write(body)

    def _write(self, body: bytes) -> None:
        bucket = self.site.bucket
        if bucket is None:
            self.wfile.write(body)
            return
        with bucket:
            for start in range(0, len(body), PIECE):
                piece = body[start : start + PIECE]
                bucket.take(len(piece))
                self.wfile.write(piece)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal; `StaticServer.log` has it."""


_compressions: dict[bytes, bytes] = {}


def _compressed(body: bytes) -> bytes:
    """Compress at the level web servers use; remember the result, for it takes a while for some."""
    key = hashlib.sha256(body).digest()
    if key not in _compressions:
        _compressions[key] = gzip.compress(body, compresslevel=6, mtime=0)
    return _compressions[key]
