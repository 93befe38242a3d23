// The extension where there are processes: the preview, and the commands that start Wirescope.
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { openArguments, reportArguments, runArguments, traceArguments } from "./arguments";
import { currentFile, registerEditors } from "./editor";
import { type Ended, NotFound, run, start } from "./runner";
import { sanitised } from "./sanitise";
import { webviewDocument } from "./webview";

let channel: vscode.OutputChannel;

export function activate(context: vscode.ExtensionContext): void {
  channel = vscode.window.createOutputChannel("Wirescope");
  const trusted = () => void vscode.commands.executeCommand("setContext", "wirescope.canRun", vscode.workspace.isTrusted);
  trusted();
  registerEditors(context, () => vscode.workspace.isTrusted);
  const command = (name: string, act: (uri?: vscode.Uri) => Promise<unknown>) =>
    vscode.commands.registerCommand(name, async (uri?: vscode.Uri) => {
      if (!vscode.workspace.isTrusted) {
        return vscode.window.showErrorMessage("Wirescope is started in trusted workspaces alone. Trust this one first.");
      }
      try {
        return await act(uri);
      } catch (error) {
        return error instanceof NotFound ? missing() : vscode.window.showErrorMessage((error as Error).message);
      }
    });
  context.subscriptions.push(
    channel,
    vscode.workspace.onDidGrantWorkspaceTrust(trusted),
    command("wirescope.open", async (uri) => {
      const file = project(uri);
      await start(program(), openArguments(file), dirname(file));
    }),
    command("wirescope.run", async (uri) => {
      const file = project(uri);
      channel.clear();
      channel.show(true);
      await working("Running", runArguments(file), dirname(file), (text) => channel.append(text));
    }),
    command("wirescope.report", async (uri) => report(path(uri))),
    command("wirescope.trace", async () => trace(context)),
  );
}

function program(): string {
  return vscode.workspace.getConfiguration("wirescope").get<string>("path")?.trim() || "wirescope";
}

async function missing(): Promise<void> {
  const settings = "Open Settings";
  const words = `Wirescope was not found: "${program()}" cannot be started. Install it, or say where it is in the setting "wirescope.path".`;
  if ((await vscode.window.showErrorMessage(words, settings)) === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "wirescope.path");
  }
}

function path(uri?: vscode.Uri): string {
  const file = uri ?? currentFile();
  if (!file) throw new Error("There is no file: open one first.");
  if (file.scheme !== "file") throw new Error("Wirescope opens files on a disk alone. Save this one to a folder first.");
  return file.fsPath;
}

function project(uri?: vscode.Uri): string {
  const file = path(uri);
  if (!file.toLowerCase().endsWith(".wire")) throw new Error(`${file} is no project: choose a file that ends with .wire.`);
  return file;
}

/** Runs Wirescope with a progress that can be cancelled; nothing where it was cancelled or failed, which is said. */
async function working(title: string, args: string[], cwd: string | undefined, heard = (_: string) => {}): Promise<Ended | undefined> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title: `Wirescope: ${title}`, cancellable: true }, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    const ended = await run(program(), args, cwd, stop.signal, (text) => {
      heard(text);
      const line = text.trim().split(/[\r\n]/).at(-1);
      if (line) progress.report({ message: line.slice(0, 120) });
    });
    if (stop.signal.aborted) return undefined;
    if (ended.code === 0) return ended;
    const why = ended.said.trim().replace(/^wirescope: /, "") || `it ended with code ${ended.code}`;
    void vscode.window.showErrorMessage(`Wirescope: ${why.slice(-600)}`);
    return undefined;
  });
}

async function report(file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "wirescope-"));
  try {
    const out = join(folder, "report.html");
    if (!(await working("Making the report", reportArguments(file, out), dirname(file)))) return;
    const html = await readFile(out, "utf8");
    const name = file.split(/[\\/]/).at(-1)!;
    const options = { enableScripts: true, localResourceRoots: [], enableForms: false, retainContextWhenHidden: true, enableFindWidget: true };
    const panel = vscode.window.createWebviewPanel("wirescope.report", `Report: ${name}`, vscode.ViewColumn.Active, options);
    panel.webview.html = webviewDocument(sanitised(html));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function trace(context: vscode.ExtensionContext): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const clean = editor?.document.getText(editor.selection) ?? "";
  if (!clean.trim()) throw new Error("No text is selected: select the prompt first.");
  const usual = vscode.workspace.getConfiguration("wirescope").get<string>("model");
  const model = await vscode.window.showInputBox({
    title: "Trace This Prompt (1/2): the model", value: usual, ignoreFocusOut: true,
    prompt: "bundled:NAME, pack:NAME, a folder, or an id of the Hub",
    validateInput: (text) => (text.trim() ? undefined : "Name a model."),
  });
  if (model === undefined) return;
  const other = await vscode.window.showInputBox({
    title: "Trace This Prompt (2/2): input B", value: "", ignoreFocusOut: true,
    prompt: "The same prompt with what matters exchanged. Empty: traced by EAP, and removed edges carry their mean",
  });
  if (other === undefined) return;
  const folder = vscode.Uri.joinPath(context.globalStorageUri, "traces");
  await mkdir(folder.fsPath, { recursive: true });
  const out = vscode.Uri.joinPath(folder, `trace-${new Date().toISOString().replace(/[:.]/g, "-")}.scores.json`);
  const cwd = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file")?.uri.fsPath;
  if (!(await working("Tracing", traceArguments(model.trim(), clean, other, out.fsPath), cwd))) return;
  await vscode.commands.executeCommand("vscode.openWith", out, "wirescope.preview");
  const keep = "Save a Copy";
  if ((await vscode.window.showInformationMessage("The trace is done.", keep)) === keep) {
    const target = await vscode.window.showSaveDialog({ filters: { Scores: ["json"] }, saveLabel: "Save" });
    if (target) await vscode.workspace.fs.copy(out, target, { overwrite: true });
  }
}
