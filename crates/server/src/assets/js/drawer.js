// Back closes the drawer; so does Escape while it has focus.
const drawer = document.querySelector(".drawer");
if (drawer) {
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape") drawer.querySelector("a.close").click();
  });
}

