// Looking at two faces: the same zoom and place for both, side by side, blinking or with a swipe line; light per face.
// There is nothing here that measures: distances and angles in photos are no evidence.
"use strict";

(() => {
  const STEP = 1.25; // of one zoom step
  const PAN = 40; // pixels of one arrow key
  const WAYS = { left: [PAN, 0], right: [-PAN, 0], up: [0, PAN], down: [0, -PAN] };
  const MOST = 8; // times
  const BLINK_MS = 700; // far below three flashes a second

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  class Comparison {
    constructor(root) {
      this.root = root;
      this.stage = root.querySelector("[data-stage]");
      this.faces = [...root.querySelectorAll("[data-face]")];
      this.timer = null;
      this.light = new Map(this.faces.map((face) => [face.dataset.face, { brightness: 1, contrast: 1 }]));
      this.reset();
      this.listen();
    }

    reset() {
      Object.assign(this, { zoom: 1, x: 0, y: 0, swipe: 50, second: false });
      this.light.forEach((light) => Object.assign(light, { brightness: 1, contrast: 1 }));
      this.root.querySelectorAll("input[type=range]").forEach((input) => {
        input.value = input.defaultValue;
      });
      this.setMode("side");
    }

    setMode(mode) {
      this.mode = mode;
      this.root.dataset.mode = mode;
      this.root.querySelectorAll("[data-set-mode]").forEach((button) => {
        button.setAttribute("aria-pressed", String(button.dataset.setMode === mode));
      });
      clearInterval(this.timer);
      this.timer = null;
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (mode === "blink" && !still) {
        this.timer = setInterval(() => this.turn(), BLINK_MS);
      }
      this.draw();
    }

    // The other face; by hand, too, for whoever wants no motion.
    turn() {
      this.second = !this.second;
      this.draw();
    }

    setZoom(zoom) {
      this.zoom = clamp(zoom, 1, MOST);
      this.move(0, 0);
    }

    move(dx, dy) {
      const { width, height } = this.faces[0].getBoundingClientRect();
      const far = (this.zoom - 1) / 2;
      this.x = clamp(this.x + dx, -far * width, far * width);
      this.y = clamp(this.y + dy, -far * height, far * height);
      this.draw();
    }

    draw() {
      this.faces.forEach((face, place) => {
        const image = face.querySelector("img");
        const { brightness, contrast } = this.light.get(face.dataset.face);
        image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
        image.style.filter = `brightness(${brightness}) contrast(${contrast})`;
        const hidden = this.mode === "blink" && (place === 1) !== this.second;
        face.classList.toggle("is-hidden", hidden);
        face.style.clipPath = this.mode === "swipe" && place === 1 ? `inset(0 0 0 ${this.swipe}%)` : "";
      });
      this.root.querySelector("[data-zoom]").value = String(this.zoom);
      // A finger on zoomed faces moves them, and not the page.
      this.stage.classList.toggle("is-zoomed", this.zoom > 1);
      this.root.querySelectorAll("[data-pan]").forEach((button) => {
        button.disabled = this.zoom === 1;
      });
    }

    listen() {
      this.root.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (!button) return;
        if (button.dataset.setMode) this.setMode(button.dataset.setMode);
        if (button.dataset.pan) this.move(...WAYS[button.dataset.pan]);
        if ("reset" in button.dataset) this.reset();
        if ("turn" in button.dataset) this.turn();
      });
      this.root.addEventListener("input", (event) => this.slide(event.target));
      this.stage.addEventListener("wheel", (event) => {
        // Without Ctrl the page scrolls, as everywhere else.
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.setZoom(this.zoom * (event.deltaY < 0 ? STEP : 1 / STEP));
      }, { passive: false });
      this.stage.addEventListener("keydown", (event) => this.key(event));
      this.drag();
    }

    slide(input) {
      const value = Number(input.value);
      if ("zoom" in input.dataset) this.setZoom(value);
      if ("swipe" in input.dataset) {
        this.swipe = value;
        if (this.mode !== "swipe") this.setMode("swipe");
      }
      const light = this.light.get(input.dataset.of);
      if (light && "brightness" in input.dataset) light.brightness = value;
      if (light && "contrast" in input.dataset) light.contrast = value;
      this.draw();
    }

    key(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const actions = {
        "+": () => this.setZoom(this.zoom * STEP),
        "=": () => this.setZoom(this.zoom * STEP),
        "-": () => this.setZoom(this.zoom / STEP),
        "0": () => this.reset(),
        ArrowLeft: () => this.move(...WAYS.left),
        ArrowRight: () => this.move(...WAYS.right),
        ArrowUp: () => this.move(...WAYS.up),
        ArrowDown: () => this.move(...WAYS.down),
        " ": () => this.turn(),
      };
      const action = actions[event.key];
      // At full view the arrows are the page's.
      if (!action || (event.key.startsWith("Arrow") && this.zoom === 1)) return;
      event.preventDefault();
      action();
    }

    drag() {
      let from = null;
      this.stage.addEventListener("pointerdown", (event) => {
        if (this.zoom === 1 || event.button !== 0) return;
        from = [event.clientX, event.clientY];
        this.stage.setPointerCapture(event.pointerId);
      });
      this.stage.addEventListener("pointermove", (event) => {
        if (!from) return;
        this.move(event.clientX - from[0], event.clientY - from[1]);
        from = [event.clientX, event.clientY];
      });
      for (const end of ["pointerup", "pointercancel"]) {
        this.stage.addEventListener(end, () => {
          from = null;
        });
      }
      this.stage.addEventListener("dragstart", (event) => event.preventDefault());
    }
  }

  document.querySelectorAll("[data-compare]").forEach((root) => new Comparison(root));
})();
