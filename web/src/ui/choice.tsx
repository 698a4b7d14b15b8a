// Switches and tabs.
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import { Tabs as BaseTabs } from "@base-ui/react/tabs";
import { type ReactNode, useId } from "react";
import "./choice.css";

export function Switch({ label, checked, disabled, onChange }: { label: string; checked: boolean; disabled?: boolean; onChange: (checked: boolean) => void }) {
  const id = useId();
  return (
    <span className="switch-row">
      <BaseSwitch.Root className="switch" id={id} checked={checked} disabled={disabled} onCheckedChange={onChange}>
        <BaseSwitch.Thumb className="switch-thumb" />
      </BaseSwitch.Root>
      <label htmlFor={id}>{label}</label>
    </span>
  );
}

export interface TabItem {
  value: string;
  label: ReactNode;
  panel: ReactNode;
}

export function Tabs({ label, items, value, onChange }: { label: string; items: TabItem[]; value: string; onChange: (value: string) => void }) {
  return (
    <BaseTabs.Root value={value} onValueChange={(next) => onChange(String(next))} className="stack">
      <BaseTabs.List className="tabs" aria-label={label}>
        {items.map((item) => (
          <BaseTabs.Tab key={item.value} value={item.value} className="tab">
            {item.label}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      {items.map((item) => (
        <BaseTabs.Panel key={item.value} value={item.value}>
          {item.panel}
        </BaseTabs.Panel>
      ))}
    </BaseTabs.Root>
  );
}
