import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import type { ReactNode } from "react";
import { Toaster } from "./Toaster";

/** Around the whole page: what the kit's parts share. No <style> element is made, which the server's CSP forbids. */
export function KitProvider({ children }: { children: ReactNode }) {
  return (
    <CSPProvider disableStyleElements>
      <Tooltip.Provider delay={500}>{children}</Tooltip.Provider>
      <Toaster />
    </CSPProvider>
  );
}
