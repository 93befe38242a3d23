// The circuit as SVG, marked as the one-file page marks it, so that the page's own script moves it.
import { nodeWords } from "./graph";
import { type Box, HEIGHT, layOut } from "./layout";
import { escaped } from "./sanitise";
import type { Circuit } from "./story";

const MARGIN = 8;
const MANY = 300; // edges, beyond which they are drawn paler
const SAMPLES = 24; // points of a line that are asked whether they lie behind a node
const BENDS = [0, 25, -25, 50, -50, 80, -80, 120, -120];
const COLORS = ["violet", "teal", "pink", "olive", "slate"];

export function hue(circuit: Circuit, place: number): "t" | "a" | "" {
  const score = circuit.scores[place];
  if (score === null || score === undefined) return "";
  return (circuit.direction === -1 ? -score : score) < 0 ? "a" : "t";
}

export function drawing(circuit: Circuit): string {
  const laid = layOut(circuit);
  const dashed = circuit.how !== "measured";
  const label = `The circuit as a graph of ${laid.boxes.size} nodes and ${circuit.edges.length} edges; the table lists all of them`;
  const largest = Math.max(1e-300, ...circuit.scores.map((score) => Math.abs(score ?? 0)));
  const boxes = [...laid.boxes.values()];
  const around = circuit.edges.length > MANY ? [] : boxes; // of many edges there is no way around the nodes
  const lines: string[] = [];
  let [left, right] = [0, laid.width];
  for (let place = circuit.edges.length - 1; place >= 0; place--) {
    const edge = circuit.edges[place]!;
    const score = circuit.scores[place] ?? null;
    const thick = score === null ? 1.2 : 0.7 + (2.8 * Math.abs(score)) / largest;
    for (const node of edge.nodes) {
      const line = curve(laid.boxes.get(edge.writer.name)!, laid.boxes.get(node.name)!, edge.port, around);
      [left, right] = [Math.min(left, line.left), Math.max(right, line.right)];
      lines.push(`<path class="edge ${hue(circuit, place)}" data-e="${place}" d="${line.path}" stroke-width="${thick.toFixed(2)}"/>`);
    }
  }
  const [width, height] = [right - left + 2 * MARGIN, laid.height + 2 * MARGIN];
  const kinds = [dashed ? "dashed" : "", width > 620 ? "wide" : "", circuit.edges.length > MANY ? "many" : ""].filter(Boolean).join(" ");
  return (
    `<div class="drawing"><svg id="drawing" class="${kinds}" role="img" aria-label="${label}" ` +
    `viewBox="${short(left - MARGIN)} ${-MARGIN} ${short(width)} ${short(height)}" width="${short(width)}">` +
    `${frames(circuit, laid.boxes)}<g>${lines.join("")}</g><g id="hits"></g><g>${boxes.map(box).join("")}</g></svg></div>` +
    legend(circuit, dashed)
  );
}

/** From the top of a writer to the port of a reader. One that would pass behind other nodes is bent to the side on which it
 *  meets the fewest. */
function curve(from: Box, to: Box, port: string, boxes: Box[]): { path: string; left: number; right: number } {
  const [x, y] = [from.left + from.width / 2, from.top];
  const [end, bottom] = [to.ports.get(port) ?? to.left + to.width / 2, to.top + to.height];
  const rise = Math.max(12, (y - bottom) * 0.45);
  const between = boxes.filter((each) => each.top >= bottom && each.top + each.height <= y && each !== from && each !== to);
  let best = { met: Infinity, bend: 0 };
  for (const bend of BENDS) {
    const met = between.filter((each) => behind(each, [x, x + bend, end + bend, end], [y, y - rise, bottom + rise, bottom])).length;
    if (met < best.met) best = { met, bend };
    if (!met) break;
  }
  const { bend } = best;
  const path = `M${short(x)} ${short(y)}C${short(x + bend)} ${short(y - rise)} ${short(end + bend)} ${short(bottom + rise)} ${short(end)} ${short(bottom)}`;
  const reach = 0.75 * bend; // of such a curve
  return { path, left: Math.min(x, end) + Math.min(0, reach), right: Math.max(x, end) + Math.max(0, reach) };
}

function behind(box: Box, xs: [number, number, number, number], ys: [number, number, number, number]): boolean {
  for (let step = 1; step < SAMPLES; step++) {
    const [t, u] = [step / SAMPLES, 1 - step / SAMPLES];
    const at = ([a, b, c, d]: [number, number, number, number]) => u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
    const [x, y] = [at(xs), at(ys)];
    if (x > box.left && x < box.left + box.width && y > box.top && y < box.top + box.height) return true;
  }
  return false;
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
      for (const box of group.nodes.flatMap((name) => boxes.get(name) ?? [])) {
        const bottom = box.top + box.height;
        rows.set(bottom, [...(rows.get(bottom) ?? []), box]);
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
  const seen = new Set(circuit.edges.map((_, place) => hue(circuit, place)));
  const hues = (["t", "a", ""] as const).filter((each) => seen.has(each)).map((each) =>
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
