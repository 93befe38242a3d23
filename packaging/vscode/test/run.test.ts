import assert from "node:assert/strict";
import { test } from "node:test";
import { openArguments, reportArguments, runArguments, traceArguments } from "../src/arguments";
import { NotFound, run } from "../src/runner";

const NEVER = new AbortController().signal;

test("texts stand behind =, so that none is an option", () => {
  assert.deepEqual(traceArguments("bundled:names", "--help; rm -rf $HOME", "", "/o.json"), [
    "trace", "--model=bundled:names", "--clean=--help; rm -rf $HOME", "--method=eap", "--ablation=mean", "--out=/o.json",
  ]);
  assert.deepEqual(traceArguments("m", "a", "b\n\"c", "o").slice(2, 4), ["--clean=a", '--counterfactual=b\n"c']);
  assert.deepEqual(runArguments("/a b.wire"), ["run", "/a b.wire"]);
  assert.deepEqual(openArguments("/a b.wire"), ["/a b.wire"]);
  assert.deepEqual(reportArguments("/a.wire", "/o.html"), ["export", "/a.wire", "--format=html", "--out=/o.html"]);
});

test("a program gets its arguments as they are, without a shell", async () => {
  const args = ["$(touch evil)", "a b", '"; echo x', "*", "%PATH%"];
  const ended = await run(process.execPath, ["-e", "console.log(JSON.stringify(process.argv.slice(1)))", ...args], undefined, NEVER, () => {});
  assert.deepEqual(JSON.parse(ended.output), args);
  assert.equal(ended.code, 0);
});

test("a program that fails says why; one that is not there is not found; one that runs is ended", async () => {
  const failed = await run(process.execPath, ["-e", "console.error('why'); process.exit(3)"], undefined, NEVER, () => {});
  assert.deepEqual([failed.code, failed.said], [3, "why\n"]);
  await assert.rejects(run("wirescope-that-is-not-there", [], undefined, NEVER, () => {}), NotFound);
  const stop = new AbortController();
  const running = run(process.execPath, ["-e", "console.log('begun'); setInterval(() => {}, 1000)"], undefined, stop.signal, () => stop.abort());
  assert.equal((await running).code, null);
});
