/** True on Apple platforms, where shortcuts are displayed with Mac key symbols. */
export const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent);
