// Circuits and scores as Wirescope's JSON (resources/docs/files.md describes both).
import { Unreadable } from "./archive";
import { Graph } from "./graph";
import { best, type Circuit, counted, type Direction, how, type Story, subtitle } from "./story";

export const MOST_JSON = 256 << 20;
export const MOST_EDGES = 1000; // that are drawn and listed
const BEST = 48; // edges that are shown of scores, as in the window

const FACTS: [string, string][] = [
  ["model title", "Model"],
  ["model", "Opened as"],
  ["metric", "Metric"],
  ["ranked by", "Ranked by"],
  ["method", "Method"],
  ["replacement", "A removed edge carries"],
  ["chosen by", "Chosen by the rule"],
  ["over", "Over"],
  ["pairs", "Pairs"],
  ["precision", "Precision"],
  ["recovered", "Recovered"],
  ["partial", "Partial"],
];

type Json = Record<string, any>; // of a file: every use is checked by what it throws

export function facts(about: Record<string, string>): [string, string][] {
  return FACTS.filter(([key]) => about[key]).map(([key, words]) => [words, about[key]!]);
}

export function parsed(data: Uint8Array): Json {
  if (data.length > MOST_JSON) throw new Unreadable("it is larger than 256 MB");
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch (error) {
    throw new Unreadable(`it is no JSON (${(error as Error).message})`);
  }
  if (!json || typeof json !== "object" || Array.isArray(json)) throw new Unreadable("it is no circuit and no scores of Wirescope");
  return json as Json;
}

/** The story of a circuit or of scores. Throws Unreadable. */
export function readJson(data: Uint8Array, name: string): Story {
  const document = parsed(data);
  if (!["wirescope circuit", "wirescope scores"].includes(document.format)) {
    throw new Unreadable("it does not say that it is a circuit or scores of Wirescope");
  }
  if (document.version !== 1) throw new Unreadable(`its version is ${JSON.stringify(document.version)}, which this preview does not know`);
  const about = words(document.about);
  if (document.format === "wirescope scores") return scores(document, about, name);
  if (!Array.isArray(document.edges)) throw new Unreadable("it has no list of edges");
  const graph = new Graph(document.graph);
  const method = about.method ?? "";
  const circuit: Circuit = {
    graph,
    edges: document.edges.slice(0, MOST_EDGES).map((row: Json) => graph.edge(String(row?.edge))),
    scores: document.edges.slice(0, MOST_EDGES).map((row: Json) => number(row?.score)),
    direction: ({ "+1": 1, "-1": -1, "0": 0 } as Record<string, Direction>)[about.direction ?? ""],
    how: about.scores ?? how(method),
    groups: groups(document.groups),
  };
  const model = about["model title"] || about.model;
  const more = document.edges.length > MOST_EDGES ? `The ${MOST_EDGES.toLocaleString("en")} best of ${counted(document.edges.length, "edge")} are shown.` : "";
  return {
    title: `Circuit${model ? ` of ${model}` : ""}: ${counted(document.edges.length, "edge")}`,
    subtitle: subtitle(circuit) + (about.metric ? `, ${about.metric}` : ""),
    note: more,
    circuit,
    inputs: [],
    statements: [],
    notes: [],
    steps: [],
    facts: facts(about),
  };
}

function scores(document: Json, about: Record<string, string>, name: string): Story {
  const graph = new Graph(document.graph);
  const values = document.scores;
  if (!Array.isArray(values)) throw new Unreadable("it has no list of scores");
  const method = String(document.method ?? "");
  const spans: string[] = document.level === "edge-spans" && Array.isArray(document.spans) ? document.spans.map(String) : [];
  const direction: Direction = [1, -1, 0].includes(document.direction) ? document.direction : undefined;
  const told = { ...about, method, replacement: String(document.replacement ?? "") };
  const rows: string[][] = Array.isArray(document.rows) ? document.rows.slice(0, 5).filter(Array.isArray) : [];
  const story: Story = {
    title: `Scores of ${about.model || name}: ${counted(values.length, document.level === "edges" ? "edge" : "score")}`,
    subtitle: `${method || "scores"}${about.metric ? `, ${about.metric}` : ""}`,
    note: "",
    inputs: rows.flatMap((row, place) => [
      { title: rows.length > 1 ? `A, row ${place + 1}` : "A", text: String(row[0] ?? "") },
      ...(row[1] ? [{ title: rows.length > 1 ? `B, row ${place + 1}` : "B", text: String(row[1]) }] : []),
    ]),
    statements: [],
    notes: [],
    steps: [],
    facts: facts(told),
  };
  if (document.level !== "edges" && !spans.length) {
    return { ...story, note: `These are scores of ${document.level}; the preview draws scores of edges. Wirescope shows them.` };
  }
  if (values.length !== graph.edgeCount * Math.max(1, spans.length)) {
    throw new Unreadable(`it has ${counted(values.length, "score")} for ${counted(graph.edgeCount, "edge")}`);
  }
  const kept = Array.isArray(document.kept) ? new Set<number>(document.kept) : undefined;
  const chosen = best(values, kept ? Math.min(kept.size, MOST_EDGES) : BEST, method, direction, kept);
  const circuit = chosenCircuit(graph, chosen, values, spans, method, direction);
  const rule = about["chosen by"] ? ` Wirescope chooses by the rule "${about["chosen by"]}", which may choose others.` : "";
  return {
    ...story,
    note: `The ${kept ? "edges that the search has kept" : `${chosen.length} best edges`} are shown.${rule}`,
    circuit,
  };
}

/** The circuit of some scores by their numbers. */
export function chosenCircuit(
  graph: Graph, chosen: number[], values: (number | null)[], spans: string[], method: string, direction: Direction,
): Circuit {
  const names = chosen.map((place) =>
    spans.length ? `${graph.edgeName(Math.floor(place / spans.length))}@${spans[place % spans.length]}` : graph.edgeName(place),
  );
  return {
    graph,
    edges: names.map((name) => graph.edge(name)),
    scores: chosen.map((place) => number(values[place])),
    direction,
    how: how(method),
    groups: [],
  };
}

function words(about: unknown): Record<string, string> {
  if (!about || typeof about !== "object") return {};
  return Object.fromEntries(Object.entries(about).map(([key, value]) => [key, String(value)]));
}

function groups(listed: unknown): Circuit["groups"] {
  if (!Array.isArray(listed)) return [];
  return listed.slice(0, 1000).map((each: Json) => ({
    name: String(each?.name),
    color: String(each?.color),
    nodes: Array.isArray(each?.nodes) ? each.nodes.map(String) : [],
  }));
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
