import { Button as BaseButton } from "@base-ui/react/button";
import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import "./button.css";

interface Look {
  /** One primary button on a page. */
  variant?: "primary" | "secondary" | "quiet" | "danger";
  size?: "s" | "m" | "l";
  /** Only an icon: then `aria-label` is needed. */
  iconOnly?: boolean;
}

type ButtonProps = Look & Omit<ComponentProps<"button">, "ref"> & { busy?: boolean; icon?: ReactNode };

/** `busy` keeps the focus and its width, says so to screen readers, and takes no clicks. */
export function Button({ variant = "secondary", size = "m", iconOnly = false, busy = false, icon, children, className, disabled, type = "button", ...rest }: ButtonProps) {
  return (
    <BaseButton
      {...rest}
      type={type}
      disabled={disabled || busy}
      focusableWhenDisabled={busy}
      className={["button", className].filter(Boolean).join(" ")}
      data-variant={variant}
      data-size={size}
      data-icon-only={iconOnly || undefined}
      aria-busy={busy || undefined}
    >
      {icon}
      {children}
      {busy && <span className="button-spinner" aria-hidden="true" />}
    </BaseButton>
  );
}

/** Goes somewhere, and looks like a button. */
export function ButtonLink({ variant = "secondary", size = "m", iconOnly = false, icon, children, ...rest }: Look & { href: string; icon?: ReactNode; children?: ReactNode; "aria-label"?: string }) {
  return (
    <Link {...rest} className="button" data-variant={variant} data-size={size} data-icon-only={iconOnly || undefined}>
      {icon}
      {children}
    </Link>
  );
}
