// The box in the top bar, and whatever else asks for the palette; without script it posts to the search page. The palette itself
// comes when it is first wanted, and what is typed meanwhile goes into it.
import "./recent.js";

let palette, waiting = null;
const get = () => (palette ??= import("./palette.js"));

export async function show(q = "") {
  waiting = (waiting ?? "") + q;
  const { show: open } = await get();
  if (waiting === null) return;
  const asked = waiting;
  waiting = null;
  open(asked);
}

const finder = document.getElementById("finder");
finder?.addEventListener("pointerenter", get);
finder?.addEventListener("mousedown", () => show(finder.value));
finder?.addEventListener("beforeinput", (event) => { event.preventDefault(); show((waiting === null ? finder.value : "") + (event.data ?? "")); });
document.addEventListener("click", (event) => { if (event.target.closest?.("[data-palette-open]")) { event.preventDefault(); show(); } });
