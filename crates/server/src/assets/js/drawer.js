
// Escape closes the drawer while it has focus; the link leads back to the bar that opened it.
const drawer = document.querySelector(".drawer");
drawer?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") drawer.querySelector("a.close")?.click();
});

// What opens beside the timeline, and another window of it, leave the page where it is scrolled to.
const PLACE = "claimledger.place";

function keepPlace(href) {
  const to = new URL(href, location.href);
  to.hash = "";
  sessionStorage.setItem(PLACE, JSON.stringify([to.href, scrollY]));
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const href = event.target
    .closest?.(".figure a, .zoom a, .tl-table a, .drawer a.close")
    ?.getAttribute("href");
  if (href && new URL(href, location.href).pathname === location.pathname) keepPlace(href);
});

const place = sessionStorage.getItem(PLACE);
sessionStorage.removeItem(PLACE);
const named = location.hash === "#record" ? "record-h" : location.hash.slice(1);
const target = named ? document.getElementById(named) : null;
const settle = () => {
  const [page, top] = place ? JSON.parse(place) : ["", 0];
  const here = new URL(location.href);
  here.hash = "";
  target?.focus({ preventScroll: true });
  if (page !== here.href) return;
  scrollTo(0, top);
  const box = target?.getBoundingClientRect();
  if (box && (box.top < 0 || box.top > innerHeight)) target.scrollIntoView({ block: "nearest" });
};
if (target || place) {
  if (document.readyState === "complete") settle();
  else addEventListener("load", settle);
}
