import { Field } from "@base-ui/react/field";
import type { ComponentProps, ReactNode } from "react";
import "./field.css";

interface Around {
  label: string;
  hint?: ReactNode;
  /** What the server said about this field (see fieldErrors()). */
  error?: string | undefined;
  /** Label for screen readers only: search fields, filters. */
  bare?: boolean;
}

function Frame({ label, hint, error, bare = false, name, disabled, children }: Around & { name?: string | undefined; disabled?: boolean | undefined; children: ReactNode }) {
  return (
    <Field.Root className="field" name={name} disabled={disabled} invalid={error !== undefined}>
      <Field.Label className={bare ? "visually-hidden" : "field-label"}>{label}</Field.Label>
      {children}
      {hint !== undefined && <Field.Description className="field-hint">{hint}</Field.Description>}
      <Field.Error className="field-error" match={error !== undefined ? true : undefined}>
        {error}
      </Field.Error>
    </Field.Root>
  );
}

type Own<Tag extends "input" | "select" | "textarea"> = Around & Omit<ComponentProps<Tag>, keyof Around | "ref" | "className" | "defaultValue" | "value"> & { value?: string; defaultValue?: string; suffix?: ReactNode };

/** The browser's own rules (required, type, minLength) are told by the field as well. */
export function TextField({ label, hint, error, bare, name, disabled, suffix, ...rest }: Own<"input">) {
  return (
    <Frame {...{ label, hint, error, bare, name, disabled }}>
      <span className="field-box">
        <Field.Control {...(rest as ComponentProps<typeof Field.Control>)} className="field-control" />
        {suffix !== undefined && <span className="field-suffix">{suffix}</span>}
      </span>
    </Frame>
  );
}

export function TextArea({ label, hint, error, bare, name, disabled, suffix: _, ...rest }: Own<"textarea">) {
  return (
    <Frame {...{ label, hint, error, bare, name, disabled }}>
      <Field.Control render={<textarea {...rest} />} className="field-control" />
    </Frame>
  );
}

/** The browser's own list: nothing is more at home on a phone. */
export function SelectField({ label, hint, error, bare, name, disabled, suffix: _, children, ...rest }: Own<"select">) {
  return (
    <Frame {...{ label, hint, error, bare, name, disabled }}>
      <Field.Control render={<select {...rest}>{children}</select>} className="field-control" />
    </Frame>
  );
}
