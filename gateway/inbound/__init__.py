"""Reading what the scan provider delivers: manifests, documents, codes."""
