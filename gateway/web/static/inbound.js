/* Working through the tray by keys: a digit takes a case into focus, Enter assigns it; two keys, so none by chance.
   Everything works without a script. */
"use strict";

(() => {
  const choices = [...document.querySelectorAll(".choices button:not(:disabled)")];
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
    const search = document.getElementById("suche");
    const next = document.getElementById("naechster");
    if (/^[1-9]$/.test(event.key)) {
      const wanted = choices.find((one) => one.textContent.trim().startsWith(`${event.key} ·`));
      if (wanted) wanted.focus();
    } else if (event.key === "s" && search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "n" && next) {
      next.click();
    }
  });
})();
