// The circuit as SVG, marked as the one-file page marks it, so that the page's own script moves it.
import { nodeWords } from "./graph";
import { type Box, HEIGHT, layOut } from "./layout";
import { escaped } from "./sanitise";
import type { Circuit } from "./story";

const MARGIN = 8;
const MANY = 300;
const COLORS = ["violet", "teal", "pink", "olive", "slate"];

export function hue(circuit: Circuit, place: number): "t" | "a" | "" {
  const score = circuit.scores[place];
  if (score === null || score === undefined) return "";
  return (circuit.direction === -1 ? -score : score) < 0 ? "a" : "t";
}

export function drawing(circuit: Circuit): string {
  const laid = layOut(circuit);
  const [width, height] = [laid.width + 2 * MARGIN, laid.height + 2 * MARGIN];
  const dashed = circuit.how !== "measured";
  const kinds = [dashed ? "dashed" : "", width > 620 ? "wide" : "", circuit.edges.length > MANY ? "many" : ""].filter(Boolean).join(" ");
  const label = `The circuit as a graph of ${laid.boxes.size} nodes and ${circuit.edges.length} edges; the table lists all of them`;
  const largest = Math.max(1e-300, ...circuit.scores.map((score) => Math.abs(score ?? 0)));
  const lines: string[] = [];
  for (let place = circuit.edges.length - 1; place >= 0; place--) {
    const edge = circuit.edges[place]!;
    const score = circuit.scores[place] ?? null;
    const thick = score === null ? 1.2 : 0.7 + (2.8 * Math.abs(score)) / largest;
    for (const node of edge.nodes) {
      const path = curve(laid.boxes.get(edge.writer.name)!, laid.boxes.get(node.name)!, edge.port);
      lines.push(`<path class="edge ${hue(circuit, place)}" data-e="${place}" d="${path}" stroke-width="${thick.toFixed(2)}"/>`);
    }
  }
  return (
    `<div class="drawing"><svg id="drawing" class="${kinds}" role="img" aria-label="${label}" ` +
    `viewBox="${-MARGIN} ${-MARGIN} ${short(width)} ${short(height)}" width="${short(width)}">` +
    `${frames(circuit, laid.boxes)}<g>${lines.join("")}</g><g id="hits"></g><g>${[...laid.boxes.values()].map(box).join("")}</g></svg></div>` +
    legend(circuit, dashed)
  );
}

function curve(from: Box, to: Box, port: string): string {
  const [x, y] = [from.left + from.width / 2, from.top];
  const [right, bottom] = [to.ports.get(port) ?? to.left + to.width / 2, to.top + to.height];
  const bend = Math.max(12, (y - bottom) * 0.45);
  return `M${short(x)} ${short(y)}C${short(x)} ${short(y - bend)} ${short(right)} ${short(bottom + bend)} ${short(right)} ${short(bottom)}`;
}

function box({ node, left, top, width, height, ports }: Box): string {
  const letters = [...ports].map(([port, x]) => `<text class="port" x="${short(x)}" y="${short(top + height - 3.5)}">${port}</text>`).join("");
  return (
    `<g class="node" data-node="${node.name}" data-words="${escaped(`${node.name}: ${nodeWords(node)}`)}">` +
    `<rect x="${short(left)}" y="${short(top)}" width="${short(width)}" height="${short(height)}" rx="${node.kind === "head" ? 9 : 3}"/>` +
    `<text x="${short(left + width / 2)}" y="${short(top + HEIGHT - 6)}">${node.name}</text>${letters}</g>`
  );
}

function frames(circuit: Circuit, boxes: Map<string, Box>): string {
  return circuit.groups
    .flatMap((group) => {
      const rows = new Map<number, Box[]>();
      for (const found of group.nodes.flatMap((name) => boxes.get(name) ?? [])) {
        const bottom = found.top + found.height;
        rows.set(bottom, [...(rows.get(bottom) ?? []), found]);
      }
      return [...rows].map(([bottom, row]) => {
        const left = Math.min(...row.map((each) => each.left)) - 5;
        const right = Math.max(...row.map((each) => each.left + each.width)) + 5;
        const top = Math.min(...row.map((each) => each.top)) - 5;
        return (
          `<rect class="group c-${color(group.color)}" x="${short(left)}" y="${short(top)}" width="${short(right - left)}" ` +
          `height="${short(bottom + 5 - top)}" rx="8"><title>${escaped(group.name)}</title></rect>`
        );
      });
    })
    .join("");
}

function legend(circuit: Circuit, dashed: boolean): string {
  const known = circuit.direction === 1 || circuit.direction === -1;
  const words = { t: known ? "towards A" : "raises the metric", a: known ? "away from A" : "lowers the metric", "": "not scored" };
  const found = new Set(circuit.edges.map((_, place) => hue(circuit, place)));
  const hues = (["t", "a", ""] as const).filter((each) => found.has(each)).map((each) =>
    `<li><svg aria-hidden="true"${dashed ? ' class="dashed"' : ""}><path class="edge ${each}" d="M0 5H28" stroke-width="2.5"/></svg>${words[each]}</li>`,
  );
  const groups = circuit.groups.map((group) =>
    `<li><svg aria-hidden="true"><rect class="group c-${color(group.color)}" y="1" width="26" height="8"/></svg>${escaped(group.name)}</li>`,
  );
  const drawn = dashed ? `dashed: ${escaped(circuit.how)}` : "solid: measured";
  return `<ul class="legend">${hues.join("")}${groups.join("")}<li>the wider, the larger its score; ${drawn}</li></ul>`;
}

function color(name: string): string {
  return COLORS.includes(name) ? name : "slate";
}

function short(value: number): string {
  return String(Number(value.toFixed(1)));
}
