// The API explorer: renders /openapi.json and tries its operations on this very server. No outside host.
'use strict';

const byId = (id) => document.getElementById(id);

/// An element with attributes and children; text stays text.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/// Puts children into an element, leaving out what is absent.
const fill = (element, ...children) => element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));

let api = null;
let operations = [];
let running = null;

function resolve(node) {
  for (let i = 0; node && node.$ref && i < 16; i++)
    node = node.$ref.slice(2).split('/').reduce((at, key) => at && at[key.replace(/~1/g, '/').replace(/~0/g, '~')], api);
  return node || {};
}

function collect() {
  const verbs = ['get', 'post', 'put', 'patch', 'delete'];
  const found = [];
  for (const [path, item] of Object.entries(api.paths))
    for (const verb of verbs)
      if (item[verb]) found.push({ path, verb, ...item[verb], parameters: [...(item.parameters || []), ...(item[verb].parameters || [])].map(resolve) });
  return found;
}

const needsToken = (operation) => (operation.security || api.security || []).length > 0;
const jsonSchema = (holder) => holder && holder.content && holder.content['application/json'] && holder.content['application/json'].schema;

// --- schemas -----------------------------------------------------------------------------------------

function typeName(schema) {
  const s = resolve(schema);
  if (s.const !== undefined) return JSON.stringify(s.const);
  if (s.enum) return s.enum.map((v) => JSON.stringify(v)).join(' | ');
  const type = Array.isArray(s.type) ? s.type.join(' | ') : s.type || 'any';
  if (type === 'array') return 'array of ' + typeName(s.items || {});
  return s.format ? `${type} (${s.format})` : type;
}

function bounds(schema) {
  const s = resolve(schema);
  const parts = [];
  if (s.minimum !== undefined || s.maximum !== undefined) parts.push(`${s.minimum ?? '…'} to ${s.maximum ?? '…'}`);
  if (s.minLength !== undefined || s.maxLength !== undefined) parts.push(`${s.minLength ?? 0} to ${s.maxLength ?? '…'} characters`);
  if (s.pattern) parts.push(s.pattern);
  if (s.default !== undefined) parts.push('default ' + JSON.stringify(s.default));
  return parts.join(' · ');
}

function schemaView(schema, depth = 0) {
  const s = resolve(schema);
  if (depth < 6 && (s.type === 'array' || (Array.isArray(s.type) && s.type.includes('array'))) && s.items && resolve(s.items).properties)
    return make('div', {}, make('code', {}, 'array of'), make('div', { class: 'nested' }, schemaView(s.items, depth + 1)));
  if (!s.properties || depth >= 6) return make('p', { class: 'quiet' }, make('code', {}, typeName(s)), ' ', bounds(s), s.description ? ' ' + s.description : '');
  const rows = Object.entries(s.properties).map(([name, property]) => {
    const p = resolve(property);
    const inner = p.properties || (p.items && resolve(p.items).properties);
    return make('tr', {},
      make('td', {}, make('code', {}, name), (s.required || []).includes(name) ? make('span', { class: 'must' }, ' required') : null),
      make('td', {}, make('code', {}, typeName(p)), inner ? make('div', { class: 'nested' }, schemaView(p, depth + 1)) : null),
      make('td', { class: 'quiet' }, [p.description, bounds(p)].filter(Boolean).join(' — ')));
  });
  return make('div', { class: 'scroll' }, make('table', {},
    make('thead', {}, make('tr', {}, make('th', {}, 'Field'), make('th', {}, 'Type'), make('th', {}, 'Meaning'))),
    make('tbody', {}, ...rows)));
}

