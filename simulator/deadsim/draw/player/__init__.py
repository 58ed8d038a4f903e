"""The player: a run as one page, to be gone through step by step, with graph, source, timeline and table.

    scenes   the graph of all moments, placed once, and what changes in it from step to step
    rows     the table of the threads, the shared variables, and what is said of each step
    page     the page: texts, pictures, data, and the style sheet and scripts beside this file

The scripts are plain modules (`*.mjs`), which `page` writes into the page one after the other.
"""
