// The extension in a browser: it shows files, and starts nothing.
import type * as vscode from "vscode";
import { registerEditors } from "./editor";

export function activate(context: vscode.ExtensionContext): void {
  registerEditors(context, () => false);
}
