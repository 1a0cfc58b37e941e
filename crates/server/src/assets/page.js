// Shortcuts for what works without script: keys inside the timeline, copying a link, a slider.
// Nothing is fetched here.

const figure = document.querySelector(".figure");
const spoken = document.querySelector("output.spoken");

if (figure) {
  const lanes = [...figure.querySelectorAll("g.lane")]
    .map((lane) => [...lane.querySelectorAll("a")])
    .filter((items) => items.length > 0);
  let row = -1;
  let column = 0;

  const select = (newRow, newColumn) => {
    if (lanes.length === 0) return;
    row = Math.max(0, Math.min(newRow, lanes.length - 1));
    column = Math.max(0, Math.min(newColumn, lanes[row].length - 1));
    const item = lanes[row][column];
    item.focus();
    item.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (spoken) spoken.textContent = item.querySelector("title").textContent;
  };

  // The keys work only while the figure has focus: no letter does anything elsewhere.
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = Number.MAX_SAFE_INTEGER;
    const moves = {
      ArrowUp: () => select(row - 1, column),
      ArrowDown: () => select(row + 1, column),
      ArrowLeft: () => select(Math.max(row, 0), row < 0 ? 0 : column - 1),
      ArrowRight: () => select(Math.max(row, 0), row < 0 ? 0 : column + 1),
      Home: () => select(Math.max(row, 0), 0),
      End: () => select(Math.max(row, 0), last),
      Escape: () => {
        row = -1;
        figure.focus();
        if (spoken) spoken.textContent = "";
      },
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  });
}

// A slider over the change points, beside the links and lists that lead to the same addresses. It
// is outside of the answer, as later change points are.
const points = [...document.querySelectorAll("main a.change-point, .later a.change-point")]
  .sort((a, b) => number(a) - number(b));
const known = document.querySelector("main .known");

function number(link) {
  return Number(new URL(link.href).searchParams.get("knownAtPosition"));
}

if (known && points.length > 1) {
  const at = Number(known.dataset.position);
  const form = document.createElement("form");
  const label = document.createElement("label");
  const range = document.createElement("input");
  const says = document.createElement("output");
  const button = document.createElement("button");
  form.className = "slider";
  label.append("Known at ", range);
  range.type = "range";
  range.max = points.length - 1;
  range.value = Math.max(0, points.findLastIndex((link) => number(link) <= at));
  button.textContent = "Show";
  const say = () => {
    says.textContent = points[range.value].textContent.trim();
    range.setAttribute("aria-valuetext", says.textContent);
  };
  range.addEventListener("input", say);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(points[range.value].href);
  });
  say();
  form.append(label, button, says);
  // K has one place: the fold of the strip.
  (document.querySelector(".strip details") ?? document.querySelector(".later")).append(form);
}

for (const link of document.querySelectorAll("a.copy")) {
  link.addEventListener("click", async (event) => {
    if (!navigator.clipboard) return;
    event.preventDefault();
    await navigator.clipboard.writeText(link.href);
    link.textContent = "Copied";
  });
}

// Back closes the drawer; so does Escape while it has focus.
const drawer = document.querySelector(".drawer");
if (drawer) {
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape") drawer.querySelector("a.close").click();
  });
}

addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) fold.open = true;
});
