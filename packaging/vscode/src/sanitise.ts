// A page that Wirescope exported, taken apart and built anew from what is known to be harmless: its elements and attributes
// by name, everything else as text or not at all. No script, no handler, no address but of pictures within the page.

const ELEMENTS = new Set(
  ("header main footer section h1 h2 h3 p span small b i em strong code pre ul ol li dl dt dd div table thead tbody tr th td " +
    "button label input output img br figure figcaption svg g path rect circle line text title polyline polygon tspan")
    .split(" "),
);
const EMPTY = new Set(["input", "img", "br"]);
const SKIPPED = ["script", "style", "iframe", "object", "embed", "template", "noscript", "textarea", "noembed", "xmp", "noframes", "foreignobject", "math"];
const ATTRIBUTES = new Set(
  ("class id role hidden type min max value for placeholder scope tabindex alt title x y x1 y1 x2 y2 cx cy r rx ry d points width " +
    "height viewbox fill stroke stroke-width opacity text-anchor transform").split(" "),
);
const INPUTS = ["range", "search"];
const PICTURE = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*$/;

/** The body of a page, sanitised. */
export function sanitised(html: string): string {
  const from = /<body[^>]*>/i.exec(html);
  const end = html.toLowerCase().lastIndexOf("</body");
  const body = from ? html.slice(from.index + from[0].length, end < 0 ? undefined : end) : html;
  const made: string[] = [];
  const open: string[] = [];
  const token = /<!--[^]*?(?:-->|$)|<[!?][^>]*>?|<(\/?)([a-zA-Z][^\s/>]*)((?:[^>"']|"[^"]*"|'[^']*')*)>|[^<]+|</g;
  for (let match = token.exec(body); match; match = token.exec(body)) {
    const [all, slash, tag, rest] = match;
    if (tag === undefined) {
      if (!all.startsWith("<!") && !all.startsWith("<?")) made.push(text(all));
      continue;
    }
    const name = tag.toLowerCase();
    if (SKIPPED.includes(name)) {
      if (!slash) token.lastIndex = after(body, name, token.lastIndex);
    } else if (!ELEMENTS.has(name)) {
      continue;
    } else if (!slash) {
      const closed = /\/\s*$/.test(rest!);
      if (name === "input" && !INPUTS.includes(value(rest!, "type"))) continue;
      made.push(`<${name}${attributes(rest!)}>`);
      if (!closed && !EMPTY.has(name)) open.push(name);
      else if (closed && !EMPTY.has(name)) made.push(`</${name}>`);
    } else if (open.includes(name)) {
      for (let last = open.pop(); last !== undefined; last = last === name ? undefined : open.pop()) made.push(`</${last}>`);
    }
  }
  while (open.length) made.push(`</${open.pop()}>`);
  return made.join("");
}

function after(body: string, name: string, from: number): number {
  const end = new RegExp(`</${name}[^>]*>`, "ig");
  end.lastIndex = from;
  return end.exec(body) ? end.lastIndex : body.length;
}

function* pairs(rest: string): Generator<[string, string]> {
  for (const [, name, , quoted, single, bare] of rest.matchAll(/([^\s"'<>/=]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=`]+)))?/g)) {
    yield [name!.toLowerCase(), decoded(quoted ?? single ?? bare ?? "")];
  }
}

function value(rest: string, name: string): string {
  for (const [key, value] of pairs(rest)) if (key === name) return value.toLowerCase();
  return "";
}

function attributes(rest: string): string {
  let made = "";
  for (const [name, value] of pairs(rest)) {
    const words = /^(data|aria)-[a-z0-9-]+$/.test(name) || (ATTRIBUTES.has(name) && !/url\s*\(/i.test(value));
    if (words || (name === "src" && PICTURE.test(value))) made += ` ${name === "viewbox" ? "viewBox" : name}="${escaped(value)}"`;
  }
  return made;
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'", "#39": "'" };

function decoded(value: string): string {
  return value.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name: string) => NAMED[name]!);
}

// Known entities stay what they are; every other sign of markup becomes text.
function text(value: string): string {
  return escaped(decoded(value));
}

export function escaped(value: string): string {
  const visible = value.replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, (sign) => String.fromCharCode(0x2400 + sign.charCodeAt(0)));
  return visible.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
