"""All schedules of a scenario (model checking): every claim decided, or said to be undecided.

explorer    puts the searches together, from the cheapest on
witnesses   the schedule that shows a defect, shortened and replayed on real threads
states      searches over states: breadth first, reduced, bounded; ends as bottom components (BSCCs)
executions  searches over executions: one of each Mazurkiewicz trace, or some that are drawn
static      what the text decides by itself: ruled out, alike, reachable
verdicts    what is known of each claim
budget      how much a search may use
"""
