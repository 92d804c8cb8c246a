// A foreign client: npm's openid-client finds the service by its issuer and gets a token with private_key_jwt.
// Arguments: issuer, where that issuer is really served, client id, private JWK, scope. Prints what it got as JSON.
import * as client from "openid-client";

const [issuer, served, clientId, jwk, scope] = process.argv.slice(2);
const secret = JSON.parse(jwk);
const { kid, alg, ...key } = secret;
const algorithm = alg === "ES256" ? { name: "ECDSA", namedCurve: "P-256" } : { name: "Ed25519" };
const privateKey = await crypto.subtle.importKey("jwk", key, algorithm, false, ["sign"]);
const customFetch = (url, options) => fetch(url.replace(issuer, served), options);

try {
  const config = await client.discovery(
    new URL(issuer),
    clientId,
    undefined,
    client.PrivateKeyJwt({ key: privateKey, kid }),
    { algorithm: "oauth2", execute: [client.allowInsecureRequests], [client.customFetch]: customFetch },
  );
  const tokens = await client.clientCredentialsGrant(config, scope ? { scope } : {});
  console.log(JSON.stringify({ issuer: config.serverMetadata().issuer, ...tokens }));
} catch (error) {
  console.log(JSON.stringify({ failed: error.code, error: error.error, description: error.error_description }));
}
