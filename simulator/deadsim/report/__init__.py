"""Renderings in words: sentences, text, JSON."""
