// Uploads each file by itself, with its progress; the form works without this script, too.
import { said } from "./said.js";
import { follow } from "./waiting.js";

const form = document.getElementById("upload");
const input = document.getElementById("files");
const list = document.getElementById("uploads");
const spoken = document.getElementById("upload-status");
const AT_ONCE = 2;
const BUSY = [429, 503]; // the server asks for patience and says how much
const TRIES = 8; // then it is the person's turn again
const LARGEST = 200e6;
const queue = [];
let running = 0, waiting = 0;

input.required = false; // files may be dropped instead
document.getElementById("send").hidden = true;
form.classList.add("live");
input.addEventListener("change", take);
// Whoever was faster than this script, or came back to a page that still knows its files.
window.addEventListener("pageshow", take);
take();
form.addEventListener("submit", (event) => event.preventDefault());

// A file that misses the form would replace the page.
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => event.preventDefault());
}
document.addEventListener("dragenter", () => form.classList.add("over"));
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("over"); // the pointer has left the window
});
document.addEventListener("drop", (event) => {
  form.classList.remove("over");
  add(event.dataTransfer.files);
});
window.addEventListener("beforeunload", (event) => {
  if (running || waiting || queue.length) event.preventDefault();
});

function take() {
  if (!input.files.length) return;
  add(input.files);
  input.value = "";
}

function add(files) {
  for (const file of files) {
    const item = row(file);
    if (file.size > LARGEST) {
      fail(item, `The file has ${Math.round(file.size / 1e6)} MB; at most 200 MB are taken.`);
    } else {
      queue.push({ file, item, token: token(), tries: 0 });
    }
  }
  next();
}

function next() {
  while (running < AT_ONCE && queue.length) {
    running++;
    send(queue.shift());
  }
}

function row(file) {
  list.hidden = false;
  const item = document.createElement("li");
  item.className = "upload";
  const picture = document.createElement("img");
  picture.alt = "";
  picture.width = picture.height = 64;
  picture.src = URL.createObjectURL(file);
  picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
  picture.addEventListener("error", () => picture.classList.add("none"), { once: true });
  const body = document.createElement("div");
  const name = document.createElement("bdi");
  name.className = "upload-name";
  name.textContent = file.name;
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Upload of ${file.name}`);
  const words = document.createElement("p");
  words.className = "upload-words";
  words.textContent = "Waiting for its turn";
  body.append(name, bar, words);
  item.append(picture, body);
  list.prepend(item);
  return { item, picture, body, bar, words, name: file.name };
}

function send(upload) {
  const { file, item } = upload;
  const data = new FormData();
  data.append("csrf_token", form.elements.csrf_token.value);
  data.append("token", upload.token);
  data.append("files", file);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    item.bar.value = event.loaded / event.total;
    item.words.textContent = event.loaded < event.total
      ? `Uploading, ${Math.round((100 * event.loaded) / event.total)} %`
      : "Checking the picture";
    if (event.loaded >= event.total) item.bar.removeAttribute("value");
  });
  request.addEventListener("load", () => answered(request, upload));
  request.addEventListener("error", () =>
    retry(upload, "The connection was cut off, and the file was not kept."));
  request.addEventListener("loadend", () => {
    running--;
    next();
  });
  item.words.textContent = "Uploading";
  request.send(data);
}

function answered(request, upload) {
  const found = request.response, { item } = upload;
  if (request.status === 201 && found) return analyse(found.studies[0], item);
  if (request.status === 401) {
    fail(item, "Your session has ended, so the file was not kept.");
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Log in again";
    item.body.append(link);
    return;
  }
  const error = found?.errors?.[0] ?? found?.error;
  const message = error?.message ?? "The server could not take the file.";
  const pause = Number(request.getResponseHeader("Retry-After"));
  if (BUSY.includes(request.status) && pause && upload.tries++ < TRIES) {
    item.bar.value = 0;
    item.words.textContent = "The server is busy; this file will be sent again by itself.";
    waiting++;
    setTimeout(() => {
      waiting--;
      again(upload);
    }, 1000 * pause);
  } else if (request.status >= 500 || [408, 429].includes(request.status)) {
    retry(upload, message);
  } else {
    fail(item, message);
  }
}

function analyse(study, item) {
  item.picture.classList.remove("none");
  item.picture.src = study.thumbnail;
  item.bar.removeAttribute("value");
  item.bar.setAttribute("aria-label", `Analysis of ${item.name}`);
  item.words.textContent = "Reading the page";
  const link = document.createElement("a");
  link.href = study.url;
  link.textContent = item.name;
  item.body.querySelector(".upload-name").replaceChildren(link);
  follow(study.status_url, (state) => {
    item.words.textContent = said(state);
    if (state.stage === "answered" || state.stage === "explained" || state.done) {
      const first = !item.item.classList.contains("done");
      item.item.classList.add("done");
      if (first) spoken.textContent = `${item.name}: ${item.words.textContent}`;
    }
    if (state.done) item.bar.hidden = true;
  });
}

function fail(item, message) {
  item.item.classList.add("failed");
  item.bar.hidden = true;
  item.words.textContent = message;
  spoken.textContent = `${item.name}: ${message}`;
}

function retry(upload, message) {
  const { item } = upload;
  fail(item, message);
  const button = document.createElement("button");
  button.className = "quiet";
  button.type = "button";
  button.textContent = "Try again";
  button.addEventListener("click", () => {
    button.remove();
    item.item.classList.remove("failed");
    item.bar.hidden = false;
    upload.tries = 0;
    again(upload);
  });
  item.body.append(button);
}

// With the same token: what did arrive is not taken twice.
function again(upload) {
  upload.item.bar.value = 0;
  upload.item.words.textContent = "Waiting for its turn";
  queue.push(upload);
  next();
}

function token() {
  // randomUUID exists on https and on this machine only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
