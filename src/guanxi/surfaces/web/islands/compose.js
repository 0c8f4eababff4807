// Dragging the parts of a dashboard or of home: the new order is posted as the buttons beside it would.
customElements.define("gx-arrange", class extends HTMLElement {
  async connectedCallback() {
    const loaded = await import("./vendor/sortable.js").catch(() => null); // without it the buttons do the same
    if (!loaded || !this.isConnected) return;
    this.sortable = loaded.default.create(this, {
      draggable: "[data-at]",
      handle: ".handle",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
      onEnd: ({ oldIndex, newIndex }) => { if (oldIndex !== newIndex) this.post(); },
    });
  }

  disconnectedCallback() {
    this.sortable?.destroy();
  }

  post() {
    const form = document.getElementById(this.getAttribute("form"));
    const order = document.createElement("input");
    order.type = "hidden";
    order.name = "order";
    order.value = [...this.querySelectorAll(":scope > [data-at]")].map((one) => one.dataset.at).join(",");
    form.append(order);
    form.requestSubmit();
  }
});
