// Keyboard: a control with data-key is pressed by that key, unless somebody is writing. Leases count down by themselves
// on the server; nothing of a page is kept in the browser.
"use strict";

(() => {
  const writing = (target) => target.closest("input, textarea, select, [contenteditable], [data-stage]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || writing(event.target)) return;
    const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (control) {
      event.preventDefault();
      control.click();
    }
  });

  // Another photo of the child beside the sighting's face.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-show]");
    if (!button) return;
    document.querySelector("[data-shown]").src = button.dataset.show;
    document.querySelectorAll("[data-show]").forEach((one) => {
      one.setAttribute("aria-pressed", String(one === button));
    });
  });

  // A form is sent once: a second press of an impatient finger does nothing.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) {
      event.preventDefault();
    } else {
      event.target.dataset.sent = "1";
    }
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form").forEach((form) => delete form.dataset.sent);
  });
})();
