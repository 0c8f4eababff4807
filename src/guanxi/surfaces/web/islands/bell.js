// The bell: how many notices are unread. Its panel comes when it is first wanted; without script it is a link.
import { plain } from "./waiting.js";
import { t } from "./words.js";

const bells = document.querySelectorAll("[data-bell]");
const cut = (n) => (n > 99 ? "99+" : n || "");
let asked = 0;

// `live`: because something came, which within quiet hours changes nothing on the screen.
export async function count(live = false) {
  const now = ++asked, answer = await fetch("/notices/count", { headers: { "X-Inside": "panel" } });
  if (!answer.ok || answer.redirected || now !== asked) return;
  const { unread, todo, quiet } = await answer.json();
  if (live && quiet) return;
  for (const one of bells) {
    const badge = one.lastElementChild;
    badge.hidden = !unread;
    badge.textContent = cut(unread);
    one.setAttribute("aria-label", t("消息", "Notices") + (unread ? t(`，${unread} 条未读`, `, ${unread} unread`) : ""));
  }
  for (const one of document.querySelectorAll("[data-todo]")) { one.hidden = !todo; one.textContent = cut(todo); }
  if (live) document.dispatchEvent(new Event("gx:told"));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".top [data-bell]");
  if (!link || !plain(event)) return;
  event.preventDefault();
  import("./notices.js").then(({ toggle }) => toggle(link, count));
}, true);

document.addEventListener("gx:changed", ({ detail }) => { if ((detail.object ?? "notice") === "notice") count(true).catch(() => {}); });
if (bells.length) (globalThis.requestIdleCallback ?? setTimeout)(() => { count().catch(() => {}); import("./live.js"); });