/// A value that the schema would accept, for the form.
function example(schema, depth = 0) {
  const s = resolve(schema);
  if (s.example !== undefined) return s.example;
  if (s.examples && s.examples.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.const !== undefined) return s.const;
  if (s.enum) return s.enum[0];
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (s.properties && depth < 6) {
    const out = {};
    const wanted = (s.required && s.required.length) ? Object.keys(s.properties).filter((n) => s.required.includes(n) || 'default' in resolve(s.properties[n])) : Object.keys(s.properties).slice(0, 1);
    for (const name of wanted) out[name] = nameExample(name) ?? example(s.properties[name], depth + 1);
    return out;
  }
  if (type === 'array') return [];
  if (type === 'integer' || type === 'number') return Math.max(s.minimum ?? 1, Math.min(1, s.maximum ?? 1));
  if (type === 'boolean') return false;
  if (type === 'string') return s.format === 'date-time' ? new Date(Date.now() + 3600e3).toISOString() : 'text'.padEnd(s.minLength || 0, 'x').slice(0, s.maxLength || 40);
  return {};
}
function nameExample(name) {
  return { email: 'ada@example.org', password: 'correct horse battery', product_id: 'demo', currency: 'EUR', name: 'Ada', reason: 'count' }[name];
}

// --- navigation --------------------------------------------------------------------------------------

function drawList() {
  const words = byId('find').value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = operations.filter((o) => {
    const text = `${o.verb} ${o.path} ${o.summary || ''} ${o.operationId}`.toLowerCase();
    return words.every((w) => text.includes(w));
  });
  const tags = [...new Set([...(api.tags || []).map((t) => t.name), ...operations.flatMap((o) => o.tags || ['Other'])])];
  const groups = [];
  for (const tag of tags) {
    const members = shown.filter((o) => (o.tags || ['Other']).includes(tag));
    if (!members.length) continue;
    groups.push(make('h3', {}, tag), make('ul', {}, ...members.map((o) => make('li', {},
      make('a', { href: '#' + o.operationId, 'aria-current': location.hash.slice(1) === o.operationId ? 'page' : null },
        make('span', { class: 'verb ' + o.verb }, o.verb.toUpperCase()), make('span', {}, o.summary || o.path))))));
  }
  byId('operations').replaceChildren(...(groups.length ? groups : [make('p', { class: 'quiet' }, 'Nothing is called that.')]));
}

