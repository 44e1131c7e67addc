// Shows an OpenAPI document and sends requests. Text is only ever set as text, so nothing in an answer can run here.

export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      title: operation.summary,
      description: operation.description ?? "",
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content ?? null,
    })),
  );
}

export function groupOf(path) {
  if (path.startsWith("/api/publishing")) return "Publishing";
  if (path.startsWith("/api/analytics/{client_id}")) return "One client";
  return path.startsWith("/api/") ? "All clients" : "Server";
}

// The arguments of fetch. `values` are by name; those left empty are not sent.
export function requestOf(base, operation, values, body, key) {
  const headers = { Authorization: `Bearer ${key}` };
  const query = new URLSearchParams();
  let path = operation.path;
  for (const parameter of operation.parameters) {
    const value = values[parameter.name] ?? "";
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (parameter.in === "header") headers[parameter.name] = value;
    else if (parameter.schema?.type === "array") value.split(",").forEach((one) => query.append(parameter.name, one.trim()));
    else query.append(parameter.name, value);
  }
  const options = { method: operation.method, headers };
  if (operation.body) {
    headers["Content-Type"] = Object.keys(operation.body)[0];
    options.body = body;
  }
  return [base + path + (query.size ? `?${query}` : ""), options];
}

// An example of a JSON schema: every required property, with the default or an empty value.
export function exampleOf(schema, document, depth = 0) {
  if (schema.$ref) return exampleOf(document.components.schemas[schema.$ref.split("/").pop()], document, depth);
  if (schema.default !== undefined) return schema.default;
  if (schema.examples?.length) return schema.examples[0];
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return exampleOf(schema.anyOf[0], document, depth);
  if (schema.type === "object" || schema.properties) {
    const names = depth > 4 ? [] : (schema.required ?? []);
    return Object.fromEntries(names.map((name) => [name, exampleOf(schema.properties[name], document, depth + 1)]));
  }
  if (schema.type === "array") return [];
  if (schema.type === "integer" || schema.type === "number") return 0;
  if (schema.type === "boolean") return false;
  return schema.format === "date" ? "2026-01-31" : "";
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(globalThis.document.createElement(name), properties);
  made.append(...children);
  return made;
}

function fieldOf(parameter) {
  const required = parameter.required ? ", required" : "";
  const input = element("input", { name: parameter.name, required: Boolean(parameter.required) });
  const note = element("small", { textContent: parameter.description ?? "" });
  return { input, label: element("label", {}, `${parameter.name} (${parameter.in}${required}) `, note, input) };
}

export function showOperation(operation, document, base, key, fetch = globalThis.fetch) {
  const fields = operation.parameters.map(fieldOf);
  const answer = element("pre", { hidden: true });
  const form = element("form", {}, ...fields.map((field) => field.label));
  const textarea = element("textarea", { spellcheck: false });
  if (operation.body) {
    const [type, { schema }] = Object.entries(operation.body)[0];
    if (type === "application/json") textarea.value = JSON.stringify(exampleOf(schema, document), null, 2);
    form.append(element("label", {}, `Body (${type})`, textarea));
  }
  form.append(element("button", { textContent: "Send" }), answer);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map(({ input }) => [input.name, input.value]));
    answer.hidden = false;
    answer.textContent = "…";
    try {
      const response = await fetch(...requestOf(base, operation, values, textarea.value, key));
      const text = await response.text();
      const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
      const shown = isJson && text ? JSON.stringify(JSON.parse(text), null, 2) : text;
      answer.textContent = `${response.status}\n${shown.slice(0, 200000)}`;
    } catch (error) {
      answer.textContent = `The server did not answer: ${error.message}`;
    }
  };
  const heading = element("summary", {}, element("code", { textContent: `${operation.method} ${operation.path}` }));
  heading.append(operation.title);
  return element("details", {}, heading, element("p", { textContent: operation.description }), form);
}

export async function showAll(key, base, place, message, fetch = globalThis.fetch) {
  const response = await fetch(`${base}/openapi.json`, { headers: { Authorization: `Bearer ${key}` } });
  const answer = await response.json();
  if (!response.ok) {
    message.textContent = answer.detail ?? `The server answers ${response.status}.`;
    return;
  }
  message.textContent = `${answer.info.title} ${answer.info.version}: ${answer.info.summary}`;
  const operations = operationsOf(answer);
  const groups = [...new Set(operations.map(({ path }) => groupOf(path)))].sort();
  place.replaceChildren(
    ...groups.flatMap((group) => [
      element("h2", { textContent: group }),
      ...operations
        .filter(({ path }) => groupOf(path) === group)
        .map((operation) => showOperation(operation, answer, base, key, fetch)),
    ]),
  );
}

export function start(page = globalThis.document, location = globalThis.location) {
  // Behind a proxy the page is at /some/prefix/docs.
  const base = location.pathname.replace(/\/docs\/?$/, "");
  const [form, input, message, place] = ["open", "key", "message", "operations"].map((id) => page.getElementById(id));
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await showAll(input.value, base, place, message);
    } catch (error) {
      message.textContent = `The server did not answer: ${error.message}`;
    }
  };
}

if (globalThis.document?.getElementById) start();
