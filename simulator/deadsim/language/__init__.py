"""Text in: YAML with positions, checked, becomes a program.

From the bytes of a file to the program, each by the ones before it:

    document      bytes → nodes with their places
    scalars       what a scalar is, and where a stretch of it stands
    names         what a name may look like, what it means, and what was meant instead
    folding       what is constant in an expression
    references    names of what is shared, with their indices
    parsing       the text of an expression → a tree
    expressions   expressions, texts and names where they stand in the file
    verbs         the table of verbs, and `sections` that of sections: the schema comes from both
    form          a step against the table of verbs
    declarations  params and everything that is shared
    body          a thread's code while it is written
    lowering      expressions → instructions: each read of a shared variable is a step
    exits         what is open where a step stands; `surroundings` what the whole file has in common
    steps         a thread's body → instructions
    claims        invariants, schedule, expect, limits
    scenario      the whole file
    schema        the JSON Schema
"""
