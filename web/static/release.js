// The release page. It decrypts the message with the key in the address, shows it, and works out from what is shown
// every hash up to the challenge. Only if that is the very challenge that will be signed is there a button.

const root = document.getElementById("release");
const told = document.getElementById("told");
const button = document.getElementById("give");
const data = JSON.parse(root.dataset.release);
const said = JSON.parse(root.dataset.said);
const statement = JSON.parse(data.statement);
const utf8 = (text) => new TextEncoder().encode(text);
const NAMES = ["msg", "msgx", "links", "files"];

function fromBase64url(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}

function toBase64url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

// nu1, of what the service has accepted already: nothing hidden is in it.
function canonical(text) {
  const lines = text.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, "\n").normalize("NFC").split("\n");
  const squeezed = lines.map((line) => line.replace(/[\t\p{Zs}]+/gu, " ").replace(/^ +| +$/g, ""));
  return squeezed.join("\n").replace(/\n{3,}/g, "\n\n").replace(/^\n+|\n+$/g, "");
}

async function decrypt() {
  const secret = location.hash.slice(1);
  if (!/^[A-Za-z0-9_-]{43}$/.test(secret)) return null;
  const sealed = fromBase64url(data.shown);
  const key = await crypto.subtle.importKey("raw", fromBase64url(secret), "AES-GCM", false, ["decrypt"]);
  const how = {name: "AES-GCM", iv: sealed.slice(0, 12), additionalData: utf8(data.id)};
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, key, sealed.slice(12))));
}

function show(shown) {
  document.getElementById("text").textContent = shown.text;
  document.getElementById("recipient").textContent = shown.recipient ?? said.nobody;
  for (const name of ["links", "files"]) {
    const list = document.getElementById(name);
    for (const each of shown[name]) {
      const item = document.createElement("li");
      item.textContent = each;
      list.append(item);
    }
    document.getElementById(`${name}-part`).hidden = shown[name].length === 0;
  }
}

// Read from the page itself, not from what was decrypted: what the person sees is what counts.
async function digestsOfWhatIsShown(salts) {
  const text = document.getElementById("text").textContent;
  const listed = (name) => [...document.getElementById(name).children].map((item) => item.textContent);
  const links = await Promise.all(listed("links").map((target) => sha256(utf8("link1\n" + target)).then(toBase64url)));
  const exact = utf8(text);
  const values = {
    msg: `{"canon":"nu1","h":"${toBase64url(await sha256(utf8("nu1\n" + canonical(text))))}"}`,
    msgx: `{"hx":"${toBase64url(await sha256(exact))}","n":${exact.length}}`,
    links: JSON.stringify(links),
    files: JSON.stringify(listed("files")),
  };
  const digests = {};
  for (const name of NAMES) {
    const disclosure = toBase64url(utf8(`["${salts[name]}","${name}",${values[name]}]`));
    digests[name] = toBase64url(await sha256(utf8(disclosure)));
  }
  return digests;
}

async function isProven(shown) {
  const digests = await digestsOfWhatIsShown(shown.salts);
  const inner = await sha256(utf8(data.statement));
  const challenge = await sha256(utf8("sigill/presence/v1\0"), fromBase64url(statement.nonce), inner);
  const agrees = NAMES.every((name) => statement[name] === digests[name]);
  const to = document.getElementById("recipient").textContent;
  const addressed = (statement.rcp === undefined) === (to === said.nobody);
  return agrees && addressed && toBase64url(challenge) === data.options.challenge;
}

function tell(text) {
  told.textContent = text;
}

function stop(text) {
  button.hidden = true;
  tell(text);
}

async function give(shown) {
  if (!(await isProven(shown).catch(() => false))) return stop(said.unproven);
  let credential;
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(data.options);
    credential = await navigator.credentials.get({publicKey});
  } catch {
    return tell(said.cancelled);
  }
  const answer = await fetch(`/v1/attestations/${data.id}`, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(credential.toJSON()),
  });
  if (answer.ok) return stop(said.done);
  const problem = await answer.json().catch(() => ({}));
  return tell(`${said.refused} ${problem.title ?? answer.status}`);
}

async function begin() {
  if (!window.isSecureContext || !window.PublicKeyCredential?.parseRequestOptionsFromJSON) return stop(said.no_passkeys);
  const shown = await decrypt().catch(() => undefined);
  if (shown === null) return stop(said.no_key);
  if (shown === undefined) return stop(said.unproven);
  show(shown);
  if (!(await isProven(shown).catch(() => false))) return stop(said.unproven);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await give(shown).catch(() => tell(said.cancelled));
    button.disabled = false;
  });
  button.hidden = false;
}

begin();
