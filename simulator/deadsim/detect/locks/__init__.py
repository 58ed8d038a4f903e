"""In which order locks are taken: over the text, and in one run."""
