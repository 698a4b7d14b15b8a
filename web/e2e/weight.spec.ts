import { gzipSync } from "node:zlib";
import { expect, test } from "./support/fixtures.ts";

// The first load of the shop: every script and style that home asks for, compressed as any server would.
const LIMIT_KB = 110;

test("home comes in few bytes, and without the console", async ({ page, shop }) => {
  const sizes = new Map<string, Promise<number>>();
  page.on("response", (response) => {
    const type = response.request().resourceType();
    if (type === "script" || type === "stylesheet") sizes.set(response.url(), response.body().then((body) => gzipSync(body).length));
  });
  await page.goto(shop.url, { waitUntil: "networkidle" });
  const bytes = await Promise.all(sizes.values());
  const total = bytes.reduce((sum, size) => sum + size, 0) / 1024;
  console.log(`first load: ${total.toFixed(1)} KB in ${sizes.size} files`);
  expect(sizes.size).toBeGreaterThan(2);
  expect(total).toBeLessThan(LIMIT_KB);
  expect([...sizes.keys()].filter((url) => url.includes("/admin"))).toEqual([]);
});
