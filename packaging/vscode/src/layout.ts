// Nodes in rows that go up as the stream does: input, of each layer its heads and above them its MLP, logits. Within a row
// each node goes near the mean place of its neighbours, by sweeps up and down (Sugiyama et al. 1981).
import type { Node } from "./graph";
import type { Circuit } from "./story";

const SWEEPS = 8;
const LETTER = 6.6;
const PORT = 12;
export const HEIGHT = 20;
export const PORT_LINE = 11;

export interface Box {
  node: Node;
  left: number;
  top: number;
  width: number;
  height: number;
  ports: Map<string, number>;
}

export interface Layout {
  boxes: Map<string, Box>;
  width: number;
  height: number;
}

export function layOut(circuit: Circuit): Layout {
  const nodes = new Map<string, Node>();
  const ports = new Map<string, Set<string>>();
  const near = new Map<string, string[]>();
  const add = (node: Node) => {
    nodes.set(node.name, node);
    if (!ports.has(node.name)) ports.set(node.name, new Set());
    if (!near.has(node.name)) near.set(node.name, []);
  };
  for (const edge of circuit.edges) {
    add(edge.writer);
    for (const node of edge.nodes) {
      add(node);
      if (edge.port) ports.get(node.name)!.add(edge.port);
      near.get(node.name)!.push(edge.writer.name);
      near.get(edge.writer.name)!.push(node.name);
    }
  }
  const gap = 12 + Math.min(24, circuit.edges.length / Math.max(1, nodes.size));
  const most = Math.min(1150, Math.max(420, (58 + gap) * Math.sqrt(2 * nodes.size)));
  const width = (name: string) => Math.max(LETTER * name.length + 12, PORT * ports.get(name)!.size + 6);
  const rows = split(rowsOf([...nodes.values()]), width, gap, most);

  const middle = new Map<string, number>();
  const place = (row: string[], goal: Map<string, number>) => {
    const steps = row.map((name, order) => (order ? (width(row[order - 1]!) + width(name)) / 2 + gap : 0));
    nearest(row.map((name) => goal.get(name)!), steps).forEach((x, order) => middle.set(row[order]!, x));
  };
  for (const row of rows) place(row, new Map(row.map((name) => [name, 0])));
  const wanted = (name: string) => {
    const others = near.get(name)!;
    return others.length ? others.reduce((sum, other) => sum + middle.get(other)!, 0) / others.length : 0;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of sweep % 2 ? [...rows].reverse() : rows) {
      const goal = new Map(row.map((name) => [name, wanted(name)]));
      row.sort((a, b) => goal.get(a)! - goal.get(b)! || (a < b ? -1 : 1));
      place(row, goal);
    }
  }

  const left = Math.min(0, ...[...nodes.keys()].map((name) => middle.get(name)! - width(name) / 2));
  const right = Math.max(0, ...[...nodes.keys()].map((name) => middle.get(name)! + width(name) / 2));
  const between = 30 + Math.min(40, (1.3 * circuit.edges.length) / Math.max(1, nodes.size));
  const boxes = new Map<string, Box>();
  let top = 0;
  for (const row of [...rows].reverse()) {
    const height = Math.max(...row.map((name) => HEIGHT + (ports.get(name)!.size ? PORT_LINE : 0)));
    for (const name of row) {
      const shown = ["q", "k", "v"].filter((port) => ports.get(name)!.has(port));
      const tall = HEIGHT + (shown.length ? PORT_LINE : 0);
      const x = middle.get(name)! - left;
      const first = x - (PORT * (shown.length - 1)) / 2;
      boxes.set(name, {
        node: nodes.get(name)!, left: x - width(name) / 2, top: top + height - tall, width: width(name), height: tall,
        ports: new Map(shown.map((port, order) => [port, first + order * PORT])),
      });
    }
    top += height + between;
  }
  return { boxes, width: right - left, height: Math.max(0, top - between) };
}

/** Places as near to the wished ones as the steps between them allow: least squares with an order, by pooling neighbours
 *  that collide. steps: the least distance of each from the one before it. */
export function nearest(wished: number[], steps: number[]): number[] {
  let offset = 0;
  const offsets = steps.map((step) => (offset += step));
  const pools: { sum: number; count: number }[] = [];
  const mean = (pool: { sum: number; count: number }) => pool.sum / pool.count;
  for (const [order, wish] of wished.entries()) {
    let pool = { sum: wish - offsets[order]!, count: 1 };
    while (pools.length && mean(pools.at(-1)!) >= mean(pool)) {
      const before = pools.pop()!;
      pool = { sum: before.sum + pool.sum, count: before.count + pool.count };
    }
    pools.push(pool);
  }
  const places = pools.flatMap((pool) => Array<number>(pool.count).fill(mean(pool)));
  return places.map((place, order) => place + offsets[order]!);
}

function rowsOf(nodes: Node[]): string[][] {
  const order = { input: 0, head: 0, mlp: 1, logits: 2 };
  const rows = new Map<number, Node[]>();
  for (const node of nodes) {
    const key = node.layer * 3 + order[node.kind];
    rows.set(key, [...(rows.get(key) ?? []), node]);
  }
  const sorted = [...rows.entries()].sort(([a], [b]) => a - b);
  return sorted.map(([, row]) => row.sort((a, b) => a.head - b.head).map((node) => node.name));
}

/** Rows too wide in several. */
function split(rows: string[][], width: (name: string) => number, gap: number, most: number): string[][] {
  return rows.flatMap((row) => {
    const total = row.reduce((sum, name) => sum + width(name) + gap, 0);
    const count = Math.min(row.length, Math.ceil(total / most));
    const size = Math.ceil(row.length / count);
    return Array.from({ length: Math.ceil(row.length / size) }, (_, part) => row.slice(part * size, (part + 1) * size));
  });
}
