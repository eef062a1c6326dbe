"""The HTTP API for other systems, mounted at `/api/v1`: bearer tokens, keys for every POST, problem details.

An application of its own beside the pages: it knows no sessions and no forms, and the pages know no tokens.
"""
