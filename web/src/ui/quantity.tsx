import { NumberField } from "@base-ui/react/number-field";
import { Minus, Plus } from "lucide-react";
import { useId } from "react";
import "./quantity.css";

interface QuantityProps {
  label: string;
  value: number;
  min?: number;
  max: number;
  disabled?: boolean;
  onChange: (value: number) => void;
}

/** One to a few, with buttons that a thumb finds. */
export function Quantity({ label, value, min = 1, max, disabled = false, onChange }: QuantityProps) {
  const id = useId();
  return (
    <NumberField.Root id={id} className="quantity" value={value} min={min} max={max} disabled={disabled} onValueChange={(next) => onChange(next ?? min)}>
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <NumberField.Group className="quantity-group">
        <NumberField.Decrement className="quantity-step" aria-label="One less">
          <Minus aria-hidden="true" />
        </NumberField.Decrement>
        <NumberField.Input className="quantity-input" />
        <NumberField.Increment className="quantity-step" aria-label="One more">
          <Plus aria-hidden="true" />
        </NumberField.Increment>
      </NumberField.Group>
    </NumberField.Root>
  );
}
