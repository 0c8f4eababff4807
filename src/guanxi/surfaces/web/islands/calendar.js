// A calendar: entries are dragged to another day, or moved there with Shift and the arrows; the server changes the date.
import { open } from "./layers.js";
import { toast } from "./say.js";
import { wait } from "./waiting.js";
import { t } from "./words.js";

const failed = () => t("没有移动：连不上服务器。", "Not moved: no connection.");

customElements.define("gx-calendar", class extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("click", (event) => {
      // An empty place of a day means: something new on it.
      const day = event.target.matches("td, .head, .entries") && event.target.closest("td");
      const add = day && day.querySelector("a.add");
      if (add && matchMedia("(min-width: 821px)").matches) open("dialog", add.href);
    });
    if (this.dataset.sortable) this.drag();
    document.querySelector("form.calendars")?.addEventListener("change", (event) => { if (event.target.type === "checkbox") event.currentTarget.requestSubmit(); });
  }

  async drag() {
    const { default: Sortable } = await import(this.dataset.sortable);
    for (const list of this.querySelectorAll(".entries")) {
      Sortable.create(list, {
        group: "entries", draggable: ".entry:not([data-fixed], .moving)", sort: false, animation: 120, delay: 180, delayOnTouchOnly: true,
        ghostClass: "ghost", emptyInsertThreshold: 40,
        onStart: ({ item }) => { this.after = item.nextElementSibling; },
        onEnd: ({ item, from, to }) => { if (from !== to) this.move(item, from, to, this.after); },
      });
    }
    this.classList.add("draggable");
  }

  cells() { return [...this.querySelectorAll("td")]; }

  async tell(entry, to, from) {
    const { id, plural, view } = entry.dataset;
    const body = new FormData();
    for (const [name, value] of Object.entries({ to, from, view, csrfmiddlewaretoken: this.dataset.csrf })) body.append(name, value);
    const answer = await wait(fetch(`/${plural}/${id}/day`, { method: "POST", body, headers: { Accept: "application/json" } }), this).catch(() => null);
    return answer?.headers.get("Content-Type")?.startsWith("application/json") ? answer.json() : {};
  }

  async move(entry, from, to, after = null, back = true) {
    const held = entry.contains(document.activeElement), day = (list) => list.closest("td").dataset.day;
    entry.classList.add("moving");
    const answer = await this.tell(entry, day(to), day(from));
    entry.classList.remove("moving");
    if (!answer.entry) {
      from.insertBefore(entry, after?.parentElement === from ? after : null);
      toast(answer.refused ?? failed(), { kind: "wrong" });
      return;
    }
    const made = document.createElement("template");
    made.innerHTML = answer.entry;
    const fresh = made.content.firstElementChild;
    entry.replaceWith(fresh);
    if (held) fresh.querySelector("a").focus();
    toast(answer.said, back ? { undo: () => { from.append(fresh); return this.move(fresh, to, from, null, false); } } : {});
  }

  key(event) {
    const entry = event.target.closest?.(".entry"), cell = event.target.closest?.("td");
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (!entry || !by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const cells = this.cells(), at = cells.indexOf(cell), links = [...this.querySelectorAll(".entry > a")];
    if (event.shiftKey) {
      const to = cells[at + by]?.querySelector(".entries"), from = entry.parentElement, after = entry.nextElementSibling;
      if (!to || "fixed" in entry.dataset || entry.classList.contains("moving")) return;
      to.append(entry);
      event.target.focus();
      this.move(entry, from, to, after);
    } else if (Math.abs(by) === 1) links[links.indexOf(event.target) + by]?.focus();
    else {
      for (let n = at + by; cells[n]; n += by) {
        const found = cells[n].querySelector(".entry > a");
        if (found) return found.focus();
      }
    }
  }
});
