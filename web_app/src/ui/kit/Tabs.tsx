import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";

export interface Tab<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly content: ReactNode;
}

export interface TabsProps<T extends string> {
  label: string;
  tabs: readonly Tab<T>[];
  value: T;
  onChange: (value: T) => void;
}

/** A tab list with one panel per tab. */
export function Tabs<T extends string>({ label, tabs, value, onChange }: TabsProps<T>) {
  return (
    <Base.Root
      className="flex min-h-0 flex-1 flex-col"
      value={value}
      onValueChange={(next: T) => {
        onChange(next);
      }}
    >
      <Base.List aria-label={label} className="flex shrink-0 gap-1 rounded-lg sm:self-start bg-sunken p-1">
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="h-[calc(var(--control)-4px)] min-h-0 flex-1 rounded-md px-2 text-sm whitespace-nowrap sm:px-3 text-soft transition-colors hover:text-text data-active:bg-raised data-active:text-text data-active:shadow-1"
          >
            {tab.label}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="min-h-0 flex-1 pt-4 outline-none">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
