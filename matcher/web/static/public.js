// Where a device offers it, its place can be filled in. All pages work without this file.
"use strict";
const button = document.querySelector("[data-locate]");
if (button && navigator.geolocation) {
  const form = button.form;
  const said = document.querySelector("[data-located]");
  button.hidden = false;
  button.addEventListener("click", () => {
    said.textContent = button.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      (found) => {
        form.elements.lat.value = found.coords.latitude.toFixed(5);
        form.elements.lon.value = found.coords.longitude.toFixed(5);
        form.elements.datum.value = "wgs84";
        said.textContent = button.dataset.done;
      },
      () => { said.textContent = button.dataset.failed; },
      { timeout: 15000 },
    );
  });
}
