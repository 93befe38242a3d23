// A project's file: what its present step shows (resources/docs/project-file.md describes it).
import { Archive, Unreadable } from "./archive";
import { chosenCircuit, facts, MOST_EDGES, parsed } from "./circuit_json";
import { Graph } from "./graph";
import { best, type Circuit, counted, type Direction, how, type Step, type Story, subtitle } from "./story";
import { tensor } from "./tensors";

const MOST_PICTURE = 4 << 20; // that is shown
const MOST_STEPS = 1000;
const BEST = 48; // edges of a trace whose circuit is not chosen yet

type Json = Record<string, any>;

/** The story of a project. Throws Unreadable. */
export function readProject(data: Uint8Array, name: string): Story {
  const archive = new Archive(data);
  const project = parsed(archive.read("project.json"));
  if (project.format !== "wirescope project") throw new Unreadable("it does not say that it is a project of Wirescope");
  if (project.version !== 1 && project.version !== 2) {
    throw new Unreadable(`its version is ${JSON.stringify(project.version)}, which this preview does not know: update the extension`);
  }
  try {
    return story(archive, project, name);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(`its project.json is damaged (${(error as Error).message})`);
  }
}

function story(archive: Archive, project: Json, name: string): Story {
  const current = project.current ?? 0;
  const step = project.steps[current];
  const document = project.documents[step.document];
  const { circuit, note, about } = shown(archive, project, document);
  if (circuit) circuit.groups = (document.groups ?? []).map((place: number) => project.groups[place]);
  const metric = document.metric ? [document.metric.kind.replaceAll("_", " "), document.metric.target, document.metric.foil] : [];
  const told: [string, string][] = [
    ["Model", document.model],
    ["Metric", metric.filter(Boolean).join(", ")],
    ["Edits", (document.edits ?? []).map((place: number) => edit(project.edits[place])).join("; ")],
    ["Recovered", step.recovery?.words ?? ""],
    ...facts(about).filter(([key]) => !["Model", "Opened as", "Metric"].includes(key)),
    ["Saved by", project.made_by ? `Wirescope ${project.made_by}` : ""],
  ];
  const evaluation = (project.evaluations ?? []).findLast((each: Json) => each.document === step.document);
  return {
    title: name,
    subtitle: [document.model, circuit ? subtitle(circuit) : counted(project.steps.length, "step")].filter(Boolean).join(" · "),
    note,
    circuit,
    inputs: [
      ...input(archive, project, "A", document.clean),
      ...input(archive, project, "B", document.counterfactual),
      ...(document.dataset ? [{ title: "Dataset", text: counted(project.datasets[document.dataset].length, "row") }] : []),
    ],
    statements: (evaluation?.statements ?? []).map((each: Json) => ({
      title: each.title, figure: each.figure, words: each.words, against: each.tone === "against",
    })),
    notes: (project.notes ?? []).map((each: Json) => ({ about: noteOf(project, each), text: each.text })),
    steps: history(project.steps, current),
    facts: told.filter(([, words]) => words),
  };
}

/** The circuit that was shown at the present step or at the nearest one before it; else the best edges of a trace. */
function shown(archive: Archive, project: Json, document: Json): { circuit?: Circuit; note: string; about: Record<string, string> } {
  const parts: Json[] = project.circuits ?? [];
  for (let at = project.current ?? 0, left = project.steps.length; at >= 0 && left > 0; at = project.steps[at].parent ?? -1, left--) {
    const place = parts.findLastIndex((each) => each.step === at);
    if (place < 0) continue;
    const kept = parts[place]!;
    const numbers = archive.read(`circuits/${place}.safetensors`);
    const graph = new Graph(kept.graph);
    const all = tensor(numbers, "edges") ?? [];
    const values = tensor(numbers, "values");
    const edges = all.slice(0, MOST_EDGES).map((index) => graph.edge(graph.edgeName(index)));
    const about = kept.about ?? {};
    const direction = ({ "+1": 1, "-1": -1, "0": 0 } as Record<string, Direction>)[about.direction ?? ""];
    const scores = edges.map((_, rank) => finite(values?.[rank]));
    const notes = [
      at === (project.current ?? 0) ? "" : `This is the circuit of an earlier step, "${project.steps[at].words}".`,
      all.length > edges.length ? `The ${edges.length.toLocaleString("en")} best of ${counted(all.length, "edge")} are shown.` : "",
    ];
    const circuit: Circuit = { graph, edges, scores, direction, how: about.scores ?? how(about.method ?? ""), groups: [] };
    return { circuit, note: notes.filter(Boolean).join(" "), about };
  }
  return ofTrace(archive, project, document);
}

