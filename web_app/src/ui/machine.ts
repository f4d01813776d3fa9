/** Whether shortcuts are written as on a Mac. */
export const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);
