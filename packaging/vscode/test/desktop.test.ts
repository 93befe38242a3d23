// The desktop's commands against a stand-in for VS Code and for the program.  WIRESCOPE=PATH takes the real program.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "wirescope-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, "wirescope");
writeFileSync(program, `#!${process.execPath}
const { writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
const out = args.find((each) => each.startsWith("--out="));
console.log(JSON.stringify(args));
if (args.includes("--model=none")) { console.error("wirescope: There is no model none."); process.exit(3); }
if (out) writeFileSync(out.slice(6), '<body><svg id="drawing"></svg><script>alert(1)</script></body>');
else writeFileSync(${JSON.stringify(join(folder, "ran"))}, JSON.stringify(args));
`);
chmodSync(program, 0o755);

const uri = (path: string) => ({ scheme: "file", fsPath: path, path });
const state = { trusted: true, path: process.env.WIRESCOPE ?? program, inputs: [] as (string | undefined)[], button: undefined as string | undefined, selected: "" };
const seen = { errors: [] as string[], executed: [] as unknown[][], output: "", panels: [] as { webview: { html: string } }[] };
const commands = new Map<string, (uri?: unknown) => Promise<unknown>>();
const nothing = () => ({ dispose() {} });
const vscode = {
  window: {
    createOutputChannel: () => ({ append: (text: string) => (seen.output += text), clear() {}, show() {}, dispose() {} }),
    registerCustomEditorProvider: nothing,
    showErrorMessage: async (words: string) => (seen.errors.push(words), state.button),
    showInformationMessage: async () => undefined,
    showInputBox: async () => state.inputs.shift(),
    withProgress: (_: unknown, act: Function) => act({ report() {} }, { onCancellationRequested() {} }),
    createWebviewPanel: () => (seen.panels.push({ webview: { html: "" } }), seen.panels.at(-1)),
    get activeTextEditor() {
      return { selection: null, document: { getText: () => state.selected } };
    },
    tabGroups: { activeTabGroup: {} },
  },
  workspace: {
    get isTrusted() {
      return state.trusted;
    },
    onDidGrantWorkspaceTrust: nothing,
    getConfiguration: () => ({ get: (name: string) => (name === "path" ? state.path : "bundled:names") }),
  },
  commands: {
    registerCommand: (name: string, act: never) => (commands.set(name, act), nothing()),
    executeCommand: async (...args: unknown[]) => void seen.executed.push(args),
  },
  Uri: { joinPath: (base: { path: string }, ...parts: string[]) => uri(join(base.path, ...parts)) },
  ProgressLocation: { Notification: 15 },
  ViewColumn: { Active: -1 },
  TabInputCustom: class {},
  TabInputText: class {},
};
const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
const load = loader._load;
loader._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));
createRequire(import.meta.url)(resolve("dist/desktop.js")).activate({ subscriptions: [], globalStorageUri: uri(join(folder, "storage")) });

async function act(name: string, file?: string): Promise<void> {
  seen.errors = [];
  seen.executed = [];
  await commands.get(`wirescope.${name}`)!(file === undefined ? undefined : uri(file));
}

test("a selected prompt is traced, and its scores open", async () => {
  [state.selected, state.inputs] = ["When Mary and John met, John gave a book to", ["bundled:names", ""]];
  await act("trace");
  assert.deepEqual(seen.errors, []);
  const [command, out, editor] = seen.executed[0] as [string, { fsPath: string }, string];
  assert.deepEqual([command, editor], ["vscode.openWith", "wirescope.preview"]);
  assert.match(out.fsPath, /traces\/trace-[^/]+\.scores\.json$/);
  assert.ok(existsSync(out.fsPath));
});

test("nothing is traced without a selection, or where a question is left", async () => {
  state.selected = " ";
  await act("trace");
  assert.match(seen.errors[0]!, /No text is selected/);
  [state.selected, state.inputs] = ["A", ["bundled:names", undefined]];
  await act("trace");
  assert.deepEqual([seen.errors, seen.executed], [[], []]);
});

test("what the program refuses is said", async () => {
  [state.selected, state.inputs] = ["A", ["none", ""]];
  await act("trace");
  assert.match(seen.errors[0]!, /^Wirescope: \S/);
  assert.deepEqual(seen.executed, []);
});

test("the full report shows without what it could run", async () => {
  const wire = resolve("../../tests/core/project/files/version-1.wire");
  const circuit = join(folder, "a.circuit.json");
  const graph = { layers: 2, heads: 2, kv_heads: 2, parallel: false };
  writeFileSync(circuit, JSON.stringify({ format: "wirescope circuit", version: 1, graph, about: {}, edges: [{ edge: "m0->logits", score: 1 }] }));
  await act("report", process.env.WIRESCOPE ? circuit : wire);
  assert.deepEqual(seen.errors, []);
  const { html } = seen.panels.at(-1)!.webview;
  const [nonce] = [/script-src 'nonce-([0-9a-f]{32})'/.exec(html)![1]];
  assert.match(html, /<svg id="drawing"/);
  assert.deepEqual(html.match(/<script[^>]*>/g), [`<script nonce="${nonce}">`]);
});

test("projects run and open; other files are refused", { skip: Boolean(process.env.WIRESCOPE) }, async () => {
  const file = join(folder, "a b;$(x).wire");
  await act("run", file);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, "ran"), "utf8")), ["run", file]);
  assert.match(seen.output, /"run"/);
  await act("run", join(folder, "a.txt"));
  assert.match(seen.errors[0]!, /a\.txt is no project/);
});

test("a program that is not there is said, with the way to the setting", async () => {
  [state.path, state.button] = ["wirescope-that-is-not-there", "Open Settings"];
  for (const name of ["open", "run", "report"]) {
    await act(name, join(folder, "a.wire"));
    assert.match(seen.errors[0]!, /"wirescope-that-is-not-there" cannot be started/);
    assert.deepEqual(seen.executed.at(-1), ["workbench.action.openSettings", "wirescope.path"]);
  }
});

test("nothing is started in a workspace that is not trusted", async () => {
  state.trusted = false;
  for (const name of ["open", "run", "report", "trace"]) {
    await act(name, join(folder, "a.wire"));
    assert.match(seen.errors[0]!, /trusted workspaces alone/);
  }
  assert.deepEqual(seen.executed, []);
});
