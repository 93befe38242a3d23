import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { readJson } from "../src/circuit_json";
import { Graph } from "../src/graph";
import { nearest } from "../src/layout";
import { page } from "../src/page";

const GRAPH = { layers: 2, heads: 2, kv_heads: 2, parallel: false };
const bytes = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));
const circuit = (more: object) => bytes({ format: "wirescope circuit", version: 1, graph: GRAPH, about: {}, edges: [], ...more });

test("edges are numbered as core/graph.py numbers them", () => {
  const names = (graph: Graph) => Array.from({ length: graph.edgeCount }, (_, index) => graph.edgeName(index));
  const hash = (graph: Graph) => createHash("sha256").update(names(graph).join("\n")).digest("hex");
  assert.equal(hash(new Graph(GRAPH)), "4a51273d4c59635f022e7879c5e5b09063857971b0b4a30f37ca22e84fd54411");
  assert.equal(hash(new Graph({ layers: 3, heads: 4, kv_heads: 2, parallel: true })), "f3babd9a63ea89d457172a9383f6fc415f953a8816924b2de7c06bfb0ef41340");
  assert.throws(() => new Graph(GRAPH).edgeName(1e6), /no edge number/);
});

test("a shared K/V head leads to each of its heads", () => {
  const edge = new Graph({ layers: 3, heads: 4, kv_heads: 2 }).edge("m0->a2.kv1<k>@subject");
  assert.deepEqual(edge.nodes.map(({ name }) => name), ["a2.h2", "a2.h3"]);
  assert.equal(edge.words, "edge from MLP of layer 0 to the key of K/V head 1 of layer 2, at subject");
});

test("a circuit is drawn and listed, its typed words escaped", () => {
  const about = { model: "<img src=x onerror=alert(1)>", direction: "-1", method: "eap" };
  const story = readJson(circuit({ about, edges: [{ edge: "a0.h1->m1", score: -0.5 }, { edge: "m1->logits", score: 0.25 }] }), "x.json");
  const html = page(story, false);
  assert.ok(!html.includes("<img"));
  assert.equal(html.match(/<path class="edge t" data-e="0"/g)?.length, 1); // lowers the metric, as A does
  assert.equal(html.match(/<path class="edge a" data-e="1"/g)?.length, 1);
  assert.deepEqual([...html.matchAll(/data-node="([^"]+)"/g)].map(([, name]) => name).sort(), ["a0.h1", "logits", "m1"]);
  assert.match(html, /id="report" type="button" hidden/);
});

test("of scores the best edges towards A are shown", () => {
  const scores = Array.from({ length: new Graph(GRAPH).edgeCount }, (_, place) => (place % 2 ? place : null));
  const file = { format: "wirescope scores", version: 1, graph: GRAPH, level: "edges", method: "eap", about: {}, scores };
  const first = (direction: number) => readJson(bytes({ ...file, direction }), "x").circuit!.scores[0];
  assert.equal(first(1), scores.at(-1) ?? scores.at(-2));
  assert.equal(first(-1), 1);
  assert.equal(readJson(bytes({ ...file, direction: -1, method: "flow-routes" }), "x").circuit!.scores[0], scores.at(-1) ?? scores.at(-2));
  assert.throws(() => readJson(bytes({ ...file, scores: [1] }), "x"), /1 score for/);
});

test("what is no circuit is refused in words", () => {
  const refused = (data: Uint8Array, why: RegExp) => assert.throws(() => readJson(data, "x.json"), why);
  refused(bytes({ name: "package" }), /does not say that it is/);
  refused(new TextEncoder().encode("{"), /no JSON/);
  refused(bytes([]), /no circuit/);
  refused(circuit({ version: 2 }), /version is 2/);
  refused(circuit({ graph: { ...GRAPH, layers: 1e9 } }), /no model has/);
  refused(circuit({ edges: [{ edge: "a9.h0->logits" }] }), /no node of its model/);
  refused(circuit({ edges: [{ edge: "x" }] }), /is no edge/);
});

test("nodes lie where they are wished, or side by side around it", () => {
  assert.deepEqual(nearest([0, 5, 50], [0, 10, 10]), [-2.5, 7.5, 50]);
  assert.deepEqual(nearest([3, 3, 3], [0, 10, 10]), [-7, 3, 13]);
});
