// One self-contained file for `scalemart rehearse --html`: it opens from a disk, without a server.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { TARGET } from "./vite.config.ts";

export default defineConfig({
  plugins: [react(), viteSingleFile({ removeViteModuleLoader: true })],
  publicDir: false,
  build: { target: TARGET, outDir: "dist-report", sourcemap: false, rollupOptions: { input: "report.html" } },
});
