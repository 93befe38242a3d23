// Before the page's own script: its look follows VS Code's theme, and the button asks the extension for the full report.
(() => {
  const host = acquireVsCodeApi();
  const follow = () => {
    const dark = /vscode-(dark|high-contrast(?!-light))/.test(document.body.className);
    document.documentElement.dataset.look = dark ? "dark" : "light";
  };
  new MutationObserver(follow).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  follow();
  document.querySelector("#report")?.addEventListener("click", () => host.postMessage("report"));
  if (!document.querySelector("#look")) { // the page's script wants one
    const look = document.createElement("button");
    look.id = "look";
    document.body.append(look);
  }
})();
