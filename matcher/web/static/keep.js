// What was entered stays on the page until the server has it: drafts are kept, a page is left only when its answer is
// sealed, and the end of the lease is told in time. Nothing of it is stored in the browser.
"use strict";

(() => {
  const AGAIN_MS = 10_000; // between attempts while the server does not answer
  const PATIENCE_MS = 30_000; // for the answer of a seal
  const SOON_MS = 180_000; // before the end of a lease
  const WATCH_MS = 1_000;

  const told = document.querySelector("[data-told]");
  const toldOfTime = document.querySelector("[data-told-of-time]");
  const draft = document.querySelector("[data-draft]");
  let timer = null; // of the next attempt to keep the draft
  let signedOut = false;
  let unsealed = false; // an answer was sent and not taken
  let sealing = false;
  let ends = Infinity; // of the lease, by this machine's clock

  // Texts of the page by their names, and nodes as they are; a line that says so already is not said again.
  const say = (line, ...parts) => {
    const nodes = parts.flatMap((part) => {
      const text = part instanceof Node ? part : document.querySelector(`[data-say="${part}"]`).content.cloneNode(true);
      return [text, " "];
    });
    const said = document.createElement("p");
    said.append(...nodes);
    if (said.textContent !== line.textContent) line.replaceChildren(...said.childNodes);
  };

  const keptAt = (date) => {
    const time = `${new Date(date ?? Date.now()).toISOString().slice(11, 16)} UTC`;
    return document.createTextNode(document.querySelector("[data-say=kept]").content.textContent.replace("{}", time));
  };

  const parsed = (page) => new DOMParser().parseFromString(page, "text/html");

  // The sentence of a page that tells of an error.
  const sentence = (page) => {
    const found = parsed(page).querySelector(".problem");
    const text = document.createElement("span");
    if (found) text.append(...found.childNodes);
    return text;
  };

  const passing = (status) => status === 0 || status === 429 || status >= 500;

  // Why something was not done, as texts of the page; what may pass by itself is tried again.
  const reasons = (status, page) => {
    signedOut = status === 401;
    if (signedOut) return ["signed-out"];
    if (passing(status)) {
      if (!draft) return ["no-answer"];
      timer = setTimeout(again, AGAIN_MS);
      return ["no-answer", "again"];
    }
    return [status === 409 ? "ended" : "refused", sentence(page)];
  };

  const again = () => {
    clearTimeout(timer);
    timer = null;
    htmx.trigger(draft, "keep");
  };

  // Whoever signed in again in another tab has a new session, whose forms carry another proof.
  const renewed = async () => {
    try {
      const answer = await fetch("/account");
      if (!answer.ok || answer.redirected) return false;
      const fresh = parsed(await answer.text()).querySelector("[name=form_token]").value;
      const fields = [...document.querySelectorAll("[name=form_token]")];
      const changed = fields.some((field) => field.value !== fresh);
      fields.forEach((field) => {
        field.value = fresh;
      });
      return changed;
    } catch {
      return false;
    }
  };

  const drafted = async (request) => {
    clearTimeout(timer);
    if (request.status === 204) {
      signedOut = false;
      say(told, keptAt(request.getResponseHeader("Date")), ...(unsealed ? ["not-sealed"] : []));
    } else if (request.status === 403 && (await renewed())) {
      again();
    } else {
      say(told, unsealed ? "not-sealed" : "not-kept", ...reasons(request.status, request.responseText));
    }
  };

  document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
    if (sealing) return;
    if (elt === draft) drafted(xhr);
    if (elt.id === "lease" && xhr.status !== 200) say(told, "not-extended", ...reasons(xhr.status, xhr.responseText));
  });

  const sent = async (form, button) => {
    const body = new URLSearchParams(new FormData(form));
    if (button?.name) body.append(button.name, button.value);
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, signal });
      // Who is led on has sealed, whatever became of the page that follows.
      const done = answer.ok || answer.redirected;
      return { status: answer.status, next: done ? answer.url : null, page: done ? "" : await answer.text() };
    } catch {
      return { status: 0, next: null, page: "" };
    }
  };

  const seal = async (form, button) => {
    sealing = true;
    let answer = await sent(form, button);
    if (answer.status === 403 && (await renewed())) answer = await sent(form, button);
    if (answer.next) {
      location.assign(answer.next);
      return;
    }
    sealing = false;
    unsealed = true;
    delete form.dataset.sent;
    clearTimeout(timer);
    say(told, "not-sealed", ...reasons(answer.status, answer.page));
  };

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("[data-seal]")) return;
    event.preventDefault();
    seal(event.target, event.submitter);
  });

  const comeBack = async () => {
    if (!signedOut || !(await renewed())) return;
    signedOut = false;
    if (draft) again();
    else say(told, "not-sealed");
  };
  window.addEventListener("focus", comeBack);
  document.addEventListener("visibilitychange", comeBack);
  window.addEventListener("online", () => timer && again());

  const watch = () => {
    const left = ends - Date.now();
    if (left <= 0) say(toldOfTime, "over");
    else if (left <= SOON_MS) say(toldOfTime, "soon");
    else toldOfTime.replaceChildren();
  };
  const begin = () => {
    const lease = document.getElementById("lease");
    if (!lease) return;
    ends = Date.now() + 1000 * Number(lease.dataset.seconds);
    watch();
  };
  document.addEventListener("htmx:afterSwap", begin);
  setInterval(watch, WATCH_MS);
  begin();
})();
