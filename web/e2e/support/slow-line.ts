// A line to the shop on which some answers take their time: asked at once, told late.
import { createServer, request } from "node:http";

export interface SlowLine {
  url: string;
  /** The paths that were asked for, in order. */
  asked: string[];
  close: () => Promise<void>;
}

export async function slowLine(to: string, delayMs: (path: string) => number): Promise<SlowLine> {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "/";
    asked.push(path);
    const { hostname, port } = new URL(to);
    const forward = request({ hostname, port, path, method: incoming.method, headers: incoming.headers }, (answer) => {
      setTimeout(() => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(outgoing);
      }, delayMs(path));
    });
    forward.on("error", () => outgoing.destroy());
    incoming.pipe(forward);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
