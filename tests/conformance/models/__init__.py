"""A model of weights, served by a program of the operator."""
