// The menu of a row: the links of its page of verbs, beside the button that asked for them. In the top layer, so that the table
// under it may scroll; the browser closes it by Esc and by a click elsewhere.
import { fetchInside, wait } from "./waiting.js";
import { el, t } from "./words.js";

const menu = el("div.pop", { id: "rowmenu", popover: "auto", role: "group", "aria-label": t("更多操作", "More actions") });
let from = null;

export async function show(link) {
  if (from === link && menu.matches(":popover-open")) return menu.hidePopover();
  const answer = await wait(fetchInside(link.href, "dialog"), link).catch(() => null);
  if (!answer?.ok || answer.redirected) return location.assign(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!link.isConnected) return;
  menu.replaceChildren(...page.querySelectorAll(".verbs > *"));
  document.getElementById("main").append(menu);
  from = link;
  menu.showPopover();
  const box = link.getBoundingClientRect(), low = box.bottom + menu.offsetHeight + 8 > innerHeight;
  menu.style.top = `${Math.max(8, low ? box.top - menu.offsetHeight - 4 : box.bottom + 4)}px`;
  menu.style.left = `${Math.max(8, box.right - menu.offsetWidth)}px`;
  menu.querySelector("a")?.focus();
}
menu.addEventListener("toggle", ({ newState }) => from.setAttribute("aria-expanded", String(newState === "open")));

// Before what was chosen opens: it is the button of the row that one returns to.
addEventListener("click", (event) => { if (menu.contains(event.target) && event.target.closest("a")) menu.hidePopover(); }, true);
addEventListener("scroll", (event) => { if (!menu.contains(event.target) && menu.matches(":popover-open")) menu.hidePopover(); }, { capture: true, passive: true });
