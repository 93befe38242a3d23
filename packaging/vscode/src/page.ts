// The body of the preview, in the sections and with the marks of the one-file page (core/interchange/html).
import { drawing } from "./drawing";
import { escaped } from "./sanitise";
import type { Circuit, Story } from "./story";

const DEEPEST = 4;

/** canRun: whether Wirescope itself can be started from here. */
export function page(story: Story, canRun: boolean): string {
  const { circuit } = story;
  const sections = [
    circuit ? circuitSection(circuit, story.note) : section("Circuit", `<p class="note">${escaped(story.note)}</p>`),
    story.inputs.length ? section("Inputs", list(story.inputs.map(({ title, text, picture }) => [title, shownInput(text, picture)])), "inputs") : "",
    story.statements.length ? section("How far to trust it", list(story.statements.map((each) => [each.title, statement(each)])), "statements") : "",
    story.notes.length ? section("Notes", list(story.notes.map(({ about, text }) => [about, `<p class="prompt">${escaped(text)}</p>`]))) : "",
    circuit ? table(circuit) : "",
    story.steps.length > 1 ? section("History", `<ol class="steps">${story.steps.map(step).join("")}</ol>`) : "",
    story.facts.length ? section("How it was made", list(story.facts.map(([name, words]) => [name, escaped(words)]))) : "",
  ];
  return (
    `<header><h1>${escaped(story.title)}</h1><p class="sub">${escaped(story.subtitle)}</p>` +
    `<span class="buttons"><button id="report" type="button"${canRun ? "" : " hidden"}>Full Report</button>` +
    `<button id="look" type="button" hidden></button></span></header><main>${sections.join("")}</main>`
  );
}

/** What is said of a file that cannot be shown. */
export function failure(name: string, why: string): string {
  const words = `${name} cannot be shown: ${why}.`;
  return `<header><h1>${escaped(name)}</h1><p class="sub">Preview of Wirescope</p></header><main>${section("This file cannot be shown", `<p id="failure">${escaped(words)}</p>` +
    '<p class="note">Open another copy of it, or save it again where it was made.</p>')}</main>`;
}

function section(title: string, content: string, kind = ""): string {
  return `<section${kind ? ` class="${kind}"` : ""}><h2>${title}</h2>${content}</section>`;
}

function list(rows: [string, string][]): string {
  return `<dl>${rows.map(([name, content]) => `<dt>${escaped(name)}</dt><dd>${content}</dd>`).join("")}</dl>`;
}

function circuitSection(circuit: Circuit, note: string): string {
  const said = note ? `<p class="note">${escaped(note)}</p>` : "";
  if (!circuit.edges.length) return section("Circuit", `${said}<p class="note">The circuit has no edges.</p>`);
  const count = circuit.edges.length;
  const slider =
    '<div class="threshold" id="threshold" hidden><label for="size">Show the</label>' +
    `<input id="size" type="range" min="1" max="${count}" value="${count}" aria-describedby="count"><output id="count" for="size"></output></div>`;
  return section("Circuit", `${said}${slider}${drawing(circuit)}<div class="detail empty" id="detail" role="status" hidden></div>`);
}

function shownInput(text: string, picture?: string): string {
  return `${picture ? `<img alt="${escaped(text)}" src="${picture}">` : ""}<p class="prompt">${escaped(text)}</p>`;
}

function statement({ figure, words, against }: Story["statements"][number]): string {
  return `<span${against ? ' class="against"' : ""}>${escaped(figure)}</span> ${escaped(words)}`;
}

function step({ words, depth, here, metric }: Story["steps"][number]): string {
  const kind = `d${Math.min(depth, DEEPEST)}${here ? " here" : ""}`;
  return `<li class="${kind}">${escaped(words)}${metric ? ` <span class="metric">${escaped(metric)}</span>` : ""}</li>`;
}

function table(circuit: Circuit): string {
  if (!circuit.edges.length) return "";
  const heads = [["n", "Rank"], ["", "Edge"], ["words", "What it is"], ["n", `Score (${circuit.how})`]];
  const top = heads.map(([kind, words]) => `<th scope="col" class="${kind}"><button type="button">${escaped(words!)}</button></th>`).join("");
  const rows = circuit.edges.map((edge, place) => {
    const score = circuit.scores[place] ?? null;
    const told = score === null ? "" : signed(score);
    const nodes = [edge.writer, ...edge.nodes].map((node) => node.name).join(" ");
    const words = `${edge.name}: ${edge.words}, rank ${place + 1}${told ? `, ${circuit.how} ${told}` : ""}`;
    return (
      `<tr data-e="${place}" data-nodes="${nodes}" data-words="${escaped(words)}" data-score="${told}" tabindex="-1">` +
      `<td class="n" data-v="${place + 1}">${place + 1}</td><td><code>${escaped(edge.name)}</code></td>` +
      `<td class="words">${escaped(edge.words)}</td><td class="n" data-v="${score ?? "-1e999"}">${told}</td></tr>`
    );
  });
  const filter = '<input id="filter" class="filter" type="search" placeholder="Filter: a9.h6, logits …" aria-label="Filter the edges" hidden>';
  return section("Edges", `${filter}<div class="rows"><table id="edges"><thead><tr>${top}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`);
}

function signed(score: number): string {
  return `${score < 0 ? "\u2212" : "+"}${String(Number(Math.abs(score).toPrecision(4)))}`;
}
