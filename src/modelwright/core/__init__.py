"""Values, protocols and errors that every other package stands on; numpy and the standard library only."""
