import { expect, test } from "vitest";
import { committed, generate } from "../../../scripts/generate.mjs";

test("schema.ts is what api/openapi.json says; otherwise: npm run generate", async () => {
  expect(await committed()).toBe(await generate());
});
