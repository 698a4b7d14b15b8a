// What an order is of, as people know it: a name and a picture. Orders carry only the product's id.
import { queryOptions, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { api, ok } from "../shared/api/client.ts";
import type { Product } from "../shared/api/types.ts";

type Found = { status: "success"; data: Product };

export const productQuery = (id: string) =>
  queryOptions<Found>({ queryKey: ["product", id], queryFn: () => ok(api.GET("/api/products/{id}", { params: { path: { id } } })) });

export const useProduct = (id: string): UseQueryResult<Found> => useQuery(productQuery(id));

/** Of a product that is no longer there the id is all that is left; while it is asked for, the place is kept. */
export function useGoods(id: string): { name: string; picture: string | undefined } {
  const product = useProduct(id);
  if (product.data) return { name: product.data.data.name, picture: product.data.data.image_url };
  return { name: product.isError ? id : "\u00a0", picture: undefined };
}
