
// A card with what is said of an item. All of it stands in the item's title already.
for (const figure of figures) {
  const section = figure.parentElement;
  const card = document.createElement("div");
  let shown = null;
  let title = null;
  let leaving = 0;
  card.className = "card";
  card.hidden = true;
  // The title and the output below the figure say the same to a screen reader.
  card.setAttribute("aria-hidden", "true");
  section.append(card);

  const hide = () => {
    clearTimeout(leaving);
    if (title) shown.prepend(title);
    card.hidden = true;
    card.removeAttribute("style");
    card.replaceChildren();
    shown = title = null;
  };
  const show = (item, byPointer) => {
    clearTimeout(leaving);
    if (item === shown) return;
    hide();
    shown = item;
    // Else the browser's own tooltip would lie over the card.
    if (byPointer) (title = item.querySelector("title")).remove();
    card.append(...said.get(item).split("\n").map((line) => {
      const p = document.createElement("p");
      p.textContent = line;
      return p;
    }));
    card.hidden = false;
    const [at, of] = [item.getBoundingClientRect(), section.getBoundingClientRect()];
    const left = Math.max(0, Math.min(at.left - of.left, of.width - card.offsetWidth));
    const below = at.bottom + 6 + card.offsetHeight <= innerHeight;
    const top = below ? at.bottom + 6 : at.top - 6 - card.offsetHeight;
    card.style.left = `${left}px`;
    card.style.top = `${top - of.top}px`;
  };
  const leave = () => {
    clearTimeout(leaving);
    leaving = setTimeout(hide, 150);
  };

  figure.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const item = event.target.closest("a");
    if (said.has(item)) show(item, true);
    else leave();
  });
  figure.addEventListener("pointerleave", leave);
  card.addEventListener("pointerenter", () => clearTimeout(leaving));
  card.addEventListener("pointerleave", leave);
  figure.addEventListener("focusin", (event) => {
    if (said.has(event.target)) show(event.target, false);
    else hide();
  });
  figure.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
}

// Other windows by wheel and drag. What is drawn is moved until the reader rests; then the address
// is opened that a link to that window has. Without Ctrl the wheel scrolls the page, as everywhere.
for (const figure of figures.filter((figure) => figure.dataset.looking)) {
  const [GUTTER, WIDTH] = [184, 1200];
  const [SHORTEST, LONGEST] = [1e3, 36525 * 86400e3];
  const svg = figure.querySelector("svg.tl");
  const [from, until] = [Date.parse(svg.dataset.from), Date.parse(svg.dataset.until)];
  const parts = svg.querySelectorAll(".axis, .bands, .gaps, .cut, .items");
  let seen = [from, until];
  let resting = 0;
  let drag = null;

  const draw = () => {
    const scale = (until - from) / (seen[1] - seen[0]);
    const start = ((from - seen[0]) / (seen[1] - seen[0])) * (WIDTH - GUTTER);
    const matrix = `matrix(${scale} 0 0 1 ${GUTTER + start - scale * GUTTER} 0)`;
    for (const part of parts) part.setAttribute("transform", matrix);
    figure.classList.add("moving");
  };
  const reset = () => {
    clearTimeout(resting);
    seen = [from, until];
    for (const part of parts) part.removeAttribute("transform");
    figure.classList.remove("moving");
  };
  const open = () => {
    const step = seen[1] - seen[0] < 10e3 ? 1 : 1e3;
    const start = Math.floor(seen[0] / step) * step;
    const end = start + Math.max(SHORTEST, Math.round((seen[1] - seen[0]) / step) * step);
    const [a, b] = [start, end].map((at) => new Date(at).toISOString().replace(".000Z", "Z"));
    const to = figure.dataset.looking.replace(/from=[^&]*&to=[^&]*/, `from=${a}&to=${b}`);
    keepPlace(to);
    location.assign(`${to}#tl-figure`);
  };
  /** The instant at a pixel of the screen. */
  const instant = (x) => {
    const box = svg.getBoundingClientRect();
    const at = ((x - box.left) / box.width) * WIDTH;
    const part = Math.max(0, Math.min(1, (at - GUTTER) / (WIDTH - GUTTER)));
    return seen[0] + part * (seen[1] - seen[0]);
  };
  const pan = (pixels, [start, end]) => {
    const width = svg.getBoundingClientRect().width * ((WIDTH - GUTTER) / WIDTH);
    const by = (pixels / width) * (end - start);
    seen = [start + by, end + by];
    draw();
  };

  figure.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const pans = sideways && figure.contains(document.activeElement) &&
      figure.scrollWidth <= figure.clientWidth;
    if (!event.ctrlKey && !pans) return;
    event.preventDefault();
    if (event.ctrlKey) {
      const center = instant(event.clientX);
      const wanted = (seen[1] - seen[0]) * Math.exp(event.deltaY * 0.004);
      const long = Math.max(SHORTEST, Math.min(LONGEST, wanted));
      const part = (center - seen[0]) / (seen[1] - seen[0]);
      seen = [center - part * long, center + (1 - part) * long];
      draw();
    } else {
      pan(event.deltaX || event.deltaY, seen);
    }
    clearTimeout(resting);
    resting = setTimeout(open, 250);
  }, { passive: false });

  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("selectstart", (event) => event.preventDefault());
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    drag = { id: event.pointerId, x: event.clientX, seen, moved: false };
  });
  svg.addEventListener("pointermove", (event) => {
    if (drag?.id !== event.pointerId) return;
    const by = drag.x - event.clientX;
    if (!drag.moved && Math.abs(by) < 5) return;
    if (!drag.moved) svg.setPointerCapture(drag.id);
    drag.moved = true;
    pan(by, drag.seen);
  });
  const drop = (event, opens) => {
    if (drag?.id !== event.pointerId) return;
    const { moved } = drag;
    drag = null;
    if (!moved) return;
    // What lies under the pointer was dragged, not chosen.
    addEventListener("click", (click) => {
      click.preventDefault();
      click.stopPropagation();
    }, { capture: true, once: true });
    if (opens) open();
    else reset();
  };
  svg.addEventListener("pointerup", (event) => drop(event, true));
  svg.addEventListener("pointercancel", (event) => drop(event, false));
  addEventListener("pageshow", (event) => {
    if (event.persisted) reset();
  });
}
