// The page of a record: values in place, the box, older events in place, and parts read anew when something was saved.
import "./box.js";
import "./values.js";
import { addressOf } from "./layers.js";
import { toast } from "./say.js";
import { forget, plain, wait } from "./waiting.js";
import { t } from "./words.js";

const read = async (url, target) => {
  const answer = await wait(fetch(url, { headers: { "X-Inside": "main" }, credentials: "same-origin" }), target).catch(() => null);
  return answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
};

// The parts of a record's page that something else may have changed, drawn anew; what somebody is writing in stays.
async function renew(page) {
  const made = await read(addressOf(page), null);
  if (!made || !page.isConnected) return;
  for (const part of page.querySelectorAll("[data-part]")) {
    const other = made.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other || part.querySelector("form.value, details.menu[open]") || part.innerHTML === other.innerHTML) continue;
    const had = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const folded = [...part.querySelectorAll("details")].map((one) => one.open);
    [...other.querySelectorAll("details")].forEach((one, at) => { if (at in folded && !one.matches(".menu")) one.open = folded[at]; });
    part.replaceWith(other);
    if (had) other.querySelector(`[href="${CSS.escape(had)}"]`)?.focus();
  }
}

document.addEventListener("gx:changed", (event) => {
  const page = event.target.closest?.("div.record[data-record]");
  if (!page) return;
  if (event.detail?.gone) return void location.assign(location.pathname.replace(/\/[^/]*$/, ""));
  forget();
  renew(page);
});

document.addEventListener("click", async (event) => {
  if (!plain(event)) return;
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    const link = new URL(copy.dataset.copy, location.href).href;
    try { await navigator.clipboard.writeText(link); toast(t("链接已复制。", "Link copied.")); } catch { toast(link, { kind: "note" }); }
    return;
  }
  const swap = event.target.closest?.("a[data-swap], a[data-further]");
  if (!swap) return;
  event.preventDefault();
  event.stopPropagation();
  const part = swap.closest("[data-part]"), further = swap.matches("[data-further]"), made = await read(swap.href, part);
  const other = made?.querySelector('[data-part="happened"]');
  if (!other) return location.assign(swap.href);
  if (!further) {
    part.replaceWith(other);
    return other.querySelector("a[aria-current]")?.focus({ preventScroll: true });
  }
  const last = [...part.querySelectorAll(".day")].pop(), days = [...other.querySelectorAll(".day")];
  const next = days[0]?.querySelector("a, time");
  if (last && days[0]?.dataset.day === last.dataset.day) last.querySelector("ol").append(...days.shift().querySelectorAll("ol > li"));
  swap.closest("footer").replaceWith(...days, ...other.querySelectorAll("footer.pager"));
  next?.focus?.({ preventScroll: true });
}, true);
