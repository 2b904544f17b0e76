"use strict";
// A preview that follows its files. The server makes all that is shown; the script fetches it, puts it in place, and sends what is
// edited. Edits stay over a change of the files, for as long as the page is open.
(() => {
  const live = document.getElementById("following");
  const state = document.getElementById("following-state");
  const edits = new Map(); // by spec and row: the changed values by column
  let number = live.dataset.number;
  let stream = null;
  let isOver = false;
  let fetching = null;

  const key = (article) => `${article.dataset.spec}:${article.dataset.row}`;
  const fields = (article) => [...article.querySelectorAll("[data-column]")];
  const here = (name) => new URL(name, location.href.split(/[?#]/)[0]).href;

  const AGAIN = 5000; // milliseconds

  function say(text) {
    if (state.textContent !== text) state.textContent = text;
  }

  // The stream tells that there is something new; of what it missed while the page was hidden, only the present counts.
  function listen() {
    if (stream || isOver || document.hidden) return;
    stream = new EventSource(here("changes"));
    stream.addEventListener("open", () => say(following()));
    stream.addEventListener("changed", ({ data }) => {
      say(following());
      if (data !== number) refresh();
    });
    stream.addEventListener("full", () => {
      stream.close();
      stream = null;
      say("Too many pages of this preview are open: close one, and this one follows again.");
      setTimeout(listen, AGAIN);
    });
    stream.addEventListener("ended", () => {
      isOver = true;
      stream.close();
      say("The preview has ended: what you see does not change any more. Start it again, and open its new link.");
    });
    stream.addEventListener("error", () => {
      if (isOver) return;
      if (stream.readyState === EventSource.CLOSED) {
        stream = null;
        say("The preview does not answer any more. Start it again, and open its new link.");
      } else say("The connection is lost; trying again …");
    });
  }

  function following() {
    return live.dataset.following;
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return listen();
    if (stream) stream.close();
    stream = null;
  });

  async function refresh() {
    if (fetching) return void (fetching.again = true);
    fetching = { again: false };
    try {
      const answer = await fetch(here(""), { credentials: "same-origin", cache: "no-store", redirect: "error" });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      else say(`The preview answers ${answer.status}: start it again, and open its new link.`);
    } catch {
      say("The connection is lost; trying again …");
    }
    const { again } = fetching;
    fetching = null;
    if (again) refresh();
  }

  function show(fresh) {
    const focused = placeOfFocus();
    const open = new Set([...document.querySelectorAll("article details[open]")].map((each) => `${key(each.closest("article"))} ${each.className}`));
    number = fresh.getElementById("following").dataset.number;
    live.dataset.following = fresh.getElementById("following").dataset.following;
    for (const id of ["following-errors", "picture", "messages"]) {
      const old = document.getElementById(id);
      const made = fresh.getElementById(id);
      if (id === "following-errors" && old.innerHTML === made.innerHTML) continue;
      old.className = made.className;
      old.replaceChildren(...[...made.childNodes].map((each) => document.adoptNode(each)));
    }
    document.title = fresh.title;
    document.getElementById("data")?.replaceWith(fresh.getElementById("data") || "");
    begin();
    for (const details of document.querySelectorAll("article details")) {
      if (open.has(`${key(details.closest("article"))} ${details.className}`)) details.open = true;
    }
    if (focused) focusAgain(focused);
    say(following());
    dispatchEvent(new HashChangeEvent("hashchange"));
  }

  function placeOfFocus() {
    const field = document.activeElement?.closest("[data-column]");
    return field && { key: key(field.closest("article")), column: field.dataset.column, from: field.selectionStart, to: field.selectionEnd };
  }

  function focusAgain(place) {
    for (const article of document.querySelectorAll("article.message")) {
      const field = key(article) === place.key && fields(article).find((each) => each.dataset.column === place.column);
      if (!field) continue;
      field.focus({ preventScroll: true });
      field.setSelectionRange(place.from, place.to);
    }
  }

  // What was edited before is put into the fields again, and composed with the files as they are now.
  function begin() {
    for (const article of document.querySelectorAll("article.message")) {
      const edit = article.querySelector(".edit");
      if (!edit) continue;
      edit.hidden = false;
      for (const field of fields(article)) {
        field.dataset.was = field.value;
        const changed = edits.get(key(article))?.[field.dataset.column];
        if (changed !== undefined) field.value = changed;
      }
      if (edits.has(key(article))) compose(article);
    }
  }

  const MOST_BYTES = 100_000; // of an edit: the server refuses more, and a browser's console would call that an error
  const BEFORE = "Above is the message from before.";
  const timers = new WeakMap();
  addEventListener("input", ({ target }) => {
    const field = target.closest("[data-column]");
    const article = field?.closest("article");
    if (!article) return;
    const changed = { ...edits.get(key(article)), [field.dataset.column]: field.value };
    if (field.value === field.dataset.was) delete changed[field.dataset.column];
    if (Object.keys(changed).length) edits.set(key(article), changed);
    else edits.delete(key(article));
    clearTimeout(timers.get(article));
    timers.set(article, setTimeout(() => compose(article), 120));
  });

  addEventListener("click", ({ target }) => {
    const article = target.closest("button.reset")?.closest("article");
    if (!article) return;
    for (const field of fields(article)) field.value = field.dataset.was;
    edits.delete(key(article));
    compose(article);
  });

  const asked = new WeakMap();
  async function compose(article) {
    const turn = (asked.get(article) || 0) + 1;
    asked.set(article, turn);
    const note = article.querySelector(".edited");
    const values = edits.get(key(article)) || {};
    const body = JSON.stringify({ spec: Number(article.dataset.spec), row: Number(article.dataset.row), values });
    let found;
    if (new TextEncoder().encode(body).length > MOST_BYTES) found = { problem: "This is too long." };
    else try {
      const answer = await fetch(here("edited"), {
        method: "POST",
        credentials: "same-origin",
        cache: "no-store",
        headers: { "Content-Type": "application/json" },
        body,
      });
      if (asked.get(article) !== turn) return;
      if (answer.headers.get("Content-Type") !== "application/json") throw new Error();
      else found = await answer.json();
    } catch {
      found = { problem: "The preview did not answer: this is not the message of these values." };
    }
    if (asked.get(article) !== turn) return;
    const seen = article.querySelector(".seen");
    seen.classList.toggle("stale", found.seen === undefined);
    if (found.seen !== undefined) seen.replaceWith(...parsed(found.seen));
    if (found.note !== undefined) note.replaceChildren(...parsed(found.note));
    else note.textContent = found.problem ? `${found.problem} ${BEFORE}` : "";
    article.classList.toggle("is-edited", Object.keys(values).length > 0);
    article.dataset.state = found.state || article.dataset.state;
  }

  function parsed(html) {
    return [...new DOMParser().parseFromString(html, "text/html").body.childNodes].map((each) => document.adoptNode(each));
  }

  say(following());
  begin();
  listen();
})();
