"""What computing costs: joules with an interval and their source in words, never a bare number.

Sensors where they can be read, a model of the load where not. Needs the standard library only.
"""
