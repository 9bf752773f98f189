// Our package into Python's file system, before Python starts (Pyodide's option `fsInit`).
// Pyodide's own installer would do it in Python, with modules that nothing else needs.
// The archive is a wheel whose files are stored: compressed as one stream, it is smaller, too.

const FILE = 0x04034b50; // what a file's head in a zip archive begins with
const HEAD = 30; // [B] of it before the name

export function unpack(FS, folder, archive) {
  const view = new DataView(archive);
  for (let at = 0; view.getUint32(at, true) === FILE; ) {
    const size = view.getUint32(at + 18, true);
    const body = at + HEAD + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(new Uint8Array(archive, at + HEAD, view.getUint16(at + 26, true)));
    FS.mkdirTree(`${folder}/${name}`.replace(/\/[^/]*$/, ""));
    FS.writeFile(`${folder}/${name}`, new Uint8Array(archive, body, size), { canOwn: true });
    at = body + size;
  }
}
