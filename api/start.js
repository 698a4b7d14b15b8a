"use strict";
// The start page: real calls to the real API, no framework. Access tokens live in memory only.

const $ = (id) => document.getElementById(id);
let session = null;
const intents = new Map(); // product -> idempotency key of the buy under way; one intent, one key, whatever the retries

async function api(method, path, body, headers = {}) {
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (session) headers.Authorization = `Bearer ${session.access_token}`;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const data = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(data.detail), { status: answer.status, ...data, wait: Number(answer.headers.get("Retry-After")) });
  return data;
}

function money(minor, currency) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

const STATE_TEXT = { live: "On sale now", scheduled: "Coming", paused: "Paused", sold_out: "Sold out", ended: "Over" };

function productCard(product) {
  const card = element("li");
  const price = element("span", money(product.sale_price_minor, product.currency), "price");
  if (product.list_price_minor) price.append(element("s", money(product.list_price_minor, product.currency)));
  const meter = element("meter");
  meter.min = 0;
  meter.setAttribute("aria-label", `Units of ${product.name} left`);
  const left = element("p", "", "quiet");
  const buy = element("button", "Buy one");
  buy.type = "button";
  const message = element("p");
  message.setAttribute("role", "status");
  const show = (stock) => {
    meter.max = Math.max(product.total, 1);
    meter.value = stock.available;
    left.textContent = `${STATE_TEXT[stock.state]} · ${stock.available} left, ${stock.held} reserved, ${stock.sold} sold` +
      (stock.state === "scheduled" ? ` · starts ${new Date(product.starts_at).toLocaleString()}` : "");
    buy.disabled = stock.state !== "live";
  };
  show(product);
  const row = element("div", undefined, "row");
  row.append(price, buy);
  card.append(element("h3", product.name), element("p", product.description, "quiet"), meter, left, row, message);
  buy.addEventListener("click", () => purchase(product, buy, message));
  const source = new EventSource(`/api/products/${encodeURIComponent(product.id)}/events`);
  source.addEventListener("stock", (event) => show(JSON.parse(event.data)));
  source.onopen = () => { $("connection").textContent = ""; };
  source.onerror = () => { $("connection").textContent = "Reconnecting to live stock…"; };
  return card;
}

async function purchase(product, button, message) {
  if (!session) {
    message.textContent = "Please log in first.";
    $("account").elements.email.focus();
    return;
  }
  if (!intents.has(product.id)) intents.set(product.id, crypto.randomUUID());
  button.disabled = true;
  message.className = "";
  for (let attempt = 1; ; ++attempt) {
    message.textContent = attempt === 1 ? "Buying…" : "Still trying…";
    try {
      const { data } = await api("POST", "/api/flash-buy", { product_id: product.id, quantity: 1 }, { "Idempotency-Key": intents.get(product.id) });
      intents.delete(product.id);
      message.className = "good";
      message.textContent = data.message;
      showOrders();
      break;
    } catch (failure) {
      // No answer or 503: the same intent again under the same key, so that it can never buy twice.
      if ((failure.status === undefined || failure.status === 503) && attempt < 5) {
        await new Promise((resume) => setTimeout(resume, 1000 * (failure.wait || attempt)));
        continue;
      }
      if (failure.status !== undefined && failure.status !== 503) intents.delete(product.id);
      message.className = "bad";
      message.textContent = failure.status === 429 ? `Too many requests. Try again in ${failure.wait} s.` : failure.message;
      break;
    }
  }
  button.disabled = false;
}

async function showProducts() {
  const { data } = await api("GET", "/api/products");
  $("products").replaceChildren(...data.map(productCard));
  $("no-products").hidden = data.length > 0;
}

async function showOrders() {
  if (!session) return $("orders").replaceChildren();
  const { data } = await api("GET", "/api/orders?limit=10");
  $("no-orders").hidden = data.length > 0;
  $("orders").replaceChildren(...data.map((order) => {
    const row = element("li");
    row.append(element("h3", `${order.quantity} × ${order.product_id} · ${money(order.total_minor, order.currency)}`),
      element("p", order.history.map((step) => step.status).join(" → "), order.status === "confirmed" ? "good" : "quiet"),
      element("code", order.id));
    return row;
  }));
  if (data.some((order) => order.status === "pending" || order.status === "processing")) setTimeout(showOrders, 1000);
}

function signedIn(data) {
  session = data;
  $("who").textContent = data ? data.user.email : "";
  $("account").hidden = Boolean(data);
  $("logout").hidden = !data;
  showOrders();
}

$("account").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  $("account-message").textContent = "";
  try {
    const { data } = await api("POST", `/api/auth/${event.submitter.value}`, { email: form.elements.email.value, password: form.elements.password.value });
    form.reset();
    signedIn(data);
  } catch (failure) {
    $("account-message").textContent = failure.errors ? failure.errors.map((e) => `${e.loc.at(-1)}: ${e.msg}`).join("; ") : failure.message;
  }
});
$("logout").addEventListener("click", async () => {
  try { await api("POST", "/api/auth/logout", {}); } finally { signedIn(null); }
});

showProducts().catch((failure) => { $("connection").textContent = failure.message; });
