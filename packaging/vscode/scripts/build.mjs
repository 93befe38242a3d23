// The extension for the desktop and for browsers, and its unit tests, into dist/.
import { copyFile, readdir } from "node:fs/promises";
import { build } from "esbuild";

process.chdir(new URL("..", import.meta.url).pathname);
const text = {
  name: "text", // the page's style and script, and the preview's, are text that goes into the webview
  setup(builder) {
    builder.onLoad({ filter: /(interchange[\\/]html|src[\\/]webview)[\\/][^\\/]+\.(js|css)$/ }, async ({ path }) => {
      const { readFile } = await import("node:fs/promises");
      return { contents: await readFile(path, "utf8"), loader: "text" };
    });
  },
};
const usual = { bundle: true, target: "es2022", external: ["vscode"], plugins: [text], minify: true, logLevel: "warning" };
const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
await Promise.all([
  build({ ...usual, entryPoints: ["src/desktop.ts"], outfile: "dist/desktop.js", platform: "node", format: "cjs" }),
  build({ ...usual, entryPoints: ["src/web.ts"], outfile: "dist/web.js", platform: "browser", format: "cjs" }),
  build({ ...usual, minify: false, entryPoints: tests, outdir: "dist/test", platform: "node", format: "esm", outExtension: { ".js": ".mjs" } }),
]);
await copyFile("../../LICENSE", "LICENSE");
