// Types of the API from its document. `npm run generate` writes them; a test compares.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../api/openapi.json", import.meta.url);
const RESULT = new URL("../src/shared/api/schema.ts", import.meta.url);

export async function generate() {
  const tree = await openapiTS(DOCUMENT, { alphabetize: false });
  return `// Written by \`npm run generate\` from api/openapi.json. Do not edit.\n\n${astToString(tree)}`;
}

export const committed = () => readFile(RESULT, "utf8");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(RESULT, await generate());
}
