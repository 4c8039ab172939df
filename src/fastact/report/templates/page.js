"use strict";
// Puts the charts in their places, and connects controls, filters and downloads. Without it all else can be read.
(() => {
  const json = (id) => JSON.parse(document.getElementById(id).textContent);
  const specifications = json("specifications");
  const known = json("known-data");
  const told = json("told");
  const views = {};

  const describe = (name) => {
    const one = known[name];
    const place = document.getElementById("known");
    const list = document.createElement("dl");
    for (const [term, text] of Object.entries(one.properties)) {
      const box = document.createElement("div");
      box.append(Object.assign(document.createElement("dt"), { textContent: term }));
      box.append(Object.assign(document.createElement("dd"), { textContent: text }));
      list.append(box);
    }
    const formulas = document.createElement("p");
    one.formulas.forEach((formula) => {
      formulas.append(Object.assign(document.createElement("code"), { textContent: formula }), " ");
    });
    const summary = Object.assign(document.createElement("p"), { textContent: one.summary });
    place.replaceChildren(summary, formulas, list);
  };

  const value = (control) =>
    control.type === "range" ? JSON.parse(control.dataset.values)[control.valueAsNumber] : control.value;

  const moved = async (control) => {
    if (control.type === "range") {
      control.setAttribute("aria-valuetext", value(control));
      control.nextElementSibling.value = value(control);
    }
    if (control.dataset.signal === "chosen") describe(value(control));
    const view = views[control.dataset.chart];
    if (view) await view.signal(control.dataset.signal, value(control)).runAsync();
    const place = document.getElementById(control.dataset.chart);
    const words = told[control.dataset.chart][value(control)];
    document.getElementById(`${place.id}-told`).textContent = words;
    place.querySelector("svg").setAttribute("aria-label", words);
    place.dataset.shown = value(control);
  };

  const draw = async () => {
    for (const [name, specification] of Object.entries(specifications)) {
      const place = document.getElementById(name);
      const result = await vegaEmbed(place, specification, { renderer: "svg", actions: false });
      views[name] = result.view;
      place.querySelector("svg").setAttribute("role", "img");
    }
    for (const control of document.querySelectorAll("[data-signal]")) {
      control.disabled = false;
      control.addEventListener(control.type === "range" ? "input" : "change", () => moved(control));
      await moved(control);
    }
    document.documentElement.dataset.ready = "yes";
  };

  const filter = document.querySelector(".filter");
  filter.hidden = false;
  filter.addEventListener("change", (event) => {
    for (const row of document.querySelectorAll(`.claims tbody tr.${event.target.value}`)) {
      row.hidden = !event.target.checked;
    }
    for (const group of document.querySelectorAll(".claims tbody")) {
      group.hidden = !group.querySelector("tr:not(.group):not([hidden])");
    }
  });

  for (const button of document.querySelectorAll("button[data-file]")) {
    button.addEventListener("click", async () => {
      const packed = atob(document.getElementById(button.dataset.source).textContent);
      const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
      let content = new Blob([bytes]);
      let name = button.dataset.file;
      if (typeof DecompressionStream === "undefined") {
        name += ".gz"; // a browser of before 2023
      } else {
        content = await new Response(content.stream().pipeThrough(new DecompressionStream("gzip"))).blob();
      }
      const url = URL.createObjectURL(content);
      Object.assign(document.createElement("a"), { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    });
  }

  // What is folded together on the screen is printed.
  const details = () => document.querySelectorAll("details");
  addEventListener("beforeprint", () => details().forEach((one) => (one.dataset.open = one.open, one.open = true)));
  addEventListener("afterprint", () => details().forEach((one) => (one.open = one.dataset.open === "true")));

  draw();
})();
