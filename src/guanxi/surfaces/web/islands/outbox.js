// Forms that may be sent later (`data-offline`): without a connection they wait in this browser, under the account they were
// written by, and are sent once, since each carries a name for what it will make. Nothing is thrown away by itself:
// what the server refuses waits for its writer too.
import { arrived, open, refill } from "./layers.js";
import { saved } from "./guard.js";
import { ask, toast } from "./say.js";
import { wait } from "./waiting.js";
import { el, kept, t } from "./words.js";

const me = document.body.dataset.account ?? "";

let opened;
const store = () => (opened ??= new Promise((done, failed) => {
  const asked = indexedDB.open("guanxi", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("outbox", { keyPath: "id" });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
}));
async function using(mode, deed) {
  const transaction = (await store()).transaction("outbox", mode), asked = deed(transaction.objectStore("outbox"));
  return new Promise((done, failed) => { transaction.oncomplete = () => done(asked.result); transaction.onerror = transaction.onabort = () => failed(transaction.error); });
}
const put = (entry) => using("readwrite", (box) => box.put(entry));
const drop = (id) => using("readwrite", (box) => box.delete(id));
const mine = async () => (await using("readonly", (box) => box.getAll())).filter((one) => one.account === me).sort((a, b) => a.at - b.at);

// A UUID version 7, as the server makes them.
function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)), now = Date.now();
  for (let at = 0; at < 6; at++) bytes[at] = Math.floor(now / 2 ** (8 * (5 - at))) & 255;
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const token = () => [...document.querySelectorAll("[name=csrfmiddlewaretoken]")].map((one) => one.value).find(Boolean) ?? "";
const post = (url, fields, inside) => {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, name === "csrfmiddlewaretoken" ? token() || value : value);
  return fetch(url, { method: "POST", body, headers: { "X-Inside": inside, "X-Account": me } });
};
const taken = (answer) => answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json");
// Nobody is signed in, a password is due, or it is somebody else by now: not an answer to the form.
const stranger = (answer) => answer.redirected || (answer.headers.get("X-Account") ?? me) !== me;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-offline]") || !me) return;
  event.preventDefault();
  if (!form.getAttribute("aria-busy")) send(form, event.submitter);
});

// A name for what a form will make, so that sent twice it makes it once (`once` of the door).
export const mint = (form) => { form.elements.once.value ||= uuid7(); };

async function send(form, submitter) {
  const layer = form.closest("dialog.layer")?.id ?? "";
  mint(form);
  let answer = null;
  if (navigator.onLine) answer = await wait(post(address(form), fields(form, submitter), layer || "main"), form).catch(() => null);
  if (answer?.redirected) return location.assign(answer.url);
  if (!answer || stranger(answer) || answer.status >= 502) {
    if (!(await later(form, submitter))) return;
    saved(form);
    form.reset();
    form.elements.once.value = "";
    return layer ? history.back() : undefined;
  }
  saved(form);
  if (taken(answer)) {
    await drop(form.elements.once.value).then(show, () => {});
    const told = await answer.json();
    return layer ? arrived(layer, told) : location.assign(told.went);
  }
  return refill(layer, await answer.text());
}

const address = (form) => form.getAttribute("action") || location.pathname + location.search;
const fields = (form, submitter) => [...new FormData(form, submitter)].filter(([, value]) => !(value instanceof File) || value.name);

// Now, as an input of a time holds it: in the company's zone, wherever the device is.
const written = () => new Date().toLocaleString("sv-SE", { timeZone: document.body.dataset.zone }).slice(0, 16).replace(" ", "T");

// What it is called in the list of what waits: the first thing its writer wrote.
function called(form) {
  const written = [...form.querySelectorAll("textarea, input[type=text]")].filter((one) => one.value.trim() && one.type !== "hidden");
  return (written.find((one) => one.matches("textarea")) ?? written[0])?.value.trim().slice(0, 60) || document.title;
}

