"use strict";
// What is marked `data-filter` gets a search box, a button for each state of its items, and a count. Its items are the rows of a table,
// or what the attribute's selector finds; one without `data-state` has its parent's. All of it is kept in the page's address: `#state=refused&q=-NL&row=17`.
(() => {
  const lists = [...document.querySelectorAll("[data-filter]")].map(list);

  // A word has to be in the item; one behind a `-` must not be; "several words" stay together. Two capitals are a word of their own, as
  // countries are: `-NL` says nothing about "only".
  function wanted(query) {
    return [...query.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)]
      .map(([, minus, phrase, word]) => ({ without: minus === "-", text: phrase ?? word }))
      .filter(({ text }) => text && text !== "-")
      .map(({ without, text }) => ({ without, has: /^[A-Z]{2}$/.test(text) ? alone(text) : within(plain(text)) }));
  }

  function alone(word) {
    const pattern = new RegExp(`\\b${word}\\b`);
    return (item) => (item.children.length ? [...item.children] : [item]).some((part) => pattern.test(part.textContent));
  }

  // Numbers have a space in them that does not break.
  function plain(text) {
    return text.replaceAll("\u00a0", " ").toLowerCase();
  }

  function within(word) {
    return (item) => plain(item.textContent).includes(word);
  }

  function states(item) {
    return (item.dataset.state ?? item.parentElement.dataset.state ?? "").split(" ").filter(Boolean);
  }

  function make(name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  function list(element, number) {
    const prefix = number ? `${element.id || number}.` : "";
    const items = () => [...element.querySelectorAll(element.dataset.filter || ":scope > tbody > tr")];
    const name = element.querySelector("caption")?.textContent || element.getAttribute("aria-label") || "the list";
    const form = make("div", { class: "filter", role: "search", "aria-label": `Filter: ${name}` });
    const label = make("label", {}, "Search ");
    const box = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    const buttons = make("div", { role: "group", "aria-label": "State" });
    const count = make("span", { role: "status" });
    const hint = make("p", { class: "hint" }, "Several words must all be there; -word leaves out what has it, -NL a country.");
    hint.id = `${prefix}filter-hint`;
    box.setAttribute("aria-describedby", hint.id);
    label.append(box);
    form.append(label, buttons, count, hint);
    (element.closest(".table") || element).before(form);
    let state = "";

    function show() {
      const words = wanted(box.value);
      const all = items();
      let shown = 0;
      for (const item of all) {
        const fits = (!state || states(item).includes(state)) && words.every(({ without, has }) => has(item) !== without);
        item.hidden = !fits && !item.classList.contains("is-target");
        shown += item.hidden ? 0 : 1;
      }
      count.textContent = shown === all.length ? `${all.length} shown` : `${shown} of ${all.length} shown`;
      offer(all);
    }

    function offer(all) {
      const counts = new Map();
      for (const item of all) for (const each of states(item)) counts.set(each, (counts.get(each) || 0) + 1);
      if (counts.size < 2 && !state) return buttons.replaceChildren();
      if (state && !counts.has(state)) counts.set(state, 0);
      const known = new Map([...buttons.children].map((button) => [button.dataset.of, button]));
      for (const [of, number] of [["", all.length], ...counts]) {
        const button = known.get(of) || make("button", { type: "button", "data-of": of });
        known.delete(of);
        button.textContent = `${of ? of.replaceAll("_", " ") : "all"} ${number}`;
        button.setAttribute("aria-pressed", String(of === state));
        if (!button.parentNode) buttons.append(button);
      }
      for (const left of known.values()) left.remove();
    }

    buttons.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      state = button.dataset.of;
      changed();
    });
    box.addEventListener("input", changed);
    function changed() {
      show();
      remember();
    }
    new MutationObserver(show).observe(element, { childList: true, subtree: true });
    return {
      show,
      write: (into) => {
        into.set(`${prefix}state`, state);
        into.set(`${prefix}q`, box.value);
      },
      read: (from) => {
        state = from.get(`${prefix}state`) || "";
        box.value = from.get(`${prefix}q`) || "";
      },
    };
  }

  function remember() {
    const kept = new URLSearchParams();
    for (const each of lists) each.write(kept);
    const parts = [...kept].filter(([, value]) => value).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname + location.search);
  }

  // `#row=17` leads to the element with the id `row-17`; what else is no state of a filter is an id itself.
  function goTo(id) {
    for (const before of document.querySelectorAll(".is-target")) before.classList.remove("is-target");
    const target = id && document.getElementById(id);
    if (!target) return;
    target.classList.add("is-target");
    for (let around = target; around; around = around.parentElement) if (around.localName === "details") around.open = true;
    if (target.localName === "tr") for (const inner of target.querySelectorAll("details")) inner.open = true;
    for (const each of lists) each.show();
    if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  }

  function follow() {
    const hash = location.hash.slice(1);
    const isState = hash.includes("=");
    const kept = new URLSearchParams(hash.replaceAll("+", "%2B"));
    if (isState || !hash) for (const each of lists) each.read(kept);
    const other = [...kept].find(([key]) => !/(^|\.)(q|state)$/.test(key));
    goTo(isState ? other && `${other[0]}-${other[1]}` : decoded(hash));
    for (const each of lists) each.show();
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  addEventListener("hashchange", follow);
  follow();
})();
