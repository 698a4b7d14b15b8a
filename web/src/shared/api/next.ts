// Where to go after a login.

/** A path of this shop, whatever the address bar says; never another host. */
export function safeNext(next: string | null, origin: string = location.origin): string {
  if (next === null || !next.startsWith("/")) return "/";
  try {
    const url = new URL(next, origin);
    const path = url.pathname + url.search + url.hash;
    // "/..//evil.example" is of this origin, but what is left of it would not be.
    return url.origin === origin && !path.startsWith("//") ? path : "/";
  } catch {
    return "/";
  }
}

/** The console is another document: the shop's router does not know its pages. */
export const isConsole = (path: string): boolean => /^\/admin(?![^/?#])/.test(path);

export function goNext(path: string, navigate: (path: string) => void): void {
  if (isConsole(path)) location.assign(path);
  else navigate(path);
}
