"""Pictures.

    tokens     colours, fonts and the style sheet that every picture carries
    measure    how wide a text is
    svg        elements of a picture
    ring       the circle of a deadlock
    graph      the wait-for and resource graphs of a run, as data
    dot        a graph in the DOT language
    layout     a graph as SVG: by Graphviz where there is one, else by `columns`
    columns    our own layout: two columns with few crossings
"""
