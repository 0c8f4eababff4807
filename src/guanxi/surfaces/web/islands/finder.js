// The box in the top bar, and whatever else asks for the palette; without script it posts to the search page. The palette itself
// comes when it is first wanted, and what is typed meanwhile goes into it.
import "./recent.js";

let palette, waiting = null;
const get = () => (palette ??= import("./palette.js"));

export async function show(q = "") {
  waiting = (waiting ?? "") + q;
  addEventListener("keydown", keep, true);
  const { show: open } = await get();
  removeEventListener("keydown", keep, true);
  if (waiting === null) return;
  const asked = waiting;
  waiting = null;
  open(asked);
}

// Before anything else hears of it: whoever types on after Ctrl K wants none of the page's own keys.
function keep(event) {
  if (waiting === null || event.key.length > 1 || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting += event.key;
}

const finder = document.getElementById("finder");
finder?.addEventListener("pointerenter", get);
finder?.addEventListener("mousedown", () => show(finder.value));
finder?.addEventListener("beforeinput", (event) => { event.preventDefault(); show((waiting === null ? finder.value : "") + (event.data ?? "")); });
document.addEventListener("click", (event) => { if (event.target.closest?.("[data-palette-open]")) { event.preventDefault(); show(); } });
