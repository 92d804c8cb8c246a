"""Signing in with an identity provider: OpenID Connect Core 1.0, the code flow with PKCE, state and nonce."""
