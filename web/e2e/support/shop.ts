// One shop as a stranger runs it: the real program, its own folder and port, the built pages. Stopped by its
// process id, never by its name.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { components } from "../../src/shared/api/schema.ts";
import { type PagesServer, servePages } from "./pages-server.ts";

type Schemas = components["schemas"];

const WEB = resolve(fileURLToPath(new URL("../..", import.meta.url)));
const PROGRAM = resolve(WEB, process.env["SCALEMART_PROGRAM"] ?? "../build/scalemart");
/**
 * Who serves the pages: `server`, the program itself as in production, or `proxy`, a small stand-in before it with
 * the same rules.
 */
const PAGES = process.env["SCALEMART_E2E_PAGES"] ?? "server";

export const ADMIN = { email: "owner@shop.test", password: "Kestrel-over-Ashdown-41" };
export const BUYER_PASSWORD = "Marmalade-and-rain-77";

const USUAL: Record<string, string> = {
  SCALEMART_ADMIN_EMAIL: ADMIN.email,
  SCALEMART_ADMIN_PASSWORD: ADMIN.password,
  SCALEMART_PAYMENT: "simulated:?latency=300ms&decline=0%",
  SCALEMART_RATE_LIMIT_FLASH_BUY: "off",
  SCALEMART_RATE_LIMIT_LOGIN: "off",
  SCALEMART_RATE_LIMIT_REGISTER: "off",
  SCALEMART_RATE_LIMIT_DEFAULT: "off",
  SCALEMART_PAGES: join(WEB, "dist"),
};

export interface Buyer {
  id: string;
  email: string;
  password: string;
  token: string;
}

/** Settings are environment variables without their SCALEMART_ prefix: `new Shop({ HOLD: "1s" })`. */
export class Shop {
  /** Where the browser goes. */
  url = "";
  private readonly root = mkdtempSync(join(tmpdir(), "scalemart-e2e-"));
  private readonly log = join(this.root, "stderr.log");
  private readonly settings: Record<string, string>;
  private process: ChildProcess | null = null;
  private pages: PagesServer | null = null;
  private api = "";
  private admin: string | null = null;
  private made = 0;

  constructor(settings: Record<string, string> = {}) {
    const named = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`SCALEMART_${name}`, value]));
    this.settings = { ...USUAL, ...named };
  }

  /** `settings`: other ones than before, from now on. */
  async start(settings: Record<string, string> = {}): Promise<this> {
    for (const [name, value] of Object.entries(settings)) this.settings[`SCALEMART_${name}`] = value;
    if (this.api === "") this.api = `http://127.0.0.1:${await freePort()}`;
    const log = openSync(this.log, "a");
    this.process = spawn(PROGRAM, ["serve"], { stdio: ["ignore", "ignore", log], env: this.env() });
    this.process.once("error", (error) => console.error(`${PROGRAM}: ${error.message}`));
    closeSync(log);
    await this.waitUntilReady();
    if (this.url === "") {
      if (PAGES === "proxy") this.pages = await servePages(join(WEB, "dist"), this.api);
      this.url = this.pages?.url ?? this.api;
    }
    return this;
  }

  /** SIGTERM: open requests are finished. */
  stop = () => this.end("SIGTERM");
  /** As if the power went. start() brings it back with the same data, on the same port. */
  kill = () => this.end("SIGKILL");

  async dispose(): Promise<void> {
    await this.stop();
    await this.pages?.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** A call beside the browser. Throws for everything but a success. */
  async call<T = unknown>(method: string, path: string, body?: unknown, token?: string, headers: Record<string, string> = {}): Promise<T> {
    const response = await fetch(new URL(path, this.api), {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : (JSON.parse(text) as { data: unknown }).data) as T;
  }

  async asAdmin<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    this.admin ??= (await this.call<Schemas["Session"]>("POST", "/api/auth/login", ADMIN)).access_token;
    return this.call<T>(method, path, body, this.admin);
  }

  async buyer(name = "Ada"): Promise<Buyer> {
    const email = `buyer-${++this.made}-${randomBytes(3).toString("hex")}@example.com`;
    const made = await this.call<Schemas["Session"]>("POST", "/api/auth/register", { email, password: BUYER_PASSWORD, name });
    return { id: made.user.id, email, password: BUYER_PASSWORD, token: made.access_token };
  }

  /** A product that is live now, ten units at 79 euros, unless told otherwise. Its id is new each time. */
  product(more: Partial<Schemas["NewProduct"]> = {}): Promise<Schemas["Product"]> {
    const id = `lamp-${++this.made}-${randomBytes(3).toString("hex")}`;
    return this.asAdmin("POST", "/api/admin/products", {
      id,
      name: "Aurora lamp",
      description: "A bedside lamp that dims from daylight to ember.",
      image_url: "/art/aurora-lamp.svg",
      currency: "EUR",
      total: 10,
      list_price_minor: 12_900,
      sale_price_minor: 7_900,
      ...more,
    });
  }

  buy(who: Buyer, productId: string, quantity = 1): Promise<Schemas["OrderTicket"]> {
    return this.call("POST", "/api/flash-buy", { product_id: productId, quantity }, who.token, { "Idempotency-Key": randomBytes(8).toString("hex") });
  }

  /** Another command of the program, on this shop's data. Its exit code and what it said. */
  async run(...args: string[]): Promise<{ code: number | null; out: string }> {
    const running = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "pipe"], env: this.env() });
    let out = "";
    for (const stream of [running.stdout, running.stderr]) stream.on("data", (text: Buffer) => (out += text.toString()));
    return new Promise((done, failed) => {
      running.once("error", failed);
      running.once("close", (code) => done({ code, out }));
    });
  }

  /** A path for a file that goes with the shop. */
  file = (name: string): string => join(this.root, name);

  private env(): NodeJS.ProcessEnv {
    return { PATH: process.env["PATH"], ...this.settings, SCALEMART_LISTEN: new URL(this.api).host, SCALEMART_DATA: join(this.root, "data") } as NodeJS.ProcessEnv;
  }

  private async waitUntilReady(): Promise<void> {
    const until = Date.now() + 20_000;
    for (;;) {
      const answer = await fetch(`${this.api}/readyz`).catch(() => null);
      if (answer?.ok) return;
      if (this.process?.exitCode != null || Date.now() > until) throw new Error(`${PROGRAM} serve did not start:\n${readFileSync(this.log, "utf8")}`);
      await new Promise((done) => setTimeout(done, 25));
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.process;
    this.process = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((done) => running.once("exit", done));
    running.kill(signal);
    const late = setTimeout(() => running.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(late);
  }
}

export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });
}
