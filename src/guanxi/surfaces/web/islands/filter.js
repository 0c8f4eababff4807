// The filter builder in the panel of a list: what the server draws for the list's address, asked for when the panel opens and
// posted again at each choice that changes the form (builder.py). Enter or 应用 leads to the list. A chip opens it at its row.
import { wait } from "./waiting.js";

const ask = (url, more = {}) => wait(fetch(url, { ...more, headers: { "X-Inside": "panel" }, credentials: "same-origin" }), document.querySelector("details.more[open] .panel") ?? document.body);

async function fill(panel, answer, back = "") {
  if (answer.headers.get("Content-Type")?.startsWith("application/json")) return location.assign((await answer.json()).went);
  if (answer.redirected) return location.assign(answer.url);
  const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form.builder");
  if (!made) return;
  const scrolled = panel.scrollTop;
  panel.replaceChildren(made);
  panel.scrollTop = scrolled;
  const to = made.querySelector("[aria-invalid=true], .test:has(.error) :is(input, select)") ?? made.elements[back]?.[0] ?? made.elements[back]
    ?? made.querySelector(".sought .held :is(input, select)") ?? [...made.querySelectorAll(".test select")].findLast((one) => !one.value) ?? made.querySelector(".held :is(input, select)");
  if (to instanceof RadioNodeList ? to[0] : to) (to instanceof RadioNodeList ? to[0] : to).focus();
}

export async function show(details, url) {
  const panel = details.querySelector(".panel");
  details.open = true;
  if (panel.dataset.shown === url) return;
  panel.dataset.shown = url;
  panel.classList.add("building");
  const answer = await ask(url).catch(() => null);
  if (!answer?.ok) { delete panel.dataset.shown; return location.assign(url); }
  await fill(panel, answer);
}

async function send(form, submitter) {
  const panel = form.closest(".panel"), data = new FormData(form, submitter);
  if (!data.has("do")) data.set("do", "redraw");
  const focused = document.activeElement?.name ?? "";
  const answer = await ask(form.getAttribute("action"), { method: "POST", body: data }).catch(() => null);
  if (answer) await fill(panel, answer, submitter ? "" : focused);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form.builder");
  if (!form || !event.target.matches("[data-redraw]")) return;
  const shape = event.target.dataset.shape; // another operator with the same inputs changes nothing else
  if (shape && shape === event.target.selectedOptions[0].dataset.shape) return;
  if (form.closest(".panel")) send(form, null);
  else form.querySelector("button[value=redraw]").click();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".panel form.builder")) return;
  event.preventDefault();
  event.stopPropagation();
  send(event.target, event.submitter);
}, true);
