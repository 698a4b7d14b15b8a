// What both shells need around their pages.
import { Component, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { isLostCode, recoverPage } from "../shared/lost-code.ts";
import { setTheme, THEMES, useTheme } from "../shared/theme.ts";
import { Button, ButtonLink } from "./button.tsx";
import { Empty, Skeleton } from "./surface.tsx";
import "./page.css";

export const SHOP_NAME = "ScaleMart";

/** The tab's title. Every page calls it once. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === SHOP_NAME ? title : `${title} · ${SHOP_NAME}`;
  }, [title]);
}

export function PageHead({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  useTitle(title);
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        {children}
      </div>
      {actions !== undefined && <div className="row">{actions}</div>}
    </header>
  );
}

export const SkipLink = () => (
  <a className="skip-link" href="#main">
    Skip to the content
  </a>
);

/**
 * The page's own part. After a change of page the focus comes here, so that a screen reader reads the new page
 * and Tab goes on from its beginning.
 */
export function Main({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) {
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <ErrorBoundary key={path}>
        <Suspense fallback={<PageSkeleton />}>{children}</Suspense>
      </ErrorBoundary>
    </main>
  );
}

const PageSkeleton = () => (
  <div className="stack page-skeleton" role="status" aria-label="Loading">
    <Skeleton width="14rem" height="2.25rem" />
    <Skeleton height="12rem" />
  </div>
);

/** A page that breaks takes nothing else with it. What it was is told on the console by mount(). */
class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return isLostCode(this.state.error) ? <Lost /> : <Broken />;
  }
}

const LoadAgain = () => (
  <Button variant="primary" onClick={() => location.reload()}>
    Load it again
  </Button>
);

const Broken = () => (
  <Empty whole title="This page broke">
    <p>Nothing was lost: orders are kept by the server and not by this page.</p>
    <LoadAgain />
  </Empty>
);

/** The page's code did not come. */
function Lost() {
  const [isStuck, setStuck] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    void recoverPage(stop.signal).then((isOnItsWay) => stop.signal.aborted || setStuck(!isOnItsWay), () => undefined);
    return () => stop.abort();
  }, []);
  return (
    <div role="status">
      <Empty whole title={isStuck ? "This page cannot be loaded" : "The shop cannot be reached"}>
        <p>{isStuck ? "A part of it is missing. Nothing was lost: orders are kept by the server." : "Trying again. Nothing was lost: orders are kept by the server and not by this page."}</p>
        {isStuck && <LoadAgain />}
      </Empty>
    </div>
  );
}

export function NotFound({ home }: { home: string }) {
  useTitle("Not found");
  return (
    <Empty whole title="There is no such page">
      <p>It may have been moved, or the address has a typing mistake.</p>
      <ButtonLink href={home}>Go to the start</ButtonLink>
    </Empty>
  );
}

const THEME_WORDS = { auto: "Auto", light: "Light", dark: "Dark" } as const;

export function ThemeChoice() {
  const chosen = useTheme();
  return (
    <fieldset className="theme">
      <legend className="visually-hidden">Appearance</legend>
      {THEMES.map((theme) => (
        <label key={theme}>
          <input type="radio" name="theme" value={theme} checked={chosen === theme} onChange={() => setTheme(theme)} />
          <span>{THEME_WORDS[theme]}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Wordmark({ href, note }: { href: string; note?: string }) {
  return (
    <a className="wordmark" href={href} aria-label={note === undefined ? SHOP_NAME : `${SHOP_NAME} ${note}`}>
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="var(--accent)" />
        <path d="M9 21.5 16 8l7 13.5M9 25h14" fill="none" stroke="var(--accent-ink)" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
      </svg>
      <span>{SHOP_NAME}</span>
      {note !== undefined && <span className="wordmark-note">{note}</span>}
    </a>
  );
}
