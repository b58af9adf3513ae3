"""Variation of genomes: mutations and crossovers of the spaces, one a file."""
