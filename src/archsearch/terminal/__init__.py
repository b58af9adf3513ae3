"""What a terminal shows of searches and trainings: it renders findings, and computes nothing."""
