"""Bytes to nodes that know their places, and plain data to text."""
