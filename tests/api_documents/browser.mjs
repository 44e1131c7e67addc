// A browser in small: enough of the DOM to run the page's program against a server, and to use it as a person would.
// node browser.mjs PROGRAM BASE KEY CLIENT_ID; prints one JSON document.

class Element {
  constructor(name) {
    Object.assign(this, { tag: name, children: [], text: "", value: "" });
  }
  append(...children) {
    this.children.push(...children);
  }
  replaceChildren(...children) {
    this.children = children;
  }
  set textContent(text) {
    this.children = [];
    this.text = text;
  }
  get textContent() {
    return this.text + this.children.map((child) => (child instanceof Element ? child.textContent : child)).join("");
  }
  *all() {
    for (const child of this.children) {
      if (child instanceof Element) {
        yield child;
        yield* child.all();
      }
    }
  }
  find(tag) {
    return [...this.all()].find((element) => element.tag === tag);
  }
}

const [program, base, key, clientId] = process.argv.slice(2);
globalThis.document = { createElement: (name) => new Element(name) };
const page = await import(program);
const place = new Element("main");
const message = new Element("p");

await page.showAll("sophia_aaaaaaaa_wrong", base, place, message);
const refused = message.textContent;
await page.showAll(key, base, place, message);
const shown = [...place.all()].filter((element) => element.tag === "details");

async function send(heading, values, body) {
  const details = shown.find((element) => element.find("code").textContent === heading);
  const inputs = [...details.all()].filter((element) => element.tag === "input");
  for (const input of inputs) if (input.name in values) input.value = values[input.name];
  const example = details.find("textarea")?.value;
  if (body) details.find("textarea").value = JSON.stringify(body);
  await details.find("form").onsubmit({ preventDefault() {} });
  return { answer: details.find("pre").textContent, example };
}

const client = { client_id: clientId };
const accounts = await send("GET /api/analytics/accounts", {});
const body = { event_type: "save", source: "shop", event_date: "2026-11-21" };
const conversion = await send("POST /api/analytics/{client_id}/conversion", client, body);
const metrics = await send("GET /api/analytics/{client_id}/metrics", { ...client, limit: "1" });
const headings = [...place.all()].filter(({ tag }) => tag === "h2").map((element) => element.textContent);
const titles = shown.map((element) => element.find("summary").textContent);
console.log(JSON.stringify({ refused, message: message.textContent, headings, titles, accounts, conversion, metrics }));
