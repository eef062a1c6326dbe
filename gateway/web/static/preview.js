/* The live preview: what is typed is posted after a short pause, the page comes back as a picture.
   Everything else on the pages works without a script. */
"use strict";

(() => {
  const form = document.getElementById("schreiben");
  const picture = document.getElementById("preview-picture");
  const note = document.getElementById("preview-note");
  const turn = document.getElementById("preview-turn");
  const label = document.getElementById("preview-page");
  const PAUSE_MS = 700;
  let timer = 0;
  let asking = null;
  let shown = { key: "", pages: 0, page: 1 };

  const show = () => {
    shown.page = Math.min(Math.max(shown.page, 1), shown.pages);
    picture.src = `/vorschau/${shown.key}/${shown.page}.png`;
    picture.alt = `Vorschau, Seite ${shown.page} von ${shown.pages}`;
    label.textContent = `Seite ${shown.page} von ${shown.pages}`;
    turn.hidden = shown.pages < 2;
  };

  const ask = async () => {
    if (asking) asking.abort();
    asking = new AbortController();
    note.textContent = "Die Vorschau wird erneuert …";
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        signal: asking.signal,
      });
      const said = await answer.json();
      if (said.message) {
        note.textContent = said.message;
        picture.classList.add("stale");
        return;
      }
      shown = { key: said.key, pages: said.pages, page: shown.page };
      show();
      note.textContent = "";
    } catch (fault) {
      if (fault.name !== "AbortError") note.textContent = "Die Vorschau ist gerade nicht möglich.";
    }
  };

  picture.addEventListener("load", () => {
    document.getElementById("preview-pages").hidden = true;
    picture.hidden = false;
    picture.classList.remove("stale");
  });
  document.getElementById("preview-back").addEventListener("click", () => { shown.page -= 1; show(); });
  document.getElementById("preview-on").addEventListener("click", () => { shown.page += 1; show(); });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  ask();
})();
