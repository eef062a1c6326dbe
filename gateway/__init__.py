"""Outbound hybrid-mail gateway for public authorities, with a matching inbound module."""
