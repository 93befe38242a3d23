"use strict";
(() => {
  const all = (words, within = document) => [...within.querySelectorAll(words)];
  const one = (words) => document.querySelector(words);
  const drawing = one("#drawing"), slider = one("#size"), body = one("#edges tbody"), detail = one("#detail");

  const root = document.documentElement, look = one("#look");
  const dark = () => root.dataset.look ? root.dataset.look === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { look.textContent = dark() ? "Light" : "Dark"; };
  look.addEventListener("click", () => { root.dataset.look = dark() ? "light" : "dark"; name(); });
  look.hidden = false;
  name();
  if (!body) return;

  const rows = all("tr", body), row = new Map(rows.map((each) => [each.dataset.e, each]));
  const lines = new Map();
  for (const line of all(".edge", drawing)) {
    if (!lines.has(line.dataset.e)) lines.set(line.dataset.e, []);
    lines.get(line.dataset.e).push(line);
    const hit = line.cloneNode();
    hit.setAttribute("class", "hit");
    hit.removeAttribute("stroke-width");
    one("#hits").append(hit);
  }
  const hits = all(".hit"), nodes = all(".node");
  const pinned = new Set();
  let size = rows.length, pinnedNode = "";

  const words = (edge) => row.get(edge).dataset.words;
  const touches = (edge, node) => row.get(edge).dataset.nodes.split(" ").includes(node);

  function mark(edges, node) {
    for (const each of all(".hot")) each.classList.remove("hot");
    const shown = [...edges].filter((edge) => Number(edge) < size);
    for (const edge of shown) {
      for (const line of lines.get(edge) || []) line.classList.add("hot");
      row.get(edge).classList.add("hot");
    }
    for (const each of nodes) if (each.dataset.node === node) each.classList.add("hot");
    drawing.classList.toggle("dim", shown.length + pinned.size > 0);
  }
  function rest() {
    mark(pinnedNode ? [...row.keys()].filter((edge) => touches(edge, pinnedNode)) : [], pinnedNode);
    say("");
  }
  function say(text) {
    detail.replaceChildren();
    const line = document.createElement("div");
    line.textContent = text || (pinned.size ? "Pinned:" : "Point at an edge or a node; click to pin it.");
    detail.append(line);
    detail.classList.toggle("empty", !pinned.size);
    const list = document.createElement("ul");
    for (const edge of pinned) {
      const item = document.createElement("li"), free = document.createElement("button"), told = document.createElement("span");
      free.type = "button";
      free.textContent = "×";
      free.setAttribute("aria-label", "Unpin " + words(edge));
      free.addEventListener("click", () => pin(edge));
      told.textContent = words(edge);
      item.append(free, told);
      list.append(item);
    }
    detail.append(list);
  }
  function pin(edge) {
    const on = !pinned.delete(edge);
    if (on) pinned.add(edge);
    for (const line of lines.get(edge) || []) line.classList.toggle("pinned", on);
    row.get(edge).classList.toggle("pinned", on);
    row.get(edge).setAttribute("aria-selected", on);
    rest();
  }
  function point(edge) { mark([edge], ""); say(words(edge)); }
  function pointNode(node) {
    mark([...row.keys()].filter((edge) => touches(edge, node)), node);
    say(nodes.find((each) => each.dataset.node === node).dataset.words);
  }

  for (const hit of hits) {
    hit.addEventListener("mouseenter", () => point(hit.dataset.e));
    hit.addEventListener("mouseleave", rest);
    hit.addEventListener("click", () => pin(hit.dataset.e));
  }
  for (const each of nodes) {
    const node = each.dataset.node;
    each.addEventListener("mouseenter", () => pointNode(node));
    each.addEventListener("mouseleave", rest);
    each.addEventListener("click", () => {
      pinnedNode = pinnedNode === node ? "" : node;
      for (const other of nodes) other.classList.toggle("pinned", other.dataset.node === pinnedNode);
      pointNode(node);
    });
  }
  body.addEventListener("mouseover", (event) => { const at = event.target.closest("tr"); if (at) point(at.dataset.e); });
  body.addEventListener("mouseleave", rest);
  body.addEventListener("click", (event) => { const at = event.target.closest("tr"); if (at) pin(at.dataset.e); });
  if (rows.length) rows[0].tabIndex = 0;
  body.addEventListener("focusin", (event) => { const at = event.target.closest("tr"); if (at) point(at.dataset.e); });
  body.addEventListener("keydown", (event) => {
    const at = event.target.closest("tr"), shown = all("tr:not(.off)", body), place = shown.indexOf(at);
    if (event.key === "Enter" || event.key === " ") pin(at.dataset.e);
    else if (event.key === "ArrowDown" && place + 1 < shown.length) go(at, shown[place + 1]);
    else if (event.key === "ArrowUp" && place > 0) go(at, shown[place - 1]);
    else return;
    event.preventDefault();
  });
  function go(from, to) { from.tabIndex = -1; to.tabIndex = 0; to.focus(); }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    pinnedNode = "";
    for (const each of nodes) each.classList.remove("pinned");
    for (const edge of [...pinned]) pin(edge);
    rest();
  });

  const filter = one("#filter"), curve = one("#curve"), here = one("#here"), count = one("#count");
  function show() {
    const wanted = filter.value.trim().toLowerCase(), used = new Set();
    for (const each of rows) {
      const inside = Number(each.dataset.e) < size;
      each.classList.toggle("off", !inside || !each.textContent.toLowerCase().includes(wanted));
      for (const line of lines.get(each.dataset.e) || []) line.classList.toggle("off", !inside);
      if (inside) for (const node of each.dataset.nodes.split(" ")) used.add(node);
    }
    for (const hit of hits) hit.classList.toggle("off", Number(hit.dataset.e) >= size);
    for (const each of nodes) each.classList.toggle("off", !used.has(each.dataset.node));
    const last = row.get(String(size - 1)).dataset.score;
    count.textContent = `best ${size.toLocaleString("en")} of ${rows.length.toLocaleString("en")} edges`
      + (last ? `, the last of ${last}` : "");
    if (here) {
      const { left, right, least, most } = curve.dataset;
      const share = Math.log(size / least) / (Math.log(most / least) || 1);
      const x = Number(left) + Math.min(1, Math.max(0, share)) * (right - left);
      here.setAttribute("x1", x);
      here.setAttribute("x2", x);
    }
  }
  if (rows.length) {
    slider.addEventListener("input", () => { size = Number(slider.value); show(); rest(); });
    filter.addEventListener("input", show);
    one("#threshold").hidden = filter.hidden = false;
    show();
  }

  for (const head of all("#edges thead th")) {
    head.querySelector("button").addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending", place = head.cellIndex;
      for (const each of all("#edges thead th")) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const key = (each) => { const cell = each.cells[place]; return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent; };
      const order = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
      const sorted = rows.slice().sort((a, b) => order(key(a), key(b)));
      body.append(...(falling ? sorted.reverse() : sorted));
    });
  }
  detail.hidden = false;
  rest();
})();
