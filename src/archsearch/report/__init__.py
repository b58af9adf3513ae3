"""Reports: what searches found, as one page, and as figures and tables for a paper."""
