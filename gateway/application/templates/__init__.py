"""Versions of templates: checked, published, withdrawn, and letters healed with a mended one."""
