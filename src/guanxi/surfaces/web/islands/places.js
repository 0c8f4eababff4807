// 省市区: the input of an address gets a button that opens its cascade: what is typed on top is found by name, pinyin or initials, else
// one goes from column to column, with the mouse or the arrow keys. What is chosen stands in the input before the rest of the address.
import { el, t } from "./words.js";

customElements.define("gx-places", class extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.input = this.querySelector("input:not(.code)");
    this.button = el("button.quiet", { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => (this.pop ? this.close() : this.open()) }, t("省市区", "Region"));
    this.append(this.button);
    this.addEventListener("focusout", (event) => { if (this.pop && event.relatedTarget && !this.contains(event.relatedTarget)) this.close(); });
    this.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", this.away = (event) => { if (this.pop && !event.composedPath().includes(this)) this.close(); });
  }

  disconnectedCallback() { document.removeEventListener("click", this.away); }

  async ask(query) {
    const answer = await fetch(`/places?${new URLSearchParams(query)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  async open() {
    const found = await this.ask({ text: this.input.value });
    if (!found || this.pop) return;
    this.q = el("input", { type: "search", placeholder: t("输入地名、拼音或首字母", "A name, pinyin or initials"), "aria-label": t("查找地区", "Find a region"), autocomplete: "off" });
    this.columns = el("div");
    this.pop = el("div.cascade", { role: "dialog", "aria-label": t("选择地区", "Choose a region") }, this.q, this.columns);
    this.q.addEventListener("input", (event) => { event.stopPropagation(); clearTimeout(this.timer); this.timer = setTimeout(() => this.seek(), 120); });
    this.append(this.pop);
    this.button.setAttribute("aria-expanded", "true");
    this.draw(found.columns);
    this.pop.scrollIntoView({ block: "nearest" });
    this.q.focus();
  }

  draw(columns) {
    const names = [t("省", "Province"), t("市", "City"), t("区县", "District")];
    this.columns.replaceChildren(...columns.map((one, n) => this.listed(names[n], one.options, one.at)));
    this.columns.querySelectorAll("[aria-selected=true]").forEach((item) => item.scrollIntoView({ block: "nearest" }));
  }

  listed(label, options, at) {
    return el("ul", { role: "listbox", "aria-label": label }, ...options.map((one, n) => el("li", {
      role: "option", "data-id": one.id, "aria-selected": String(one.id === at), tabindex: one.id === at || (!at && !n) ? "0" : "-1", onclick: () => this.choose(one.id),
    }, one.label)));
  }

  async seek() {
    const q = this.q.value.trim(), found = await this.ask(q ? { q } : { text: this.input.value });
    if (!found || !this.pop || q !== this.q.value.trim()) return;
    if (found.columns) return this.draw(found.columns);
    this.columns.replaceChildren(found.options.length ? this.listed(t("找到的地区", "Regions found"), found.options, "") : el("p.faint", {}, t("没有这个地方", "No such place")));
  }

  async choose(id) {
    const found = await this.ask({ at: id, text: this.input.value });
    if (!found || !this.pop) return;
    this.input.value = found.text;
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    if (found.whole || this.q.value) return this.close(true);
    this.draw(found.columns);
    this.columns.querySelector(`[data-id="${id}"]`)?.focus();
  }

  key(event) {
    if (!this.pop || !this.pop.contains(event.target)) return;
    const item = event.target.closest("li"), list = item?.parentElement, lists = [...this.columns.querySelectorAll("ul")];
    const to = (list, n) => (list?.querySelector("[aria-selected=true]") && n == null ? list.querySelector("[aria-selected=true]") : list?.children[n ?? 0])?.focus();
    const take = () => { event.preventDefault(); event.stopPropagation(); };
    if (event.key === "Escape") { take(); this.close(true); }
    else if (event.key === "Enter" && !event.isComposing) { take(); const one = item ?? (this.q.value ? lists[0]?.firstElementChild : null); if (one) this.choose(one.dataset.id); }
    else if (event.key === "ArrowDown") { take(); if (item) (item.nextElementSibling ?? item).focus(); else to(lists[0]); }
    else if (event.key === "ArrowUp" && item) { take(); (item.previousElementSibling ?? this.q).focus(); }
    else if (event.key === "ArrowRight" && item) { take(); const next = lists[lists.indexOf(list) + 1]; if (next && item.ariaSelected === "true") to(next); else if (!this.q.value) this.choose(item.dataset.id); }
    else if (event.key === "ArrowLeft" && item) { take(); to(lists[lists.indexOf(list) - 1] ?? list); }
  }

  close(back) {
    this.pop?.remove();
    this.pop = null;
    this.button.setAttribute("aria-expanded", "false");
    if (back) this.input.focus();
  }
});
