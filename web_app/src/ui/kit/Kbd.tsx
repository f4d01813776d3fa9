/** A keyboard shortcut as displayed: `Ctrl+Z`. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <kbd className="rounded-sm border border-line bg-sunken px-1 font-sans text-xs text-soft">{keys}</kbd>
  );
}
