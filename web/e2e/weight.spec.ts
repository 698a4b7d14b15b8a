import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { expect, loadedAhead, saveData, test } from "./support/fixtures.ts";

// Every script and style that home asks for, compressed as any server would. The first load is what it needs to be
// shown and used; what the browser fetches ahead once it is idle counts against the limit as well.
const FIRST_LOAD_KB = 110;
const WITH_AHEAD_KB = 150;

async function weigh(page: Page, url: string, whole = async () => {}): Promise<{ names: string[]; kb: number }> {
  const sizes = new Map<string, Promise<number>>();
  page.on("response", (response) => {
    const type = response.request().resourceType();
    if (type === "script" || type === "stylesheet") sizes.set(response.url(), response.body().then((body) => gzipSync(body).length));
  });
  await page.goto(url, { waitUntil: "networkidle" });
  await whole();
  const bytes = await Promise.all(sizes.values());
  return { names: [...sizes.keys()], kb: bytes.reduce((sum, size) => sum + size, 0) / 1024 };
}

test("home comes in few bytes, and without the console", async ({ page, shop }) => {
  await saveData(page);
  const { names, kb } = await weigh(page, shop.url);
  console.log(`first load: ${kb.toFixed(1)} KB in ${names.length} files`);
  expect(names.length).toBeGreaterThan(2);
  expect(kb).toBeLessThan(FIRST_LOAD_KB);
  expect(names.filter((url) => /admin|console|monitor|uPlot/i.test(url))).toEqual([]);
});

test("what follows when home is idle is a buyer's way, and little", async ({ page, shop }) => {
  const { names, kb } = await weigh(page, shop.url, () => loadedAhead(page));
  const loadsAfter: string[] = [];
  page.on("request", (request) => request.resourceType() === "script" && loadsAfter.push(request.url()));
  console.log(`with what is loaded ahead: ${kb.toFixed(1)} KB in ${names.length} files`);
  await page.getByRole("navigation", { name: "Shop" }).getByRole("link", { name: "Log in" }).click();
  await expect(page.getByLabel("Password")).toBeVisible();
  expect(loadsAfter, "the login's code was here").toEqual([]);
  expect(kb).toBeLessThan(WITH_AHEAD_KB);
  expect(names.filter((url) => /admin|console|monitor|uPlot/i.test(url))).toEqual([]);
});
