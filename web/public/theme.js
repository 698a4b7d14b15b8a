// Before the first paint, so that nobody who chose dark sees a white flash. See src/shared/theme.ts.
try {
  var chosen = localStorage.getItem("scalemart.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch (refused) {
  // No storage, no choice.
}
