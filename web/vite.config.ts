import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { pages, proxyTo } from "./scripts/pages.ts";

// Browsers of the last two years: they know light-dark(), cascade layers and AbortSignal.any.
export const TARGET = ["es2022", "chrome123", "firefox124", "safari17.5"];

const server = process.env["SCALEMART_URL"] ?? "http://127.0.0.1:3000";

export default defineConfig(({ mode }) => ({
  plugins: [react(), pages()],
  server: { host: "127.0.0.1", port: 5173, proxy: proxyTo(server) },
  preview: { host: "127.0.0.1", proxy: proxyTo(server) },
  build: {
    target: TARGET,
    outDir: mode === "gallery" ? "dist-gallery" : "dist",
    sourcemap: false,
    // A data: font or script would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // On a slow line a request more costs what some kilobytes do: small parts go together.
      output: { experimentalMinChunkSize: 16_000 },
      input: mode === "gallery" ? ["gallery.html"] : ["index.html", "admin.html"],
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
}));
