// What `scalemart serve --demo` has on its shelves, for pictures and measurements.
import type { Shop } from "./shop.ts";

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

/** Once in a shop; again it changes nothing. */
export async function demoGoods(shop: Shop): Promise<void> {
  const there = new Set((await shop.call<{ id: string }[]>("GET", "/api/products")).map((product) => product.id));
  const goods = [
    { id: "aurora-lamp", name: "Aurora lamp", total: 500, per_user_limit: 2, ends_at: inMinutes(47), image_url: "/art/aurora-lamp.svg", list_price_minor: 12_900, sale_price_minor: 7_900 },
    { id: "night-train-poster", name: "Night train poster", description: "Screen print in four colours, numbered and signed.", total: 200, starts_at: inMinutes(134), image_url: "/art/night-train-poster.svg", list_price_minor: 4_500, sale_price_minor: 2_900 },
    { id: "first-pressing", name: "First pressing", description: "The record everybody came for. It is gone.", total: 0, image_url: "/art/first-pressing.svg", list_price_minor: null, sale_price_minor: 3_400 },
  ];
  for (const one of goods) if (!there.has(one.id)) await shop.product(one);
}
