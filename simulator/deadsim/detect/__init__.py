"""Judges: over a program and a state, or over the events of a run; no engine needed.

stuck       who can never take another step: relaxed progress, an abstract interpretation of the program
deadlocks   kinds of deadlock and their cores; where every thread stands, as words and as a wait-for graph
order       happens-before by vector clocks, and the data races that it leaves
locks       the order of locks over the text, and deadlocks predicted from one run
holdings    who holds what; `components` strongly connected ones
"""
