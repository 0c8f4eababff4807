// The page of a record: values in place, the box, older events in place, and parts read anew when something was saved.
import "./box.js";
import "./live.js";
import "./values.js";
import { changed, open } from "./layers.js";
import { read, renew } from "./renew.js";
import { ask, toast } from "./say.js";
import { forget, plain, wait } from "./waiting.js";
import { t } from "./words.js";

document.addEventListener("gx:changed", (event) => {
  const page = event.target.closest?.("div.record[data-record]");
  if (!page) return;
  if (event.detail?.gone) return void location.assign(location.pathname.replace(/\/[^/]*$/, ""));
  forget();
  renew(page);
});

// What is chosen in the tab of files, or dropped on it, is sent at once.
document.addEventListener("change", (event) => { if (event.target.matches("[data-upload] [type=file]") && event.target.files.length) event.target.form.requestSubmit(); });
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    const form = event.dataTransfer?.types.includes("Files") && event.target.closest?.(".around")?.querySelector("[data-upload]");
    if (!form) return;
    event.preventDefault();
    if (type === "dragover") return;
    form.querySelector("[type=file]").files = event.dataTransfer.files;
    form.requestSubmit();
  });
}

document.addEventListener("click", async (event) => {
  if (!plain(event)) return;
  const shown = event.target.closest?.("a[data-preview]:not([data-preview=pdf])");
  if (shown) {
    event.preventDefault();
    event.stopPropagation();
    return (await import("./preview.js")).preview(shown);
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

// A step of the bar: what its move requires is asked in a dialog; otherwise it is done, and can be taken back.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form.moves")) return;
  event.preventDefault();
  event.stopPropagation();
  if (!form.getAttribute("aria-busy")) move(form.closest("[data-record]"), form.action, new FormData(form, event.submitter), form);
}, true);

async function move(page, url, data, target) {
  const answer = await wait(fetch(url, { method: "POST", body: data, headers: { Accept: "application/json" }, credentials: "same-origin" }), target).catch(() => null);
  const told = answer?.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : null;
  if (!told) return void toast(t("没有移动，请刷新页面后再试。", "Not moved. Reload the page and try again."), { kind: "wrong" });
  if (told.ask) return open("dialog", told.ask);
  if (told.choice) {
    const here = page.isConnected ? page : document.querySelector(`[data-record="${page.dataset.record}"]`);
    if (here) renew(here);
    if (await ask(told.choice)) { data.set("from", told.at); move(page, url, data, null); }
    return;
  }
  if (told.refused) toast(told.refused, { kind: "warning" });
  for (const text of told.warnings ?? []) toast(text, { kind: "warning" });
  if (told.said) {
    const back = new FormData();
    for (const name of ["csrfmiddlewaretoken", "view", "back"]) back.set(name, data.get(name));
    back.set("to", data.get("from"));
    back.set("from", data.get("to"));
    toast(told.said, { undo: told.undo ? () => move(page, url, back, null) : null });
  }
  forget();
  changed();
  const here = page.isConnected ? page : document.querySelector(`[data-record="${page.dataset.record}"]`);
  if (here) renew(here);
}
