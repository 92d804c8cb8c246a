// A foreign identity provider: npm's oidc-provider, with its own sign-in pages, where the name typed is the subject.
// Arguments: port, the client's metadata as JSON. Prints "ready" when it listens on 127.0.0.1.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, client] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [JSON.parse(client)],
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
  clientAuthMethods: ["client_secret_basic", "private_key_jwt"],
  cookies: { keys: ["a key of a test"] },
  features: { devInteractions: { enabled: true } },
});
createServer(provider.callback()).listen(Number(port), "127.0.0.1", () => console.log("ready"));
