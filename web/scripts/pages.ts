// What the C++ gateway does with the pages, for `vite` and `vite preview`: which file answers which path, and
// under which headers. Keep it the same as the gateway.
import type { Connect, Plugin } from "vite";

export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Paths that the server itself answers. */
export const SERVER_PATHS = ["/api", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];

/** Unknown paths without a dot belong to the pages' own routers. */
export function documentOf(path: string): string | null {
  if (/\.[a-z0-9]+$/i.test(path) || path.startsWith("/@") || path.startsWith("/src/") || path.startsWith("/node_modules/")) return null;
  return path === "/admin" || path.startsWith("/admin/") ? "/admin.html" : "/index.html";
}

const rewrite: Connect.NextHandleFunction = (request, _response, next) => {
  const [path = "/", query] = (request.url ?? "/").split("?");
  const isServers = SERVER_PATHS.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  const document = isServers ? null : documentOf(path);
  if (document !== null) request.url = query === undefined ? document : `${document}?${query}`;
  next();
};

export function pages(): Plugin {
  return {
    name: "scalemart-pages",
    configureServer: (server) => void server.middlewares.use(rewrite),
    configurePreviewServer: (server) => {
      server.middlewares.use((_request, response, next) => {
        response.setHeader("Content-Security-Policy", CSP);
        next();
      });
      server.middlewares.use(rewrite);
    },
  };
}

export const proxyTo = (server: string) => Object.fromEntries(SERVER_PATHS.map((path) => [path, { target: server, changeOrigin: false }]));
