"""What there is to write: verbs with their options, sections with theirs."""
