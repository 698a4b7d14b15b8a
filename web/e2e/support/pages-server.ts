// Serves a built folder under the gateway's rules (scripts/pages.ts), and hands the rest to the server behind it.
import { preview } from "vite";
import { pages, proxyTo } from "../../scripts/pages.ts";

export interface PagesServer {
  url: string;
  close: () => Promise<void>;
}

export async function servePages(folder: string, server: string | null): Promise<PagesServer> {
  const running = await preview({
    configFile: false,
    root: folder,
    build: { outDir: "." },
    logLevel: "silent",
    appType: "mpa",
    plugins: [pages()],
    preview: { host: "127.0.0.1", port: 20_000 + Math.floor(Math.random() * 10_000), open: false, proxy: server === null ? {} : proxyTo(server) },
  });
  const { port } = running.httpServer.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => running.close() };
}
