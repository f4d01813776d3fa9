import { create } from "zustand";

/** Whether the server refused for want of a key; the page then asks for it. */
export const useKey = create<{ readonly needed: boolean }>(() => ({ needed: false }));
