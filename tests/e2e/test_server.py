"""The server of the end-to-end tests behaves like GitHub Pages, and fails when told to."""

import gzip
import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path

import pytest

from tests.e2e.server import Fault, Link, StaticServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StaticServer]:
    """A small site below a sub-path."""
    (tmp_path / "posts").mkdir()
    (tmp_path / "index.html").write_text("<title>home</title>" * 50)
    (tmp_path / "404.html").write_text("<title>lost</title>")
    (tmp_path / "posts" / "index.html").write_text("<title>posts</title>")
    (tmp_path / "run.mjs").write_text("export default 1")
    (tmp_path / "python.wasm").write_bytes(b"\0asm" * 100)
    (tmp_path / "package.whl").write_bytes(b"PK")
    with StaticServer(tmp_path, prefix="/repo/") as running:
        yield running


def get(
    server: StaticServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, Message, bytes]:
    """Return status, headers and body, without following redirects or uncompressing."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(server.url.split(":")[2].split("/")[0])
    )
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_site_is_served_below_its_sub_path_only(server: StaticServer) -> None:
    """Links that forget the sub-path must fail, as they would on GitHub Pages."""
    assert get(server, "/repo/")[0] == 200
    assert get(server, "/")[0] == 404
    assert get(server, "/repo/posts/")[2] == b"<title>posts</title>"


def test_folder_redirects_to_its_slash(server: StaticServer) -> None:
    """The address of a folder without a slash leads to the one with it, and keeps the query."""
    status, headers, _ = get(server, "/repo/posts?a=1")
    assert status == 301
    assert headers["Location"] == "/repo/posts/?a=1"


def test_missing_page_is_the_site_own_404(server: StaticServer) -> None:
    """A reader who follows a dead link sees the site's page, with status 404."""
    status, headers, body = get(server, "/repo/nowhere/")
    assert (status, body) == (404, b"<title>lost</title>")
    assert headers["Content-Type"].startswith("text/html")


def test_nothing_outside_the_folder_is_served(server: StaticServer, tmp_path: Path) -> None:
    """A path with dots cannot climb out of the folder."""
    (tmp_path.parent / "secret.txt").write_text("secret")
    assert get(server, "/repo/../secret.txt")[0] == 404
    assert get(server, "/repo/%2e%2e/secret.txt")[0] == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/repo/", "text/html; charset=utf-8"),
        ("/repo/run.mjs", "application/javascript; charset=utf-8"),
        ("/repo/python.wasm", "application/wasm"),
        ("/repo/package.whl", "application/octet-stream"),
    ],
)
def test_types_are_those_of_github_pages(server: StaticServer, path: str, kind: str) -> None:
    """Module scripts and WebAssembly are refused by browsers under any other type."""
    assert get(server, path)[1]["Content-Type"] == kind


def test_gzip_for_those_who_accept_it(server: StaticServer) -> None:
    """Text and WebAssembly are compressed on request; the log counts the bytes on the wire."""
    plain = get(server, "/repo/")[2]
    _, headers, packed = get(server, "/repo/", Accept_Encoding="gzip, br")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain
    assert [each.sent for each in server.log] == [len(plain), len(packed)]
    assert len(packed) < len(plain)
    assert get(server, "/repo/package.whl", Accept_Encoding="gzip")[1]["Content-Encoding"] is None


def test_unchanged_file_is_not_sent_twice(server: StaticServer) -> None:
    """A browser that kept the file for more than ten minutes asks with its ETag, and gets 304."""
    _, headers, _ = get(server, "/repo/run.mjs")
    assert headers["Cache-Control"] == "max-age=600"
    status, _, body = get(server, "/repo/run.mjs", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert [each.status for each in server.requests("*.mjs")] == [200, 304]


def test_head_sends_no_body(server: StaticServer) -> None:
    """HEAD answers as GET does, without the bytes."""
    status, headers, body = get(server, "/repo/python.wasm", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "400", b"")
    assert server.bytes_sent() == 0


def test_faults_come_and_go(server: StaticServer) -> None:
    """A failure concerns only the paths named, is never cached, and ends when it is taken back."""
    server.faults["*.wasm"] = Fault(status=503)
    status, headers, _ = get(server, "/repo/python.wasm")
    assert (status, headers["Cache-Control"]) == (503, "no-store")
    assert get(server, "/repo/run.mjs")[0] == 200
    server.faults.clear()
    assert get(server, "/repo/python.wasm")[0] == 200


def test_wrong_type_and_wrong_bytes(server: StaticServer) -> None:
    """A file can arrive under another type, or damaged at the same length."""
    _, _, right = get(server, "/repo/python.wasm")
    server.faults["*.wasm"] = Fault(content_type="text/plain", corrupt=True)
    _, headers, wrong = get(server, "/repo/python.wasm")
    assert headers["Content-Type"] == "text/plain"
    assert len(wrong) == len(right)
    assert wrong != right


def test_delay_and_dropped_connection(server: StaticServer) -> None:
    """A file can come late, or the line can go dead."""
    server.faults["run.mjs"] = Fault(delay=0.2)
    start = time.perf_counter()
    assert get(server, "/repo/run.mjs")[0] == 200
    assert time.perf_counter() - start >= 0.2
    server.faults["run.mjs"] = Fault(drop=True)
    with pytest.raises(http.client.RemoteDisconnected):
        get(server, "/repo/run.mjs")


def test_pages_name_the_server_as_their_address(tmp_path: Path) -> None:
    """Instant navigation compares addresses with the sitemap's, which has the published ones."""
    (tmp_path / "sitemap.xml").write_text("<loc>https://blog.test/repo/posts/</loc>")
    (tmp_path / "run.mjs").write_text("https://blog.test/repo/")
    with StaticServer(tmp_path, "/repo/", built_for="https://blog.test/repo/") as running:
        assert get(running, "/repo/sitemap.xml")[2] == f"<loc>{running.url}posts/</loc>".encode()
        assert get(running, "/repo/run.mjs")[2] == b"https://blog.test/repo/"


def test_prefix_without_slashes_is_refused(tmp_path: Path) -> None:
    """A sub-path that would join with file names is a mistake of the caller."""
    with pytest.raises(ValueError, match="must start and end with a slash"):
        StaticServer(tmp_path, prefix="/repo")


def test_slow_link_is_shared_by_all_answers(server: StaticServer) -> None:
    """Two files at once take as long as one after the other: bytes at the rate, never faster."""
    size = 40_000
    for name in ("a.bin", "b.bin"):
        (server.folder / name).write_bytes(bytes(size))
    server.link = Link(rate=400e3, delay=0.02)
    start = time.monotonic()
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda name: get(server, f"/repo/{name}"), ("a.bin", "b.bin")))
    spent = time.monotonic() - start
    assert [len(body) for _, _, body in answers] == [size, size]
    assert spent >= 2 * size / 400e3 + 0.02
    server.link = None
    assert server.link is None
    assert get(server, "/repo/a.bin")[0] == 200
