// Nodes and edges of a transformer by name and by number, as core/graph.py counts them.
import { Unreadable } from "./archive";

export interface Node {
  kind: "input" | "head" | "mlp" | "logits";
  layer: number;
  head: number;
  name: string;
}

/** port: q, k or v of a head. nodes: those that it leads to; several where heads share keys and values. */
export interface Edge {
  name: string;
  writer: Node;
  port: string;
  nodes: Node[];
  words: string;
}

export interface Sizes {
  layers: number;
  heads: number;
  kv_heads: number;
  parallel?: boolean;
}

const MOST = 1000; // layers or heads of a model

export class Graph {
  /** Throws Unreadable for sizes that no model has. */
  constructor(readonly sizes: Sizes) {
    const { layers, heads, kv_heads } = sizes ?? {};
    const fits = [layers, heads, kv_heads].every((size) => Number.isInteger(size) && size >= 1 && size <= MOST);
    if (!fits || heads % kv_heads) throw new Unreadable("it is of a graph that no model has");
  }

  get edgeCount(): number {
    const { layers, heads, kv_heads, parallel } = this.sizes;
    let count = 1 + layers * (heads + 1);
    for (let layer = 0; layer < layers; layer++) {
      const before = 1 + layer * (heads + 1);
      count += before * (heads + 2 * kv_heads) + before + (parallel ? 0 : heads);
    }
    return count;
  }

  /** The name of an edge by its number: reader after reader (q, k, v of a layer, its MLP; at last logits), and of each
   *  reader one edge for every writer before it. */
  edgeName(index: number): string {
    const { layers, heads, kv_heads, parallel } = this.sizes;
    const kv = kv_heads === heads ? "h" : "kv";
    let rest = index;
    for (let layer = 0; layer < layers; layer++) {
      const before = 1 + layer * (heads + 1);
      const ports: [string, string, number][] = [["h", "q", heads], [kv, "k", kv_heads], [kv, "v", kv_heads]];
      for (const [word, port, count] of ports) {
        if (rest < before * count) return `${this.writer(rest % before)}->a${layer}.${word}${Math.floor(rest / before)}<${port}>`;
        rest -= before * count;
      }
      const reads = before + (parallel ? 0 : heads);
      if (rest < reads) return `${this.writer(rest)}->m${layer}`;
      rest -= reads;
    }
    if (!(rest >= 0 && rest < 1 + layers * (heads + 1))) throw new Unreadable(`there is no edge number ${index}`);
    return `${this.writer(rest)}->logits`;
  }

  private writer(number: number): string {
    if (!number) return "input";
    const { heads } = this.sizes;
    const [layer, place] = [Math.floor((number - 1) / (heads + 1)), (number - 1) % (heads + 1)];
    return place < heads ? `a${layer}.h${place}` : `m${layer}`;
  }

  /** An edge by its name, which may end with a span: `a0.h1->m2@subject`. Throws Unreadable. */
  edge(name: string): Edge {
    const match = /^([^@]+?)->([^@]+?)(@[^]*)?$/.exec(name);
    if (!match) throw new Unreadable(`${JSON.stringify(name.slice(0, 60))} is no edge`);
    const writer = this.node(match[1]!);
    const port = /^a(\d+)\.(h|kv)(\d+)<([qkv])>$/.exec(match[2]!);
    const at = match[3] ? `, at ${match[3].slice(1)}` : "";
    if (!port) {
      const node = this.node(match[2]!);
      if (node.kind === "head" || node.kind === "input") throw new Unreadable(`${JSON.stringify(name.slice(0, 60))} is no edge`);
      return { name, writer, port: "", nodes: [node], words: `edge from ${nodeWords(writer)} to ${nodeWords(node)}${at}` };
    }
    const [layer, head, shared] = [Number(port[1]), Number(port[3]), port[2] === "kv"];
    const group = this.sizes.heads / this.sizes.kv_heads;
    const heads = shared ? Array.from({ length: group }, (_, place) => head * group + place) : [head];
    const nodes = heads.map((each) => this.node(`a${layer}.h${each}`));
    const word = { q: "query", k: "key", v: "value" }[port[4]!];
    const words = `edge from ${nodeWords(writer)} to the ${word} of ${shared ? "K/V head" : "head"} ${head} of layer ${layer}${at}`;
    return { name, writer, port: port[4]!, nodes, words };
  }

  node(name: string): Node {
    if (name === "input" || name === "logits") {
      return { kind: name, layer: name === "input" ? -1 : this.sizes.layers, head: 0, name };
    }
    const match = /^(?:a(\d+)\.h(\d+)|m(\d+))$/.exec(name);
    const [layer, head] = [Number(match?.[1] ?? match?.[3]), Number(match?.[2] ?? 0)];
    if (!match || !(layer < this.sizes.layers) || head >= this.sizes.heads) {
      throw new Unreadable(`${JSON.stringify(name.slice(0, 60))} is no node of its model`);
    }
    return { kind: match[3] === undefined ? "head" : "mlp", layer, head, name };
  }
}

export function nodeWords(node: Node): string {
  if (node.kind === "head") return `head ${node.head} of layer ${node.layer}`;
  if (node.kind === "mlp") return `MLP of layer ${node.layer}`;
  return node.kind === "input" ? "the input" : "the output";
}
