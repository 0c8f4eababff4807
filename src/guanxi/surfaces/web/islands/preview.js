// Attachments looked at where one is: pictures, sound, films and text in a box over the page, arrows go from one to the next.
// PDF opens in the browser's own viewer, in a tab of its own. What cannot be shown is a download.
import { el, t } from "./words.js";

let box = null, links = [], at = 0, asked = 0;

const drawn = {
  picture: (link, name) => el("img", { src: link.href, alt: name }),
  audio: (link) => el("audio", { src: link.href, controls: true, autoplay: true, preload: "metadata" }),
  video: (link) => el("video", { src: link.href, controls: true, autoplay: true, playsinline: true, preload: "metadata" }),
  text: (link) => {
    const made = el("pre", { tabindex: "0" }, "…"), mine = ++asked;
    fetch(link.href).then((answer) => (answer.ok ? answer.text() : Promise.reject())).catch(() => t("不能预览，请下载。", "It cannot be shown; download it.")).then((text) => { if (mine === asked) made.textContent = text; });
    return made;
  },
};

function show(to) {
  at = (to + links.length) % links.length;
  const link = links[at], { preview, name } = link.dataset;
  box.querySelector(".stage").replaceChildren(drawn[preview](link, name));
  box.querySelector("h2").textContent = name;
  box.querySelector(".tally").textContent = links.length > 1 ? `${at + 1} / ${links.length}` : "";
  box.querySelector("a").href = link.href.replace(/\?.*$/, "");
  for (const step of box.querySelectorAll("[data-by]")) step.hidden = links.length < 2;
}

function make() {
  const step = (by, sign, label) => el(`button.turn.${by < 0 ? "before" : "after"}`, { type: "button", "data-by": String(by), "aria-label": label, onclick: () => show(at + by) }, sign);
  const made = el("dialog.preview", { "aria-label": t("预览", "Preview") },
    el("header", {}, el("h2"), el("span.tally", { role: "status" }), el("a.button.small", { download: true }, t("下载", "Download")), el("button.button.small", { type: "button", "data-shut": true, "aria-label": t("关闭", "Close"), onclick: () => made.close() }, "×")),
    step(-1, "‹", t("上一个", "Previous")), el("div.stage"), step(1, "›", t("下一个", "Next")));
  made.addEventListener("click", (event) => { if (event.target.matches("dialog, .stage")) made.close(); });
  made.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); made.close(); }
    else if (by && links.length > 1 && !event.target.matches("audio, video, pre")) { event.preventDefault(); event.stopPropagation(); show(at + by); }
  });
  made.addEventListener("close", () => { made.querySelector(".stage").replaceChildren(); links[at]?.focus(); made.remove(); box = null; });
  return made;
}

export function preview(link) {
  const around = link.closest(".attached, .record") ?? document;
  links = [...new Map([...around.querySelectorAll("a[data-preview]:not([data-preview=pdf])")].map((one) => [one.href, one])).values()];
  box = document.body.appendChild(make());
  box.showModal();
  show(Math.max(0, links.findIndex((one) => one.href === link.href)));
  box.querySelector("[data-shut]").focus();
}
