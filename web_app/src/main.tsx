import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import { setNotifier } from "./editor/notifications";
import { applySettings } from "./settings/store";
import { App } from "./ui/App";
import { KitProvider, notify } from "./ui/kit";
import "./ui/app.css";

/** Renders the page. */
function render(root: HTMLElement): void {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <KitProvider>
          <App />
        </KitProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}

setNotifier(notify);

const root = document.getElementById("root");
if (root)
  void applySettings()
    // Without its catalogue the page falls back to English.
    .catch(() => undefined)
    .then(() => {
      render(root);
    });