function drawOverview() {
  fill(byId('main'),
    make('h2', {}, api.info.title + ' API'),
    make('p', { class: 'quiet' }, `OpenAPI ${api.openapi} · version ${api.info.version}`),
    api.info.summary ? make('p', {}, api.info.summary) : null,
    ...(api.info.description || '').split('\n\n').filter(Boolean).map((text) => make('p', {}, text.replace(/`/g, ''))),
    make('h3', {}, 'Begin'),
    make('div', { class: 'card' }, 'Choose an operation. ', make('a', { href: '#login' }, 'Log in'), ' or ', make('a', { href: '#register' }, 'open an account'),
      ' here and the token is filled in for the others.'),
    make('h3', {}, 'Schemas'),
    make('div', { class: 'card' }, ...Object.entries((api.components || {}).schemas || {}).map(([name, schema]) => {
      const holder = make('div', {});
      return make('details', { ontoggle: () => { if (!holder.childElementCount) holder.append(schemaView(schema)); } },
        make('summary', {}, make('code', {}, name)), holder);
    })));
}

function draw() {
  if (running) running.abort();
  const operation = operations.find((o) => o.operationId === location.hash.slice(1));
  drawList();
  if (!operation) return drawOverview();
  document.title = `${operation.summary || operation.operationId} · ScaleMart API`;
  const body = resolve(operation.requestBody);
  const schema = jsonSchema(body);
  fill(byId('main'),
    make('h2', {}, operation.summary || operation.operationId),
    make('p', { class: 'line' }, make('span', { class: 'verb ' + operation.verb }, operation.verb.toUpperCase()), make('span', { class: 'path' }, operation.path)),
    make('p', { class: 'line' }, make('span', { class: 'tag' }, needsToken(operation) ? 'token needed' : 'open to all'),
      make('span', { class: 'tag' }, 'limit: ' + (operation['x-rate-limit'] || 'default')), make('span', { class: 'tag' }, operation.operationId)),
    operation.description ? make('p', {}, operation.description) : null,
    make('h3', {}, 'Try it'), tryForm(operation, schema),
    operation.parameters.length ? make('h3', {}, 'Parameters') : null,
    operation.parameters.length ? make('div', { class: 'card scroll' }, make('table', {},
      make('thead', {}, make('tr', {}, make('th', {}, 'Name'), make('th', {}, 'In'), make('th', {}, 'Type'), make('th', {}, 'Meaning'))),
      make('tbody', {}, ...operation.parameters.map((p) => make('tr', {},
        make('td', {}, make('code', {}, p.name), p.required ? make('span', { class: 'must' }, ' required') : null), make('td', {}, p.in),
        make('td', {}, make('code', {}, typeName(p.schema || {}))),
        make('td', { class: 'quiet' }, [p.description, bounds(p.schema || {})].filter(Boolean).join(' — '))))))) : null,
    schema ? make('h3', {}, 'Body') : null,
    schema ? make('div', { class: 'card' }, schemaView(schema)) : null,
    make('h3', {}, 'Answers'),
    make('div', { class: 'card' }, ...Object.entries(operation.responses || {}).map(([status, holder]) => {
      const response = resolve(holder);
      const inner = jsonSchema(response);
      const types = Object.keys(response.content || {});
      const title = [make('span', { class: 'status ' + (status < '400' ? 'good' : 'bad') }, status), ' ', response.description || '', types.length && !inner ? ` (${types.join(', ')})` : ''];
      if (!inner) return make('details', {}, make('summary', {}, ...title));
      return make('details', {}, make('summary', {}, ...title), make('div', {}, schemaView(inner)));
    })));
  window.scrollTo(0, 0);
}

// --- trying ------------------------------------------------------------------------------------------

function tryForm(operation, schema) {
  const fields = operation.parameters.filter((p) => p.in !== 'cookie').map((parameter) => {
    const s = resolve(parameter.schema);
    const attributes = { name: parameter.name, required: parameter.in === 'path' || parameter.required || false, spellcheck: 'false', autocomplete: 'off' };
    const input = s.enum ? make('select', attributes, make('option', { value: '' }, '—'), ...s.enum.map((v) => make('option', {}, v)))
                         : make('input', { ...attributes, placeholder: s.default !== undefined ? String(s.default) : '' });
    if (parameter.in === 'path' && operation.path.includes('/products/') && parameter.name === 'id') input.value = 'demo';
    return { parameter, input };
  });
  const text = schema ? make('textarea', { spellcheck: 'false', 'aria-label': 'Body' }) : null;
  if (text) text.value = JSON.stringify(example(schema), null, 2);
  const result = make('div', { 'aria-live': 'polite' });
  const send = make('button', { type: 'submit' }, 'Send');
  const stop = make('button', { type: 'button', class: 'second', hidden: true, onclick: () => running && running.abort() }, 'Stop');
  const command = make('pre', {});
  const request = () => buildRequest(operation, fields, text);
  const show = () => { command.textContent = curl(request()); };
  const form = make('form', { class: 'card', oninput: show, onsubmit: async (event) => {
    event.preventDefault();
    send.disabled = true;
    stop.hidden = false;
    try { await run(operation, request(), result); } finally { send.disabled = false; stop.hidden = true; }
  } },
    ...fields.map(({ parameter, input }) => make('label', {}, make('code', {}, parameter.name), ' ', make('span', {}, `${parameter.in}, ${typeName(parameter.schema || {})}`), input)),
    text ? make('label', {}, 'Body ', make('span', {}, 'application/json'), text) : null,
    make('p', { class: 'line' }, send, stop),
    make('details', {}, make('summary', { class: 'quiet' }, 'As a command'), command), result);
  show();
  return form;
}

function buildRequest(operation, fields, text) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of fields) {
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value === '') continue;
    else if (parameter.in === 'query') query.set(parameter.name, input.value);
    else headers[parameter.name] = input.value;
  }
  const token = byId('token').value.trim();
  if (token && needsToken(operation)) headers.Authorization = 'Bearer ' + token;
  if (text) headers['Content-Type'] = 'application/json';
  const url = path + (query.size || query.toString() ? '?' + query : '');
  return { method: operation.verb.toUpperCase(), url, headers, body: text ? text.value : undefined };
}

function curl({ method, url, headers, body }) {
  const quote = (s) => `'${s.replace(/'/g, `'\\''`)}'`;
  const parts = [`curl -i -X ${method} ${quote(location.origin + url)}`];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quote(`${name}: ${name === 'Authorization' ? 'Bearer $TOKEN' : value}`).replace("Bearer $TOKEN'", `Bearer '"$TOKEN"`)}`);
  if (body !== undefined) parts.push(`-d ${quote(body)}`);
  return parts.join(' \\\n  ');
}

async function run(operation, request, result) {
  if (running) running.abort();
  const mine = running = new AbortController();
  const begun = performance.now();
  const line = make('p', { class: 'line' }, make('span', { class: 'quiet' }, 'Waiting…'));
  const output = make('pre', {});
  result.replaceChildren(line, output);
  try {
    const response = await fetch(request.url, { method: request.method, headers: request.headers, body: request.body, signal: mine.signal, cache: 'no-store' });
    const told = () => line.replaceChildren(make('span', { class: 'status ' + (response.ok ? 'good' : 'bad') }, `${response.status} ${response.statusText}`),
      make('span', { class: 'quiet' }, `${(performance.now() - begun).toFixed(0)} ms · ${response.headers.get('Content-Type') || 'no body'} · ${response.headers.get('X-Request-Id') || ''}`));
    told();
    const type = response.headers.get('Content-Type') || '';
    if (type.startsWith('text/event-stream')) return await follow(response, output);
    if (type.startsWith('application/pdf') || type.startsWith('text/csv')) {
      const blob = await response.blob();
      const link = make('a', { href: URL.createObjectURL(blob), download: operation.operationId + (type.includes('pdf') ? '.pdf' : '.csv') }, `Save ${blob.size} bytes`);
      return output.replaceChildren(link);
    }
    const text = await response.text();
    told();
    showBody(output, text, type);
    keepToken(text);
    const headers = [...response.headers].map(([n, v]) => `${n}: ${v}`).join('\n');
    result.append(make('details', {}, make('summary', { class: 'quiet' }, 'Headers'), make('pre', {}, headers)));
  } catch (problem) {
    if (mine.signal.aborted) line.append(make('span', { class: 'quiet' }, ' stopped'));
    else line.replaceChildren(make('span', { class: 'status bad' }, 'The server cannot be reached'), make('span', { class: 'quiet' }, String(problem.message || problem)));
  }
}

async function follow(response, output) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    output.textContent = (output.textContent + value).slice(-20000);
    output.scrollTop = output.scrollHeight;
  }
}

/// JSON with colours, built from text nodes.
function showBody(output, text, type) {
  let pretty = text.length > 200000 ? text.slice(0, 200000) + '\n…' : text;
  if (!type.includes('json')) { output.textContent = pretty; return; }
  try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { output.textContent = pretty; return; }
  if (pretty.length > 100000) { output.textContent = pretty; return; }
  const pieces = pretty.split(/("(?:\\.|[^"\\])*"(?:\s*:)?|-?\b\d[\d.eE+-]*\b|\b(?:true|false|null)\b)/);
  output.replaceChildren(...pieces.map((piece, i) => {
    if (i % 2 === 0) return piece;
    const kind = piece.endsWith(':') ? 'key' : piece.startsWith('"') ? 'text' : /^[tfn]/.test(piece) ? 'word' : 'number';
    return make('span', { class: kind }, piece);
  }));
}

function keepToken(text) {
  try {
    const token = JSON.parse(text).data.access_token;
    if (!token) return;
    byId('token').value = token;
    sessionStorage.setItem('scalemart-docs-token', token);
  } catch { /* An answer without a token. */ }
}

// --- start -------------------------------------------------------------------------------------------

async function start() {
  byId('token').value = sessionStorage.getItem('scalemart-docs-token') || '';
  byId('token').addEventListener('change', () => sessionStorage.setItem('scalemart-docs-token', byId('token').value.trim()));
  byId('find').addEventListener('input', drawList);
  try {
    const response = await fetch('/openapi.json');
    if (!response.ok) throw new Error(`status ${response.status}`);
    api = await response.json();
  } catch (problem) {
    byId('main').replaceChildren(make('p', { role: 'alert' }, `The document cannot be read: ${problem.message}. `, make('a', { href: '' }, 'Try again')));
    return;
  }
  operations = collect();
  window.addEventListener('hashchange', () => { draw(); byId('main').focus({ preventScroll: true }); });
  draw();
}

start();
