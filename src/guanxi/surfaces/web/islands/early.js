// Runs before the first paint, so that nothing jumps or flashes: there is script, and how this person's desk stands.
{
  const root = document.documentElement;
  root.classList.add("scripted");
  const of = (key) => { try { return JSON.parse(localStorage.getItem(`gx:${key}`)); } catch { return null; } };
  for (const key of ["theme", "sider"]) {
    const value = of(key);
    if (value && !root.dataset[key]) root.dataset[key] = value;
  }
}
