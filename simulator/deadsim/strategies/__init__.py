"""Who takes the next step in one run.

registry     which there are: the one list of them
strategy     what a strategy is
round_robin  in turn; and each as long as it can
randomly     by a seed: uniformly, or by priorities that change now and then
script       by a list of names, as it was written or saved
clock        withholds sleepers that are not due, in front of any of these
"""
