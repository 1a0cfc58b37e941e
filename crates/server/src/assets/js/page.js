// Shortcuts for what works without script: keys inside the timeline, copying a link, a slider.
// Nothing is fetched here.

for (const link of document.querySelectorAll("a.copy")) {
  link.addEventListener("click", async (event) => {
    if (!navigator.clipboard) return;
    event.preventDefault();
    await navigator.clipboard.writeText(link.href);
    link.textContent = "Copied";
  });
}

addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) fold.open = true;
});
