"use strict";
// Keeps a page of a local server present. When the server tells of a change, the page fetches itself, and takes over what is marked
// `data-live`: piece by piece, so that what is open, typed or focused stays as it is.
(() => {
  const { base, here } = document.getElementById("places").dataset;
  if (here) history.replaceState(null, "", here); // a form was answered with this page: its own address shows nothing
  const written = new WeakMap(); // the HTML that a piece came with: opening a `details` changes the piece, not what it says
  for (const area of document.querySelectorAll("[data-live]")) for (const piece of area.children) written.set(piece, piece.outerHTML);

  const said = document.createElement("p");
  said.className = "live";
  said.setAttribute("role", "status");
  document.querySelector("header").prepend(said);
  function say(words, isCut) {
    if (said.textContent !== words) said.textContent = words;
    said.classList.toggle("is-cut", isCut);
  }

  function take(area, fresh) {
    for (const { name, value } of fresh.attributes) if (area.getAttribute(name) !== value) area.setAttribute(name, value);
    if ([...fresh.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) {
      if (area.innerHTML !== fresh.innerHTML) area.replaceChildren(...document.importNode(fresh, true).childNodes);
      return;
    }
    const known = new Map([...area.children].filter((piece) => piece.id).map((piece) => [piece.id, piece]));
    const byText = new Map([...area.children].filter((piece) => !piece.id).map((piece) => [written.get(piece), piece]));
    const next = [...fresh.children].map((piece) => {
      const html = piece.outerHTML;
      const old = piece.id ? known.get(piece.id) : byText.get(html);
      byText.delete(html);
      if (old && written.get(old) === html) return old;
      const made = document.importNode(piece, true);
      written.set(made, html);
      if (old) for (const each of old.querySelectorAll("details[open][id]")) made.querySelector(`[id="${each.id}"]`)?.setAttribute("open", "");
      return made;
    });
    if (next.length === area.children.length && next.every((piece, index) => piece === area.children[index])) return;
    const focused = area.contains(document.activeElement) ? document.activeElement : null;
    const at = focused?.closest("[id]")?.id;
    const link = focused?.getAttribute("href");
    area.replaceChildren(...next);
    if (!focused || document.activeElement === focused) return;
    const around = at && document.getElementById(at);
    const again = document.contains(focused) ? focused : around && ([...around.querySelectorAll("a, button, summary")].find((each) => each.getAttribute("href") === link) || around);
    again?.focus({ preventScroll: true });
  }

  let fetching = false;
  let again = false;
  async function refresh() {
    again = fetching;
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const area of document.querySelectorAll("[data-live][id]")) {
        const found = fresh.getElementById(area.id);
        if (found) take(area, found);
      }
      say("live", false);
    } catch ({ message }) {
      say(message === "404" ? "not live: what this page shows is no longer kept" : "not live: the sandbox doesn't answer", true);
    }
    fetching = false;
    if (again) refresh();
  }

  // A conversation that somebody writes into stays open, whatever arrives.
  document.addEventListener("focusin", ({ target }) => {
    const place = target.closest("[data-pins]")?.dataset.pins;
    if (place && location.pathname === base) history.replaceState(null, "", place + location.search);
  });

  // The command line that does what the form is about to do. As one word for a shell: in quotes, with escapes for what can't be seen.
  function shellWord(text) {
    if (/^[\w@%+=:,./-]+$/.test(text)) return text;
    if (!/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return `'${text.replaceAll("'", `'"'"'`)}'`;
    const code = (character) => {
      const point = character.codePointAt(0);
      return point > 0xffff ? `\\U${point.toString(16).padStart(8, "0")}` : `\\u${point.toString(16).padStart(4, "0")}`;
    };
    return `$'${[...text].map((character) => (/[\p{C}\p{Zl}\p{Zp}'\\]/u.test(character) ? code(character) : character)).join("")}'`;
  }
  document.addEventListener("input", ({ target }) => {
    const form = target.closest("form[data-command]");
    if (!form) return;
    const value = (name, none) => (form.elements[name]?.value ? shellWord(form.elements[name].value) : none);
    const channel = value("channel", "");
    form.querySelector(".command").textContent =
      `${form.dataset.command} --from ${value("from", "NUMBER")} --text ${value("text", "TEXT")}${channel && ` --channel ${channel}`}`;
  });

  const AGAIN = 5000;
  let stream = null;
  let isOver = false;
  function stop() {
    stream?.close();
    stream = null;
  }
  // A browser has six connections to a server for all of its tabs: a hidden page leaves its own to others, and catches up when it is seen.
  function follow() {
    if (stream || isOver || document.hidden) return;
    const events = new EventSource(`${base}events`);
    stream = events;
    events.addEventListener("changed", refresh);
    events.addEventListener("full", () => {
      stop();
      say("not live: too many pages of this sandbox are open; close one", true);
      setTimeout(follow, AGAIN);
    });
    events.addEventListener("ended", () => {
      isOver = true;
      stop();
      say("not live: the sandbox has ended", true);
    });
    events.addEventListener("error", () => {
      isOver = events.readyState === EventSource.CLOSED; // it was answered with something else than a stream
      say(isOver ? "not live: another sandbox answers here now; open its link" : "not live: trying again", true);
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    follow();
    if (!isOver) refresh();
  });
  follow();
})();
