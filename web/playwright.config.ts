import { defineConfig } from "@playwright/test";

// What Debian's Chromium needs to be quiet and alone. Playwright gives it an empty profile of its own.
const CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const chromium = {
  browserName: "chromium" as const,
  locale: "en-GB",
  timezoneId: "UTC",
  launchOptions: { executablePath: process.env["SCALEMART_CHROMIUM"] ?? "/usr/bin/chromium", args: CHROMIUM_FLAGS },
};

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  fullyParallel: false,
  workers: Number(process.env["SCALEMART_E2E_WORKERS"] ?? 1),
  retries: 0, // a test that fails sometimes is a bug
  forbidOnly: process.env["CI"] === "true",
  timeout: 60_000, // ends what hangs; a busy machine may take its time
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: { ...chromium, trace: "retain-on-failure", screenshot: "only-on-failure" },
  projects: [
    { name: "e2e", testMatch: "**/*.spec.ts" },
    { name: "shots", testMatch: "**/*.shots.ts" },
    // Watched by nobody else: a trace of Playwright would be measured, too.
    { name: "lighthouse", testMatch: "**/*.lighthouse.ts", use: { trace: "off", screenshot: "off" } },
  ],
});
