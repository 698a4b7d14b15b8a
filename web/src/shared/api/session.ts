// Who is logged in, on this page and across its tabs.
//
// The access token lives in this object and nowhere else. The refresh token is an HttpOnly cookie that no script
// can read. It is good once; so one tab refreshes at a time (Web Locks), and within a tab everybody waits for the
// same refresh. A page that is left in mid-refresh does no harm: the server gives the next one the same answer.
import { localStore, type Store } from "../storage.ts";
import { ApiError, errorOf } from "./error.ts";
import { backoffMs, wait } from "./retry.ts";
import { type Send, send } from "./transport.ts";
import type { SessionAnswer, User } from "./types.ts";

/** unknown: asking the server; show neither "log in" nor a name yet. */
export type SessionState = { kind: "unknown" } | { kind: "guest" } | { kind: "member"; user: User };

export interface SessionParts {
  send: Send;
  store: Store;
  /** Runs the work alone among all tabs. Not to be nested. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  wait: (ms: number) => Promise<void>;
  monotonic: () => number;
  wall: () => number;
  random: () => number;
  /** Where the API is; only tests have another place. */
  origin: string;
}

/** Whose login this browser has: no secret, only so that guests need not ask. Its change tells other tabs. */
export const LOGIN_NAME = "scalemart.login";
/** Tokens are replaced this long before they end, so that none ends on its way. */
const EARLY_MS = 30_000;
const REFRESH_WAIT = { baseMs: 500, capMs: 15_000 };

export class Session {
  private state: SessionState = { kind: "unknown" };
  private access: { token: string; endsAt: number } | null = null;
  private refreshing: Promise<void> | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly parts: SessionParts) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  readonly read = (): SessionState => this.state;

  /** At page load. Asks until the server has said yes or no: a shop that restarts logs nobody out. */
  async start(): Promise<void> {
    if (this.parts.store.get(LOGIN_NAME) === null) return this.become({ kind: "guest" });
    for (let failures = 1; this.parts.store.get(LOGIN_NAME) !== null; failures++) {
      try {
        return await this.refresh();
      } catch (error) {
        const asked = error instanceof ApiError ? error.retryAfterMs : null;
        await this.parts.wait(asked ?? backoffMs(REFRESH_WAIT, failures, this.parts.random));
      }
    }
    this.become({ kind: "guest" });
  }

  /** A token that is good for a while yet, or null for guests. Throws when the server cannot be asked. */
  async token(): Promise<string | null> {
    if (this.access !== null && this.parts.monotonic() < this.access.endsAt - EARLY_MS) return this.access.token;
    if (this.parts.store.get(LOGIN_NAME) === null) return null;
    await this.refresh();
    return this.access?.token ?? null;
  }

  /** The server refused this token: a new one, unless somebody has already fetched it. null: logged out. */
  async replace(refused: string): Promise<string | null> {
    if (this.access?.token === refused) this.access = null;
    return this.token();
  }

  login(email: string, password: string): Promise<User> {
    return this.enter("/api/auth/login", { email, password });
  }

  register(email: string, password: string, name?: string): Promise<User> {
    return this.enter("/api/auth/register", name ? { email, password, name } : { email, password });
  }

  /** All other logins of this account end; this one goes on. */
  async changePassword(currentPassword: string, newPassword: string): Promise<void> {
    const token = await this.token();
    const body = { current_password: currentPassword, new_password: newPassword };
    await this.parts.alone(async () => this.accept(await this.post("/api/auth/password", body, token)));
  }

  /** Throws, and nobody is logged out, when the server was not reached. */
  async logout(everywhere = false): Promise<void> {
    const token = await this.token();
    if (token !== null) {
      await this.parts.alone(async () => {
        const response = await this.post("/api/auth/logout", everywhere ? { everywhere } : {}, token);
        if (!response.ok && response.status !== 401) throw await errorOf(response, this.parts.wall());
      });
    }
    this.leave();
  }

  /** Another tab logged in or out. */
  heard(login: string | null): void {
    if (login === null) return this.leave();
    if (this.state.kind === "member" && this.state.user.id === login) return;
    this.access = null;
    this.become({ kind: "unknown" });
    void this.start();
  }

  private async enter(path: string, body: object): Promise<User> {
    return this.parts.alone(async () => this.accept(await this.post(path, body)));
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.parts.alone(() => this.refreshAlone()).finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  private async refreshAlone(): Promise<void> {
    const response = await this.post("/api/auth/refresh", {});
    if ([400, 401, 403, 422].includes(response.status)) return this.leave();
    await this.accept(response);
  }

  private async accept(response: Response): Promise<User> {
    if (!response.ok) throw await errorOf(response, this.parts.wall());
    const { data } = (await response.json()) as { data: SessionAnswer };
    this.access = { token: data.access_token, endsAt: this.parts.monotonic() + data.expires_in * 1_000 };
    this.parts.store.set(LOGIN_NAME, data.user.id);
    this.become({ kind: "member", user: data.user });
    return data.user;
  }

  private leave(): void {
    this.access = null;
    this.parts.store.remove(LOGIN_NAME);
    this.become({ kind: "guest" });
  }

  private become(state: SessionState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  private post(path: string, body: object, token: string | null = null): Promise<Response> {
    const headers: Record<string, string> = { "Content-Type": "application/json", "X-Session": "cookie" };
    if (token !== null) headers["Authorization"] = `Bearer ${token}`;
    return this.parts.send(
      new Request(new URL(path, this.parts.origin), { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" }),
    );
  }
}

/** Browsers without Web Locks (plain http on a network) take turns within the tab only. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? (navigator.locks.request("scalemart.session", work) as Promise<T>) : work();
}

export const session = new Session({
  send,
  store: localStore,
  alone,
  wait,
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  random: Math.random,
  origin: globalThis.location?.origin ?? "http://localhost",
});

/** Once, by each page's main.tsx. */
export function startSession(): void {
  window.addEventListener("storage", (event) => {
    if (event.key === LOGIN_NAME) session.heard(event.newValue);
  });
  void session.start();
}
