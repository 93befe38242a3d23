// The story of a file by what it is.
import { readJson } from "./circuit_json";
import { readProject } from "./project";
import type { Story } from "./story";

/** Throws Unreadable for a file that cannot be shown. */
export function read(data: Uint8Array, name: string): Story {
  return name.toLowerCase().endsWith(".wire") ? readProject(data, name) : readJson(data, name);
}
