// What both shells need around their pages.
import { Component, type ErrorInfo, type ReactNode, Suspense, useEffect, useRef } from "react";
import { useLocation } from "wouter";
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

/** A page that breaks takes nothing else with it. */
class ErrorBoundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <Empty whole title="This page broke">
        <p>Nothing was lost: orders are kept by the server and not by this page.</p>
        <Button variant="primary" onClick={() => location.reload()}>
          Load it again
        </Button>
      </Empty>
    );
  }
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
