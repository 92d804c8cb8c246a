"""The logs as files: copied to a folder or an S3-compatible store under the paths that they have over HTTP."""
