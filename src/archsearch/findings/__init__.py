"""What trials show: functions from trials, runs and trainings to facts, and the words for them.

Terminal, W&B and page render these, and compute nothing.
"""
