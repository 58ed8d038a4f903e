"""State spaces in memory: a program's states as integers, and its steps as tables of differences.

packed           states, and the rows of steps between them
state_predicate  what claims ask of a state
access_order     which accesses happen before which, as a part of the state (races over all schedules)
signal_history   what of the past decides a kind, as a part of the state
playback         a schedule carried out in memory, with the events that real threads would give
rehearsal        a strategy tried out in memory
"""
