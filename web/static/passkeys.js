// Asks the browser for a passkey and sends its answer as a form. Nothing is fetched: what is asked stands in the page.

const able = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

async function answer(form) {
  const options = JSON.parse(form.dataset.options);
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(credential.toJSON());
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const failed = form.querySelector(".failed");
  form.querySelector(".unable").hidden = able;
  button.disabled = !able;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    failed.hidden = true;
    try {
      form.elements.answer.value = await answer(form);
      form.submit();
    } catch (error) {
      failed.hidden = false;
      button.disabled = false;
    }
  });
}

// The token of an invitation stands behind the #, where no server sees it; it does not stay in the history.
for (const form of document.querySelectorAll("form[data-link]")) {
  const token = location.hash.slice(1);
  form.elements.token.value = token;
  form.querySelector("button").disabled = token === "";
  form.querySelector(".unable").hidden = token !== "";
  history.replaceState(null, "", location.pathname + location.search);
}
