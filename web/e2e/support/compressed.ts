// The built pages as the program carries them: each file with its compressed form beside it.
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const SMALL_ALREADY = /\.(woff2|png|webp|jpg)$/;

/** A new folder for SCALEMART_PAGES; who asked for it removes it. */
export function compressedPages(): string {
  const folder = mkdtempSync(join(tmpdir(), "scalemart-pages-"));
  cpSync(DIST, folder, { recursive: true });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || SMALL_ALREADY.test(entry.name)) continue;
    const file = join(entry.path, entry.name);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
  return folder;
}