// Keep a form until it can be sent; whether that was possible. What the server would take for the time of writing is said.
export async function later(form, submitter = null) {
  const some = fields(form, submitter);
  for (const input of form.querySelectorAll("[data-now]")) if (!input.value) for (const one of some) if (one[0] === input.name) one[1] = written();
  if (form.dataset.now) some.push([form.dataset.now, written()], ["only", form.dataset.now]);
  const entry = { id: form.elements.once.value, account: me, url: address(form), fields: some, title: called(form), at: Date.now(), state: "waiting", message: "" };
  try { await put(entry); } catch {
    toast(t("没有网络，也没能存在本机。内容还在，请保持页面打开。", "No connection, and it could not be kept here. What you typed is still here; leave the page open."), { kind: "wrong" });
    return false;
  }
  toast(t("现在发不出去：已存在本机，联网后自动发送。", "It cannot be sent now: kept on this device and sent once there is a connection."), { kind: "note" });
  await show();
  return true;
}

// One window at a time; the server answers a form it has already taken with the record it made.
const flush = () => (navigator.locks ? navigator.locks.request("gx-outbox", { ifAvailable: true }, (lock) => lock && deliver()) : deliver());
async function deliver() {
  if (!me || !navigator.onLine) return;
  for (const entry of (await mine()).filter((one) => one.state === "waiting")) {
    let answer;
    try { answer = await post(entry.url, entry.fields, "drawer"); } catch { break; }
    if (stranger(answer) || answer.status >= 500 || answer.status === 429 || (!answer.ok && !answer.headers.get("X-Account"))) break;
    if (taken(answer)) {
      const { went, said } = await answer.json();
      await drop(entry.id);
      toast(t(`已发送：${entry.title}`, `Sent: ${entry.title}`), { link: went });
      for (const one of said.filter((other) => other.kind === "warning")) toast(one.text, one);
    } else {
      const told = new DOMParser().parseFromString(await answer.text(), "text/html");
      entry.state = "refused";
      entry.message = [...told.querySelectorAll(".said.wrong, .field .error, .problem p")].map((one) => one.textContent.trim()).filter(Boolean).join(" ").slice(0, 300) || told.title;
      await put(entry);
      toast(t(`没有发送：${entry.title}`, `Not sent: ${entry.title}`), { kind: "wrong" });
    }
  }
  await show();
}

// How many wait, always in sight; the list behind it says which, why, and what can be done.
async function show() {
  const entries = me ? await mine() : [];
  let chip = document.getElementById("outbox");
  if (!entries.length) { chip?.remove(); document.getElementById("outbox-list")?.close(); return; }
  if (!chip) { chip = el("button", { id: "outbox", type: "button", onclick: list }); document.body.append(chip); }
  const refused = entries.filter((one) => one.state === "refused").length;
  chip.className = refused ? "refused" : "";
  chip.textContent = refused ? t(`${refused} 条没有发送`, `${refused} not sent`) : t(`${entries.length} 条待发送`, `${entries.length} waiting to be sent`);
}

