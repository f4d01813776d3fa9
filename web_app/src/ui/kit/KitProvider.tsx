import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import type { ReactNode } from "react";
import { Toaster } from "./Toaster";

/**
 * Provides the context of the kit's components. Style elements are disabled, because the server's CSP forbids
 * them.
 */
export function KitProvider({ children }: { children: ReactNode }) {
  return (
    <CSPProvider disableStyleElements>
      <Tooltip.Provider delay={500}>{children}</Tooltip.Provider>
      <Toaster />
    </CSPProvider>
  );
}
