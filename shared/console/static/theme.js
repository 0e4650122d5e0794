// Chooses the look before the first paint when the reader left it to the system.
const root = document.documentElement;
if (!root.dataset.bsTheme) {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", follow);
}
