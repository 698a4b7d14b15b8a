// A crowd: the program's own load tool against a shop of a test.
import type { Shop } from "./shop.ts";

export interface Sale {
  product: string;
  buyers: number;
  /** Visits a second. */
  rate: number;
  /** How long visits begin: "8s". */
  duration: string;
  mix?: string;
  /** Where the drawing goes, if one is wanted. */
  html?: string;
}

/** Where `scalemart rehearse` wrote its report. Its checks are the tool's own: exit code 0 says that all hold. */
export async function holdSale(shop: Shop, { product, buyers, rate, duration, mix = "shoppers=60,refreshers=30,bots=10", html }: Sale): Promise<string> {
  const tokens = shop.file(`tokens-${product}`);
  const report = shop.file(`report-${product}.json`);
  await succeed(shop.run("user", "seed", "--count", String(buyers), "--tokens", tokens));
  await succeed(shop.run("rehearse", shop.url, "--product", product, "--tokens", tokens, "--rate", String(rate), "--duration", duration, "--connections", "64", "--mix", mix, "--json", report, ...(html === undefined ? [] : ["--html", html])));
  return report;
}

async function succeed(run: ReturnType<Shop["run"]>): Promise<void> {
  const { code, out } = await run;
  if (code !== 0) throw new Error(`exit code ${code}:\n${out}`);
}
