"""What a step means, written once as pure functions.

operation        what one step does to the objects that threads share, and how it is ordered (`ordering`)
primitives       a file for each primitive: its state and its operations; `table` finds them
world            who runs and what is shared, by number
effect           what a step did, whatever it is called
abstract         what a step could still need, provide, fail: for deciding who is stuck
row              step rows: what can happen with a step, for each state of what it touches; `log` makes events of it
source           where steps come from
expressions      expressions made into functions of what they read
programs         where a scenario's thread stands, and the table of its steps
system           a scenario ready to be carried out, and its states; `scenario_source` it as a source
"""
