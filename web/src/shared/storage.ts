// Storage that cannot fail: private windows and full disks throw, and a page must work without.

export interface Store {
  get(name: string): string | null;
  set(name: string, value: string): void;
  remove(name: string): void;
}

export class MemoryStore implements Store {
  private readonly values = new Map<string, string>();
  get(name: string) {
    return this.values.get(name) ?? null;
  }
  set(name: string, value: string) {
    this.values.set(name, value);
  }
  remove(name: string) {
    this.values.delete(name);
  }
}

/** What the browser refuses is kept in memory instead, until the page goes. */
export class BrowserStore implements Store {
  private readonly aside = new MemoryStore();
  constructor(private readonly storage: () => Storage) {}
  get(name: string) {
    try {
      return this.storage().getItem(name) ?? this.aside.get(name);
    } catch {
      return this.aside.get(name);
    }
  }
  set(name: string, value: string) {
    try {
      this.storage().setItem(name, value);
      this.aside.remove(name);
    } catch {
      this.aside.set(name, value);
    }
  }
  remove(name: string) {
    this.aside.remove(name);
    try {
      this.storage().removeItem(name);
    } catch {
      // Nothing was kept there.
    }
  }
}

export const localStore: Store = new BrowserStore(() => localStorage);
