/** The rows as a chart stacks them: each entry the sum of itself and those before. Not known counts as none. */
export function stacked(rows: (number | null)[][], length: number): (number | null)[][] {
  const sums: (number | null)[] = Array.from({ length }, () => null);
  return rows.map((row) => {
    for (let i = 0; i < length; ++i) {
      const value = row[i] ?? null;
      if (value !== null) sums[i] = (sums[i] ?? 0) + value;
    }
    return [...sums];
  });
}
