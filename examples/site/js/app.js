// Shows what the server says in data/hello.json. The element with id "ready" tells that the script ran to its end.
"use strict";

async function greet() {
  const place = document.getElementById("greeting");
  try {
    const response = await fetch("data/hello.json");
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const hello = await response.json();
    place.textContent = hello.message;
    document.title = `torc – ${hello.title}`;
  } catch (error) {
    place.textContent = `data/hello.json did not arrive: ${error.message}`;
    return;
  }
  const ready = document.createElement("p");
  ready.id = "ready";
  ready.textContent = "ready";
  place.after(ready);
}

greet();
