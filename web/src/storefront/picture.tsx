import { useState } from "react";
import { showable } from "./showable.ts";

const PLACEHOLDER = "/art/placeholder.svg";

/** A product's picture, or a quiet stand-in when there is none or it does not come. Its name stands beside it, so it has no text. */
export function Picture({ src, size = 800, eager = false, className }: { src: string | undefined; size?: number; eager?: boolean; className?: string | undefined }) {
  const [lost, setLost] = useState<string | null>(null);
  const own = showable(src, location.origin);
  const isLost = own === null || own === lost;
  return (
    <img
      className={className}
      src={isLost ? PLACEHOLDER : own}
      alt=""
      width={size}
      height={size}
      loading={eager ? "eager" : "lazy"}
      fetchPriority={eager ? "high" : "auto"}
      decoding="async"
      onError={() => setLost(own)}
    />
  );
}
