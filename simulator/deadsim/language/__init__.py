"""Text in: YAML with positions, checked, becomes a program.

    document    bytes → nodes with their places
    names       what a name may look like, what it means, and what was meant instead
    expressions text → expression trees; constants are worked out
    verbs       the table of verbs, from which the checker and the schema come
    lowering    expressions → instructions: each read of a shared variable is a step
    steps       a thread's body → instructions
    sections    params and everything that is shared
    claims      invariants, schedule, expect, limits
    scenario    the whole file
"""
