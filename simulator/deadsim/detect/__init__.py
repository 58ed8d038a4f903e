"""Judges: over a program and a state, or over the events of a run; no engine needed.

flow            where a thread may get to from where it stands
stuck           who can never take another step: relaxed progress
deadlocks       kinds of deadlock and their cores
situation       where every thread stands: what it holds and waits for
wait_for        the same as graphs
happens_before  vector clocks
races           data races of a run
watch           these, looking on while a run goes
"""
