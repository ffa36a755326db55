/**
 * uPlot formats numbers in the browser's language as soon as it is imported, and fails for a name that is not one, such as the
 * `en-US@posix` of Chromium in the C locale. Imported before uPlot.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US" });
}
