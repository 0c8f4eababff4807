// A board: cards are dragged, or moved by the keyboard. The server decides what a move is and what it needs; whatever is not
// done puts the card back. Whoever is on a card stays on it wherever it goes, and hears where that is.
import { open } from "./layers.js";
import { ask, toast } from "./say.js";
import { wait } from "./waiting.js";
import { t } from "./words.js";

const failed = () => t("没有移动：连不上服务器。", "Not moved: no connection.");

customElements.define("gx-board", class extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.rove(this.querySelector(".slip"));
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("focusin", (event) => { const slip = event.target.closest(".slip"); if (slip) this.rove(slip); });
    this.main = this.closest("#main");
    this.reread = (event) => { if (this.asking) event.preventDefault(); };
    this.main?.addEventListener("gx:refresh", this.reread);
    // What "more" brings: one goes on at the first of them.
    this.addEventListener("htmx:beforeSwap", ({ target }) => { this.last = target.contains(document.activeElement) ? target.previousElementSibling : null; });
    this.addEventListener("htmx:afterSettle", () => { const last = this.last; this.last = null; if (last) this.go(last.nextElementSibling); });
    const switches = new Map([...(this.previousElementSibling?.querySelectorAll("a[href^='#']") ?? [])].map((a) => [a.hash.slice(1), a]));
    this.seen = new IntersectionObserver((lanes) => lanes.forEach(({ target, isIntersecting }) => {
      switches.get(target.id)?.classList.toggle("now", isIntersecting);
    }), { root: this, threshold: 0.6 });
    this.querySelectorAll(".lane").forEach((lane) => this.seen.observe(lane));
    if (this.dataset.sortable) this.drag();
  }

  disconnectedCallback() {
    this.main?.removeEventListener("gx:refresh", this.reread);
    this.seen?.disconnect();
  }

  async drag() {
    const { default: Sortable } = await import(this.dataset.sortable);
    for (const list of this.querySelectorAll(".slips")) {
      Sortable.create(list, {
        group: "slips", draggable: ".slip:not([data-fixed], .moving)", sort: false, animation: 120, delay: 180, delayOnTouchOnly: true,
        ghostClass: "ghost", scroll: true, bubbleScroll: true, emptyInsertThreshold: 24,
        onStart: ({ item }) => { this.after = item.nextElementSibling; this.classList.add("dragging"); },
        onEnd: ({ item, from, to }) => {
          this.classList.remove("dragging");
          if (from !== to) this.move(item, from, to, this.after);
        },
      });
    }
    this.classList.add("draggable");
  }

  // What the server says to a move, or, without one, where the card is now; {} when it cannot be reached.
  async tell(id, move, was = "") {
    const query = new URLSearchParams(this.dataset.query);
    if (!move) query.set("was", was);
    const body = move && new FormData();
    for (const [name, value] of Object.entries(move ? { view: this.dataset.view, csrfmiddlewaretoken: this.dataset.csrf, ...move } : {})) body.append(name, value);
    const asked = fetch(`/${this.dataset.plural}/${id}/put?${query}`, { method: move ? "POST" : "GET", body, headers: { Accept: "application/json" } });
    const answer = await wait(asked, this).catch(() => null);
    return answer?.headers.get("Content-Type")?.startsWith("application/json") ? answer.json() : {};
  }

  // The card stands in its new column already.
  async move(slip, from, to, after = null, stay = this.hold(slip.dataset.id)) {
    const { id } = slip.dataset, was = from.dataset.key;
    slip.classList.add("moving");
    let answer = await this.tell(id, { to: to.dataset.key, from: was });
    if (answer.ask) {
      // The dialog is a page of its own; when it is left, the server knows whether the card moved.
      const asking = (this.asking = {});
      await open("dialog", answer.ask);
      await new Promise((left) => document.getElementById("dialog").addEventListener("close", left, { once: true }));
      answer = await this.tell(id, null, was);
      setTimeout(() => { if (this.asking === asking) this.asking = null; }, 500); // the layer tells the page only now
    }
    slip.classList.remove("moving");
    // Somebody else was faster: the card stands where they put it, and goes on only when this person says so.
    if (answer.choice) {
      const key = to.dataset.key;
      this.moved(id, { ...answer, said: "" }, null, stay);
      if (await ask(answer.choice)) {
        const now = this.slip(id), list = this.list(key), from = now?.parentElement;
        if (now && list && from !== list) { const held = this.hold(id); list.prepend(now); this.move(now, from, list, null, held); }
      }
      return;
    }
    if (answer.at && answer.at !== was) return this.moved(id, answer, () => this.undo(id, answer, was), stay);
    from.insertBefore(slip, after?.parentElement === from ? after : null);
    stay();
    if (answer.refused || !answer.at) toast(answer.refused ?? failed(), { kind: "wrong" });
    else this.say(id);
  }

  list(key) { return [...this.querySelectorAll(".slips")].find((one) => one.dataset.key === key); }

  slip(id) { return this.querySelector(`#c-${CSS.escape(id)}`); }

  moved(id, answer, undo, stay = this.hold(id)) {
    const old = this.slip(id), list = this.list(answer.at), name = old && this.name(old);
    const made = document.createElement("template");
    made.innerHTML = answer.card;
    const fresh = list && !list.closest(".folded") ? made.content.firstElementChild : null;
    if (fresh && old?.parentElement === list) old.replaceWith(fresh);
    else { old?.remove(); if (fresh) list.prepend(fresh); }
    for (const [key, html] of Object.entries(answer.heads)) {
      const head = this.querySelector(`#h-${CSS.escape(key)}`);
      if (head) head.outerHTML = html;
    }
    stay();
    this.say(id, name, list);
    for (const text of answer.warnings) toast(text, { kind: "warning" });
    if (answer.said) toast(answer.said, answer.undo ? { undo } : {});
  }

  // The opposite move, also of a card in a folded column, which is not drawn.
  async undo(id, { at }, was) {
    const answer = await this.tell(id, { to: was, from: at });
    if (answer.at !== was) return void toast(answer.refused ?? failed(), { kind: "wrong" });
    this.moved(id, { ...answer, undo: false });
    this.go(this.slip(id));
  }

  name(slip) { return slip.querySelector(".title")?.textContent.trim() ?? ""; }

  // Where a card is now, for those who do not see it: its column, its place in it, and how many there are.
  say(id, name, list = null) {
    const slip = this.slip(id), lane = (slip?.parentElement ?? list)?.closest(".lane");
    const place = slip ? [...slip.parentElement.querySelectorAll(".slip")].indexOf(slip) + 1 : 0;
    const count = lane?.querySelector(".lanehead .count")?.textContent;
    const at = lane && t(`在“${lane.ariaLabel}”`, `in “${lane.ariaLabel}”`);
    const words = [at, place > 0 && t(`第 ${place} 张`, `card ${place}`), at && t(`共 ${count} 张`, `of ${count}`)].filter(Boolean);
    this.nextElementSibling.textContent = words.length ? `${slip ? this.name(slip) : name ?? ""}${t("：", ": ")}${words.join(t("，", ", "))}` : "";
  }

  // Cards are about to be drawn anew or to change places, and what is moved in a page loses the focus. Returns what brings it
  // back: to the card one was on wherever it stands now, else to the one next to it, else to the way into its column. `id`: the card
  // that is about to move.
  hold(id = "") {
    const now = document.activeElement, on = now?.closest?.("gx-board") === this ? now.closest(".slip") : null;
    const tab = on ?? this.slip(id) ?? this.querySelector(".slip[tabindex='0']"), lane = tab?.closest(".lane");
    const cards = lane ? [...lane.querySelectorAll(".slip")] : [], at = cards.indexOf(tab);
    const near = [...cards.slice(at), ...cards.slice(0, Math.max(at, 0)).reverse()].map((one) => one.dataset.id);
    const link = on && now !== on ? now.getAttribute("href") : "";
    return () => {
      const slip = near.map((one) => this.slip(one)).find(Boolean) ?? (lane && this.querySelector(`#${CSS.escape(lane.id)} .slip`)) ?? this.querySelector(".slip");
      if (slip) this.rove(slip);
      const lost = [document.body, document.getElementById("main")].includes(document.activeElement);
      if (!(on || id) || !(lost || on?.contains(document.activeElement))) return;
      const to = (link && slip?.querySelector(`a[href="${CSS.escape(link)}"]`)) || slip || this.querySelector(".unfold");
      to?.focus({ preventScroll: true });
      to?.scrollIntoView({ block: "nearest", inline: "nearest" });
    };
  }

  // One card takes part in the order of tabs; arrows go from card to card, with Shift they take the card along.
  rove(slip) {
    this.querySelector(".slip[tabindex='0']")?.setAttribute("tabindex", "-1");
    slip?.setAttribute("tabindex", "0");
  }

  go(slip) {
    if (!slip) return;
    this.rove(slip);
    slip.focus();
  }

  key(event) {
    const on = event.target, slip = on.closest(".slip");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!slip) {
      if (event.key === "ArrowUp" && on.matches(".further a")) { event.preventDefault(); this.go(on.closest(".further").previousElementSibling); }
      return;
    }
    const lanes = [...this.querySelectorAll(".lane")], at = lanes.indexOf(slip.closest(".lane"));
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key], upright = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    if (sideways || upright) event.preventDefault();
    if (sideways && event.shiftKey) {
      const to = lanes[at + sideways]?.querySelector(".slips"), from = slip.parentElement, after = slip.nextElementSibling;
      if (!to || "fixed" in slip.dataset || slip.classList.contains("moving")) return;
      slip.focus();
      const stay = this.hold(slip.dataset.id);
      to.prepend(slip);
      slip.focus();
      this.move(slip, from, to, after, stay);
    } else if (sideways) {
      const place = [...slip.parentElement.querySelectorAll(".slip")].indexOf(slip);
      for (let n = at + sideways; lanes[n]; n += sideways) {
        const slips = [...lanes[n].querySelectorAll(".slip")];
        if (slips.length) return this.go(slips[Math.min(place, slips.length - 1)]);
      }
    } else if (upright) {
      const next = slip[upright];
      if (next?.matches(".slip")) this.go(next);
      else next?.querySelector("a")?.focus();
    } else if (event.key === "Enter" && on === slip) slip.querySelector("a.title")?.click();
  }
});
