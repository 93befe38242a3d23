// The read-only editor of .wire, *.circuit.json and *.scores.json, and on demand of any JSON.
import * as vscode from "vscode";
import { MOST_FILE, Unreadable } from "./archive";
import { failure, page } from "./page";
import { read } from "./read";
import { webviewDocument } from "./webview";

export const PREVIEW = "wirescope.preview";
export const JSON_PREVIEW = "wirescope.json";

/** canRun: whether Wirescope can be started from here, as it is now. */
export function registerEditors(context: vscode.ExtensionContext, canRun: () => boolean): void {
  const provider: vscode.CustomReadonlyEditorProvider = {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: (document, panel) => show(document.uri, panel, canRun),
  };
  const options = { supportsMultipleEditorsPerDocument: true, webviewOptions: { retainContextWhenHidden: true } };
  context.subscriptions.push(
    ...[PREVIEW, JSON_PREVIEW].map((kind) => vscode.window.registerCustomEditorProvider(kind, provider, options)),
    vscode.commands.registerCommand("wirescope.preview", (uri?: vscode.Uri) => {
      const file = uri ?? currentFile();
      if (!file) return vscode.window.showErrorMessage("There is no file to preview: open one first.");
      return vscode.commands.executeCommand("vscode.openWith", file, /\.wire$/i.test(file.path) ? PREVIEW : JSON_PREVIEW);
    }),
  );
}

/** The file of the editor that is in front. */
export function currentFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText ? input.uri : undefined;
}

async function show(uri: vscode.Uri, panel: vscode.WebviewPanel, canRun: () => boolean): Promise<void> {
  panel.webview.options = { enableScripts: true, localResourceRoots: [], enableForms: false };
  const render = async () => {
    panel.webview.html = webviewDocument(await body(uri, canRun()));
  };
  const folder = vscode.Uri.joinPath(uri, "..");
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, uri.path.split("/").at(-1)!));
  const heard = [
    watcher,
    watcher.onDidChange(render),
    watcher.onDidCreate(render),
    vscode.workspace.onDidGrantWorkspaceTrust(render),
    panel.webview.onDidReceiveMessage((message) => {
      if (message === "report" && canRun()) void vscode.commands.executeCommand("wirescope.report", uri);
    }),
  ];
  panel.onDidDispose(() => heard.forEach((each) => each.dispose()));
  await render();
}

async function body(uri: vscode.Uri, canRun: boolean): Promise<string> {
  const name = uri.path.split("/").at(-1)!;
  try {
    if ((await vscode.workspace.fs.stat(uri)).size > MOST_FILE) throw new Unreadable("it is larger than 1 GB");
    return page(read(await vscode.workspace.fs.readFile(uri), name), canRun && uri.scheme === "file");
  } catch (error) {
    return failure(name, (error as Error).message);
  }
}
