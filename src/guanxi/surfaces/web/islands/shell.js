// The shell: theme and sider as this person likes them, and how much work waits behind each place.
import { el, kept, t } from "./words.js";

const root = document.documentElement;

// Seen at once; the form is posted behind it, so that the next device knows it too.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("action") !== "/desk") return;
  event.preventDefault();
  const { name, value } = event.submitter;
  root.dataset[name] = value;
  kept.set(name, value);
  marks();
  fetch("/desk", { method: "POST", body: new FormData(form, event.submitter), headers: { "X-Inside": "main" } }).catch(() => {});
});

function marks() {
  for (const button of document.querySelectorAll("form[action='/desk'] button[name=theme]")) button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme || "system")));
  for (const button of document.querySelectorAll("form[action='/desk'] button[name=sider]")) button.hidden = button.value === (root.dataset.sider || "open");
}
marks();

// Badges are asked for when the page stands, at most once a minute, and never hold it up.
const KEPT = 60000;
async function badges() {
  const me = document.body.dataset.me;
  if (!me || !document.querySelector(".sider a.item[href]")) return;
  let held = null;
  try { held = JSON.parse(sessionStorage.getItem("gx:waiting")); } catch { /* none yet */ }
  if (held?.me !== me || Date.now() - held.at > KEPT) {
    const answer = await fetch("/waiting");
    if (!answer.ok || answer.redirected) return;
    held = { me, at: Date.now(), counts: await answer.json() };
    try { sessionStorage.setItem("gx:waiting", JSON.stringify(held)); } catch { /* a full store */ }
  }
  for (const [address, { count, more, label }] of Object.entries(held.counts)) {
    for (const place of document.querySelectorAll(`nav a.item[href="${CSS.escape(address)}"]`)) {
      place.querySelector(".badge")?.remove();
      const shown = more || count > 99 ? "99+" : String(count);
      place.append(el("b.badge", { title: `${label}: ${count}${more ? "+" : ""}` }, shown, el("span.unseen", {}, t(" 条待处理", " waiting"))));
    }
  }
}
(globalThis.requestIdleCallback ?? setTimeout)(() => badges().catch(() => {}));
