"""The GraphQL door: what `docs/reference/schema.graphql` shows, served at `/graphql`."""
