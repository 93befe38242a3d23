// The document of a webview: the page's own style and script come with the extension, under a nonce; the rest is body.
import pageScript from "../../../core/interchange/html/page.js";
import pageStyle from "../../../core/interchange/html/page.css";
import ownScript from "./webview/preview.js";
import ownStyle from "./webview/preview.css";

export function webviewDocument(body: string): string {
  const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const policy = `default-src 'none'; img-src data:; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<style nonce="${nonce}">${pageStyle}\n${ownStyle}</style>
</head>
<body>
${body}
<script nonce="${nonce}">${ownScript}\n${pageScript}</script>
</body>
</html>`;
}
