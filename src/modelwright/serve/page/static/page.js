// Asks again as values change, and scores a dropped file. The page works without it.
"use strict";
(() => {
  const form = document.getElementById("row");
  if (!form) return;
  const WAIT = 250; // milliseconds without a change before asking
  const answer = document.getElementById("answer");
  const told = document.getElementById("told");
  const token = form.elements.token ? form.elements.token.value : "";
  const headers = token ? { authorization: "Bearer " + token } : {};
  let timer = 0;
  let asked = 0;

  const say = () => {
    const headline = answer.querySelector(".headline, .refused p");
    told.textContent = headline ? headline.textContent.trim().replace(/\s+/g, " ") : "";
  };

  const fail = (text) => {
    const box = document.createElement("div");
    const line = document.createElement("p");
    box.className = "refused";
    line.textContent = text;
    box.append(line);
    return box;
  };

  const show = (html) => {
    const wasOpen = answer.querySelector("details[open]") !== null;
    const found = new DOMParser().parseFromString(html, "text/html");
    answer.replaceChildren(...found.body.childNodes);
    const details = answer.querySelector("details");
    if (details) details.open = wasOpen;
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    const refused = answer.querySelector(".refused");
    if (refused) {
      refused.removeAttribute("role"); // the status line says it once
      const field = form.elements[refused.dataset.field];
      if (field) field.setAttribute("aria-invalid", "true");
    }
    say();
  };

  const ask = async (button) => {
    clearTimeout(timer);
    const mine = ++asked;
    const data = new URLSearchParams(new FormData(form));
    data.delete("token");
    if (button && button.name) data.set(button.name, button.value);
    answer.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch("page/answer", { method: "POST", headers, body: data });
      const text = await reply.text();
      if (mine !== asked) return; // a later question is on its way
      if ((reply.headers.get("content-type") || "").startsWith("text/html")) show(text);
      else answer.replaceChildren(fail(reason(text)));
    } catch {
      if (mine === asked) answer.replaceChildren(fail("The server cannot be reached."));
    }
    answer.removeAttribute("aria-busy");
  };

  const reason = (text) => {
    try {
      return JSON.parse(text).error.message;
    } catch {
      return "The server gave no answer.";
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(event.submitter);
  });
  say();

  const table = document.getElementById("table");
  const drop = table.querySelector(".drop");
  const file = document.getElementById("file");
  const fileTold = document.getElementById("file-told");

  const score = async (chosen) => {
    if (!chosen) {
      fileTold.replaceChildren(fail("Choose a CSV file first."));
      return;
    }
    fileTold.textContent = "Scoring " + chosen.name + " …";
    try {
      const options = { method: "POST", headers: { ...headers, "content-type": "text/csv" }, body: chosen };
      const reply = await fetch("page/table", options);
      if (!reply.ok) {
        fileTold.replaceChildren(fail(reason(await reply.text())));
        return;
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await reply.blob());
      link.download = chosen.name.replace(/(\.csv)?$/i, "_predictions.csv");
      link.textContent = link.download;
      fileTold.replaceChildren("Done. Downloaded as ", link, ".");
      link.click();
    } catch {
      fileTold.replaceChildren(fail("The server cannot be reached."));
    }
  };

  table.addEventListener("submit", (event) => {
    event.preventDefault();
    score(file.files[0]);
  });
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    score(event.dataTransfer.files[0]);
  });
})();
