// What things stand on: cards, tiles, notices, tables, and the places of what is still coming.
import type { ComponentProps, ReactNode } from "react";
import type { Tone } from "./badge.tsx";
import "./surface.css";

export function Card({ className, ...rest }: ComponentProps<"section">) {
  return <section {...rest} className={["card", className].filter(Boolean).join(" ")} />;
}

interface TileProps {
  label: string;
  value: ReactNode;
  detail?: ReactNode;
  /** Only for a state: a drift of 0 is live, anything else refused. */
  tone?: Tone;
}

/** One number of the console, readable across a room. */
export function Tile({ label, value, detail, tone }: TileProps) {
  return (
    <div className="card tile" data-tone={tone}>
      <dt className="tile-label">{label}</dt>
      <dd className="tile-value">{value}</dd>
      {detail !== undefined && <dd className="tile-detail">{detail}</dd>}
    </div>
  );
}

export const Tiles = ({ children }: { children: ReactNode }) => <dl className="tiles">{children}</dl>;

interface NoticeProps {
  tone?: Tone | "plain";
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** assertive: somebody acted, and this is the answer. polite: it happened by itself. */
  live?: "assertive" | "polite" | "off";
}

/** A sentence in the page's flow: what happened, and what can be done. */
export function Notice({ tone = "plain", title, children, actions, live = "polite" }: NoticeProps) {
  return (
    <div className="notice" data-tone={tone} role={live === "assertive" ? "alert" : live === "polite" ? "status" : undefined}>
      <p className="notice-title">{title}</p>
      {children !== undefined && <div className="notice-text">{children}</div>}
      {actions !== undefined && <div className="row">{actions}</div>}
    </div>
  );
}

/** Wide tables scroll in themselves, by keyboard too; `label` names the region. */
export function Table({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="table">{children}</table>
    </div>
  );
}

/** Nothing here yet, and why. `whole`: it is all there is on the page, so its title is the page's. */
export function Empty({ title, whole = false, children }: { title: string; whole?: boolean; children?: ReactNode }) {
  const Title = whole ? "h1" : "p";
  return (
    <div className="empty">
      <Title className="empty-title">{title}</Title>
      {children}
    </div>
  );
}

/** Keeps the room of what is coming, so that nothing shifts. Sizes in CSS units. */
export function Skeleton({ width = "100%", height = "1.25rem" }: { width?: string; height?: string }) {
  return <span className="skeleton" style={{ width, height }} aria-hidden="true" />;
}
