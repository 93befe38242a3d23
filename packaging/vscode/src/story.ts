// What the preview shows of a file, whatever its form.
import { type Edge, Graph } from "./graph";

export type Direction = 1 | -1 | 0 | undefined;

export interface Group {
  name: string;
  color: string;
  nodes: string[];
}

/** edges: the best first, as `scores`; null where an edge has none. direction: A's. how: "estimated", "measured" … */
export interface Circuit {
  graph: Graph;
  edges: Edge[];
  scores: (number | null)[];
  direction: Direction;
  how: string;
  groups: Group[];
}

export interface Step {
  words: string;
  depth: number;
  here: boolean;
  metric: string;
}

/** note: said in place of a circuit, or above it. picture: a data URL. */
export interface Story {
  title: string;
  subtitle: string;
  note: string;
  circuit?: Circuit;
  inputs: { title: string; text: string; picture?: string }[];
  statements: { title: string; figure: string; words: string; against: boolean }[];
  notes: { about: string; text: string }[];
  steps: Step[];
  facts: [string, string][];
}

export const HOW: Record<string, string> = { "exact-scan": "measured", random: "drawn" };
export const ESTIMATING = ["eap-ig", "eap", "integrated-edges", "eap-ig-activations", "atp-star", "relp"];
export const UNSIGNED = ["circuit-pruning", "flow-routes", "flow-rollout", "learned-masks", "warm-masks", "random"];

export function how(method: string): string {
  return HOW[method] ?? (ESTIMATING.includes(method) ? "estimated" : "scored");
}

/** The numbers of the best scores: those towards A first; what a search has kept comes before the rest. */
export function best(scores: (number | null)[], count: number, method: string, direction: Direction, kept?: Set<number>): number[] {
  const sign = direction === -1 && !UNSIGNED.includes(method) ? -1 : 1;
  const weight = (place: number) => sign * scores[place]!;
  const order = [...scores.keys()].filter((place) => Number.isFinite(scores[place] ?? NaN));
  const rank = (place: number) => (kept?.has(place) ? 0 : 1);
  order.sort((a, b) => rank(a) - rank(b) || weight(b) - weight(a) || a - b);
  return order.slice(0, count);
}

export function counted(count: number, word: string): string {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

export function subtitle(circuit: Circuit): string {
  const { layers, heads } = circuit.graph.sizes;
  const edges = new Set(circuit.edges.map((edge) => edge.name.replace(/@[^]*$/, ""))).size;
  return `${edges.toLocaleString("en")} of ${counted(circuit.graph.edgeCount, "edge")} of ${counted(layers, "layer")} with ${counted(heads, "head")}`;
}
