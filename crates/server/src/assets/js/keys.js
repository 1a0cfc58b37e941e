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

