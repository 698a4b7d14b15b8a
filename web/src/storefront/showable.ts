/**
 * The address of a picture that the page may show: the content security policy knows this server alone, and asking
 * elsewhere would be refused, on the console too. null: show the stand-in.
 */
export function showable(src: string | undefined, origin: string): string | null {
  if (src === undefined || src === "") return null;
  try {
    const url = new URL(src, origin);
    return url.origin === origin ? url.href : null;
  } catch {
    return null;
  }
}
