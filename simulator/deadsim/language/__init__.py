"""Text in: YAML with positions, checked, becomes a program.

reading      bytes → nodes with their places, and scalars as YAML 1.2 reads them
tables       the tables of verbs and sections: checker and schema come from both
expressions  the text of an expression → a tree; names, what they mean
checks       the form of steps, declarations, claims
emit         a thread's body → instructions
scenario     the whole file; `schema` is its JSON Schema, `expect_block` writes what was found into it
"""
