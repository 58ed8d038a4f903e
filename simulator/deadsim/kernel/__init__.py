"""What a step means, written once as pure functions.

`objects` half: `operation` and a file per primitive say what an operation does to the shared
objects. `program` half: `evaluation` and `program` say where a scenario's thread stands and which
operation comes next. `system` puts the two together.
"""
