// Follow-up in ten seconds: what is pasted into an empty box is recognised at once, and words lead to what they became.
document.addEventListener("paste", (event) => {
  const box = event.target;
  if (box.id !== "capture-text" || box.value.trim()) return;
  setTimeout(() => { if (box.value.trim()) box.form.requestSubmit(); });
});

// What a value may also be goes into its input when it is chosen; whoever types instead has not chosen it.
document.addEventListener("change", (event) => {
  const to = event.target.dataset?.fill && document.getElementById(event.target.dataset.fill);
  if (!to) return;
  const value = event.target.value, money = document.getElementsByName(`${to.name}.currency`)[0];
  to.value = money ? value.slice(value.indexOf(" ") + 1) : value;
  if (money) money.value = value.slice(0, value.indexOf(" "));
  const use = event.target.closest(".step")?.querySelector(":scope > .check input[type=checkbox]");
  if (use) use.checked = true;
});
document.addEventListener("input", (event) => {
  if (!event.target.form?.matches(".captured") || event.target.dataset.fill) return;
  for (const one of document.getElementsByName(`${event.target.name.replace(/\.currency$/, "")}.pick`)) one.checked = false;
});

document.addEventListener("click", (event) => {
  const mark = event.target.closest?.(".captured mark[data-for]"), to = mark && document.getElementById(mark.dataset.for);
  if (to) (to.querySelector("input:checked, input") ?? to).focus();
});
