// The files of the test as a file system of VS Code, read from the test's server.
const vscode = require("vscode");

exports.activate = async (context) => {
  const base = context.extensionUri.with({ path: "/files" }).toString(true);
  const names = await (await fetch(`${base}/`)).json();
  const refuse = () => { throw vscode.FileSystemError.NoPermissions("read-only"); };
  const read = async (uri) => {
    const answer = await fetch(base + uri.path);
    if (!answer.ok) throw vscode.FileSystemError.FileNotFound(uri);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const provider = {
    onDidChangeFile: new vscode.EventEmitter().event,
    watch: () => ({ dispose() {} }),
    stat: async (uri) => uri.path === "/"
      ? { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 }
      : { type: vscode.FileType.File, ctime: 0, mtime: 0, size: (await read(uri)).length },
    readDirectory: async () => names.map((name) => [name, vscode.FileType.File]),
    readFile: read,
    createDirectory: refuse, writeFile: refuse, delete: refuse, rename: refuse,
  };
  context.subscriptions.push(vscode.workspace.registerFileSystemProvider("files", provider, { isReadonly: true, isCaseSensitive: true }));
};
