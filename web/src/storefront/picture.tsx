import { useState } from "react";

const PLACEHOLDER = "/art/placeholder.svg";

/** A product's picture, or a quiet stand-in when there is none or it does not come. Its name stands beside it, so it has no text. */
export function Picture({ src, size = 800, eager = false, className }: { src: string | undefined; size?: number; eager?: boolean; className?: string | undefined }) {
  const [lost, setLost] = useState<string | null>(null);
  const shown = src === undefined || src === "" || src === lost ? PLACEHOLDER : src;
  return <img className={className} src={shown} alt="" width={size} height={size} loading={eager ? "eager" : "lazy"} decoding="async" onError={() => setLost(shown)} />;
}
