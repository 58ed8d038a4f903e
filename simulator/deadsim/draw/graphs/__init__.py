"""Graphs: what is shown comes first, then where it goes, then how it is written.

graph       nodes and arrows with their words, before anybody decides where
objects     what each primitive looks like, and what its state says
standing    threads and objects at one moment, as nodes and arrows
deadlock    one deadlock as a graph
run_graph   who waits for whom, and who holds what, at the end of a run
lock_order  which lock is taken under which, in the text

boxes       sizes, borders and ways
ring        nodes in a circle
columns     our own layout: two columns with few crossings
engine      Graphviz
layout      all of these together

paint       SVG
dot         DOT
png         PNG, by Graphviz
mermaid     flowcharts
"""
