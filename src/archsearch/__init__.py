"""archsearch searches for recurrent architectures; see README for the tour."""