function ofTrace(archive: Archive, project: Json, document: Json): { circuit?: Circuit; note: string; about: Record<string, string> } {
  const wanted = JSON.stringify(document.traced);
  const traces: Json[] = project.traces ?? [];
  const place = traces.findLastIndex((each) => each.model === document.model && JSON.stringify(each.choice) === wanted);
  if (place < 0) return { note: "No circuit was traced at this step of the project.", about: {} };
  const trace = traces[place]!;
  const numbers = archive.read(`traces/${place}.safetensors`);
  const values = tensor(numbers, "values");
  const graph = new Graph(trace.graph);
  const spans: string[] = trace.level === "edge-spans" ? trace.spans : [];
  if (values?.length !== graph.edgeCount * Math.max(1, spans.length)) throw new Unreadable("it has not one score for each edge");
  const chosen = best(values, Math.min(document.size ?? BEST, MOST_EDGES), trace.method, trace.direction ?? undefined);
  const circuit = chosenCircuit(graph, chosen, values, spans, trace.method, trace.direction ?? undefined);
  const rule = document.rule && document.rule !== "top" ? ` Wirescope chooses by the rule "${document.rule}", which may choose others.` : "";
  return { circuit, note: `The ${chosen.length} best edges of the last trace are shown.${rule}`, about: { ...trace.about, method: trace.method } };
}

function input(archive: Archive, project: Json, title: string, place: number | undefined): Story["inputs"] {
  const source = project.sources?.[place ?? -1];
  if (!source) return [];
  if (source.kind === "text") return [{ title, text: source.text ?? "" }];
  const part = `pictures/${source.picture}`;
  const small = source.picture && archive.has(part) && archive.size(part) <= MOST_PICTURE;
  return [{ title, text: source.name || source.path || "a picture", picture: small ? dataUrl(archive.read(part)) : undefined }];
}

const PICTURES: [string, number[]][] = [["png", [0x89, 0x50, 0x4e, 0x47]], ["jpeg", [0xff, 0xd8, 0xff]], ["gif", [0x47, 0x49, 0x46, 0x38]]];

/** A picture as its address holds it; nothing for bytes that are no picture of a known form. */
function dataUrl(bytes: Uint8Array): string | undefined {
  const kind = PICTURES.find(([, mark]) => mark.every((byte, place) => bytes[place] === byte))?.[0];
  if (!kind) return undefined;
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return `data:image/${kind};base64,${btoa(binary)}`;
}

function history(steps: Json[], current: number): Step[] {
  const branches = steps.map(() => 0); // how often the way to a step turned off
  const children = steps.map(() => 0);
  return steps.slice(0, MOST_STEPS).map((step, place) => {
    const parent = step.parent ?? -1;
    if (parent >= place) throw new Unreadable("its history is a circle");
    if (parent >= 0) branches[place] = branches[parent]! + (children[parent]!++ ? 1 : 0);
    const outcome = step.outcome;
    const metric = outcome ? `${outcome.metric_name} ${figure(outcome.before)} → ${figure(outcome.after)}` : "";
    return { words: step.words, depth: branches[place]!, here: place === current, metric };
  });
}

function figure(value: number | string): string {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : value;
}

function edit(entry: Json): string {
  return `${entry.target}: ${entry.kind}${entry.value === undefined ? "" : ` ${entry.value}`}`;
}

function noteOf(project: Json, note: Json): string {
  if (note.about === "step") return `Step: ${project.steps[Number(note.target)]?.words ?? note.target}`;
  return note.about === "project" ? "Project" : note.target || note.about;
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
