"""What looks wrong about a table before anything is learned from it: leaks, identifiers, copies, drift and the like.

One file per kind of finding, named in `catalog`; `suspect` runs them all. Needs a table and numpy, nothing that learns.
"""
