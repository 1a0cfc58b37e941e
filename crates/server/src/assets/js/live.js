
// What is newer than this page: shown in a place of its own, outside of the answer, while the page
// is seen. A browser has few connections to a server, and a hidden page keeps none.
const note = document.querySelector("[data-live]");
if (note) {
  let stream;
  let last = "";
  let ended = false;
  const close = () => {
    stream?.close();
    stream = undefined;
  };
  const open = () => {
    if (stream || ended || document.visibilityState !== "visible") return;
    const address = new URL(note.dataset.live, location.href);
    if (last) address.searchParams.set("last", last);
    stream = new EventSource(address);
    stream.addEventListener("message", (event) => {
      last = event.lastEventId;
      const link = document.createElement("a");
      link.href = note.dataset.show;
      link.textContent = "show";
      note.replaceChildren(`${event.data} · `, link);
    });
    // Refused for good: more pages of this browser are watched than one reader may watch, or the
    // reader is signed out. A lost connection is opened again by the browser.
    stream.addEventListener("error", () => {
      if (ended || stream?.readyState !== EventSource.CLOSED) return;
      ended = true;
      note.textContent = "Newer records are not watched here.";
    });
    stream.addEventListener("end", () => {
      ended = true;
      close();
    });
  };
  document.addEventListener("visibilitychange", () =>
    document.visibilityState === "visible" ? open() : close(),
  );
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
}
