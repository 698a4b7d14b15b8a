// What a list is narrowed to stands in the address, so that it can be kept and sent on.
import type { FormEvent } from "react";
import { useSearchParams } from "wouter";
import { fromLocalField } from "./forms.tsx";

/** `key`: for the form, whose fields begin again when the address says something else. */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [search, setSearch] = useSearchParams();
  const asked = Object.fromEntries(names.flatMap((name) => (search.get(name) ? [[name, search.get(name)!]] : []))) as Partial<Record<Name, string>>;
  const find = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const next = names.flatMap((name) => {
      const text = String(form.get(name) ?? "").trim();
      const value = name === "from" || name === "to" ? fromLocalField(text) : text;
      return value ? [[name, value] as [string, string]] : [];
    });
    setSearch(Object.fromEntries(next));
  };
  return { asked, find, key: search.toString(), isNarrowed: search.size > 0 };
}
