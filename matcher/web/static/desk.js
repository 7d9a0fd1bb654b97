// Keys, another photo beside the sighting's, and forms that are sent once. Nothing of a page is kept in the browser; only
// whether single keys work is remembered there.
"use strict";

(() => {
  const SINGLE = "single-keys"; // in the browser's storage: "off", or nothing
  const list = document.querySelector("[data-keys]");
  const controls = [...document.querySelectorAll("[data-key]")];
  const typed = "textarea, select, input:not([type=radio], [type=checkbox], [type=range]), [contenteditable]";
  let single = true;

  // Keys without Ctrl can be switched off (WCAG 2.1.4), and never work where somebody types.
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.metaKey || event.isComposing) return;
    if (!event.ctrlKey && (!single || event.target.closest(typed))) return;
    if (event.key === "?" && controls.length) {
      list.open = !list.open;
      list.querySelector("summary").focus();
      return;
    }
    const key = (event.ctrlKey ? "Control+" : "") + event.key;
    const control = controls.find((one) => one.dataset.key === key);
    if (!control) return;
    event.preventDefault();
    if (control.matches("input")) control.focus();
    control.click();
  });

  const line = (key, text) => {
    const item = document.createElement("li");
    const shown = document.createElement("kbd");
    shown.textContent = key.replace("Control", "Ctrl");
    item.append(shown, ` ${text}`);
    return item;
  };

  if (controls.length) {
    try {
      single = localStorage.getItem(SINGLE) !== "off";
    } catch {
      // A browser that keeps nothing has single keys on every page anew.
    }
    const called = (control) => (control.closest("label") ?? control).textContent.trim();
    const known = controls.map((control) => line(control.dataset.key, called(control)));
    list.querySelector("ul").append(...known, line("?", list.querySelector("[data-help]").content.textContent));
    const choice = list.querySelector("[data-single-keys]");
    choice.checked = single;
    choice.addEventListener("change", () => {
      single = choice.checked;
      try {
        if (single) localStorage.removeItem(SINGLE);
        else localStorage.setItem(SINGLE, "off");
      } catch {
        // As above.
      }
    });
    list.hidden = false;
  }

  // Another photo of the child beside the sighting's face.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-show]");
    if (!button) return;
    document.querySelector("[data-shown]").src = button.dataset.show;
    document.querySelectorAll("[data-show]").forEach((one) => {
      one.setAttribute("aria-pressed", String(one === button));
    });
  });

  // A form is sent once: a second press of an impatient finger does nothing. After a download the page is still there.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
    } else if (!("download" in form.dataset)) {
      form.dataset.sent = "1";
    }
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form").forEach((form) => delete form.dataset.sent);
  });
})();
