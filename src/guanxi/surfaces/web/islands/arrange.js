// How a list stands: the edge of a head drags its column wider, Shift ← → on a head does the same; the chooser's columns are put
// in order by dragging or Alt ↑ ↓. The server remembers it: in one's own view, else on one's desk (arranging.py).
const LEAST = 56, STEP = 16, PICK = 36;
let timer = 0;

const heads = (table) => [...table.tHead.rows[0].cells];
const tableOf = (one) => one.closest("table[data-sheet]");

// From now on each column is as wide as it is given, beginning with how wide it stands.
function fix(table) {
  if (table.classList.contains("sized")) return;
  const group = document.createElement("colgroup");
  for (const head of heads(table)) {
    const col = document.createElement("col");
    col.width = head.matches(".pick") ? PICK : Math.round(head.getBoundingClientRect().width);
    group.append(col);
  }
  table.prepend(group);
  table.classList.add("sized");
}

function widen(head, width) {
  const table = tableOf(head);
  fix(table);
  const cols = [...table.querySelectorAll("col")];
  cols[head.cellIndex].width = Math.max(LEAST, Math.min(1200, Math.round(width)));
  table.width = cols.reduce((sum, col) => sum + Number(col.width), 0);
  clearTimeout(timer);
  timer = setTimeout(() => keep(table), 600);
}

function keep(table) {
  const form = document.getElementById("arrange"), body = new FormData(form);
  for (const name of ["columns", "density"]) body.delete(name);
  const cols = table.querySelectorAll("col");
  body.set("widths", JSON.stringify(Object.fromEntries(heads(table).flatMap((head, at) => (head.dataset.path ? [[head.dataset.path, Number(cols[at].width)]] : [])))));
  body.set("quiet", "1");
  fetch(form.action, { method: "POST", body, credentials: "same-origin", keepalive: true }).catch(() => {});
}

const width = (head) => Number(tableOf(head).querySelectorAll("col")[head.cellIndex]?.width) || head.getBoundingClientRect().width;

document.addEventListener("pointerdown", (event) => {
  const head = event.target.closest?.("table[data-sheet] thead th[data-path]");
  if (!head || event.button || head.getBoundingClientRect().right - event.clientX > 8) return;
  event.preventDefault();
  const from = event.clientX, was = width(head);
  head.classList.add("sizing");
  const move = (moved) => widen(head, was + moved.clientX - from);
  const stop = () => { removeEventListener("pointermove", move); head.classList.remove("sizing"); };
  addEventListener("pointermove", move);
  addEventListener("pointerup", stop, { once: true });
  // Letting go is no click on the head's link.
  const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
  addEventListener("click", swallow, { capture: true, once: true });
  addEventListener("pointerup", () => setTimeout(() => removeEventListener("click", swallow, true)), { once: true });
});

document.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], head = by && event.target.closest?.("table[data-sheet] thead th[data-path]");
  if (!head || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (event.shiftKey) return widen(head, width(head) + by * STEP);
  const next = by > 0 ? head.nextElementSibling : head.previousElementSibling;
  if (!next?.dataset.path) return;
  const link = next.querySelector("a");
  if (!link) next.tabIndex = -1;
  (link ?? next).focus();
});

// -- the order of the columns ------------------------------------------------------------------------------------------

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".order li") ?? null;
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.(".order li[draggable]");
  if (!over || over === dragged || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  over[event.clientY > box.top + box.height / 2 ? "after" : "before"](dragged);
});
document.addEventListener("dragend", () => { dragged = null; });
document.addEventListener("keydown", (event) => {
  const line = event.altKey && event.target.closest?.(".order li[draggable]"), by = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
  if (!line || !by) return;
  event.preventDefault();
  const other = line[by];
  if (!other?.hasAttribute("draggable")) return;
  other[event.key === "ArrowUp" ? "before" : "after"](line);
  event.target.focus();
});

// As it was: nothing of the chooser goes along.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "arrange" || !event.submitter?.hasAttribute("data-reset")) return;
  for (const one of event.target.elements) if (["columns", "density"].includes(one.name)) one.disabled = true;
}, true);
document.addEventListener("change", (event) => { if (event.target.matches(".density input")) event.target.form.requestSubmit(); });
