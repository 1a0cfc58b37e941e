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

