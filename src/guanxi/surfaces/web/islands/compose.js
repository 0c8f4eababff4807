// Dragging a dashboard's parts: the new order is posted as the buttons beside it would.
const grid = document.querySelector("[data-arrange]");
if (grid) {
  import("./vendor/sortable.js").then(({ default: Sortable }) => {
    Sortable.create(grid, {
      draggable: ".widget",
      handle: ".handle",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
      onEnd({ oldIndex, newIndex }) {
        if (oldIndex === newIndex) return;
        const form = document.getElementById(grid.dataset.arrange);
        const order = document.createElement("input");
        order.type = "hidden";
        order.name = "order";
        order.value = [...grid.querySelectorAll(".widget")].map((one) => one.dataset.at).join(",");
        form.append(order);
        form.requestSubmit();
      },
    });
  }).catch(() => { /* the buttons do the same */ });
}
