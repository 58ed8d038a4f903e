"""What a step means, written once as pure functions.

operation    what one step does to the objects that threads share, and how it is ordered (`ordering`)
primitives   a file for each primitive: its state and its operations; `table` finds them
abstract     what a step could still need, provide, fail: for deciding who is stuck
expressions  expressions made into functions of what they read
programs     where a scenario's thread stands, and which operation it stands before
system       the two halves together
"""
