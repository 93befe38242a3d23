import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { zipSync } from "fflate";
import { Archive, Unreadable } from "../src/archive";
import { readProject } from "../src/project";

const file = (name: string) => new Uint8Array(readFileSync(`../../tests/core/project/files/${name}`));
const WIRE = file("version-1.wire");
const small = (name = "project.json", content = "{}") => zipSync({ [name]: [new TextEncoder().encode(content), { mtime: "1980-01-02" }] });
/** A zip whose directory says another number at a place of its first entry. */
function lying(place: number, value: number, name?: string): Uint8Array {
  const data = small(name, "x".repeat(1000));
  const view = new DataView(data.buffer);
  view.setUint32(view.getUint32(data.length - 6, true) + place, value, true);
  return data;
}

test("a project of version 1 is read as it was saved", () => {
  const story = readProject(WIRE, "version-1.wire");
  const names = story.circuit!.edges.map((edge) => edge.name);
  assert.deepEqual([names.length, names[0], names[5], names[9]], [12, "input->a0.h0<q>", "input->a0.h1<v>", "input->a1.h0<q>"]);
  assert.deepEqual(story.circuit!.scores.slice(0, 2), [-1, -1 + 2 / 45]);
  assert.deepEqual(story.inputs.map(({ text }) => text), ["When Mary and John", "When Tom and John", "2 rows"]);
  assert.deepEqual(story.steps.map(({ depth, here }) => [depth, here]), [[0, false], [0, false], [0, false], [0, true], [1, false]]);
  assert.deepEqual(story.notes, [{ about: "a0.h1", text: "reads the name" }, { about: "Step: Cut a0.h1 (from B)", text: "the turning point" }]);
  assert.deepEqual(story.circuit!.groups.map(({ name }) => name), ["movers"]);
});

test("a project of version 2 shows the same circuit, whatever repair is beside it", () => {
  const before = readProject(WIRE, "version-1.wire"), after = readProject(file("version-2.wire"), "version-2.wire");
  assert.deepEqual(after.circuit, before.circuit);
  assert.deepEqual(after.steps, before.steps);
});

test("a file cut off at any place, or with any byte changed, is read or refused with a reason", () => {
  for (let length = 0; length < WIRE.length; length += 7) {
    assert.throws(() => readProject(WIRE.slice(0, length), "x"), Unreadable);
  }
  for (let at = 0; at < WIRE.length; at += 3) {
    const changed = WIRE.slice();
    changed[at]! ^= 0x55;
    try {
      readProject(changed, "x");
    } catch (error) {
      assert.ok(error instanceof Unreadable, `byte ${at}: ${error}`);
    }
  }
});

test("what a zip says of itself is checked before anything is inflated", () => {
  const refused = (data: Uint8Array, why: RegExp) => assert.throws(() => new Archive(data).read("project.json"), why);
  refused(lying(24, 33 << 20), /larger than 32 MB/); // a bomb that tells its size
  refused(lying(24, 10), /damaged/); // one that does not: 10 bytes are inflated at most
  refused(lying(42, 1e9), /not where it should be/);
  refused(lying(20, 1e9), /cut off/);
  refused(lying(8, 1), /unknown way/); // encrypted
  refused(small("../../evil"), /no part of a project/);
  refused(small("pictures/../project.json"), /no part of a project/);
  const two = zipSync({ "project.json": new Uint8Array(9), "projecu.json": new Uint8Array(9) });
  refused(new Uint8Array(Buffer.from(Buffer.from(two).toString("latin1").replaceAll("projecu", "project"), "latin1")), /twice/);
  refused(new Uint8Array(0), /empty/);
});

test("projects of other versions and histories that are circles are refused in words", () => {
  const refused = (project: unknown, why: RegExp) => assert.throws(() => readProject(small("project.json", JSON.stringify(project)), "x"), why);
  const head = { format: "wirescope project", version: 1, documents: [{ model: "" }] };
  refused({ ...head, version: 3 }, /version is 3/);
  refused({ format: "another" }, /does not say/);
  refused({ ...head, steps: [{ words: "a", document: 0, parent: 0 }] }, /circle/);
  refused({ ...head, steps: [{ words: "a", document: 9 }] }, /damaged/);
});
