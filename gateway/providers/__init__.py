"""Adapters for print-and-post providers, one file each; profiles/ holds their zones and limits as data."""
