
/** What is said of each item: its title, which a card takes the place of while it is shown. */
const said = new Map();
const figures = [...document.querySelectorAll(".figure")];

// Each figure has its own keys, which work only while it has the focus: no letter does anything
// elsewhere.
for (const figure of figures) {
  const spoken = figure.parentElement.querySelector("output.spoken");
  const lanes = [...figure.querySelectorAll("g.lane")]
    .map((lane) => [...lane.querySelectorAll("a")])
    .filter((items) => items.length > 0);
  for (const item of lanes.flat()) said.set(item, item.querySelector("title").textContent);
  let row = -1;
  let column = 0;

  const select = (newRow, newColumn) => {
    if (lanes.length === 0) return;
    row = Math.max(0, Math.min(newRow, lanes.length - 1));
    column = Math.max(0, Math.min(newColumn, lanes[row].length - 1));
    const item = lanes[row][column];
    item.focus();
    item.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const go = (way) => figure.parentElement.querySelector(`.zoom a.${way}`)?.click();

  // Also where a fragment, not an arrow, led to an item.
  figure.addEventListener("focusin", (event) => {
    const found = lanes.findIndex((items) => items.includes(event.target));
    if (found < 0) return;
    row = found;
    column = lanes[found].indexOf(event.target);
    if (spoken) spoken.textContent = said.get(event.target);
  });

  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = Number.MAX_SAFE_INTEGER;
    const ways = {
      "+": () => go("zoom-in"),
      "=": () => go("zoom-in"),
      "-": () => go("zoom-out"),
      _: () => go("zoom-out"),
    };
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
    const shifted = {
      ArrowLeft: () => go("pan-left"),
      ArrowRight: () => go("pan-right"),
    };
    const move = ways[event.key] ?? (event.shiftKey ? shifted[event.key] : moves[event.key]);
    if (!move) return;
    event.preventDefault();
    move();
  });
}
