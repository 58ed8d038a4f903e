"""All schedules of a scenario: every claim decided, or said to be undecided.

explorer    puts the searches together, from the cheapest on
beforehand  what the text decides without a search
reach       every state that can be reached
outcomes    how executions can end or run on for ever
order       which accesses happen before which, as part of the state
hunt        the schedule with the fewest context switches that shows a defect
defects     schedules made into defects, replayed on real threads
result      what is known after it
"""
