// Starts Wirescope without a shell.
import { spawn } from "node:child_process";

export class NotFound extends Error {}

/** A NUL ends an argument for the system. */
export function startable(args: string[]): string[] {
  return args.map((each) => each.replaceAll("\0", ""));
}

export interface Ended {
  code: number | null;
  output: string;
  said: string;
}

const MOST = 1 << 20; // characters of output that are kept

/** Runs it to its end. signal: ends it. Throws NotFound where there is no such program. */
export function run(path: string, args: string[], cwd: string | undefined, signal: AbortSignal, heard: (text: string) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, startable(args), { cwd, shell: false, windowsHide: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MOST);
      heard(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-MOST);
      heard(text);
    });
    const stop = () => child.kill();
    signal.addEventListener("abort", stop);
    child.on("error", (error) => reject(notFound(error)));
    child.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve({ code, output, said });
    });
    if (signal.aborted) stop();
  });
}

/** Starts it and lets it go. Throws NotFound. */
export function start(path: string, args: string[], cwd: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, startable(args), { cwd, shell: false, detached: true, stdio: "ignore" });
    child.on("error", (error) => reject(notFound(error)));
    child.on("spawn", () => {
      child.unref();
      resolve();
    });
  });
}

function notFound(error: NodeJS.ErrnoException): Error {
  return ["ENOENT", "EACCES", "EPERM"].includes(error.code ?? "") ? new NotFound(error.message) : error;
}