async function list() {
  document.getElementById("outbox-list")?.remove();
  const entries = await mine();
  const box = el("dialog.ask", { id: "outbox-list", "aria-label": t("待发送", "Waiting to be sent") }, el("h2", {}, t("待发送", "Waiting to be sent")),
    el("ul", {}, ...entries.map((entry) => el("li", {}, el("strong", {}, entry.title), el("small.faint", {}, new Date(entry.at).toLocaleString(document.documentElement.lang)),
      el(entry.state === "refused" ? "p.error" : "p.hint", {}, entry.state === "refused" ? entry.message : t("联网后自动发送", "Sent once there is a connection")),
      el("div", {}, el("button.button.small", { type: "button", onclick: () => { box.close(); mend(entry); } }, t("修改", "Edit")),
        el("button.button.small.danger", { type: "button", onclick: async () => { box.close(); if (await ask({ title: t("丢弃这条？", "Discard it?"), text: entry.title, yes: t("丢弃", "Discard"), danger: true })) { await drop(entry.id); show(); } } }, t("丢弃", "Discard")))))),
    el("footer", {}, el("button.button", { type: "button", onclick: () => box.close() }, t("关闭", "Close")), el("button.button.primary", { type: "button", onclick: async () => { box.close(); await again(); } }, t("立即发送", "Send now"))));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

async function again() {
  for (const entry of await mine()) if (entry.state === "refused") await put({ ...entry, state: "waiting" });
  await flush();
}

// Open the form anew with what was written; saved, it takes the place of what waited.
async function mend(entry) {
  await open("dialog", entry.url);
  const form = document.querySelector("#dialog form[data-offline]");
  if (form) fillIn(form, entry.fields.filter(([name, value]) => name !== "csrfmiddlewaretoken" && !(value instanceof File)));
}

function fillIn(form, fields) {
  for (const [name, value] of fields) {
    const inputs = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const box = inputs.find((one) => one.matches("[type=checkbox], [type=radio]") && one.value === value);
    if (box) box.checked = true;
    else if (inputs[0] && inputs[0].type !== "file") inputs[0].value = value;
  }
}

// A kept form knows nothing of the address it was asked for with: what it was to begin with is put in here.
async function prefill(root) {
  const form = root.querySelector("form[data-offline]");
  if (!form || !form.closest("[data-old]")) return;
  const asked = new URL(location.href).searchParams;
  for (const [name, value] of asked) {
    const input = form.querySelector(`[name="${CSS.escape(name)}"]`), id = form.querySelector(`[name="${CSS.escape(`${name}.id`)}"]`);
    if (!input || input.value) continue;
    if (!id) { input.value = value; continue; }
    const title = kept.get(`recent:${document.body.dataset.me}`, []).find((one) => one.href.endsWith(value))?.label ?? "";
    id.value = value;
    const label = form.querySelector(`[name="${CSS.escape(`${name}.label`)}"]`);
    if (title) { input.value = title; if (label) label.value = title; }
  }
}

if (me) {
  document.addEventListener("gx:filled", (event) => { prefill(event.target); connection(); });
  prefill(document);
  addEventListener("online", flush);
  addEventListener("online", connection);
  addEventListener("offline", connection);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
  setInterval(async () => { if (document.getElementById("outbox") && !document.hidden) flush(); }, 30000);
  connection();
  show().then(flush, () => {});
}

// Seen as long as there is no connection, or what one reads comes from this device: it is as it was.
function connection() {
  const bar = document.getElementById("offline");
  if (navigator.onLine && !document.querySelector("[data-old]")) return bar?.remove();
  if (!bar) document.body.append(el("p", { id: "offline", role: "status" }, t("没有网络：看到的是上次打开时的内容", "No connection: this is as it was when it was opened")));
}

// Nothing of a person stays on a device they sign out of. What is not sent yet would be lost, so they are asked.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("action") !== "/signout" || form.dataset.sure || !document.getElementById("outbox")) return;
  event.preventDefault();
  event.stopPropagation();
  ask({ title: t("还有没发送的内容", "Something is not sent yet"), text: t("退出登录会从这台设备上删除它们。", "Signing out deletes it from this device."), yes: t("删除并退出", "Delete and sign out"), danger: true }).then(async (sure) => {
    if (!sure) return;
    for (const entry of await mine()) await drop(entry.id);
    form.dataset.sure = "1";
    form.requestSubmit();
  });
}, true);

// After everything one waits for.
function look() {
  navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready).then((it) => {
    const ahead = (document.body.dataset.later ?? "").split(" ").filter(Boolean);
    if (ahead.length && sessionStorage.getItem("gx:ahead") !== me) {
      it.active?.postMessage({ keep: ["/", ...ahead] });
      sessionStorage.setItem("gx:ahead", me);
    }
  }).catch(() => {});
}
if ("serviceWorker" in navigator) {
  const idle = () => (globalThis.requestIdleCallback ?? setTimeout)(look);
  if (document.readyState === "complete") idle(); else addEventListener("load", idle);
}
