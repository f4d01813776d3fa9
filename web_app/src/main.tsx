import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import { followSettings } from "./settings/store";
import { App } from "./ui/App";
import { KitProvider } from "./ui/kit";
import "./ui/app.css";

/** Draws the page; texts that couldn't be fetched are shown in English. */
function start(root: HTMLElement): void {
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

const root = document.getElementById("root");
if (root)
  void followSettings()
    .catch(() => undefined)
    .then(() => {
      start(root);
    });
