// The extension in VS Code's web build, in a browser without a screen: files open and show what is in them.
//   CHROMIUM=PATH     the browser; else /usr/bin/chromium
//   SCREENSHOTS=DIR   keep pictures of what was seen
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const ROOT = new URL("../../../..", import.meta.url).pathname;
const graph = { layers: 4, heads: 8, kv_heads: 8, parallel: false };
const scores = {
  format: "wirescope scores", version: 1, graph, level: "edges", method: "eap", replacement: "patch", direction: 1,
  about: { model: "bundled:names", metric: "logit difference" }, rows: [["<b>Mary</b> and John", "Tom and John"]],
  scores: Array.from({ length: 1519 }, (_, place) => Math.sin(place * place) / (1 + (place % 37))),
};
const wire = await readFile(join(ROOT, "tests/core/project/files/version-1.wire"));
const files = {
  "work.wire": wire,
  "broken.wire": wire.subarray(0, 2000),
  "best.scores.json": JSON.stringify(scores),
  "other.json": JSON.stringify({ name: "another program's" }),
};
const outside = [];
let server, browser;

before(async () => {
  server = await serve(files);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost"],
  });
});
after(async () => {
  await browser?.close();
  server?.close();
});

async function opened(file, theme = "Default Dark Modern") {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  if (process.env.LOG) page.on("console", (message) => console.log(message.type(), message.text().slice(0, 300)));
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && !/(^|\.)localhost$/.test(hostname)) outside.push(request.url());
  });
  await page.goto(`${server.address}/?file=${file}&theme=${encodeURIComponent(theme)}`, { timeout: 120_000 }); // a whole VS Code is loaded
  return page;
}

/** The document within the webview, once it holds something. */
async function webview(page, something) {
  const frame = page.frameLocator("iframe.webview").frameLocator("iframe");
  await frame.locator(something).first().waitFor({ timeout: 45_000 });
  return frame;
}

async function keep(page, name) {
  if (!process.env.SCREENSHOTS) return;
  await mkdir(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
}

for (const [look, theme] of [["dark", "Default Dark Modern"], ["light", "Default Light Modern"]]) {
  test(`a project shows its circuit, ${look}`, async () => {
    const page = await opened("work.wire", theme);
    const frame = await webview(page, "#drawing .edge");
    assert.equal(await frame.locator("#drawing .edge").count(), 12);
    assert.equal(await frame.locator("#edges tbody tr").count(), 12);
    assert.equal(await frame.locator("html").getAttribute("data-look"), look);
    assert.match(await frame.locator(".inputs").innerText(), /When Mary and John/);
    assert.match(await frame.locator(".steps .here").innerText(), /Keep the 12 best edges/);
    assert.equal(await frame.locator("#report").isVisible(), false); // nothing can be started from a browser
    await frame.locator("#size").fill("5"); // the page's own script runs
    assert.equal(await frame.locator("#drawing .edge:not(.off)").count(), 5);
    await keep(page, `project-${look}`);
    await page.close();
  });
}

test("a damaged project says so", async () => {
  const page = await opened("broken.wire");
  const frame = await webview(page, "#failure");
  assert.match(await frame.locator("#failure").innerText(), /broken\.wire cannot be shown: it is no zip archive, or its end is cut off/);
  await keep(page, "broken");
  await page.close();
});

test("scores show their best edges, and no script or address of the file counts", async () => {
  const page = await opened("best.scores.json");
  const frame = await webview(page, "#drawing .edge");
  assert.equal(await frame.locator("#drawing .edge").count(), 48);
  assert.equal(await frame.locator(".inputs b").count(), 0);
  assert.match(await frame.locator(".inputs").innerText(), /<b>Mary<\/b> and John/);
  const refused = page.waitForEvent("requestfailed", (request) => request.url().startsWith("https://example.invalid"));
  const ran = await frame.locator("body").evaluate((body) => {
    body.insertAdjacentHTML("beforeend", '<img src="https://example.invalid/a.png"><p onclick="window.ran = true" id="trap" style="color: red">x</p>');
    document.querySelector("#trap").click();
    return [window.ran ?? false, getComputedStyle(document.querySelector("#trap")).color];
  });
  assert.equal((await refused).failure().errorText, "csp"); // by the content policy, not for want of a network
  outside.splice(0);
  assert.equal(ran[0], false);
  assert.notEqual(ran[1], "rgb(255, 0, 0)");
  await keep(page, "scores");
  await page.close();
});

test("JSON of other programs keeps its editor, and nothing was asked of a network", async () => {
  const page = await opened("other.json");
  await page.locator(".monaco-editor .view-line").first().waitFor({ timeout: 45_000 });
  assert.equal(await page.locator("iframe.webview").count(), 0);
  await page.keyboard.press("F1");
  await page.keyboard.type("Wirescope: Preview");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Wirescope: Preview" }).first().click();
  const frame = await webview(page, "#failure"); // on demand alone
  assert.match(await frame.locator("#failure").innerText(), /other\.json cannot be shown: it does not say that it is a circuit/);
  await page.close();
  assert.deepEqual(outside, []);
});
