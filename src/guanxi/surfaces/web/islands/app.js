// What pages gain with script; every page reads and every form posts without it.
import "./back.js";
import "./bell.js";
import "./combobox.js";
import "./finder.js";
import "./going.js";
import "./guard.js";
import "./keys.js";
import "./layers.js";
import "./outbox.js";
import "./places.js";
import "./selection.js";
import "./shell.js";
import "./waiting.js";
import { toast } from "./say.js";
import { plain } from "./waiting.js";
import { t } from "./words.js";

// Numbers and addresses are copied as they stand, links whole. What may not be copied is shown, to be copied by hand.
document.addEventListener("click", async (event) => {
  const copied = event.target.closest?.("[data-copy]")?.dataset.copy;
  if (copied == null) return;
  const text = copied.startsWith("/") ? new URL(copied, location.href).href : copied;
  try { await navigator.clipboard.writeText(text); toast(t(`已复制：${text}`, `Copied: ${text}`)); } catch { toast(text, { kind: "note" }); }
});

// The filter builder comes when it is first wanted: by its button, or by a chip, which opens it at its row.
document.addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  const summary = event.target.closest?.("details.more[data-builder] > summary"), chip = event.target.closest?.("a[data-chip]");
  const details = summary?.parentElement ?? (chip && document.querySelector("details.more[data-builder]"));
  if (!details || (summary && details.open)) return;
  event.preventDefault();
  event.stopPropagation();
  if (chip) delete details.querySelector(".panel").dataset.shown;
  import("./filter.js").then(({ show }) => show(details, chip?.href ?? details.dataset.builder));
}, true);

// What else can be done with a row is asked for when it is wanted.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-menu]");
  if (!link || !plain(event) || !link.showPopover) return;
  event.preventDefault();
  event.stopPropagation();
  import("./menu.js").then(({ show }) => show(link));
}, true);

// One menu at a time; a click elsewhere closes it, and so does Esc, which then closes nothing else.
const MENUS = "details.menu, details.more, details.sheet";
function closeMenus(but) {
  let closed = null;
  for (const menu of document.querySelectorAll(MENUS)) {
    if (menu.open && !menu.contains(but)) { menu.open = false; closed = menu; }
  }
  return closed;
}
document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const chosen = event.target.closest?.("details.menu a, details.sheet a");
  if (chosen) chosen.closest("details").open = false;
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  const closed = closeMenus(null);
  if (closed) { event.preventDefault(); event.stopPropagation(); closed.querySelector("summary").focus(); }
}, true);

// A filter applies when it is chosen.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("form[data-live]") && event.target.tagName === "SELECT") form.requestSubmit();
});

// What takes some seconds says so, and is not asked for twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.busy || event.defaultPrevented) return;
  form.setAttribute("aria-busy", "true");
  const pressed = event.submitter?.querySelector("strong") ?? event.submitter;
  setTimeout(() => { for (const one of form.querySelectorAll("button")) one.disabled = true; if (pressed) pressed.textContent = form.dataset.busy; });
});

// After an error the first field at fault has the focus.
document.querySelector("form [aria-invalid=true]")?.focus();
